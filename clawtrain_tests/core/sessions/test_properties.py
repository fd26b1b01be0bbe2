"""Damage of every kind: the same turns come out, or what is missing lies in quarantine."""

import json
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from clawtrain_assets.core.turn import Turn

from .history import SESSION, Script, read

SEEDED = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
ARCHIVED = f"{SESSION}.jsonl.reset.2026-03-08T04-00-00.000Z"


@contextmanager
def _directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _invented(number: int, exchanges: int) -> Script:
    rng = random.Random(number)
    script = Script()
    for exchange in range(exchanges):
        script.user(f"request {exchange}: {rng.random()}")
        for step in range(rng.randrange(3)):
            name = rng.choice(["same", f"call{exchange}-{step}"])
            script.assistant(f"step {rng.random()}", calls=((name, "read", {"path": str(step)}),))
            if rng.random() < 0.9:
                script.result(name, f"content {rng.random()}")
        if rng.random() < 0.2:
            script.entry("custom", customType="openclaw.cache-ttl", data={"provider": "p"})
        script.assistant(f"answer {rng.random()}")
    return script


scripts = st.builds(_invented, st.integers(0, 10_000), st.integers(1, 6))


def _turns(root: Path) -> list[Turn]:
    turns, extraction = read(root)
    assert extraction.report.balanced()
    assert len({turn.turn_id for turn in turns}) == len(turns)
    return turns


def _ids(root: Path) -> set[str]:
    return {turn.turn_id for turn in _turns(root)}


@SEEDED
@seed(1)
@given(scripts, st.randoms(use_true_random=False))
def test_a_lost_line_is_in_quarantine_and_costs_only_its_own_turn(
    script: Script, rng: random.Random
) -> None:
    with _directory() as root:
        path = script.write(root)
        expected = _turns(root)
        lines = path.read_bytes().splitlines(keepends=True)
        hit = rng.randrange(1, len(lines))
        at = rng.randrange(len(lines[hit]) - 1)
        lines[hit] = lines[hit][:at] + b"\xff" + lines[hit][at + 1 :]
        path.write_bytes(b"".join(lines))
        turns, extraction = read(root)
        assert extraction.report.balanced()
        lost = {t.turn_id for t in expected} - {t.turn_id for t in turns}
        own = {t.turn_id for t in expected if t.source_line == hit + 1}
        assert lost == own
        rejected = {row["source_line"]: row["raw"] for row in extraction.quarantine}
        assert rejected == {hit + 1: lines[hit].rstrip(b"\n")}
        assert {t.exclusion_reason for t in turns} <= {None}


@SEEDED
@seed(2)
@given(scripts, st.integers(0, 10_000_000))
def test_a_file_cut_anywhere_gives_the_turns_before_the_cut(script: Script, cut: int) -> None:
    with _directory() as root:
        path = script.write(root)
        expected = _turns(root)
        data = path.read_bytes()
        cut %= len(data)
        path.write_bytes(data[:cut])
        whole = data[: cut + 1].count(b"\n")
        turns, extraction = read(root)
        assert {t.turn_id for t in turns} == {t.turn_id for t in expected if t.source_line <= whole}
        ends_whole = cut == 0 or data[cut - 1 : cut] == b"\n" or data[cut : cut + 1] == b"\n"
        assert extraction.report.unfinished == (0 if ends_whole else 1)
        assert extraction.report.balanced()


@SEEDED
@seed(3)
@given(scripts, st.integers(0, 1000))
def test_a_branch_appended_again_adds_no_turn(script: Script, start: int) -> None:
    with _directory() as root:
        script.write(root)
        expected = _ids(root)
        entries = script.entries[1:]
        first = start % len(entries)
        parent: Any = entries[first]["parentId"]
        for entry in entries[first:]:
            copy = {**entry, "id": f"again-{entry['id']}", "parentId": parent}
            parent = copy["id"]
            script.entries.append(copy)
        script.write(root)
        assert _ids(root) == expected


@SEEDED
@seed(4)
@given(scripts, st.integers(0, 1000), st.integers(0, 1000))
def test_rotation_into_overlapping_parts_loses_nothing(script: Script, a: int, b: int) -> None:
    with _directory() as root:
        path = script.write(root)
        expected = _turns(root)
        lines = path.read_bytes().splitlines(keepends=True)
        until, since = sorted((1 + a % len(lines), 1 + b % len(lines)), reverse=True)
        (path.parent / ARCHIVED).write_bytes(b"".join(lines[:until]))
        path.write_bytes(b"".join(lines[since:]))
        turns = _turns(root)
        assert [t.turn_id for t in turns] == [t.turn_id for t in expected]
        assert [t.context for t in turns] == [t.context for t in expected]
        assert [t.outcome for t in turns] == [t.outcome for t in expected]


@SEEDED
@seed(5)
@given(scripts, st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=30))
def test_no_flipped_byte_crashes_the_reader(script: Script, flips: list[tuple[int, int]]) -> None:
    with _directory() as root:
        path = script.write(root)
        data = bytearray(path.read_bytes())
        for position, value in flips:
            data[position % len(data)] = value
        path.write_bytes(bytes(data))
        _turns(root)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
FIELDS = ["role", "content", "timestamp", "usage", "model", "provider", "stopReason", "toolCallId"]
entries = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            ["message", "compaction", "leaf", "session", "custom", "custom_message", "odd"]
        )
    },
    optional={
        "id": json_values | st.sampled_from(["a", "b", "c"]),
        "parentId": json_values | st.sampled_from(["a", "b", "c"]),
        "targetId": st.sampled_from(["a", "b", None]),
        "timestamp": json_values,
        "summary": json_values,
        "firstKeptEntryId": json_values | st.sampled_from(["a", "b"]),
        "firstKeptEntryIndex": json_values,
        "data": json_values,
        "content": json_values,
        "message": st.dictionaries(st.sampled_from(FIELDS), json_values)
        | st.fixed_dictionaries(
            {
                "role": st.sampled_from(["user", "assistant", "toolResult", "bashExecution"]),
                "content": st.lists(
                    st.fixed_dictionaries(
                        {"type": st.sampled_from(["text", "toolCall", "image", "thinking"])},
                        optional={
                            "text": json_values,
                            "id": json_values,
                            "name": json_values,
                            "arguments": json_values,
                        },
                    ),
                    max_size=3,
                ),
            },
            optional={name: json_values for name in FIELDS[2:]},
        ),
    },
)


@SEEDED
@seed(6)
@given(st.lists(entries, max_size=12))
def test_no_strange_value_crashes_the_reader(found: list[dict[str, Any]]) -> None:
    with _directory() as root:
        path = root / "agents" / "main" / "sessions" / f"{SESSION}.jsonl"
        path.parent.mkdir(parents=True)
        path.write_text("".join(json.dumps(entry) + "\n" for entry in found))
        _turns(root)


@SEEDED
@seed(7)
@given(st.lists(st.binary(max_size=40), max_size=8))
def test_no_bytes_crash_the_reader(chunks: list[bytes]) -> None:
    with _directory() as root:
        (root / "x.jsonl").write_bytes(b"\n".join(chunks))
        _turns(root)
