"""Files of a history by the session they are copies of."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from typing import Any, BinaryIO, NamedTuple
from zoneinfo import ZoneInfo

from clawtrain_assets.core.sessions.entries import Unreadable, decode_line
from clawtrain_assets.core.sessions.families import DATABASES, RANK, TRANSCRIPTS, agent_of
from clawtrain_assets.core.sessions.sources import ArchivedFile

_STAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}")


class Stored(NamedTuple):
    """A session's part of a database, and the times in it (epoch ms)."""

    file: ArchivedFile
    session_id: str
    first_ms: int | None
    last_ms: int | None
    handle: Any  # what the database's reader needs to find it again


class SessionGroup(NamedTuple):
    """All copies of one session: files, the one to believe last, and rows of databases."""

    session_id: str
    agent_id: str
    files: list[ArchivedFile]
    stored: list[Stored]

    def touches(self, days: Collection[str] | None, zone: ZoneInfo) -> bool:
        """Whether any of the days lies within the times in the files (True if unknown)."""
        if days is None:
            return True
        sources: list[ArchivedFile | Stored] = [*self.files, *self.stored]
        for file in sources:
            if file.first_ms is None or file.last_ms is None:
                return True
            first = _day(file.first_ms, zone)
            last = _day(file.last_ms, zone)
            if any(first <= day <= last for day in days):
                return True
        return False


def _day(ms: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(ms / 1000, zone).date().isoformat()


def group_sessions(
    files: list[ArchivedFile],
    open_file: Callable[[ArchivedFile], BinaryIO],
    stored: Iterable[Stored],
) -> Iterator[SessionGroup]:
    """Sessions in the order of their first file, then those only databases know.

    The id comes from a UUID in the file name, else from the header, else it is the file's stem.
    """
    groups: dict[str, SessionGroup] = {}
    for file in files:
        if file.family not in TRANSCRIPTS or file.family in DATABASES:
            continue
        session_id = key = file.session_id
        if session_id is None:
            session_id = _header_id(file, open_file) or _stem(file.path)
            # Ids people chose are unique within an agent only; UUIDs are everywhere.
            folder = file.path.rpartition("/")[0]
            key = session_id if len(session_id) == 36 else f"{file.root}\0{folder}\0{session_id}"
        assert key is not None
        group = groups.setdefault(
            key.lower(), SessionGroup(session_id, agent_of(file.path), [], [])
        )
        group.files.append(file)
    names: dict[str, list[SessionGroup]] = {}
    for group in groups.values():
        names.setdefault(group.session_id.lower(), []).append(group)
    for part in stored:
        name = part.session_id.lower()
        if name not in names:
            names[name] = [SessionGroup(part.session_id, agent_of(part.file.path), [], [])]
            groups[f"\0stored\0{name}"] = names[name][0]
        names[name][0].stored.append(part)
    for group in groups.values():
        group.files.sort(key=_reading_order)
        yield group


def _reading_order(file: ArchivedFile) -> tuple[bool, int, str, datetime, str]:
    stamp = _STAMP.findall(file.path.rsplit("/", 1)[-1])
    return (
        file.status == "present",
        RANK[file.family],
        stamp[-1] if stamp else "",
        file.captured_at,
        file.path,
    )


def _stem(path: str) -> str:
    name = path.rsplit("/", 1)[-1]
    return name.split(".jsonl")[0].split(".checkpoint.")[0].partition("-topic-")[0]


def _header_id(file: ArchivedFile, open_file: Callable[[ArchivedFile], BinaryIO]) -> str | None:
    if file.path.endswith(".zst"):
        return None
    with open_file(file) as stream:
        first = stream.readline(1 << 20)
    try:
        header = decode_line(first)[0]
    except (Unreadable, IndexError):
        return None
    if header.type == "session" and isinstance(header.id, str) and header.id:
        return header.id
    return None
