"""A release's canaries travel the whole way an example does, and say so when they cannot."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from clawtrain_assets.core.dataset.proof import ReleaseProof
from clawtrain_assets.core.dataset.release import ScrubCheck
from clawtrain_assets.core.dataset.scrubbing import Shipper
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.core.privacy.scrub import Scrubber
from clawtrain_assets.core.turn import Message
from clawtrain_tests.core.dataset.lakes import small_lake

KEY = bytes(32)


def prove(
    lake: Lake, make: Callable[[Denylist], Scrubber] = lambda extra: Scrubber(extra, (), KEY)
) -> ScrubCheck:
    return ReleaseProof(lake, Denylist(), (), KEY, make, {})(())


def test_every_canary_goes_in_with_a_real_turn_and_none_comes_out(tmp_path: Path) -> None:
    check = prove(small_lake(tmp_path))
    assert check.survivors == ()
    assert check.detail["canaries_planted"] > 250
    assert check.detail["canaries_seen_before_scrubbing"] == check.detail["canaries_planted"]


def test_an_empty_lake_is_proven_with_an_invented_turn(tmp_path: Path) -> None:
    check = prove(Lake(str(tmp_path / "lake")))
    assert check.survivors == ()
    assert check.detail["canaries_planted"] > 250


class Letting(Scrubber):
    """Scrubs texts, but lets the messages of conversations through."""

    def messages(self, messages: Sequence[Message]) -> list[Message]:
        return list(messages)


def test_a_hole_in_the_path_is_found_where_the_scrubber_alone_has_none(tmp_path: Path) -> None:
    check = prove(small_lake(tmp_path), lambda extra: Letting(extra, (), KEY))
    assert check.survivors
    assert {survivor.file for survivor in check.survivors} == {"canaries"}


def test_the_system_prompts_own_way_counts_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Shipper, "_system", lambda self, text: (text, {}))
    survivors = prove(small_lake(tmp_path)).survivors
    assert {survivor.file for survivor in survivors} == {"canaries"}


def test_what_cannot_be_written_counts_as_alive(tmp_path: Path) -> None:
    class Failing(Scrubber):
        def messages(self, messages: Sequence[Message]) -> list[Message]:
            raise ValueError(json.dumps([message.text for message in messages]))

    check = prove(small_lake(tmp_path), lambda extra: Failing(extra, (), KEY))
    assert check.detail["canaries_survived"] == check.detail["canaries_planted"]
