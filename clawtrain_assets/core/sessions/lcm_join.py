"""Joins what LCM stored with what the session files hold: a message in both is one."""

from collections.abc import Iterable

from clawtrain_assets.core.sessions.lcm import LcmMessage
from clawtrain_assets.core.sessions.messages import (
    content_identity,
    plain_text,
    tool_calls,
    turn_identity,
)
from clawtrain_assets.core.sessions.nodes import Line, Node
from clawtrain_assets.core.sessions.report import Report
from clawtrain_assets.core.sessions.row import Identity
from clawtrain_assets.core.sessions.tree import START_CHARS, SessionTree


class LcmJoin:
    """Adds a session's LCM messages to its tree, after all its files.

    A message is matched by transcript entry id, else by its turn identity or call id, else by role,
    second and first words. One that no file has becomes an entry after its predecessor in LCM, so
    that turns cut off a rotated file are back in front of its tail.
    """

    def __init__(self, tree: SessionTree, file: int, report: Report) -> None:
        self._tree = tree
        self._file = file
        self._report = report
        self._by_turn: dict[str, list[Node]] = {}
        self._by_call: dict[str, list[Node]] = {}
        self._by_moment: dict[tuple[str, int], list[Node]] = {}
        self._taken: set[str] = set()
        self.identities: dict[str, Identity] = {}  # entry -> model LCM names for it

    def add(self, messages: Iterable[LcmMessage]) -> None:
        self._index()
        previous: Node | None = None
        gap = False  # whether the message before was in LCM alone
        matched_last: Node | None = None
        for message in messages:
            node = self._match(message)
            if node is not None:
                self._taken.add(node.id)
                node.copies += 1
                self._report.lcm_joined_turns += node.turn_id is not None
                matched_last = node
                if gap and previous is not None and not self._tree.has_message_before(node):
                    self._tree.relink(node, previous.id)
                gap = False
            else:
                node = self._insert(message, previous)
                gap = True
            if message.identity is not None:
                self.identities[node.id] = message.identity
            previous = node
        if gap and previous is not None:
            self._tree.continue_at(previous, matched_last)

    def _index(self) -> None:
        for node in self._tree.nodes.values():
            if node.turn_id is not None:
                self._by_turn.setdefault(node.turn_id, []).append(node)
            if node.answers:
                self._by_call.setdefault(node.answers, []).append(node)
            if node.role is not None and node.second is not None:
                self._by_moment.setdefault((node.role, node.second), []).append(node)

    def _match(self, message: LcmMessage) -> Node | None:
        body = message.entry.message
        assert body is not None
        turn_id = None
        if body.role == "assistant":
            content = content_identity(message.ms, "", body, tool_calls(body.content))
            turn_id = turn_identity(self._tree.session_id, content)
        start = plain_text(body.content)[:START_CHARS]
        if message.entry_id is not None and message.entry_id in self._tree.nodes:
            known = self._tree.nodes[message.entry_id]
            if turn_id not in (None, known.turn_id) and body.content:
                self._report.lcm_conflicts += 1
            return known
        if turn_id is not None and (node := self._free(self._by_turn.get(turn_id, ()))):
            return node
        if isinstance(body.toolCallId, str):
            return self._free(self._by_call.get(body.toolCallId, ()))
        if message.ms is None or not isinstance(body.role, str):
            return None
        near = self._by_moment.get((body.role, message.ms // 1000), ())
        node = self._free(node for node in near if node.start == start)
        if node is not None and turn_id is not None and body.content:
            self._report.lcm_conflicts += 1
        return node

    def _free(self, nodes: Iterable[Node]) -> Node | None:
        return next((node for node in nodes if node.id not in self._taken), None)

    def _insert(self, message: LcmMessage, previous: Node | None) -> Node:
        entry_id = message.entry_id or f"lcm-{message.number}"
        message.entry.id = entry_id
        line = Line(message.entry, message.number, 0, b"", 0)
        return self._tree.insert(line, previous.id if previous else None, self._file)
