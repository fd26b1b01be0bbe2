"""Turns and replies for the tests of this package, with only what a test says being special."""

from datetime import UTC, datetime
from typing import Any

from clawtrain_assets.core.turn import Message, Outcome, ToolCall, Turn

READ_TOOL = {
    "type": "function",
    "function": {
        "name": "read",
        "description": "Read a file",
        "parameters": {
            "type": "object",
            "properties": {"path": {"type": "string"}},
            "required": ["path"],
        },
    },
}


def call(name: str = "read", **arguments: Any) -> Message:
    """A reply that calls one tool."""
    return Message("assistant", tool_calls=(ToolCall("call_1", name, arguments),))


def a_turn(turn_id: str = "t1", **changes: Any) -> Turn:
    """A turn of the reference model that reads a file; ``changes`` replace any field."""
    response = changes.pop("response", call(path="notes.md"))
    fields: dict[str, Any] = {
        "turn_id": turn_id,
        "session_id": "session-1",
        "session_key": None,
        "session_kind": "main",
        "agent_id": "main",
        "timestamp": datetime(2026, 3, 14, 9, 0, tzinfo=UTC),
        "day": "2026-03-14",
        "provider": "anthropic",
        "model": "claude-sonnet-4-5",
        "api": "anthropic-messages",
        "attribution_source": "message",
        "stop_reason": "toolUse",
        "error_message": None,
        "input_tokens": 900,
        "output_tokens": 40,
        "cache_read_tokens": 0,
        "cache_write_tokens": 0,
        "cost_usd": 0.02,
        "cost_state": "priced",
        "latency_ms": 2_000,
        "turn_index": 1,
        "exchange_index": 1,
        "calls_before": 0,
        "request": "What do my notes say?",
        "request_meta": {},
        "system_prompt": "You are a careful assistant.",
        "tools": [READ_TOOL],
        "tools_source": "trajectory",
        "context": [Message("user", "What do my notes say?")],
        "context_dropped": 0,
        "response": response,
        "outcome": Outcome(),
        "is_tool_use": bool(response.tool_calls),
        "tool_call_count": len(response.tool_calls),
        "exclusion_reason": None,
        "source_file": "agents/main/sessions/session-1.jsonl",
        "source_line": 3,
        "source_family": "live",
        "copies": 1,
    }
    return Turn(**(fields | changes))
