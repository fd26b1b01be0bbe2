"""Turns to judge, made up."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from clawtrain_assets.core.turn import Message, Outcome, ToolCall, Turn, invented

LISTING = {
    "type": "function",
    "source": "trajectory",
    "function": {
        "name": "exec",
        "description": "Run a shell command",
        "parameters": {
            "type": "object",
            "properties": {"command": {"type": "string"}, "timeout": {"type": "integer"}},
            "required": ["command"],
        },
    },
}


def tool_turn(number: int = 1, **changes: Any) -> Turn:
    """A turn that lists files, with its result and the user's thanks."""
    request = f"List the files of project {number}"
    turn = invented(
        turn_id=f"turn{number}",
        session_id="session",
        timestamp=datetime(2026, 3, 1, 12, tzinfo=UTC),
        day="2026-03-01",
        provider="anthropic",
        model="claude-sonnet-4-5",
        attribution_source="message",
        stop_reason="toolUse",
        input_tokens=10,
        output_tokens=5,
        cache_read_tokens=0,
        cache_write_tokens=0,
        cost_state="unpriced",
        latency_ms=900,
        turn_index=number,
        exchange_index=number,
        request=request,
        tools=[LISTING],
        tools_source="trajectory",
        context=[Message("user", "Hello"), Message("assistant", "Hi"), Message("user", request)],
        response=Message(
            "assistant",
            "I will look.",
            thinking="secret reasoning",
            tool_calls=(ToolCall("toolu_7", "exec", {"command": f"ls project-{number}"}),),
        ),
        outcome=Outcome(
            tool_results=(
                Message("tool", "a.txt b.txt", tool_call_id="toolu_7", tool_name="exec"),
            ),
            next_user=Message("user", "thanks"),
        ),
        source_file="sessions/session.jsonl",
        source_line=number,
    )
    return msgspec.structs.replace(turn, **changes)
