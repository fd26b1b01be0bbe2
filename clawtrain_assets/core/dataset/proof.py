"""The proof that goes with a release: its files searched, and canaries sent down the same path."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from clawtrain_assets.core.dataset.examples import build_examples
from clawtrain_assets.core.dataset.formats import (
    completion_row,
    dumps,
    messages_row,
    sharegpt_row,
)
from clawtrain_assets.core.dataset.release import ScrubCheck, Survivor
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.privacy.canary import CanaryReport, run_canaries
from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.core.privacy.scrub import Scrubber
from clawtrain_assets.core.privacy.verify import verify
from clawtrain_assets.core.sessions.rows import turns_from_table
from clawtrain_assets.core.turn import Message, ToolCall, Turn, invented
from clawtrain_assets.settings import Dataset

_CARRIERS = 200
_LONG = 8_000  # characters; what is planted in a longer one might be cut off with its end
_SAMPLE = f"""
SELECT turns.* FROM turns JOIN examples USING (turn_id)
WHERE examples.status = 'kept'
    AND length(array_to_string(turns.context, ''))
        + length(turns.response) + length(turns.request) < {_LONG}
ORDER BY sha256(turn_id) LIMIT {_CARRIERS}
"""
_ASKED = "Is the backup done?"
_SAID = "The backup is done, 3 files were copied."
_PLACES = ("request", "response", "argument", "result", "system", "tools")
_TOOL = "canary"
_ALL = Dataset(min_overall=0, example_bytes=10**9)


class ReleaseProof:
    """Verifies the files of one release; a ``release.Verify``.

    Canaries are planted in copies of real turns of ``lake``, by turns in each part of an example,
    and become examples as everything else does.
    ``known`` are the values the release's own scrubber has found by the time of the search.
    Canaries are fresh random values, so only how many were planted and what survived is reported:
    the report of the same release is the same every time.
    """

    def __init__(
        self,
        lake: Lake,
        denylist: Denylist,
        allowlist: Sequence[str],
        key: bytes,
        make_scrubber: Callable[[Denylist], Scrubber],
        known: Mapping[str, str],
    ) -> None:
        self._lake, self._key = lake, key
        self._denylist, self._allowlist = denylist, allowlist
        self._make_scrubber = make_scrubber
        self._known = known

    def __call__(self, files: Sequence[Path]) -> ScrubCheck:
        # An account named by an ordinary word stands in the card and in JSON keys as that word.
        known = [value for value in self._known if not (value.isalpha() and value.islower())]
        report = verify(files, self._denylist, self._key, self._canaries, self._allowlist, known)
        places = [Survivor(found.file, found.line, found.type) for found in report.survivors]
        detail = {
            "values_searched": report.values,
            "survivors_by_type": report.by_type,
            "denylist_terms": report.denylist_terms,
            "known_values_searched": len(known),
            "scanner": report.scanner,
            "canaries_planted": report.canaries_planted,
            "canaries_seen_before_scrubbing": report.canaries_found_before,
            "canaries_survived": report.canaries_survived,
        }
        return ScrubCheck((*places, *self._canary_failures()), detail)

    @cached_property
    def _canaries(self) -> CanaryReport:
        turns = self._sample()
        texts = [text for turn in turns for text in (turn.request, turn.response.text) if text]
        return run_canaries(texts or [_SAID], lambda extra, rows: self._sent(turns, extra, rows))

    def _sample(self) -> list[Turn]:
        if not (self._lake.days("raw_turns") and self._lake.days("sharegpt_dataset")):
            return []
        return turns_from_table(
            self._lake.query(_SAMPLE, turns="raw_turns", examples="sharegpt_dataset")
        )

    def _sent(self, turns: Sequence[Turn], extra: Denylist, planted: list[str]) -> list[str]:
        """What is written of each text; a text of which nothing is written counts as it was."""
        carried = [
            carrying(text, _PLACES[n % len(_PLACES)], n, turns[n % len(turns)] if turns else None)
            for n, text in enumerate(planted)
        ]
        scores = {turn.turn_id: {"status": "scored", "overall": 10.0} for turn in carried}
        rows = build_examples(carried, scores, self._make_scrubber(extra), _ALL)
        return [
            dumps([sharegpt_row(row), messages_row(row), completion_row(row)])
            if row["status"] == "kept"
            else text
            for row, text in zip(rows, planted, strict=True)
        ]

    def _canary_failures(self) -> list[Survivor]:
        report = self._canaries
        alive = [
            Survivor("canaries", 0, kind) for kind, (_, left) in report.by_type.items() if left
        ]
        if not alive and not report.proven:
            return [Survivor("canaries", 0, "not all canaries were visible before scrubbing")]
        return alive


def carrying(text: str, place: str, number: int, turn: Turn | None) -> Turn:
    """A copy of ``turn`` (or an invented one) with ``text`` at ``place``, unlike any other."""
    asked = text if place == "request" else f"{_ASKED} ({number})"
    context = [*(turn.context if turn else ()), Message("user", asked)]
    if place == "result":
        context += [
            Message("assistant", tool_calls=(ToolCall("c", _TOOL, {"command": "run"}),)),
            Message("tool", text, tool_call_id="c", tool_name=_TOOL),
        ]
    calls = (ToolCall("c", _TOOL, {"command": text}),) if place == "argument" else ()
    tool = {
        "name": _TOOL,
        "description": text if place == "tools" else "Run a command",
        "parameters": {"type": "object", "properties": {"command": {"type": "string"}}},
    }
    changes: dict[str, Any] = {
        "turn_id": f"canary-{number}",
        "request": asked,
        "context": context,
        "response": Message("assistant", text if place == "response" else _SAID, tool_calls=calls),
        "system_prompt": text if place == "system" else "You are an agent.",
        "tools": [*(turn.tools if turn else ()), tool],
        "exclusion_reason": None,
    }
    return msgspec.structs.replace(turn, **changes) if turn else invented(**changes)
