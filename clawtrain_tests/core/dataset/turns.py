"""Turns written by us, and a scrubber simple enough to see through."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from clawtrain_assets.core.turn import Message, ToolCall, Turn, invented

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
    return invented(
        turn_id=name,
        session_id=session,
        timestamp=datetime.fromisoformat(f"{day}T10:00:00").replace(tzinfo=UTC)
        + timedelta(minutes=minute),
        day=day,
        provider="anthropic",
        model="claude-sonnet-4-6",
        attribution_source="message",
        stop_reason="stop",
        input_tokens=10,
        output_tokens=5,
        request=request,
        system_prompt=system_prompt,
        tools=list(tools),
        tools_source=tools_source,
        context=[user(request)] if context is None else list(context),
        response=response,
        exclusion_reason=exclusion_reason,
        source_file="agents/main/sessions/s1.jsonl",
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
