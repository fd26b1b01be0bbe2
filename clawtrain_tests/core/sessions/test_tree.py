"""Branches, copies and repairs: every turn once, on the path it belongs to."""

from pathlib import Path

import pytest
import zstandard

from .history import SESSION, Script, conversation, read


def _ids(root: Path) -> dict[str, str | None]:
    turns, extraction = read(root)
    assert extraction.report.balanced()
    assert len({turn.turn_id for turn in turns}) == len(turns)
    return {turn.turn_id: turn.exclusion_reason for turn in turns}


@pytest.mark.parametrize(
    "name",
    [
        f"{SESSION}.jsonl.reset.2026-03-07T03-30-30.095Z",
        f"{SESSION}.jsonl.deleted.2026-03-07T03-30-30Z",
        f"{SESSION}.jsonl.bak.2026-03-07T03-30-30.095Z",
        f"{SESSION}.jsonl.bak-4711-1772866000000",
        f"{SESSION}.checkpoint.99999999-2222-4333-8444-555555555555.jsonl",
        f"{SESSION}-topic-1772016279.164099.jsonl",
        f"{SESSION}.jsonl.reset.2026-03-07T03-30-30.095Z.zst",
        f"{SESSION}.jsonl.deleted.2026-03-07T03-30-30.095Z.zst",
        f"cold/{SESSION}.jsonl.zst",
        f"session-sqlite-import-archive/{SESSION}.jsonl",
    ],
)
def test_every_family_is_read_and_copies_are_one(tmp_path: Path, name: str) -> None:
    script = conversation()
    script.write(tmp_path)
    expected = _ids(tmp_path)
    copy = script.write(tmp_path, name)
    if name.endswith(".zst"):
        copy.write_bytes(zstandard.ZstdCompressor().compress(copy.read_bytes()))
    assert _ids(tmp_path) == expected
    turns, _ = read(tmp_path)
    assert {turn.copies for turn in turns} == {2}
    (tmp_path / "agents" / "main" / "sessions" / f"{SESSION}.jsonl").unlink()
    assert _ids(tmp_path) == expected


@pytest.mark.parametrize(
    ("name", "agent"),
    [
        (f"agent/sessions/--home-ada-x--/2026-03-07T06-46-40-000Z_{SESSION}.jsonl", "pi"),
        (f"sessions/--home-ada-x--/2026-03-07T06-46-40-000Z_{SESSION}.jsonl", "pi"),
        (f"2026-03-07T06-46-40-000Z_{SESSION}.jsonl", "main"),
    ],
)
def test_stand_alone_pi_directories(tmp_path: Path, name: str, agent: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(conversation().lines())
    turns, _ = read(tmp_path)
    assert {(turn.session_id, turn.agent_id) for turn in turns} == {(SESSION, agent)}
    assert len(turns) == 4


def test_other_files_are_no_transcripts(tmp_path: Path) -> None:
    path = conversation().write(tmp_path)
    (path.parent / f"{path.name}.lock").write_text('{"pid": 1}')
    (path.parent / "notes.readable.md").write_text("hi")
    (path.parent / f"{SESSION}.trajectory.jsonl").write_text("{}\n")
    _, extraction = read(tmp_path)
    assert dict(extraction.report.files) == {"live": 1}


def test_a_file_without_header_continues_its_archived_sibling(tmp_path: Path) -> None:
    script = conversation()
    path = script.write(tmp_path, f"{SESSION}.jsonl.reset.2026-03-07T03-30-30.095Z")
    expected, _ = read(tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:6]))
    (path.parent / f"{SESSION}.jsonl").write_bytes(b"".join(lines[6:]))
    turns, _ = read(tmp_path)
    assert [t.turn_id for t in turns] == [t.turn_id for t in expected]
    assert [t.context for t in turns] == [t.context for t in expected]


def test_rotation_to_a_tail_keeps_the_archived_links(tmp_path: Path) -> None:
    """LCM rewrites the file to header and last messages and links them anew."""
    script = conversation()
    path = script.write(tmp_path, f"{SESSION}.checkpoint.{SESSION}.jsonl")
    expected, _ = read(tmp_path)
    tail = Script()
    tail.entries += [script.entries[1], {**script.entries[8], "parentId": script.entries[1]["id"]}]
    tail.entries += script.entries[9:]
    tail.write(tmp_path)
    assert path.exists()
    turns, _ = read(tmp_path)
    assert [t.turn_id for t in turns] == [t.turn_id for t in expected]
    assert turns[-1].context == expected[-1].context


def test_an_abandoned_branch_stays_as_such(tmp_path: Path) -> None:
    script = Script()
    asked = script.user("try")
    script.assistant("first try")
    script.parent = asked
    script.assistant("second try")
    script.write(tmp_path)
    turns, _ = read(tmp_path)
    assert {t.response.text: t.exclusion_reason for t in turns} == {
        "second try": None,
        "first try": "abandoned_branch",
    }
    assert all([m.text for m in t.context] == ["try"] for t in turns)


def test_a_leaf_marker_moves_the_conversation(tmp_path: Path) -> None:
    script = Script()
    script.user("try")
    good = script.assistant("good")
    script.user("no")
    script.assistant("bad")
    marker = script.entry("leaf", targetId=good, appendParentId=good, appendMode="side")
    script.parent = marker
    script.user("on")
    script.assistant("better")
    script.write(tmp_path)
    turns, _ = read(tmp_path)
    reasons = {t.response.text: t.exclusion_reason for t in turns}
    assert reasons == {"good": None, "bad": "abandoned_branch", "better": None}
    better = next(t for t in turns if t.response.text == "better")
    assert [m.text for m in better.context] == ["try", "good", "on"]


def test_a_leaf_marker_to_nowhere_is_ignored(tmp_path: Path) -> None:
    script = Script()
    script.user("try")
    script.assistant("good")
    tail = script.parent
    script.entry("leaf", targetId="gone")
    script.parent = tail
    script.write(tmp_path)
    (turn,), _ = read(tmp_path)
    assert turn.exclusion_reason is None


def test_side_appends_leave_the_path_alone(tmp_path: Path) -> None:
    script = Script()
    script.user("go")
    before = script.parent
    script.assistant("aside", entry={"appendMode": "side"})
    script.parent = before
    script.assistant("main")
    script.write(tmp_path)
    turns, _ = read(tmp_path)
    assert {t.response.text: t.exclusion_reason for t in turns} == {
        "main": None,
        "aside": "side_append",
    }


def test_rows_without_a_parent_continue(tmp_path: Path) -> None:
    script = conversation()
    expected = conversation()
    for entry in script.entries[3:]:
        entry.pop("parentId")
    expected.write(tmp_path / "a")
    script.write(tmp_path / "b")
    left, _ = read(tmp_path / "a")
    right, _ = read(tmp_path / "b")
    assert [t.context for t in left] == [t.context for t in right]


def test_a_suffix_appended_again_is_one_conversation(tmp_path: Path) -> None:
    """Tool-result truncation branches and appends the whole suffix with new ids."""
    script = conversation()
    script.write(tmp_path)
    expected = _ids(tmp_path)
    again = [dict(entry) for entry in script.entries[4:]]
    parent = script.entries[3]["id"]
    for entry in again:
        entry["id"] = "again-" + entry["id"]
        entry["parentId"] = parent
        parent = entry["id"]
    cut = again[0]["message"] = {**again[0]["message"]}
    cut["content"] = [{"type": "text", "text": "[truncated]"}]
    script.entries += again
    script.write(tmp_path)
    assert _ids(tmp_path) == expected
    turns, extraction = read(tmp_path)
    assert extraction.report.merged_turns == 3
    assert "[truncated]" in [m.text for m in turns[1].context]
    assert sorted(t.copies for t in turns) == [1, 2, 2, 2]


def test_lost_ancestors_leave_the_reachable_suffix(tmp_path: Path) -> None:
    script = conversation()
    del script.entries[5]
    script.write(tmp_path)
    turns, _ = read(tmp_path)
    assert len(turns) == 3
    assert all(turn.exclusion_reason is None for turn in turns)
    assert [m.text for m in turns[-1].context] == ["Milk and bread; it is Saturday.", "thanks"]


def test_cycles_end(tmp_path: Path) -> None:
    script = conversation()
    script.entries[2]["parentId"] = script.entries[-1]["id"]
    script.write(tmp_path)
    turns, _ = read(tmp_path)
    assert len(turns) == 4


def test_version_1_and_its_migrated_copy_are_one(tmp_path: Path) -> None:
    old = conversation()
    migrated = conversation()
    old.version = None
    del old.entries[0]["version"]
    for entry in old.entries[1:]:
        del entry["id"], entry["parentId"]
    old.write(tmp_path, f"{SESSION}.jsonl.bak-1-2")
    expected = _ids(tmp_path)
    assert len(expected) == 4
    migrated.write(tmp_path)
    assert _ids(tmp_path) == expected


def test_sessions_in_a_plain_directory_are_named_by_their_header(tmp_path: Path) -> None:
    (tmp_path / "before-compaction.jsonl").write_bytes(conversation().lines())
    stamp = "2025-12-09T00-52-54-397Z"
    other = "99999999-2222-4333-8444-555555555555"
    folder = tmp_path / "--home-ada-work--"
    folder.mkdir()
    (folder / f"{stamp}_{other}.jsonl").write_bytes(conversation(other).lines())
    turns, _ = read(tmp_path)
    assert {(t.session_id, t.agent_id) for t in turns} == {(SESSION, "main"), (other, "pi")}


def test_branches_far_into_a_session_have_the_same_context(tmp_path: Path) -> None:
    script, filler = Script(), " x" * 200
    for number in range(150):
        script.user(f"question {number}")
        tail = script.parent
        for attempt in range(2):
            script.parent = tail
            script.assistant(f"answer {number}, attempt {attempt}" + filler)
    script.write(tmp_path)
    turns, _ = read(tmp_path)
    assert len(turns) == 300
    active = [t for t in turns if t.exclusion_reason is None]
    assert [t.turn_index for t in active] == list(range(1, 151))
    branch = next(t for t in turns if t.response.text == "answer 149, attempt 0" + filler)
    assert branch.exclusion_reason == "abandoned_branch"
    assert branch.turn_index == 150
    assert branch.context == active[-1].context
    assert branch.context[-1].text == "question 149"
    assert branch.context_dropped == active[-1].context_dropped


def test_a_reset_begins_a_new_window(tmp_path: Path) -> None:
    script = Script()
    script.user("old")
    script.assistant("old answer")
    kept = script.user("kept")
    script.entry("reset", firstKeptEntryId=kept)
    script.assistant("new answer")
    script.write(tmp_path)
    turns, _ = read(tmp_path)
    assert [m.text for m in turns[-1].context] == ["kept"]
