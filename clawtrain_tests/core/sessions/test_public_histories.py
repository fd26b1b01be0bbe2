"""Real histories, where they are at hand (CLAWTRAIN_SHARED or ../shared); absent otherwise."""

import os
from collections import Counter
from pathlib import Path

import pytest

from clawtrain_assets.core.sessions.sources import DirectorySource

from .history import read

SHARED = Path(os.environ.get("CLAWTRAIN_SHARED", Path(__file__).parents[4] / "shared"))
DATA = SHARED / "data" / "openclaw"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="public histories are not at hand")


def test_a_telegram_agents_state_directory() -> None:
    turns, extraction = read(DATA / "state-telegram")
    assert Counter(t.model for t in turns) == {"claude-sonnet-4-6": 163, "delivery-mirror": 4}
    assert extraction.report.excluded == {
        "delivery_mirror": 4,
        "new_session_greeting": 3,
        "silent_reply": 2,
    }
    assert round(extraction.report.cost_usd, 2) == 3.76
    assert not any("untrusted" in turn.request for turn in turns)
    assert not any("[[" in turn.response.text for turn in turns)


def test_version_1_sessions_with_glued_lines() -> None:
    turns, extraction = read(DATA / "pi-v1")
    report = extraction.report
    assert (report.lines, report.glued, report.turns) == (3498, 2, 1661)
    assert report.balanced()
    assert {t.exclusion_reason for t in turns} == {None, "aborted", "error", "empty"}


def test_an_early_state_directory() -> None:
    turns, extraction = read(DATA / "state-clawdbot")
    assert len(turns) == 15
    assert extraction.report.excluded == {"error": 11}


def test_a_real_lcm_database_joins_completely() -> None:
    roots = [DATA / "pi-v1", DATA / "state-telegram"]
    alone, _ = read(DirectorySource(roots))
    joined, extraction = read(DirectorySource(roots, DATA / "lcm" / "lcm.db"))
    assert [t.turn_id for t in joined] == [t.turn_id for t in alone]
    assert Counter(t.copies for t in joined) == {2: 1754, 1: 74}
    assert extraction.report.lcm_conflicts == 0
    only, _ = read(DirectorySource([], DATA / "lcm" / "lcm.db"))
    assert len(only) == 1754


def test_all_four_together_give_each_turn_once_and_every_difference_is_explained() -> None:
    roots = [DATA / "pi-v1", DATA / "state-telegram", DATA / "state-clawdbot"]
    database = DATA / "lcm" / "lcm.db"
    files = {t.turn_id: t for t in read(DirectorySource(roots))[0]}
    alone = {t.turn_id: t for t in read(DirectorySource([], database))[0]}
    rows, extraction = read(DirectorySource(roots, database))
    union = {t.turn_id: t for t in rows}
    report = extraction.report

    assert len(rows) == len(union) == 1843
    assert union.keys() == files.keys()
    assert (report.lcm_joined_turns, report.lcm_only_turns, report.lcm_conflicts) == (1754, 0, 0)
    assert report.sources == {
        "live": {"rows": 1827, "model turns": 1750, "attributed": 1750, "costed": 1775},
        "reset": {"rows": 16, "model turns": 12, "attributed": 12, "costed": 14},
    }
    # LCM keeps no error and no milliseconds: failed turns without content have an id of their own.
    unlike = [turn for name, turn in alone.items() if name not in union]
    assert Counter(turn.exclusion_reason for turn in unlike) == {"empty": 39}
    # It was not given reset files, a second agent and the third state directory, and it has
    # nothing of what stands behind a lost newline.
    left_out = Counter(
        (turn.source_family, turn.source_file.partition("/sessions/")[0])
        for turn in rows
        if turn.copies == 1
    )
    assert left_out == {
        ("live", "agents/binancesupportai"): 56,
        ("reset", "agents/main"): 16,
        ("live", "agents/main"): 15,
        ("live", "compact-2025-12-24.705ba5d4.jsonl"): 1,
        ("live", "session-2025-12-17.d5dde00d.jsonl"): 1,
    }
    told_otherwise = Counter(
        (turn.exclusion_reason, union[name].exclusion_reason)
        for name, turn in alone.items()
        if name in union and turn.exclusion_reason != union[name].exclusion_reason
    )
    assert told_otherwise == {(None, "aborted"): 15, (None, "error"): 1, ("empty", "aborted"): 2}


def test_contexts_pair_calls_and_results_and_stay_in_bounds() -> None:
    turns, _ = read(DATA)
    assert len(turns) == 1843
    for turn in turns:
        open_calls: list[str | None] = []
        size = 0
        for message in turn.context:
            size += len(message.text) + len(message.thinking)
            if message.role == "tool":
                open_calls.remove(message.tool_call_id)
            else:
                assert not open_calls
                open_calls = [call.id for call in message.tool_calls]
        assert not open_calls
        assert size <= 32_000
        called = {call.name for call in turn.response.tool_calls}
        assert called <= {tool["function"]["name"] for tool in turn.tools}
