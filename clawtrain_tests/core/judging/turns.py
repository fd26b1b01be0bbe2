"""Turns to judge, made up."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from clawtrain_assets.core.turn import Message, Outcome, ToolCall, Turn

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
    turn = Turn(
        turn_id=f"turn{number}",
        session_id="session",
        session_key=None,
        session_kind="main",
        agent_id="main",
        timestamp=datetime(2026, 3, 1, 12, tzinfo=UTC),
        day="2026-03-01",
        provider="anthropic",
        model="claude-sonnet-4-5",
        api=None,
        attribution_source="message",
        stop_reason="toolUse",
        error_message=None,
        input_tokens=10,
        output_tokens=5,
        cache_read_tokens=0,
        cache_write_tokens=0,
        cost_usd=None,
        cost_state="unpriced",
        latency_ms=900,
        turn_index=number,
        exchange_index=number,
        calls_before=0,
        request=request,
        request_meta={},
        system_prompt=None,
        tools=[LISTING],
        tools_source="trajectory",
        context=[Message("user", "Hello"), Message("assistant", "Hi"), Message("user", request)],
        context_dropped=0,
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
        is_tool_use=True,
        tool_call_count=1,
        exclusion_reason=None,
        source_file="sessions/session.jsonl",
        source_line=number,
        source_family="live",
        copies=1,
    )
    return msgspec.structs.replace(turn, **changes)
