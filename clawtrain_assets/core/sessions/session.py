"""One session: its files and database rows read, merged and walked."""

from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import ExitStack
from typing import BinaryIO

from clawtrain_assets.core.sessions.attribution import name_or_none
from clawtrain_assets.core.sessions.conversation import Conversation, Counters
from clawtrain_assets.core.sessions.entries import Entry, Unreadable, decode_line, epoch_ms
from clawtrain_assets.core.sessions.grouping import SessionGroup, day_of
from clawtrain_assets.core.sessions.housekeeping import kind_of_key, kind_of_request
from clawtrain_assets.core.sessions.lcm import read_lcm
from clawtrain_assets.core.sessions.lcm_join import LcmJoin
from clawtrain_assets.core.sessions.lines import file_lines, plain_stream
from clawtrain_assets.core.sessions.messages import user_text
from clawtrain_assets.core.sessions.nodes import Node, Path
from clawtrain_assets.core.sessions.report import Report
from clawtrain_assets.core.sessions.row import Facts, Identity, Row, Settings
from clawtrain_assets.core.sessions.sources import HistorySource
from clawtrain_assets.core.sessions.surroundings import Surroundings
from clawtrain_assets.core.sessions.tools import session_tools
from clawtrain_assets.core.sessions.tree import SessionTree

# Sessions up to this size keep their decoded entries; larger ones are read again line by line, so
# that memory does not grow with the file.
_KEEP_BYTES = 32 << 20
# A session is begun with its first message. LCM links the tail it leaves anew, right behind the
# header: that the tail is so much younger is all that tells of what was in front of it.
_LATE_MS = 3_600_000


def session_rows(
    group: SessionGroup,
    source: HistorySource,
    surroundings: Surroundings,
    settings: Settings,
    report: Report,
    copied: Container[str],
    contents: set[str] | None,
) -> Iterator[Row]:
    """The turns of one session, each once.

    Turns whose content is in ``copied`` (those of the sessions this one was forked from) are left
    out; ``contents`` collects this session's for its own forks.
    """
    keep = sum(file.size for file in group.files) <= _KEEP_BYTES
    tree = SessionTree(group.session_id, with_starts=bool(group.lcm))
    lcm: dict[str, Identity] = {}
    with ExitStack() as stack:
        streams: list[BinaryIO] = []
        for index, file in enumerate(group.files):
            stream = stack.enter_context(plain_stream(source.open(file), file))
            streams.append(stream)
            current = file.family in ("live", "agent_sqlite")
            tree.add_file(file_lines(stream, file, report), index, current, keep)
            if keep:
                stream.close()
        for index, file in enumerate(group.lcm, len(group.files)):
            report.files[file.family] += 1
            join = LcmJoin(tree, index, report)
            with source.open(file) as stored:
                join.add(read_lcm(stored))
            lcm |= join.identities
        tree.count_copies()
        report.sessions += 1
        report.merged_entries += tree.merged_entries
        report.differing_copies += tree.differing_copies

        def load(node: Node) -> Entry:
            if node.entry is not None:
                return node.entry
            stream = streams[node.file]
            stream.seek(node.offset)
            try:
                return decode_line(stream.read(node.length))[node.part]
            except Unreadable as error:
                return error.entries[node.part]

        if contents is not None:
            contents.update(tree.contents.values())
        facts = _facts(tree, group, surroundings, load, lcm)
        yield from _walk(tree, facts, settings, report, load, copied)


def _walk(
    tree: SessionTree,
    facts: Facts,
    settings: Settings,
    report: Report,
    load: Callable[[Node], Entry],
    copied: Container[str],
) -> Iterator[Row]:
    emitted: set[str] = set()
    counters = Counters()
    begun = False
    for path in tree.paths():
        if path.reason is None and any(node.turn_id is not None for node in path.nodes):
            ms = _first_ms(path, load, facts.first_ms)
            lost = path.nodes[0].parent is not None or ms - _begun_ms(tree, ms) > _LATE_MS
            if begun or lost:
                report.count_gap(day_of(ms, settings.zone))
            begun = True
        own = counters if path.reason is None else Counters()
        for row in Conversation(path, facts, settings, load, own).rows():
            if row.turn_id in emitted:
                report.merged_turns += 1
                continue
            emitted.add(row.turn_id)
            if tree.contents[row.turn_id] in copied:
                report.forked_turns += 1
                continue
            if row.source_family == "lcm":
                report.lcm_only_turns += 1
            yield row


def _begun_ms(tree: SessionTree, otherwise: int) -> int:
    """When the session was begun, by its headers."""
    times = [epoch_ms(header.timestamp) for header in tree.headers]
    return min([ms for ms in times if ms is not None], default=otherwise)


def _first_ms(path: Path, load: Callable[[Node], Entry], otherwise: int) -> int:
    """Time of the first message of the path's own that has one."""
    for node in path.nodes[path.start :]:
        if node.type == "message":
            ms = epoch_ms(load(node).timestamp)
            if ms is not None:
                return ms
    return otherwise


def _facts(
    tree: SessionTree,
    group: SessionGroup,
    surroundings: Surroundings,
    load: Callable[[Node], Entry],
    lcm: Mapping[str, Identity],
) -> Facts:
    name = group.session_id.lower()
    places = [*group.files, *group.lcm]
    stored = surroundings.keys.get(name)
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
        first_ms = int(places[-1].captured_at.timestamp() * 1000)
    return Facts(
        session_id=group.session_id,
        session_key=stored.key if stored is not None else None,
        session_kind=kind,
        agent_id=group.agent_id,
        system_prompt=trajectory.system_prompt,
        tools=session_tools(tree.called(), group.agent_id, trajectory.tools),
        header=Identity(name_or_none(header.provider), model, "header")
        if header is not None and isinstance(model, str)
        else None,
        recorded=trajectory.model_at,
        weak=surroundings.cron.get(name) or (stored.model if stored is not None else None),
        lcm=lcm,
        copies=tree.turn_copies,
        files=[(file.path, file.family) for file in places],
        first_ms=first_ms,
    )
