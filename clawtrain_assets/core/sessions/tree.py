"""All copies of one session as one tree, and the paths through it that were conversations.

Rules: pi's session-manager.ts (parent links; the last entry is the leaf; v1 and v2 migration) and
OpenClaw's src/config/sessions/transcript-tree.ts (``leaf`` markers, side appends, rows without a
``parentId`` continue linearly, a missing ancestor leaves the reachable suffix).
"""

from collections import Counter
from collections.abc import Iterable

import xxhash
from msgspec import UNSET

from clawtrain_assets.core.sessions.entries import Entry, epoch_ms
from clawtrain_assets.core.sessions.messages import (
    answered_call,
    content_identity,
    plain_text,
    tool_calls,
    turn_identity,
)
from clawtrain_assets.core.sessions.nodes import Line, Node, Path
from clawtrain_assets.core.sessions.tools import Seen, Shape, observe, shape_of

START_CHARS = 200


class SessionTree:
    """Merges files of one session; the order of ``add_file`` calls is oldest copy first."""

    def __init__(self, session_id: str, with_starts: bool) -> None:
        self.session_id = session_id
        self.nodes: dict[str, Node] = {}
        self.headers: list[Entry] = []
        self.turn_copies: Counter[str] = Counter()
        self._with_starts = with_starts
        self._shapes: dict[str, tuple[Shape, ...]] = {}  # turn id -> its calls
        self.contents: dict[str, str] = {}  # turn id -> content identity
        self.merged_entries = 0
        self.differing_copies = 0  # of an assistant message, by their content
        self._leaf: str | None = None
        self._former: set[str] = set()  # leaves of earlier copies
        self._newest: set[str] = set()  # entries of the copy the leaf is from
        self._markers: dict[str, str | None] = {}  # leaf marker -> where its children continue

    def add_file(
        self, lines: Iterable[Line | None], file: int, live: bool, keep: bool = True
    ) -> None:
        """Add one copy; None stands for a line that could not be read.

        Without ``keep`` messages stay on disk, to be read again when their turn comes.
        """
        leaf: str | None = None
        tail: str | None = None  # parent of the next row that names none
        legacy = True  # version 1 until a header says otherwise; ids decide per row
        by_index: list[str | None] = []  # entry ids by position, for v1 compactions
        seen: Counter[str] = Counter()
        last_offset, part = -1, 0
        moved = False
        ids: set[str] = set()
        for item in lines:
            if item is None:
                by_index.append(None)
                continue
            entry = item.entry
            part = part + 1 if item.offset == last_offset else 0
            last_offset = item.offset
            if entry.type == "session":
                legacy = not isinstance(entry.version, int) or entry.version < 2
                self.headers.append(entry)
                by_index.append(None)
                continue
            if entry.type == "leaf":
                target = self._point(entry)
                if target is not None:
                    leaf, tail = target
                    moved = True
                continue
            node_id = entry.id if isinstance(entry.id, str) and entry.id else None
            if node_id is None:
                digest = xxhash.xxh3_64_hexdigest(item.raw)
                seen[digest] += 1
                node_id = f"{digest}-{seen[digest]}"
                parent = tail if legacy or entry.parentId is UNSET else entry.parentId
            else:
                parent = tail if entry.parentId is UNSET else entry.parentId
            if not isinstance(parent, str):
                parent = None
            parent = self._markers.get(parent, parent) if parent is not None else None
            by_index.append(node_id)
            if entry.type == "compaction" and isinstance(entry.firstKeptEntryIndex, int):
                index = entry.firstKeptEntryIndex
                if entry.firstKeptEntryId is None and 0 <= index < len(by_index):
                    entry.firstKeptEntryId = by_index[index]
            if parent == node_id:
                parent = None
            node = self._add(node_id, parent, item, file, live, part, keep)
            ids.add(node.id)
            if not node.side:
                leaf = tail = node.id
                moved = True
        if moved:
            if self._leaf is not None:
                self._former.add(self._leaf)
            self._leaf, self._newest = leaf, ids

    def _point(self, entry: Entry) -> tuple[str | None, str | None] | None:
        """(leaf, next parent) a leaf marker sets; None if it names unknown entries."""
        target = entry.targetId
        follow = entry.appendParentId if entry.appendParentId is not None else target
        for name in (target, follow):
            if name is not None and name not in self.nodes:
                return None
        if isinstance(entry.id, str):
            self._markers[entry.id] = target
        return target, follow

    def _add(
        self,
        node_id: str,
        parent: str | None,
        item: Line,
        file: int,
        live: bool,
        part: int,
        keep: bool,
    ) -> Node:
        entry, body = item.entry, item.entry.message
        if entry.type != "message":
            body = None
        role = body.role if body is not None and isinstance(body.role, str) else None
        ms = epoch_ms(body.timestamp) if body is not None else None
        if ms is None and body is not None:
            ms = epoch_ms(entry.timestamp)
        second = ms // 1000 if ms is not None else None
        calls = tool_calls(body.content) if body is not None and role == "assistant" else ()
        content = turn_id = None
        if body is not None and role == "assistant":
            content = content_identity(ms, node_id, body, calls)
            turn_id = turn_identity(self.session_id, content)
        known = self.nodes.get(node_id)
        if known is not None and (known.role, known.second) != (role, second):
            # Another message under this id, by a damaged digit in either: neither may be lost.
            node_id = f"{node_id}-{xxhash.xxh3_64_hexdigest(item.raw)}"
            known = self.nodes.get(node_id)
        if known is not None:
            self.merged_entries += 1
            known.copies += 1
            known.live = known.live or live
            lost = known.parent is None or known.parent not in self.nodes
            if lost and parent is not None and not self._descends(parent, node_id):
                known.parent = parent
            # Rotation, truncation and redaction only shorten: the longest copy is the original.
            # Of two that are as long but not the same, one is damaged: the first is believed.
            same = known.turn_id == turn_id
            self.differing_copies += not same
            if item.size < known.size or (item.size == known.size and not same):
                return known
            node = known
        else:
            node = self.nodes[node_id] = Node(node_id, parent, len(self.nodes), live)
        node.type = entry.type
        node.file, node.line, node.offset, node.part = file, item.number, item.offset, part
        node.length, node.size = len(item.raw), item.size
        node.side = entry.appendMode == "side"
        node.role, node.second, node.turn_id, node.answers = role, second, turn_id, None
        node.calls = tuple([call.id for call in calls])
        node.made = calls if keep else None
        node.start = ""
        if self._with_starts and body is not None:
            node.start = plain_text(body.content)[:START_CHARS]
        if turn_id is not None and content is not None:
            self.contents[turn_id] = content
            if calls:
                self._shapes[turn_id] = tuple([shape_of(call) for call in calls])
        elif body is not None and role in ("toolResult", "tool"):
            node.answers = answered_call(body)
        node.entry = entry if keep or node.type != "message" else None
        return node

    # --- additions from outside the files

    def insert(self, line: Line, parent: str | None, file: int) -> Node:
        """An entry no file has; ``line.entry.id`` must be new."""
        return self._add(line.entry.id, parent, line, file, False, 0, True)

    def relink(self, node: Node, parent: str) -> None:
        """Put ``node`` after an entry that was missing in front of it."""
        if not self._descends(parent, node.id):
            node.parent = parent

    def has_message_before(self, node: Node) -> bool:
        """Whether any ancestor is a message."""
        seen = {node.id}
        current = self.nodes.get(node.parent) if node.parent is not None else None
        while current is not None and current.id not in seen:
            if current.type == "message":
                return True
            seen.add(current.id)
            current = self.nodes.get(current.parent) if current.parent is not None else None
        return False

    def continue_at(self, node: Node, after: Node | None) -> None:
        """Make ``node`` the leaf if the conversation so far ends with the message ``after``."""
        current = self.nodes.get(self._leaf) if self._leaf is not None else None
        seen: set[str] = set()
        while current is not None and current.type != "message" and current.id not in seen:
            seen.add(current.id)
            current = self.nodes.get(current.parent) if current.parent is not None else None
        if current is after:
            self._leaf = node.id

    def _descends(self, start: str, ancestor: str) -> bool:
        """Whether ``start`` already hangs below ``ancestor`` (a link up would make a cycle)."""
        seen: set[str] = set()
        current: str | None = start
        while current is not None and current not in seen:
            if current == ancestor:
                return True
            seen.add(current)
            node = self.nodes.get(current)
            current = node.parent if node else None
        return False

    def called(self) -> dict[str, Seen]:
        """The tools by what the session's calls show, each turn counted once."""
        turns = {node.turn_id for node in self.nodes.values() if node.calls}
        return observe(self._shapes[turn_id] for turn_id in turns if turn_id is not None)

    def count_copies(self) -> None:
        """Fill ``turn_copies``: places each turn was found in, over all nodes that hold it."""
        for node in self.nodes.values():
            if node.turn_id is not None:
                self.turn_copies[node.turn_id] += node.copies

    def paths(self) -> list[Path]:
        """Every turn in exactly one path: active ones first in reading order, then the others.

        The session's leaf ends the active path. Entries whose ancestors are lost form conversations
        of their own, and so does what an earlier copy ended with and the newest has no more: it was
        rotated away. Other entries that leave a path are an abandoned branch or a side append.
        """
        rotated = self._former - self._newest
        covered: set[str] = set()
        active: list[Path] = []
        others: list[Path] = []
        leaves = [self.nodes[self._leaf]] if self._leaf in self.nodes else []
        for leaf in [*leaves, *reversed(list(self.nodes.values()))]:
            if leaf.id in covered:
                continue
            nodes, joined = self._climb(leaf, covered)
            if joined is None:
                active.append(Path(nodes, 0, None))
                continue
            if all(node.turn_id is None for node in nodes):
                continue
            prefix, _ = self._climb(joined, set())
            if any(node.id in rotated for node in nodes):
                active.append(Path(prefix + nodes, len(prefix), None))
                continue
            reason = "side_append" if nodes[0].side else "abandoned_branch"
            others.append(Path(prefix + nodes, len(prefix), reason))
        active.sort(key=lambda path: path.nodes[-1].seq)
        others.sort(key=lambda path: path.nodes[path.start].seq)
        return active + others

    def _climb(self, leaf: Node, covered: set[str]) -> tuple[list[Node], Node | None]:
        """Nodes from below the first covered ancestor (returned too) down to ``leaf``."""
        nodes: list[Node] = []
        own: set[str] = set()
        current: Node | None = leaf
        while current is not None and current.id not in own:
            if current.id in covered:
                covered |= own
                return nodes[::-1], current
            nodes.append(current)
            own.add(current.id)
            current = self.nodes.get(current.parent) if current.parent is not None else None
        covered |= own
        return nodes[::-1], None
