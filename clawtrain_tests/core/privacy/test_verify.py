"""Verification finds what a scrubber left, by its own means, and says where without saying what."""

import base64
import json
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from clawtrain_assets.core.errors import ClawtrainError, UsageError
from clawtrain_assets.core.privacy import verify as verify_module
from clawtrain_assets.core.privacy.canary import (
    FORMS,
    TYPES,
    CanaryReport,
    run_canaries,
    scrubbed_by,
)
from clawtrain_assets.core.privacy.denylist import Denylist, load_denylist
from clawtrain_assets.core.privacy.key import load_or_create_key
from clawtrain_assets.core.privacy.propose import propose_denylist
from clawtrain_assets.core.privacy.scrub import LAYERS, Scrubber
from clawtrain_assets.core.privacy.stream import scrub_jsonl
from clawtrain_assets.core.privacy.verify import verify

KEY = bytes(32)
WHO = Denylist(names=("Wilhelmine",), hosts=("kellerkiste",), phones=("+49 171 5550123",))
TOKEN = "ghp_" + "aB3dE6gH9jK2" * 3
ROWS = [
    '{"messages": [{"role": "user", "content": "restart nginx"}]}',
    "a plain line of a log at 2026-11-22 09:14:02",
]


class Blind:
    """A scrubber that sees nothing."""

    def learn(self, texts: list[str]) -> None:
        pass

    def texts(self, values: list[str]) -> list[str]:
        return list(values)


class Forgetful(Scrubber):
    """A scrubber that learns nothing from other texts."""

    def learn(self, texts: Iterable[str]) -> None:
        pass


def canaries_of(make: Callable[[Denylist], Any]) -> CanaryReport:
    return run_canaries(ROWS, scrubbed_by(make), seed=5)


def canaries_of_the_real_path() -> CanaryReport:
    return canaries_of(lambda extra: Scrubber(WHO.merged(extra), (), KEY))


def test_every_canary_is_seen_before_and_none_after() -> None:
    report = canaries_of_the_real_path()
    assert report.planted > len(TYPES) * (len(FORMS) - 1) - 10
    assert report.found_before == report.planted
    assert report.survived == 0, [name for name, (_, left) in report.by_type.items() if left]
    assert report.proven


def test_a_scrubber_that_does_nothing_fails_every_canary() -> None:
    report = canaries_of(lambda _: Blind())
    assert report.survived == report.planted
    assert not report.proven


@pytest.mark.parametrize("layer", LAYERS)
def test_the_canaries_notice_that_a_layer_is_off(layer: str) -> None:
    others = [name for name in LAYERS if name != layer]
    report = canaries_of(lambda extra: Scrubber(WHO.merged(extra), (), KEY, others))
    assert report.found_before == report.planted
    assert report.survived > 0
    assert not report.proven


def test_the_canaries_notice_that_nothing_is_learned() -> None:
    report = canaries_of(lambda extra: Forgetful(WHO.merged(extra), (), KEY))
    assert report.found_before == report.planted
    assert {name.partition("/")[0] for name, (_, left) in report.by_type.items() if left} == {
        "learned"
    }
    assert not report.proven


@pytest.mark.parametrize(
    "content",
    [
        {"text": f"export GH={TOKEN}"},
        {"a": json.dumps({"b": json.dumps({"cmd": f'T="{TOKEN}"'})})},
        {"text": "ask Wilhelmine"},
        {"text": "class MyWilhelmineBot:"},
        {"text": "wake_Wilhelmine_up"},
        {"text": "on " + base64.b64encode(b"ssh to kellerkiste now").decode()},
        {"text": "%57ilhelmine"},
        {"text": "call 49-171-5550123"},
        {"text": "mail jutta@quasten.de"},
        {"text": "curl 192.168.44.7:80"},
        {"text": "cat /home/jquast/.profile"},
        {"db": {"password": "kQ7rTzLw2"}},
        {"text": "redis://:kQ7rTzLw2@cache:6379"},
    ],
)
def test_survivors_are_placed_but_never_shown(tmp_path: Path, content: dict[str, object]) -> None:
    file = tmp_path / "sft.jsonl"
    file.write_text(json.dumps({"text": "fine"}) + "\n" + json.dumps(content) + "\n")
    report = verify([file], WHO, KEY, canaries_of_the_real_path())
    assert not report.passed
    assert {(survivor.file, survivor.line) for survivor in report.survivors} == {("sft.jsonl", 2)}
    for secret in (TOKEN, "Wilhelmine", "kellerkiste", "5550123", "quast", "44.7", "kQ7rTzLw2"):
        assert secret not in report.to_json()


def test_scrubbed_files_pass_and_need_canaries_to_prove_it(tmp_path: Path) -> None:
    scrubber = Scrubber(WHO, (), KEY)
    rows = [{"text": f"{TOKEN} Wilhelmine jutta@quasten.de 10.8.3.4 /home/jquast/x"}, {"n": 1}]
    file = tmp_path / "sft.jsonl"
    file.write_text("".join(json.dumps(scrubber.json(row)) + "\n" for row in rows))
    assert verify([file], WHO, KEY, canaries_of_the_real_path()).passed
    assert not verify([file], WHO, KEY).passed


def test_values_known_from_the_input_are_searched_for(tmp_path: Path) -> None:
    scrubber = Scrubber(WHO, (), KEY)
    scrubber.learn(["password=Zw9!kkTr0x"])
    file = tmp_path / "sft.jsonl"
    file.write_text('{"text": "typed %5aw9!kkTr0x again"}\n')
    report = verify([file], WHO, KEY, canaries_of_the_real_path(), known=scrubber.known)
    assert report.by_type == {"known": 1}


def test_the_verifier_shares_no_code_with_the_scrubber() -> None:
    for name in ("verify", "readings", "second_look", "scanner", "canary"):
        source = Path(verify_module.__file__).with_name(f"{name}.py").read_text()
        imported = [
            line for line in source.splitlines() if line.startswith(("from claw", "import claw"))
        ]
        for line in imported:
            assert not any(
                part in line
                for part in (
                    "privacy.scrub",
                    "detectors",
                    "views",
                    "mapped",
                    "finding",
                    "structure",
                )
            ), line


def test_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    key = load_or_create_key(tmp_path)
    assert load_or_create_key(tmp_path) == key
    assert len(key) == 32
    file = next(tmp_path.iterdir())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)
    with pytest.raises(ClawtrainError, match="chmod 600"):
        load_or_create_key(tmp_path)


def test_denylist_files_in_both_forms(tmp_path: Path) -> None:
    own = tmp_path / "denylist.toml"
    own.write_text(WHO.to_toml())
    assert load_denylist(own) == WHO
    other = tmp_path / "list.json"
    other.write_text(json.dumps([{"world": "w0", "names": ["Ada"]}, {"names": ["Bo", "Ada"]}]))
    assert load_denylist(other) == Denylist(names=("Ada", "Bo"))


@pytest.mark.parametrize("text", ["nmaes = ['x']", "names = 'x'", "names = [1]", "= nonsense"])
def test_a_wrong_denylist_is_refused_with_the_reason(tmp_path: Path, text: str) -> None:
    file = tmp_path / "denylist.toml"
    file.write_text(text)
    with pytest.raises(UsageError, match="denylist"):
        load_denylist(file)


def test_stream_keeps_ids_and_order_and_names_a_bad_line() -> None:
    lines = [b'{"id": "b", "text": "ask Wilhelmine"}\n', b'{"id": 7, "text": "fine"}\n']
    out = [json.loads(line) for line in scrub_jsonl(lines, Scrubber(WHO, (), KEY))]
    assert [line["id"] for line in out] == ["b", 7]
    assert "Wilhelmine" not in out[0]["text"]
    assert out[1]["text"] == "fine"
    broken = rb'{"id": 1, "text": "half \ud83d of Wilhelmine"}'
    [kept] = scrub_jsonl([broken], Scrubber(WHO, (), KEY))
    assert json.loads(kept)["text"].startswith("half \ud83d of Person-")
    with pytest.raises(UsageError, match="Line 2"):
        list(scrub_jsonl([lines[0], b"{}\n"], Scrubber(WHO, (), KEY)))


def test_proposed_denylist_names_senders_accounts_and_hosts() -> None:
    row = {
        "request_meta": json.dumps({"sender": {"name": "Jutta Quast", "username": "juttaq"}}),
        "request": "look at /home/jquast/a and /home/jquast/b on keller.lan, keller.lan",
        "context": "[]",
    }
    proposal = propose_denylist([row])
    assert "Jutta Quast" in proposal.names
    assert "juttaq" in proposal.users
    assert "jquast" in proposal.users
    assert "keller.lan" in proposal.hosts


@pytest.mark.parametrize(
    "said",
    [
        "> @quastworks/knit@1.2.3 check\n> tsc --noEmit",
        '{"name": "@quastworks/knit", "version": "1.2.3"}',
        "To https://github.com/quastworks/knit.git\n   ab12..cd34  main -> main",
        "To git@github.com:quastworks/knit.git\n * [new branch]",
        "origin\tgit@github.com:quastworks/knit.git (push)",
    ],
)
def test_handles_of_own_packages_and_repositories_are_proposed(said: str) -> None:
    rows = [{"request": said}, {"request": f"again:\n{said}"}]
    assert "quastworks" in propose_denylist(rows).users


def test_packages_and_repositories_of_others_are_not() -> None:
    row = {
        "request": 'import x from "@quastworks/knit";\nadded @quastworks/knit@1.2.3\n'
        "git clone https://github.com/quastworks/knit.git\n"
        "origin\thttps://github.com/quastworks/knit.git (fetch)"
    }
    assert propose_denylist([row, row]).users == ()
