"""Turns written by us, and a scrubber simple enough to see through."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from clawtrain_assets.core.turn import Message, Outcome, ToolCall, Turn

READ = {
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
BASH = {
    "name": "bash",
    "description": "Run a command",
    "parameters": {
        "type": "object",
        "properties": {"command": {"type": "string"}, "signal": {"enum": [9, 15]}},
        "required": ["command"],
    },
}


def user(text: str) -> Message:
    return Message(role="user", text=text)


def said(text: str) -> Message:
    return Message(role="assistant", text=text, thinking="let me think")


def called(*calls: tuple[str, str, dict[str, Any]], text: str = "") -> Message:
    return Message(role="assistant", text=text, tool_calls=tuple(ToolCall(*call) for call in calls))


def result(call_id: str, text: str) -> Message:
    return Message(role="tool", text=text, tool_call_id=call_id)


def turn(
    name: str,
    response: Message,
    context: Sequence[Message] | None = None,
    *,
    request: str = "What is in notes.txt?",
    session: str = "s1",
    day: str = "2026-03-07",
    minute: int = 0,
    tools: Sequence[dict[str, Any]] = (READ, BASH),
    tools_source: str = "trajectory",
    system_prompt: str | None = "You are an agent.",
    exclusion_reason: str | None = None,
) -> Turn:
    return Turn(
        turn_id=name,
        session_id=session,
        session_key=None,
        session_kind="main",
        agent_id="main",
        timestamp=datetime.fromisoformat(f"{day}T10:00:00").replace(tzinfo=UTC)
        + timedelta(minutes=minute),
        day=day,
        provider="anthropic",
        model="claude-sonnet-4-6",
        api=None,
        attribution_source="message",
        stop_reason="stop",
        error_message=None,
        input_tokens=10,
        output_tokens=5,
        cache_read_tokens=None,
        cache_write_tokens=None,
        cost_usd=None,
        cost_state="none",
        latency_ms=None,
        turn_index=1,
        exchange_index=1,
        calls_before=0,
        request=request,
        request_meta={},
        system_prompt=system_prompt,
        tools=list(tools),
        tools_source=tools_source,
        context=[user(request)] if context is None else list(context),
        context_dropped=0,
        response=response,
        outcome=Outcome(),
        is_tool_use=bool(response.tool_calls),
        tool_call_count=len(response.tool_calls),
        exclusion_reason=exclusion_reason,
        source_file="agents/main/sessions/s1.jsonl",
        source_line=1,
        source_family="live",
        copies=1,
    )


def score(turn: Turn, overall: float | None = 8.0, status: str = "scored") -> dict[str, Any]:
    return {
        "turn_id": turn.turn_id,
        "session_id": turn.session_id,
        "day": turn.day,
        "status": status,
        "error": None,
        "tool_correctness": overall,
        "task_completion": overall,
        "instruction_adherence": overall,
        "efficiency": overall,
        "overall": overall,
        "judge_model": "judge",
        "judge_digest": "d1",
        "rubric_hash": "r1",
    }


class MaskingScrubber:
    """Replaces the word ``secret-<n>``; raises on a text that says ``unscrubbable``."""

    _SECRET = re.compile(r"secret-\d+")

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def text(self, value: str) -> str:
        if "unscrubbable" in value:
            raise RuntimeError(value)
        masked, found = self._SECRET.subn("<SECRET_1>", value)
        if found:
            self.counts["secret"] += found
        return masked

    def learn(self, texts: Iterable[str]) -> None:
        """Finds nothing worth knowing."""

    def knows(self, text: str) -> bool:
        return False

    def json(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.json(item) for key, item in value.items()}
        return [self.json(item) for item in value] if isinstance(value, list) else value

    def messages(self, messages: list[Message]) -> list[Message]:
        return [
            msgspec.structs.replace(
                message,
                text=self.text(message.text),
                tool_calls=tuple(
                    msgspec.structs.replace(call, arguments=self.json(call.arguments))
                    for call in message.tool_calls
                ),
            )
            for message in messages
        ]
