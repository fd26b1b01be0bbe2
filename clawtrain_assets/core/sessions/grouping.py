"""Files of a history by the session they are copies of."""

import re
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import BinaryIO, NamedTuple
from zoneinfo import ZoneInfo

from clawtrain_assets.core.sessions.agent_database import MARK
from clawtrain_assets.core.sessions.entries import Entry, Unreadable, decode_line
from clawtrain_assets.core.sessions.families import (
    RANK,
    TRANSCRIPTS,
    agent_of,
    session_of,
)
from clawtrain_assets.core.sessions.sources import ArchivedFile

_STAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}")


class SessionGroup(NamedTuple):
    """All copies of one session: its files, the one to believe last, and what LCM has of it."""

    session_id: str
    agent_id: str
    files: list[ArchivedFile]
    lcm: list[ArchivedFile]
    parents: set[str]  # sessions (lower case) this one was forked from, by its headers

    def touches(self, days: Collection[str] | None, zone: ZoneInfo) -> bool:
        """Whether any of the days lies within the times in the files (True if unknown)."""
        if days is None:
            return True
        for file in (*self.files, *self.lcm):
            if file.first_ms is None or file.last_ms is None:
                return True
            first = day_of(file.first_ms, zone)
            last = day_of(file.last_ms, zone)
            if any(first <= day <= last for day in days):
                return True
        return False


def day_of(ms: int, zone: ZoneInfo) -> str:
    """The calendar day of a moment in epoch milliseconds."""
    return datetime.fromtimestamp(ms / 1000, zone).date().isoformat()


def group_sessions(
    files: list[ArchivedFile],
    open_file: Callable[[ArchivedFile], BinaryIO],
    days: Collection[str] | None,
    zone: ZoneInfo,
) -> Iterator[SessionGroup]:
    """Sessions with times on the days, in the order of their first file, then those only LCM knows.

    The id comes from a UUID in the file name, else from the header, else it is the file's stem. Of
    other days' sessions only files without a UUID are opened: an archive holds many.
    """
    groups: dict[str, SessionGroup] = {}
    for file in files:
        if file.family not in TRANSCRIPTS:
            continue
        if file.family == "agent_sqlite" and MARK not in file.path:
            continue  # not OpenClaw's after all; the surroundings report it
        session_id = key = file.session_id
        if session_id is None:
            with open_file(file) as stream:
                session_id = name_of(file.path, header_of(file.path, stream))
            # Ids people chose are unique within an agent only; UUIDs are everywhere.
            folder = file.path.rpartition("/")[0]
            key = session_id if len(session_id) == 36 else f"{file.root}\0{folder}\0{session_id}"
        assert key is not None
        group = groups.setdefault(
            key.lower(), SessionGroup(session_id, agent_of(file.path), [], [], set())
        )
        group.files.append(file)
    names: dict[str, list[SessionGroup]] = {}
    for group in groups.values():
        names.setdefault(group.session_id.lower(), []).append(group)
    for file in files:
        if file.family != "lcm" or file.session_id is None:
            continue
        name = file.session_id.lower()
        if name not in names:
            names[name] = [SessionGroup(file.session_id, agent_of(file.path), [], [], set())]
            groups[f"\0lcm\0{name}"] = names[name][0]
        names[name][0].lcm.append(file)
    wanted = {key: group for key, group in groups.items() if group.touches(days, zone)}
    for group in wanted.values():
        for file in group.files:
            with open_file(file) as stream:
                group.parents.update(parents_in(header_of(file.path, stream)))
    for group in _parents_first(wanted):
        group.files.sort(key=_reading_order)
        yield group


def _parents_first(groups: dict[str, SessionGroup]) -> Iterator[SessionGroup]:
    """Sessions in order, but a fork after what it was forked from."""
    names = {group.session_id.lower(): key for key, group in groups.items()}
    done: set[str] = set()
    for first in groups:
        waiting = [first]
        while waiting:
            key = waiting[-1]
            before = [names[p] for p in groups[key].parents if p in names]
            pending = [p for p in before if p not in done and p not in waiting]
            if pending:
                waiting += pending
                continue
            waiting.pop()
            if key not in done:
                done.add(key)
                yield groups[key]


def _reading_order(file: ArchivedFile) -> tuple[bool, int, str, datetime, str]:
    stamp = _STAMP.findall(file.path.rsplit("/", 1)[-1])
    return (
        file.status == "present",
        RANK[file.family],
        stamp[-1] if stamp else "",
        file.captured_at,
        file.path,
    )


def name_of(path: str, header: Entry | None) -> str:
    """The session's id where the file name holds no UUID: its header's, else the file's stem."""
    if header is not None and header.id:
        return str(header.id)
    name = path.rsplit("/", 1)[-1]
    return name.split(".jsonl")[0].split(".checkpoint.")[0].partition("-topic-")[0]


def header_of(path: str, stream: BinaryIO) -> Entry | None:
    """The session entry a transcript begins with, None if there is none to read."""
    if path.endswith(".zst"):
        return None
    try:
        header = decode_line(stream.readline(1 << 20))[0]
    except (Unreadable, IndexError):
        return None
    if not isinstance(header.id, str) or not header.id:
        header.id = None
    return header if header.type == "session" else None


def parents_in(header: Entry | None) -> Iterator[str]:
    """The session a header says it continues: pi writes a path, OpenClaw a path or an id."""
    if header is None:
        return
    for value in (header.branchedFrom, header.parentSession):
        if isinstance(value, str) and value:
            name = re.split(r"[/\\]", value)[-1].partition(".jsonl")[0]
            yield session_of(name) or name.lower()
