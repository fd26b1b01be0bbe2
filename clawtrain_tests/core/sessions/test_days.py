"""Days of a history: each is read by itself, and many in one pass."""

import io
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from clawtrain_assets.core.sessions.archive import Archive
from clawtrain_assets.core.sessions.sources import ArchivedFile, DirectorySource
from clawtrain_assets.core.sessions.surroundings import stores_of

from .history import START, conversation, read


class _Counting(DirectorySource):
    """Counts the bytes read of each file."""

    def __init__(self, state: Path) -> None:
        super().__init__([state])
        self.read: Counter[str] = Counter()

    def open(self, file: ArchivedFile) -> BinaryIO:
        source = self

        class Counted(io.FileIO):
            def readinto(self, buffer: Any) -> int:
                count = super().readinto(buffer) or 0
                source.read[file.path.rpartition("/")[2]] += count
                return count

        return io.BufferedReader(Counted(Path(file.root, file.path)))


def test_many_days_are_extracted_in_one_pass_over_the_files(tmp_path: Path) -> None:
    names = [f"{number}1111111-2222-4333-8444-555555555555" for number in range(3)]
    for number, name in enumerate(names):
        script = conversation(name, START + number * 86_400_000)
        script.assistant("x" * 200_000)  # more than a reader's buffer holds
        script.write(tmp_path)
    source = _Counting(tmp_path)
    turns, _ = read(source, days={"2026-03-07", "2026-03-08", "2026-03-09"})
    assert {turn.day for turn in turns} == {"2026-03-07", "2026-03-08", "2026-03-09"}
    for path in tmp_path.rglob("*.jsonl"):  # once, and its first line to know its session
        assert source.read[path.name] <= path.stat().st_size + io.DEFAULT_BUFFER_SIZE


def test_of_one_day_only_the_files_that_hold_it_are_read(tmp_path: Path) -> None:
    opened = set()

    class Noting(Archive):
        def open(self, file: ArchivedFile) -> BinaryIO:
            opened.add(file.session_id)
            return super().open(file)

    names = [f"{number}1111111-2222-4333-8444-555555555555" for number in range(3)]
    for number, name in enumerate(names):
        conversation(name, START + number * 86_400_000).write(tmp_path / "state")
    archive = Noting(tmp_path / "archive")
    archive.capture([tmp_path / "state"], None)
    turns, extraction = read(archive, days={"2026-03-08"})
    assert {turn.session_id for turn in turns} == {names[1]} == opened
    assert extraction.report.files == {"live": 1}


def test_of_a_stores_contents_those_of_the_days_are_read() -> None:
    def stored(day: int, path: str = "agents/main/sessions/sessions.json", status: str = "gone"):
        captured = datetime(2026, 3, day, 12, tzinfo=UTC)
        return ArchivedFile("/r", path, "session_store", None, captured, 1, "", status)

    files = [stored(day) for day in range(1, 20)] + [stored(20, status="present")]
    other = [stored(day, "agents/b/sessions/sessions.json") for day in (2, 9)]
    found = stores_of([*files, *other], {"2026-03-05", "2026-03-06"}, ZoneInfo("UTC"))
    assert [file.captured_at.day for file in found] == [4, 5, 6, 7, 20, 2, 9]
    assert stores_of(files, None, ZoneInfo("UTC")) == files
