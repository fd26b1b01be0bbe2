"""The turn: what one assistant message was asked, said and led to.

Every later stage reads only these rows, so a row carries all it needs (context and outcome are
bounded copies). Messages are neutral of any wire protocol; the adapters live with the formats.
"""

from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

Role = Literal["system", "user", "assistant", "tool"]
CostState = Literal["priced", "recomputed", "unpriced", "none"]
SessionKind = Literal["main", "cron", "subagent", "heartbeat", "acp", "hook"]

RECORDED = "trajectory"  # source of a tool that is defined as the model got it
TOOL_MARKS = frozenset({"source", "calls", "arguments"})  # beside a tool's definition


class ToolCall(msgspec.Struct, frozen=True, gc=False):
    """One call as the model made it; ``arguments`` is always an object."""

    id: str
    name: str
    arguments: dict[str, Any]


class Message(msgspec.Struct, frozen=True, gc=False):
    """One message of a conversation.

    ``role="tool"`` messages answer the call ``tool_call_id``; ``thinking`` is the model's
    reasoning and is never part of ``text``. Images are placeholders in ``text``.
    """

    role: Role
    text: str = ""
    thinking: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    tool_name: str | None = None
    is_error: bool = False


class Outcome(msgspec.Struct, frozen=True):
    """What came of a turn: its tool results, the rest of the exchange, the user's next message."""

    tool_results: tuple[Message, ...] = ()
    later: tuple[Message, ...] = ()
    next_user: Message | None = None


class Turn(msgspec.Struct, kw_only=True):
    """One assistant turn; the columns of ``raw_turns`` (meaning of each in ``schemas.TURNS``).

    Each of ``tools`` is a definition and what is known of it; a model is given ``definitions``.
    """

    turn_id: str
    session_id: str
    session_key: str | None
    session_kind: SessionKind
    agent_id: str
    timestamp: datetime
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
    cost_state: CostState
    latency_ms: int | None
    turn_index: int
    exchange_index: int
    calls_before: int
    request: str
    request_meta: dict[str, Any]
    system_prompt: str | None
    tools: list[dict[str, Any]]
    tools_source: str
    context: list[Message]
    context_dropped: int
    response: Message
    outcome: Outcome
    is_tool_use: bool
    tool_call_count: int
    exclusion_reason: str | None
    source_file: str
    source_line: int
    source_family: str
    copies: int

    @property
    def definitions(self) -> list[dict[str, Any]]:
        """``tools`` without where each comes from and how it was called."""
        return [{key: tool[key] for key in tool if key not in TOOL_MARKS} for tool in self.tools]


def invented(*, response: Message, **facts: Any) -> Turn:
    """A turn that no agent took, made of ``response`` and ``facts``; the rest is nothing."""
    blank: dict[str, Any] = dict.fromkeys(Turn.__struct_fields__)
    blank |= {
        "turn_id": "",
        "session_id": "",
        "session_kind": "main",
        "agent_id": "main",
        "timestamp": datetime(2026, 1, 1, tzinfo=UTC),
        "day": "",
        "attribution_source": "unknown",
        "cost_state": "none",
        "turn_index": 1,
        "exchange_index": 1,
        "calls_before": 0,
        "request": "",
        "request_meta": {},
        "tools": [],
        "tools_source": "builtin",
        "context": [],
        "context_dropped": 0,
        "response": response,
        "outcome": Outcome(),
        "is_tool_use": bool(response.tool_calls),
        "tool_call_count": len(response.tool_calls),
        "source_file": "",
        "source_line": 1,
        "source_family": "live",
        "copies": 1,
    }
    return Turn(**blank | facts)
