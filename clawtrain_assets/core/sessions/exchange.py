"""A user message, the turns that answer it, and what came of each of them."""

import re
from bisect import bisect_right
from collections.abc import Iterator

import msgspec

from clawtrain_assets.core.sessions.entries import Body
from clawtrain_assets.core.sessions.envelope import Cleaned
from clawtrain_assets.core.sessions.housekeeping import prompt_reason
from clawtrain_assets.core.sessions.messages import encode, tool_calls, tool_message
from clawtrain_assets.core.sessions.nodes import Node
from clawtrain_assets.core.sessions.row import Row
from clawtrain_assets.core.sessions.shown import Shown
from clawtrain_assets.core.sessions.window import Item, outcome

_STILL_RUNNING = re.compile(r"Command still running \(session ([\w.-]+)")


class Exchange:
    """What followed one user message, up to the next one.

    Rows are added while their outcome is unknown and given out by ``finish``.
    """

    def __init__(self, request: Cleaned, shown: Shown, limit: int) -> None:
        self.request = request.text
        self.request_meta = encode(request.meta) if request.meta else b"{}"
        self.reason = prompt_reason(request.text)
        self.items: dict[str, Item] = {}  # by entry
        self._shown = shown
        self._limit = limit  # characters of an outcome
        self._following: list[Item] = []
        self._ends: list[int] = [0]  # characters up to each message
        self._drafts: list[tuple[Node, Row, int]] = []
        self._polled: dict[str, list[tuple[int, str]]] = {}  # background command -> its output

    def draft(self, node: Node, row: Row, seen: bool) -> None:
        """A turn whose outcome begins after it; call before ``add`` if the model saw it again."""
        self._drafts.append((node, row, len(self._following) + seen))

    def add(self, node: Node, item: Item) -> None:
        """The next message."""
        if item.json:
            self.items[node.id] = item
        self._following.append(item)
        self._ends.append(self._ends[-1] + item.chars)

    def add_result(self, node: Node, item: Item) -> None:
        """The next message, a tool result."""
        self.add(node, item)
        if item.message.tool_name == "process":
            self._note_poll(node, item.message.text)

    def _note_poll(self, node: Node, text: str) -> None:
        """OpenClaw's exec hands long commands to the background; process fetches their output."""
        call = self._shown.pairs.calls[node.id]
        body = self._shown.load(call.node).message
        made = tool_calls(body.content)[call.ordinal] if body is not None else None
        if made is None or made.arguments.get("action") not in ("poll", "log"):
            return
        if isinstance(command := made.arguments.get("sessionId"), str):
            self._polled.setdefault(command, []).append((node.seq, text))

    def finish(self, next_user: Item | None) -> Iterator[Row]:
        """The turns with their outcomes, once it is known what the user said next."""
        for node, row, position in self._drafts:
            own = self._shown.pairs.results.get(node.id, {})
            results = self._results(node, own)
            later, chars = self._later(position, [self.items.get(r.id) for r in own.values()])
            row.outcome = outcome(results, later, chars, next_user, self._limit)
            yield row

    def _results(self, node: Node, own: dict[int, Node]) -> list[Item]:
        found = []
        for ordinal, result in sorted(own.items()):
            item = self.items.get(result.id)
            if item is None:
                body: Body | None = self._shown.load(result).message
                if body is None:
                    continue
                item = self._shown.message(tool_message(body, node.calls[ordinal]))
            found.append(self._with_polls(item, result))
        return found

    def _with_polls(self, item: Item, result: Node) -> Item:
        """The result of a background command completed by what was fetched of it later."""
        if not self._polled:
            return item
        running = _STILL_RUNNING.match(item.message.text)
        later = self._polled.get(running[1], ()) if running else ()
        texts = [text for seq, text in later if seq > result.seq]
        if not texts:
            return item
        text = "\n\n".join([item.message.text, *texts])
        return self._shown.message(msgspec.structs.replace(item.message, text=text))

    def _later(self, position: int, results: list[Item | None]) -> tuple[list[Item], int]:
        """Messages from ``position`` on without the turn's own results, and their characters.

        Of more than an outcome can hold only the first and the last one are listed, or an exchange
        of many turns would take quadratic time.
        """
        own = {id(item) for item in results if item is not None}
        chars = sum([item.chars for item in results if item is not None])
        until = bisect_right(self._ends, self._ends[position] + self._limit + chars)
        later = self._following[position:until]
        for index in range(len(self._following) - 1, until - 1, -1):
            last = self._following[index]
            if last.json and id(last) not in own:
                later.append(last)
                break
        listed = [item for item in later if item.json and id(item) not in own]
        return listed, self._ends[-1] - self._ends[position] - chars
