"""Which tool result answers which call."""

from collections.abc import Sequence
from typing import NamedTuple

from clawtrain_assets.core.sessions.nodes import Node


class Call(NamedTuple):
    """The call at ``ordinal`` of an assistant message."""

    node: Node
    ordinal: int


class Pairs(NamedTuple):
    """Results by assistant entry and ordinal, and the call of each result entry."""

    results: dict[str, dict[int, Node]]
    calls: dict[str, Call]


def pair_results(nodes: Sequence[Node]) -> Pairs:
    """Pair along a path: ids repeat across turns, so the nearest unresolved call before wins.

    A result without an id answers the latest unresolved call; one whose call is nowhere before it
    stays unpaired.
    """
    open_calls: list[tuple[str, Call]] = []
    results: dict[str, dict[int, Node]] = {}
    calls: dict[str, Call] = {}
    for node in nodes:
        if node.calls:
            open_calls += [(name, Call(node, i)) for i, name in enumerate(node.calls)]
        elif node.answers is not None:
            for index in range(len(open_calls) - 1, -1, -1):
                name, call = open_calls[index]
                if name == node.answers or not node.answers:
                    del open_calls[index]
                    results.setdefault(call.node.id, {})[call.ordinal] = node
                    calls[node.id] = call
                    break
    return Pairs(results, calls)
