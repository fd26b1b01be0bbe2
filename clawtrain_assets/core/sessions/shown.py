"""Messages of a path as the model saw them later, rendered for contexts and outcomes."""

from collections.abc import Callable

import msgspec

from clawtrain_assets.core.sessions.entries import Body, Entry
from clawtrain_assets.core.sessions.messages import (
    assistant_message,
    context_message,
    tool_message,
    user_text,
)
from clawtrain_assets.core.sessions.nodes import Node
from clawtrain_assets.core.sessions.pairing import Pairs
from clawtrain_assets.core.sessions.window import Item, render
from clawtrain_assets.core.turn import Message


class Shown:
    """Renders a path's messages, each at most ``share`` characters long.

    ``unseen`` collects the turns that are no part of any context; their results are none either.
    """

    def __init__(self, pairs: Pairs, load: Callable[[Node], Entry], share: int) -> None:
        self.pairs = pairs
        self.load = load
        self.unseen: set[str] = set()
        self._share = share

    def message(self, message: Message) -> Item:
        return render(message, self._share)

    def user(self, text: str) -> Item | None:
        return render(Message("user", text), self._share) if text else None

    def assistant(self, node: Node, message: Message) -> Item:
        """Calls that never got a result are left out."""
        answered = self.pairs.results.get(node.id, {})
        if len(answered) != len(message.tool_calls):
            calls = tuple(c for i, c in enumerate(message.tool_calls) if i in answered)
            message = msgspec.structs.replace(message, tool_calls=calls)
        return render(message, self._share)

    def result(self, node: Node, body: Body) -> Item | None:
        """A tool result; None if its call is not to be seen."""
        call = self.pairs.calls.get(node.id)
        if call is None or call.node.id in self.unseen:
            return None
        return render(tool_message(body, call.node.calls[call.ordinal]), self._share)

    def node(self, node: Node) -> Item | None:
        """Any message of the path once more, as a compaction that keeps it shows it."""
        entry = self.load(node)
        body = entry.message
        if node.id in self.unseen or entry.type == "compaction":  # an older summary is in the newer
            return None
        if body is None:
            message = context_message(entry)
            return render(message, self._share) if message is not None else None
        if node.role == "user":
            return self.user(user_text(body).text)
        if node.role == "assistant":
            item = self.assistant(node, assistant_message(body, node.made))
            return item if item.message.text or item.message.tool_calls else None
        if node.answers is not None:
            return self.result(node, body)
        message = context_message(entry)
        return render(message, self._share) if message is not None else None
