"""One session: its files read, merged and walked."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import BinaryIO, cast

import zstandard

from clawtrain_assets.core.sessions.conversation import (
    Conversation,
    Counters,
    Facts,
    Identity,
    Row,
    Settings,
)
from clawtrain_assets.core.sessions.entries import Entry, Unreadable, decode_line, epoch_ms
from clawtrain_assets.core.sessions.grouping import SessionGroup
from clawtrain_assets.core.sessions.housekeeping import kind_of_key, kind_of_request
from clawtrain_assets.core.sessions.messages import user_text
from clawtrain_assets.core.sessions.records import (
    NO_TRAJECTORY,
    StoredSession,
    Trajectory,
    read_cron_log,
    read_session_store,
    read_trajectory,
)
from clawtrain_assets.core.sessions.report import Report
from clawtrain_assets.core.sessions.sources import ArchivedFile, HistorySource
from clawtrain_assets.core.sessions.tools import session_tools
from clawtrain_assets.core.sessions.tree import Line, Node, SessionTree

# Sessions up to this size keep their decoded entries; larger ones are read again line by line, so
# that memory does not grow with the file.
_KEEP_BYTES = 32 << 20
_BUFFER = 1 << 20
_NEWLINE = 10
_BROKEN_ZST = b"\ncompressed data ends here: the archive is damaged\n"


class Surroundings:
    """What is known about sessions outside their transcripts, read once per extraction."""

    def __init__(self, source: HistorySource, files: list[ArchivedFile]) -> None:
        self._source = source
        self._trajectories: dict[str, list[ArchivedFile]] = {}
        self.stored: dict[str, StoredSession] = {}
        self.cron: dict[str, Identity] = {}
        for file in files:
            if file.family == "trajectory" and file.session_id is not None:
                self._trajectories.setdefault(file.session_id, []).append(file)
            elif file.family == "session_store":
                with source.open(file) as stream:
                    for session_id, stored in read_session_store(stream).items():
                        if file.status == "present" and file.path.endswith("sessions.json"):
                            self.stored[session_id] = stored
                        else:
                            self.stored.setdefault(session_id, stored)
            elif file.family == "cron_run":
                with source.open(file) as stream:
                    self.cron.update(read_cron_log(stream))

    def trajectory(self, session_id: str) -> Trajectory:
        files = self._trajectories.get(session_id, [])
        if not files:
            return NO_TRAJECTORY
        with self._source.open(files[-1]) as stream:
            return read_trajectory(stream)


def session_rows(
    group: SessionGroup,
    source: HistorySource,
    surroundings: Surroundings,
    settings: Settings,
    report: Report,
) -> Iterator[Row]:
    """The turns of one session, each once."""
    keep = sum(file.size for file in group.files) <= _KEEP_BYTES
    tree = SessionTree(group.session_id, keep)
    with ExitStack() as stack:
        streams: list[BinaryIO] = []
        for index, file in enumerate(group.files):
            stream = stack.enter_context(_plain(source.open(file), file))
            streams.append(stream)
            tree.add_file(_lines(stream, file, report), index, file.family == "live")
            if keep:
                stream.close()
        tree.count_copies()
        report.sessions += 1
        report.merged_entries += tree.merged_entries

        def load(node: Node) -> Entry:
            if node.entry is not None:
                return node.entry
            stream = streams[node.file]
            stream.seek(node.offset)
            try:
                return decode_line(stream.read(node.length))[node.part]
            except Unreadable as error:
                return error.entries[node.part]

        yield from _walk(tree, group, surroundings, settings, report, load)


def _walk(
    tree: SessionTree,
    group: SessionGroup,
    surroundings: Surroundings,
    settings: Settings,
    report: Report,
    load: Callable[[Node], Entry],
) -> Iterator[Row]:
    facts = _facts(tree, group, surroundings, load)
    emitted: set[str] = set()
    counters = Counters()
    for path in tree.paths():
        own = counters if path.reason is None else Counters()
        for row in Conversation(path, facts, settings, load, own).rows():
            if row.turn_id in emitted:
                report.merged_turns += 1
                continue
            emitted.add(row.turn_id)
            yield row


def _facts(
    tree: SessionTree,
    group: SessionGroup,
    surroundings: Surroundings,
    load: Callable[[Node], Entry],
) -> Facts:
    name = group.session_id.lower()
    stored = surroundings.stored.get(name)
    trajectory = surroundings.trajectory(name)
    header = tree.headers[0] if tree.headers else None
    first_user = next((n for n in tree.nodes.values() if n.role == "user"), None)
    opening = load(first_user).message if first_user is not None else None
    if stored is not None:
        kind = kind_of_key(stored.key)
    else:
        kind = kind_of_request(user_text(opening).text if opening is not None else "")
    model = header.modelId if header is not None else None
    first_ms = epoch_ms(header.timestamp) if header is not None else None
    if first_ms is None:
        first_ms = int(group.files[-1].captured_at.timestamp() * 1000)
    return Facts(
        session_id=group.session_id,
        session_key=stored.key if stored is not None else None,
        session_kind=kind,
        agent_id=group.agent_id,
        system_prompt=trajectory.system_prompt,
        tools=session_tools(tree.called, group.agent_id, trajectory.tools),
        header=Identity(_name(header.provider), model, "header")
        if header is not None and isinstance(model, str)
        else None,
        recorded=trajectory.model_at,
        weak=surroundings.cron.get(name) or (stored.model if stored is not None else None),
        copies=tree.turn_copies,
        files=[(file.path, file.family) for file in group.files],
        first_ms=first_ms,
    )


def _name(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _plain(stream: BinaryIO, file: ArchivedFile) -> BinaryIO:
    """A seekable stream of the file's plain bytes (.zst files are unpacked to disk)."""
    if not file.path.endswith(".zst"):
        return stream
    plain = tempfile.SpooledTemporaryFile(max_size=_KEEP_BYTES)  # noqa: SIM115
    with stream:
        try:
            zstandard.ZstdDecompressor().copy_stream(stream, plain, read_size=_BUFFER)
        except zstandard.ZstdError:
            plain.write(_BROKEN_ZST)  # what came before the break is kept; this is quarantined
    plain.seek(0)
    return cast(BinaryIO, plain)


def _lines(stream: BinaryIO, file: ArchivedFile, report: Report) -> Iterator[Line | None]:
    """Entries with their places; None for a line that gave none. Everything is counted."""
    report.files[file.family] += 1
    offset = number = 0
    types = report.entry_types
    for raw in stream:
        number += 1
        start, offset = offset, offset + len(raw)
        try:
            entries = decode_line(raw)
        except Unreadable as error:
            entries = list(error.entries)
            unfinished = raw[-1] != _NEWLINE and file.family == "live" and file.status == "present"
            if unfinished and not entries:
                report.unfinished += 1  # still being written: the next reading will have it
                break
            report.reject(
                file.path, number, start + error.start, str(error), raw[error.start :].rstrip(b"\n")
            )
            if not entries:
                report.quarantined_lines += 1
        else:
            if not entries:
                report.blank += 1
                continue
        report.entries += len(entries)
        report.glued += max(len(entries) - 1, 0)
        if not entries:
            yield None
        for entry in entries:
            types[entry.type] += 1
            body = entry.message
            if body is not None and body.role == "assistant":
                report.assistant_entries += 1
            yield Line(entry, number, start, raw)
    report.lines += number
    report.bytes_read += offset
