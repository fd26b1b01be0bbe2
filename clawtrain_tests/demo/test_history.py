import json
import re
import stat
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clawtrain_assets.core.errors import UsageError
from clawtrain_assets.core.sessions.extract import extract
from clawtrain_assets.core.sessions.sources import DirectorySource
from clawtrain_assets.core.turn import Turn
from clawtrain_assets.demo.history import SampleHistory, write_sample_history
from clawtrain_assets.settings import Sources

LAST_DAY = date(2026, 3, 6)
SONNET = {"input": 3.0, "output": 15.0, "cacheRead": 0.3, "cacheWrite": 3.75}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleHistory:
    return write_sample_history(tmp_path_factory.mktemp("sample") / "openclaw", LAST_DAY)


@pytest.fixture(scope="module")
def turns(sample: SampleHistory) -> list[Turn]:
    source = DirectorySource([sample.state_dir], None)
    return list(extract(source, Sources(), ZoneInfo("UTC"), ()).turns)


def transcripts(sample: SampleHistory) -> list[Path]:
    files = sample.state_dir.glob("agents/*/sessions/*.jsonl*")
    return sorted(path for path in files if ".trajectory." not in path.name)


def entries(path: Path) -> list[dict[str, Any]]:
    found = []
    for line in path.read_text().splitlines():
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found


def messages(sample: SampleHistory, role: str) -> list[dict[str, Any]]:
    return [
        entry["message"]
        for path in transcripts(sample)
        for entry in entries(path)
        if entry["type"] == "message" and entry["message"]["role"] == role
    ]


def test_reading_it_gives_what_it_promises(sample: SampleHistory, turns: list[Turn]) -> None:
    assert len(turns) == sample.assistant_turns
    assert sum(turn.is_tool_use for turn in turns) == sample.tool_use_turns
    excluded = Counter(turn.exclusion_reason for turn in turns if turn.exclusion_reason)
    assert excluded == sample.excluded
    scorable = [turn for turn in turns if turn.is_tool_use and turn.exclusion_reason is None]
    assert len(scorable) == sample.scorable_turns
    assert sum(turn.cost_usd or 0 for turn in turns) == pytest.approx(sample.cost_usd)
    assert {turn.day for turn in turns} == set(sample.days)


def test_every_line_is_read_or_quarantined(sample: SampleHistory) -> None:
    extraction = extract(DirectorySource([sample.state_dir], None), Sources(), ZoneInfo("UTC"), ())
    list(extraction.turns)
    assert extraction.report.lines == sample.lines
    assert len(extraction.quarantine) == sample.malformed_lines == 1


def test_no_turn_lacks_its_model(turns: list[Turn]) -> None:
    models = {turn.model for turn in turns if turn.exclusion_reason != "delivery_mirror"}
    assert models == {"claude-sonnet-4-5", "claude-sonnet-4-6"}


def test_it_is_large_and_varied_enough_to_try_everything(
    sample: SampleHistory, turns: list[Turn]
) -> None:
    assert len(sample.days) == 5
    assert 60 <= sample.assistant_turns <= 80
    assert sample.scorable_turns >= 35
    assert {turn.agent_id for turn in turns} == {"main", "shop"}
    assert {"main", "cron", "subagent", "heartbeat"} <= {turn.session_kind for turn in turns}
    called = {call.name for turn in turns for call in turn.response.tool_calls}
    assert {"read", "write", "edit", "exec", "web_search", "message", "cron"} <= called
    families = {re.sub(r".*\.jsonl\.?(\w*).*", r"\1", path.name) for path in transcripts(sample)}
    assert families == {"", "reset", "deleted"}
    versions = {entries(path)[0].get("version") for path in transcripts(sample)}
    assert versions == {None, 3}
    assert any(message["isError"] for message in messages(sample, "toolResult"))


def test_no_two_turns_say_the_same(turns: list[Turn]) -> None:
    kept = [turn for turn in turns if turn.exclusion_reason is None]
    said = Counter(
        (turn.request, turn.response.text, str([c.arguments for c in turn.response.tool_calls]))
        for turn in kept
    )
    assert max(said.values()) == 1


def test_every_planted_value_is_in_the_history(sample: SampleHistory) -> None:
    text = "\n".join(
        path.read_text() for path in sample.state_dir.rglob("*") if path.is_file()
    ).replace('\\"', '"')
    missing = {name for name, value in sample.planted.items() if value not in text}
    assert not missing
    assert all(signature in text for signature in sample.signatures)


def test_the_denylist_holds_only_planted_values(sample: SampleHistory) -> None:
    listed = {value for values in sample.denylist.values() for value in values}
    assert listed < set(sample.planted.values())
    assert {"names", "users", "hosts", "domains"} <= set(sample.denylist)


def test_costs_follow_from_the_tokens(sample: SampleHistory) -> None:
    for message in messages(sample, "assistant"):
        usage = message["usage"]
        tokens = {kind: usage[kind] for kind in SONNET}
        assert usage["totalTokens"] == sum(tokens.values())
        dollars = sum(tokens[kind] * price / 1e6 for kind, price in SONNET.items())
        assert usage["cost"]["total"] == pytest.approx(dollars)


def test_every_call_has_its_result(sample: SampleHistory) -> None:
    called = [
        block["id"]
        for message in messages(sample, "assistant")
        for block in message["content"]
        if block["type"] == "toolCall"
    ]
    answered = [message["toolCallId"] for message in messages(sample, "toolResult")]
    assert Counter(called) == Counter(answered)


def test_parents_come_before_children_and_times_do_not_run_back(sample: SampleHistory) -> None:
    for path in transcripts(sample):
        seen: set[str] = set()
        stamps = [entry["timestamp"] for entry in entries(path)]
        assert stamps == sorted(stamps)
        for entry in entries(path)[1:]:
            if "id" in entry:
                assert entry["parentId"] is None or entry["parentId"] in seen
                seen.add(entry["id"])


def test_no_placeholder_is_left(sample: SampleHistory) -> None:
    for path in transcripts(sample):
        assert not re.search(r"<<[a-z_]+([+-]\d+)?>>", path.read_text())


def contents(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): path.read_text().replace(str(directory), "")
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_the_same_day_gives_the_same_history(sample: SampleHistory, tmp_path: Path) -> None:
    again = write_sample_history(tmp_path / "again", LAST_DAY)
    assert contents(again.state_dir) == contents(sample.state_dir)
    assert again.planted == sample.planted


def test_another_day_moves_every_date(tmp_path: Path) -> None:
    later = write_sample_history(tmp_path / "later", date(2026, 9, 30))
    assert later.days[-1] == "2026-09-30"
    assert "2026-03-0" not in "".join(contents(later.state_dir).values())


def test_an_existing_directory_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(UsageError, match="exists already"):
        write_sample_history(tmp_path / "mine", LAST_DAY)
    assert not list((tmp_path / "mine").iterdir())


def test_an_interrupted_writing_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "state.incomplete" / "agents").mkdir(parents=True)
    (tmp_path / "state.incomplete" / "agents" / "half.jsonl").write_text("{")
    write_sample_history(tmp_path / "state", LAST_DAY)
    assert not (tmp_path / "state.incomplete").exists()
    assert not (tmp_path / "state" / "agents" / "half.jsonl").exists()


def test_it_is_for_the_owner_alone(sample: SampleHistory) -> None:
    for path in [sample.state_dir, *sample.state_dir.rglob("*")]:
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077
