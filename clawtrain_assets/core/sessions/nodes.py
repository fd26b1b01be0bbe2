"""What a session's tree is made of: lines that were read, entries with their place, and walks."""

from typing import NamedTuple

import msgspec

from clawtrain_assets.core.sessions.entries import Entry
from clawtrain_assets.core.turn import ToolCall


class Line(msgspec.Struct, gc=False, eq=False):
    """An entry and where it was read."""

    entry: Entry
    number: int
    offset: int
    raw: bytes
    size: int  # bytes of the entry itself, of several glued on one line their share


class Node(msgspec.Struct, gc=False, eq=False):
    """One entry of the merged tree; ``entry`` is None while it rests on disk."""

    id: str
    parent: str | None
    seq: int  # reading order
    live: bool  # found in a file that is still written
    copies: int = 1  # places this entry was found in
    type: str = ""
    role: str | None = None  # of a message entry
    entry: Entry | None = None
    file: int = 0  # position of the source file in the session's list
    line: int = 0
    offset: int = 0
    part: int = 0  # position among objects glued on one line
    length: int = 0  # of the line
    size: int = 0  # of the entry
    side: bool = False
    turn_id: str | None = None  # assistant messages only
    calls: tuple[str, ...] = ()  # their ids
    made: tuple[ToolCall, ...] | None = None  # the calls, while the entry is in memory
    answers: str | None = None  # tool results: the call's id
    second: int | None = None  # messages: epoch seconds
    start: str = ""  # messages: first characters of the text, where they are to be joined by it


class Path(NamedTuple):
    """A root-to-leaf walk. Nodes before ``start`` belong to an earlier path too.

    ``reason`` is None for a conversation's active path, else why it is not one.
    """

    nodes: list[Node]
    start: int
    reason: str | None
