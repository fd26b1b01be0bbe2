"""The strata a turn belongs to: how deep in its session, how many calls so far, tool, session kind.

Sampling draws by them and the gap report groups by them, so both say the same thing about a turn.
"""

from typing import NamedTuple

from clawtrain_assets.core.turn import Message

TURN_BANDS = ("1-3", "4-5", "6-7", "8-10", "11+")
CALL_BANDS = ("0", "1-3", "4-9", "10-24", "25+")
NO_TOOL = "no tool"
_LAST_TURNS = (3, 5, 7, 10)
_LAST_CALLS = (0, 3, 9, 24)


class Stratum(NamedTuple):
    """One stratum; its text form is what the tables keep in the column ``stratum``."""

    turns: str
    calls: str
    tool: str
    session_kind: str

    def __str__(self) -> str:
        return f"turns {self.turns} / calls {self.calls} / {self.tool} / {self.session_kind}"

    @classmethod
    def parse(cls, text: str) -> "Stratum":
        """The stratum a text form stands for; a tool's name may hold the separator."""
        turns, calls, rest = text.split(" / ", 2)
        tool, session_kind = rest.rsplit(" / ", 1)
        return cls(turns.removeprefix("turns "), calls.removeprefix("calls "), tool, session_kind)


def stratum_of(turn_index: int, calls_before: int, reply: Message, session_kind: str) -> Stratum:
    """The stratum of one turn; ``turn_index`` is 1-based, ``reply`` the reference model's."""
    return Stratum(turn_band(turn_index), call_band(calls_before), tool_of(reply), session_kind)


def turn_band(turn_index: int) -> str:
    """The band of ``TURN_BANDS`` that holds a 1-based position in the session."""
    return _band(turn_index, _LAST_TURNS, TURN_BANDS)


def call_band(calls_before: int) -> str:
    """The band of ``CALL_BANDS`` that holds a number of earlier tool calls."""
    return _band(calls_before, _LAST_CALLS, CALL_BANDS)


def tool_of(reply: Message) -> str:
    """The tool a reply reaches for first; parallel calls are mostly of one tool."""
    return reply.tool_calls[0].name if reply.tool_calls else NO_TOOL


def _band(value: int, last: tuple[int, ...], names: tuple[str, ...]) -> str:
    for limit, name in zip(last, names, strict=False):
        if value <= limit:
            return name
    return names[-1]
