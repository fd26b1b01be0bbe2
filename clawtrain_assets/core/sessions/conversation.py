"""Walks a path of a session's tree and makes one row of ``schemas.TURNS`` per assistant message."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from clawtrain_assets.core.sessions import housekeeping
from clawtrain_assets.core.sessions.attribution import price_turn, read_usage
from clawtrain_assets.core.sessions.entries import Body, Entry, epoch_ms
from clawtrain_assets.core.sessions.messages import (
    assistant_message,
    context_message,
    encode,
    tool_calls,
    tool_message,
    user_text,
)
from clawtrain_assets.core.sessions.pairing import Call, Pairs, pair_results
from clawtrain_assets.core.sessions.row import Facts, Identity, Row, Settings
from clawtrain_assets.core.sessions.tree import Node, Path
from clawtrain_assets.core.sessions.window import Item, Window, outcome, render
from clawtrain_assets.core.turn import Message

# Entries rendered for the contexts of an abandoned branch; those further back are only counted, or
# a session of many branches would take quadratic time.
_REHEARSED = 200
_STILL_RUNNING = re.compile(r"Command still running \(session ([\w.-]+)")


class _Draft(NamedTuple):
    """A turn whose outcome is not known yet."""

    node: Node
    row: dict[str, Any]
    position: int  # messages of the exchange before what follows the turn


class Counters:
    """Positions within a session; a branch starts from those of its last common entry."""

    def __init__(self) -> None:
        self.turns = self.exchanges = self.calls = 0


class Conversation:
    """One path of a session; ``rows()`` yields its turns from ``path.start`` on."""

    def __init__(
        self,
        path: Path,
        facts: Facts,
        settings: Settings,
        load: Callable[[Node], Entry],
        counters: Counters,
    ) -> None:
        self._path = path
        self._facts = facts
        self._settings = settings
        self._load = load
        self._count = counters
        self._pairs: Pairs = pair_results(path.nodes)
        self._window = Window(settings.sources.context_chars)
        self._share = settings.sources.context_chars // 4
        self._model = facts.header
        self._request = ""
        self._request_meta = b"{}"
        self._request_reason: str | None = None
        self._request_at: int | None = None
        self._last_text = ""
        self._last_ms = facts.first_ms
        self._unseen: set[str] = set()  # turns that are no part of any context
        self._items: dict[str, Item] = {}  # messages of the exchange by entry
        self._ends: list[int] = [0]  # characters of the exchange up to each message
        self._following: list[Item] = []
        self._polled: dict[str, list[tuple[int, str]]] = {}  # background command -> its output

    def rows(self) -> Iterator[Row]:
        drafts: list[_Draft] = []
        warm = self._first_needed()
        for position, node in enumerate(self._path.nodes):
            if position < warm and node.type == "message":
                self._count_only(node)
                continue
            entry = self._load(node)
            if node.role == "user" and entry.message is not None:
                opening = self._opening(entry.message)
                yield from self._finish(drafts, opening)
                drafts = []
                self._open_exchange(opening, entry.message)
                self._note_time(entry)
            elif node.role == "assistant" and entry.message is not None:
                new = position >= self._path.start
                draft = self._assistant(node, entry, entry.message, new)
                if draft is not None:
                    drafts.append(draft)
            elif node.answers is not None and entry.message is not None:
                self._tool_result(node, entry.message)
            else:
                self._other(node, entry, position)
        yield from self._finish(drafts, None)

    def _first_needed(self) -> int:
        """Where a branch's walk must begin to render: an exchange well before its own entries."""
        first = max(self._path.start - _REHEARSED, 0)
        while first > 0 and self._path.nodes[first].role != "user":
            first -= 1
        return first

    def _count_only(self, node: Node) -> None:
        self._count.exchanges += node.role == "user"
        self._count.turns += node.role == "assistant"
        self._count.calls += len(node.calls)
        self._window.forget()

    def _note_time(self, entry: Entry) -> None:
        ms = epoch_ms(entry.timestamp)
        if ms is not None:
            self._last_ms = ms

    # --- user messages

    def _opening(self, body: Body) -> Item | None:
        text, meta = user_text(body)
        self._next_meta = meta
        self._next_text = text
        return render(Message("user", text), self._share) if text else None

    def _open_exchange(self, opening: Item | None, body: Body) -> None:
        self._count.exchanges += 1
        meta = self._next_meta
        if isinstance(body.provenance, dict):
            meta["provenance"] = body.provenance
        self._request = self._next_text
        self._request_meta = encode(meta) if meta else b"{}"
        self._request_reason = housekeeping.prompt_reason(self._request)
        self._items, self._ends, self._following, self._polled = {}, [0], [], {}
        self._window.trim()
        self._request_at = self._window.add(opening) if opening is not None else None

    # --- assistant messages

    def _assistant(self, node: Node, entry: Entry, body: Body, new: bool) -> _Draft | None:
        message = assistant_message(body)
        ms = epoch_ms(body.timestamp)
        end = epoch_ms(entry.timestamp)
        if ms is None:
            ms = end if end is not None else self._last_ms
        self._last_ms = max(ms, end or ms)
        self._count.turns += 1
        reason = self._reason(node, body, message)
        shown = self._answered(node, message)
        item = render(shown, self._share)
        draft = None
        if new:
            response = item.json if item.message is message else encode(message)
            row = self._row(node, body, message, response, ms, end, reason or self._path.reason)
            draft = _Draft(node, row, len(self._following) + (reason not in housekeeping.UNSEEN))
        self._count.calls += len(message.tool_calls)
        if reason in housekeeping.UNSEEN:
            self._unseen.add(node.id)
        else:
            self._last_text = message.text
            self._keep(node, item)
        return draft

    def _answered(self, node: Node, message: Message) -> Message:
        """The message as later contexts show it: calls that never got a result are left out."""
        answered = self._pairs.results.get(node.id, {})
        if len(answered) == len(message.tool_calls):
            return message
        calls = tuple(c for i, c in enumerate(message.tool_calls) if i in answered)
        return msgspec.structs.replace(message, tool_calls=calls)

    def _keep(self, node: Node, item: Item) -> None:
        """Add a message to the window and to what followed the turns before it."""
        if item.message.text or item.message.tool_calls:
            self._items[node.id] = item
            self._window.add(item)
        elif item.message.role == "assistant":
            item = Item(b"", 0, item.message)  # nothing to show, but a position to count from
        else:
            return
        self._following.append(item)
        self._ends.append(self._ends[-1] + item.chars)

    def _reason(self, node: Node, body: Body, message: Message) -> str | None:
        by_model = housekeeping.model_reason(body.provider, body.model, body.api)
        if by_model in ("delivery_mirror", "gateway_injected"):
            return by_model
        abort = body.openclawAbort
        if body.stopReason == "aborted" or (isinstance(abort, dict) and abort.get("aborted")):
            return "aborted"
        if body.stopReason in ("error", "timeout"):
            return "error"
        if not message.text and not message.tool_calls:
            return "empty"
        if by_model is not None:
            return by_model
        if not message.tool_calls:
            if message.text == self._last_text and not read_usage(body.usage).total:
                return "duplicate_mirror"
            if (by_reply := housekeeping.reply_reason(message.text)) is not None:
                return by_reply
        if self._request_reason is not None:
            return self._request_reason
        return "synthetic_tool_result" if self._has_synthetic_result(node) else None

    def _has_synthetic_result(self, node: Node) -> bool:
        for result in self._pairs.results.get(node.id, {}).values():
            body = self._load(result).message
            if body is not None and body.isError is not False:
                text = tool_message(body, "").text
                if text.startswith(housekeeping.SYNTHETIC_RESULT):
                    return True
        return False

    def _row(
        self,
        node: Node,
        body: Body,
        message: Message,
        response: bytes,
        ms: int,
        end: int | None,
        reason: str | None,
    ) -> dict[str, Any]:
        facts, settings = self._facts, self._settings
        usage = read_usage(body.usage)
        local = datetime.fromtimestamp(ms / 1000, settings.zone)
        identity = self._attribute(node, body, ms)
        cost, cost_state = price_turn(
            body.usage, usage, identity.model, local.date(), settings.prices
        )
        context, dropped = self._window.context(self._request_at)
        path, family = facts.files[node.file]
        return {
            "turn_id": node.turn_id,
            "session_id": facts.session_id,
            "session_key": facts.session_key,
            "session_kind": facts.session_kind,
            "agent_id": facts.agent_id,
            "timestamp": ms,
            "day": local.date().isoformat(),
            "provider": identity.provider,
            "model": identity.model,
            "api": _text(body.api),
            "attribution_source": identity.source,
            "stop_reason": _text(body.stopReason),
            "error_message": _text(body.errorMessage),
            "input_tokens": usage.input,
            "output_tokens": usage.output,
            "cache_read_tokens": usage.cache_read,
            "cache_write_tokens": usage.cache_write,
            "cost_usd": cost,
            "cost_state": cost_state,
            "latency_ms": _latency(body, ms, end),
            "turn_index": self._count.turns,
            "exchange_index": max(self._count.exchanges, 1),
            "calls_before": self._count.calls,
            "request": self._request,
            "request_meta": self._request_meta,
            "system_prompt": facts.system_prompt,
            "tools": facts.tools.json,
            "tools_source": facts.tools.source,
            "context": context,
            "context_dropped": dropped,
            "response": response,
            "is_tool_use": bool(message.tool_calls),
            "tool_call_count": len(message.tool_calls),
            "exclusion_reason": reason,
            "source_file": path,
            "source_line": node.line,
            "source_family": family,
        }

    def _attribute(self, node: Node, body: Body, ms: int) -> Identity:
        """The cascade: message, archived copy, outside records, last model change, unknown."""
        provider, model = _text(body.provider), _text(body.model)
        family = self._facts.files[node.file][1]
        if model:
            source = "message" if node.live else ("lcm" if family == "lcm" else "archive")
            return Identity(provider, model, source)
        facts = self._facts
        found = facts.lcm.get(node.id) or facts.recorded(ms) or self._model or facts.weak
        if found is None:
            return Identity(provider, None, "unknown")
        return Identity(provider or found.provider, found.model, found.source)

    # --- everything else

    def _tool_result(self, node: Node, body: Body) -> None:
        call = self._pairs.calls.get(node.id)
        if call is not None and call.node.id not in self._unseen:
            message = tool_message(body, call.node.calls[call.ordinal])
            self._keep(node, render(message, self._share))
            if message.tool_name == "process":
                self._note_poll(node, call, message.text)

    def _note_poll(self, node: Node, call: Call, text: str) -> None:
        """OpenClaw's exec hands long commands to the background; process fetches their output."""
        body = self._load(call.node).message
        made = tool_calls(body.content)[call.ordinal] if body is not None else None
        if made is None or made.arguments.get("action") not in ("poll", "log"):
            return
        if isinstance(command := made.arguments.get("sessionId"), str):
            self._polled.setdefault(command, []).append((node.seq, text))

    def _other(self, node: Node, entry: Entry, position: int) -> None:
        self._note_time(entry)
        if entry.type == "model_change":
            self._model = Identity(_text(entry.provider), _text(entry.modelId), "model_change")
        elif entry.customType == "model-snapshot" and isinstance(entry.data, dict):
            self._model = Identity(
                _text(entry.data.get("provider")),
                _text(entry.data.get("modelId")),
                "model_snapshot",
            )
        elif entry.type in ("compaction", "reset"):
            self._compact(entry, position)
        elif (message := context_message(entry)) is not None:
            self._keep(node, render(message, self._share))

    def _compact(self, entry: Entry, position: int) -> None:
        """From here on the model sees the summary (a reset has none) and the kept entries only."""
        kept: list[Item] = []
        self._request_at = None
        summary = context_message(entry)
        if summary is not None:
            kept.append(render(summary, self._share))
        first = entry.firstKeptEntryId
        before = self._path.nodes[:position]
        start = next((i for i, n in enumerate(before) if n.id == first), position)
        for node in before[start:]:
            item = self._items.get(node.id) or self._kept_item(node)
            if item is not None:
                if node.role == "user":
                    self._request_at = len(kept)
                kept.append(item)
        self._window.reset(kept)

    def _kept_item(self, node: Node) -> Item | None:
        body = self._load(node).message
        if body is None or node.id in self._unseen:
            return None
        if node.role == "user":
            text = user_text(body).text
            return render(Message("user", text), self._share) if text else None
        if node.role == "assistant":
            message = self._answered(node, assistant_message(body))
            seen = message.text or message.tool_calls
            return render(message, self._share) if seen else None
        if node.answers is not None:
            call = self._pairs.calls.get(node.id)
            if call is None or call.node.id in self._unseen:
                return None
            return render(tool_message(body, call.node.calls[call.ordinal]), self._share)
        message_or_none = context_message(self._load(node))
        return render(message_or_none, self._share) if message_or_none else None

    # --- outcomes

    def _finish(self, drafts: list[_Draft], next_user: Item | None) -> Iterator[Row]:
        limit = self._settings.sources.outcome_chars
        for draft in drafts:
            results = self._results(draft.node)
            later = self._following[draft.position :]
            chars = self._ends[-1] - self._ends[draft.position]
            if results:
                own = self._pairs.results[draft.node.id].values()
                kept = {id(self._items.get(result.id)) for result in own}
                later = [item for item in later if id(item) not in kept]
                chars = sum([item.chars for item in later])
            later = [item for item in later if item.json]
            yield Row(
                **draft.row,
                outcome=outcome(results, later, chars, next_user, limit),
                copies=self._facts.copies[draft.row["turn_id"]],
            )

    def _results(self, node: Node) -> list[Item]:
        found = []
        for ordinal, result in sorted(self._pairs.results.get(node.id, {}).items()):
            item = self._items.get(result.id)
            if item is None:
                body = self._load(result).message
                if body is None:
                    continue
                item = render(tool_message(body, node.calls[ordinal]), self._share)
            found.append(self._with_polls(item, result))
        return found

    def _with_polls(self, item: Item, result: Node) -> Item:
        """The result of a background command completed by what was fetched of it later."""
        running = _STILL_RUNNING.match(item.message.text)
        later = self._polled.get(running[1], ()) if running else ()
        texts = [text for seq, text in later if seq > result.seq]
        if not texts:
            return item
        text = "\n\n".join([item.message.text, *texts])
        return render(msgspec.structs.replace(item.message, text=text), self._share)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _latency(body: Body, start: int, end: int | None) -> int | None:
    """Milliseconds; the entry is appended when the reply is complete."""
    recorded = body.durationMs
    if isinstance(recorded, int | float) and not isinstance(recorded, bool) and recorded >= 0:
        return int(recorded) if recorded < 1e12 else None
    if epoch_ms(body.timestamp) is None or end is None or end < start:
        return None
    return end - start
