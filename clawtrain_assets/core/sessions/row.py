"""What a walk through a session is given, and the row it makes of each turn."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from clawtrain_assets.core.sessions.tools import Tools
from clawtrain_assets.core.turn import SessionKind
from clawtrain_assets.settings import Price, Sources


class Identity(msgspec.Struct, frozen=True, gc=False):
    """A model named for a turn, and where the name was found."""

    provider: str | None
    model: str | None
    source: str


class Facts(NamedTuple):
    """What is the same for all turns of a session."""

    session_id: str
    session_key: str | None
    session_kind: SessionKind
    agent_id: str
    system_prompt: str | None
    tools: Tools
    header: Identity | None
    recorded: Callable[[int], Identity | None]  # model at a time, by the flight recorder
    weak: Identity | None  # model by cron log or session store
    lcm: Mapping[str, Identity]  # model by LCM, for entries it has
    copies: Mapping[str, int]  # places each turn was found in
    files: Sequence[tuple[str, str]]  # path and family of each source file
    first_ms: int  # time of entries that carry none


class Settings(NamedTuple):
    """What the caller chose."""

    sources: Sources
    zone: ZoneInfo
    prices: Sequence[Price]


class OutcomeTexts(msgspec.Struct, frozen=True, gc=False):
    """An outcome as its messages: first the tool results, last the user's next one."""

    messages: list[bytes]
    tool_results: int
    next_user: bool


NO_OUTCOME = OutcomeTexts([], 0, False)


class Row(msgspec.Struct, gc=False, eq=False):
    """A turn in the order of ``schemas.TURNS``; bytes are JSON text, timestamp in ms."""

    turn_id: str
    session_id: str
    session_key: str | None
    session_kind: str
    agent_id: str
    timestamp: int
    day: str
    provider: str | None
    model: str | None
    api: str | None
    attribution_source: str
    stop_reason: str | None
    error_message: str | None
    input_tokens: int | None
    output_tokens: int | None
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    cost_usd: float | None
    cost_state: str
    latency_ms: int | None
    turn_index: int
    exchange_index: int
    calls_before: int
    request: str
    request_meta: bytes
    system_prompt: str | None
    tools: bytes
    tools_source: str
    context: list[bytes]
    context_dropped: int
    response: bytes
    outcome: OutcomeTexts
    is_tool_use: bool
    tool_call_count: int
    exclusion_reason: str | None
    source_file: str
    source_line: int
    source_family: str
    copies: int
