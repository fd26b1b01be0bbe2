"""A story as the lines OpenClaw writes for it (session format versions 1 and 3).

Shapes: pi packages/coding-agent/src/core/session-manager.ts and packages/ai/src/types.ts; the
text that the gateway puts before a user's words: OpenClaw src/shared/chat-envelope.ts and
src/auto-reply/reply/inbound-meta.ts.
"""

import base64
import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from clawtrain_assets.demo.story import Call, Step, Story

PROVIDER = "anthropic"
API = "anthropic-messages"
# US dollars per million tokens of both Sonnet models: input, output, cache read, cache write.
_PRICES = {"input": 3.0, "output": 15.0, "cacheRead": 0.3, "cacheWrite": 3.75}
_SYSTEM_TOKENS = 9_200
_CHARS_PER_TOKEN = 4


@dataclass
class Tally:
    """What a reader must find: distinct assistant turns and what becomes of them."""

    turns: int = 0
    tool_use_turns: int = 0
    scorable_turns: int = 0
    excluded: dict[str, int] = field(default_factory=dict)
    cost_usd: float = 0.0

    def exclude(self, reason: str, turns: int = 1) -> None:
        self.excluded[reason] = self.excluded.get(reason, 0) + turns


class Transcript:
    """Builds one session, step by step; ``lines`` are its JSON lines in file order."""

    def __init__(
        self, story: Story, start: datetime, sender: dict[str, str], rng: random.Random
    ) -> None:
        self.story = story
        self.session_id = str(make_uuid(rng))
        self.start = start
        self.lines: list[str] = []
        self.before_compaction: list[str] = []
        self.signatures: list[str] = []
        self.tally = Tally()
        self.usage: dict[str, Any] = {}
        self._sender = sender
        self._rng = rng
        self._now = start
        self._parent: str | None = None
        self._messages: list[str] = []  # entry ids
        self._marks: dict[str, tuple[str | None, int, int]] = {}
        self._context_tokens = _SYSTEM_TOKENS
        self._cached_tokens = 0
        self._head()
        for step in story.step:
            self._step(step)

    @property
    def end(self) -> datetime:
        return self._now

    def _head(self) -> None:
        model = {"provider": PROVIDER, "modelId": self.story.model}
        header = {"type": "session", "id": self.session_id, "timestamp": iso(self._now)}
        cwd = f"/home/{self._sender['user']}/.openclaw/workspace"
        if self.story.version == 1:
            self._write({**header, "cwd": cwd, **model, "thinkingLevel": "off"})
            return
        self._write({"type": "session", "version": 3, **header, "cwd": cwd})
        self._entry("model_change", model)
        self._entry("thinking_level_change", {"thinkingLevel": "medium"})
        self._entry(
            "custom",
            {
                "customType": "model-snapshot",
                "data": {"timestamp": millis(self._now), "modelApi": API, **model},
            },
        )

    def _step(self, step: Step) -> None:
        if step.malformed is not None:
            self.lines.append(step.malformed)
        elif step.compaction is not None:
            self._compact(step)
        elif step.user is not None:
            self._user(step)
        else:
            self._assistant(step)

    def _user(self, step: Step) -> None:
        self._wait(40, 240)
        if step.mark is not None:
            self._marks[step.mark] = self._parent, self.tally.turns, self.tally.scorable_turns
        if step.retry_of is not None:
            self._parent, turns, self.tally.scorable_turns = self._marks[step.retry_of]
            self.tally.exclude("abandoned_branch", self.tally.turns - turns)
        text = self._enveloped(step)
        self._context_tokens += len(text) // _CHARS_PER_TOKEN
        self._message({"role": "user", "content": [{"type": "text", "text": text}]}, self._now)

    def _enveloped(self, step: Step) -> str:
        words = (step.user or "").strip()
        stamp = f"{self._now:%a %Y-%m-%d %H:%M} UTC"
        if step.envelope == "stamp":
            return f"[{stamp}] {words}"
        if step.envelope is None:
            return words
        name, number = self._sender["name"], self._sender["telegram_id"]
        conversation = {
            "message_id": str(2_000 + len(self._messages)),
            "sender_id": number,
            "sender": name,
            "timestamp": stamp,
        }
        sender = {
            "label": f"{name} ({number})",
            "id": number,
            "name": name,
            "username": self._sender["username"],
        }
        blocks = (("Conversation info", conversation), ("Sender", sender))
        head = "".join(
            f"{title} (untrusted metadata):\n```json\n{json.dumps(block, indent=2)}\n```\n\n"
            for title, block in blocks
        )
        return head + words

    def _assistant(self, step: Step) -> None:
        calls = [(f"toolu_01{_some(self._rng, 22)}", call) for call in step.calls]
        content = list(self._content(step, calls))
        size = sum(len(json.dumps(block)) for block in content if "thinkingSignature" not in block)
        output = 0 if step.stop == "error" else 12 + (size + len(step.think)) // _CHARS_PER_TOKEN
        usage = self._usage(0 if step.mirror else output)
        message: dict[str, Any] = {
            "role": "assistant",
            "content": content,
            "api": "openai-responses" if step.mirror else API,
            "provider": "openclaw" if step.mirror else PROVIDER,
            "model": "delivery-mirror" if step.mirror else self.story.model,
            "usage": usage,
            "stopReason": step.stop or ("toolUse" if calls else "stop"),
        }
        if step.error is not None:
            message["errorMessage"] = step.error
        asked = self._now
        self._now += timedelta(milliseconds=0 if step.mirror else 1_400 + output * 16)
        self._message(message, asked)
        self._count(step, usage)
        for call_id, call in calls:
            self._result(call_id, call)

    def _content(self, step: Step, calls: list[tuple[str, Call]]) -> Iterator[dict[str, Any]]:
        if step.think:
            signature = base64.b64encode(self._rng.randbytes(90)).decode()
            self.signatures.append(signature)
            yield {
                "type": "thinking",
                "thinking": step.think,
                "thinkingSignature": signature,
            }
        if step.say:
            yield {"type": "text", "text": step.say.strip()}
        for call_id, call in calls:
            yield {
                "type": "toolCall",
                "id": call_id,
                "name": call.tool,
                "arguments": call.arguments,
            }

    def _usage(self, output: int) -> dict[str, Any]:
        """Tokens and US dollars; everything said before is read from the cache."""
        tokens = {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0}
        if output:
            tokens = {
                "input": 3,
                "output": output,
                "cacheRead": self._cached_tokens,
                "cacheWrite": self._context_tokens - self._cached_tokens,
            }
            self._cached_tokens = self._context_tokens
            self._context_tokens += output
        cost = {kind: count * _PRICES[kind] / 1e6 for kind, count in tokens.items()}
        self.usage = {
            **tokens,
            "totalTokens": sum(tokens.values()),
            "cost": {**cost, "total": sum(cost.values())},
        }
        return self.usage

    def _count(self, step: Step, usage: dict[str, Any]) -> None:
        tally = self.tally
        tally.turns += 1
        tally.cost_usd += usage["cost"]["total"]
        tally.tool_use_turns += bool(step.calls)
        if step.excluded is not None:
            tally.exclude(step.excluded)
        elif step.calls:
            tally.scorable_turns += 1

    def _result(self, call_id: str, call: Call) -> None:
        self._wait(0.2, 4)
        text = call.gives.rstrip("\n")
        self._context_tokens += len(text) // _CHARS_PER_TOKEN
        result = {
            "role": "toolResult",
            "toolCallId": call_id,
            "toolName": call.tool,
            "content": [{"type": "text", "text": text}],
            "isError": call.error,
        }
        self._message(result, self._now)

    def _compact(self, step: Step) -> None:
        self.before_compaction = list(self.lines)
        self._wait(1, 3)
        self._entry(
            "compaction",
            {
                "summary": (step.compaction or "").strip(),
                "firstKeptEntryId": self._messages[-step.keeps],
                "tokensBefore": self._context_tokens,
                "details": {"readFiles": [], "modifiedFiles": []},
                "fromHook": False,
            },
        )
        self._context_tokens = _SYSTEM_TOKENS + len(step.compaction or "") // _CHARS_PER_TOKEN
        self._cached_tokens = 0

    def _message(self, message: dict[str, Any], sent: datetime) -> None:
        self._entry("message", {"message": {**message, "timestamp": millis(sent)}})

    def _entry(self, kind: str, body: dict[str, Any]) -> None:
        if self.story.version == 1:
            self._write({"type": kind, "timestamp": iso(self._now), **body})
            return
        entry_id = f"{self._rng.getrandbits(32):08x}"
        ids = {"id": entry_id, "parentId": self._parent}
        self._write({"type": kind, **ids, "timestamp": iso(self._now), **body})
        self._parent = entry_id
        if kind == "message":
            self._messages.append(entry_id)

    def _write(self, entry: dict[str, Any]) -> None:
        self.lines.append(json.dumps(entry, ensure_ascii=False, separators=(",", ":")))

    def _wait(self, least: float, most: float) -> None:
        self._now += timedelta(milliseconds=int(self._rng.uniform(least, most) * 1_000))


def make_uuid(rng: random.Random) -> uuid.UUID:
    return uuid.UUID(int=rng.getrandbits(128), version=4)


def iso(moment: datetime) -> str:
    """As JavaScript's toISOString: UTC with milliseconds."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def millis(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000 + moment.microsecond // 1_000


def _some(rng: random.Random, length: int) -> str:
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz123456789"
    return "".join(rng.choices(letters, k=length))
