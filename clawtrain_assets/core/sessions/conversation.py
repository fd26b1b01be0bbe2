"""Walks a path of a session's tree and makes one row of ``schemas.TURNS`` per assistant message."""

from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec

from clawtrain_assets.core.sessions import exclusion
from clawtrain_assets.core.sessions.attribution import (
    find_model,
    name_or_none,
    price_turn,
    read_usage,
)
from clawtrain_assets.core.sessions.entries import Body, Entry, epoch_ms
from clawtrain_assets.core.sessions.envelope import Cleaned
from clawtrain_assets.core.sessions.exchange import Exchange
from clawtrain_assets.core.sessions.housekeeping import reply_meta
from clawtrain_assets.core.sessions.messages import (
    assistant_message,
    context_message,
    encode,
    plain_text,
    tool_message,
    user_text,
)
from clawtrain_assets.core.sessions.nodes import Node, Path
from clawtrain_assets.core.sessions.pairing import pair_results
from clawtrain_assets.core.sessions.row import NO_OUTCOME, Facts, Identity, Row, Settings
from clawtrain_assets.core.sessions.shown import Shown
from clawtrain_assets.core.sessions.window import Item, Window
from clawtrain_assets.core.turn import Message

# Entries rendered for the contexts of an abandoned branch; those further back are only counted, or
# a session of many branches would take quadratic time.
_REHEARSED = 200


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
        limit = settings.sources.context_chars
        self._window = Window(limit)
        self._shown = Shown(pair_results(path.nodes), load, limit // 4)
        self._exchange = self._open(Cleaned("", {}))
        self._request_at: int | None = None  # the request's place in the window
        self._model = facts.header
        self._last_text = ""
        self._last_ms = facts.first_ms

    def rows(self) -> Iterator[Row]:
        warm = self._first_needed()
        for position, node in enumerate(self._path.nodes):
            if position < warm and node.type == "message":
                self._count_only(node)
                continue
            entry = self._load(node)
            body = entry.message
            if node.role == "user" and body is not None:
                yield from self._user(entry, body)
            elif node.role == "assistant" and body is not None:
                self._assistant(node, entry, body, new=position >= self._path.start)
            elif node.answers is not None and body is not None:
                item = self._shown.result(node, body)
                if item is not None:
                    self._window.add(item)
                    self._exchange.add_result(node, item)
            else:
                self._other(node, entry, position)
        yield from self._exchange.finish(None)

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

    def _open(self, request: Cleaned) -> Exchange:
        return Exchange(request, self._shown, self._settings.sources.outcome_chars)

    def _user(self, entry: Entry, body: Body) -> Iterator[Row]:
        """Ends the exchange so far, whose rows are complete now, and opens the next."""
        request = user_text(body)
        if isinstance(body.provenance, dict):
            request.meta["provenance"] = body.provenance
        item = self._shown.user(request.text)
        yield from self._exchange.finish(item)
        self._count.exchanges += 1
        self._exchange = self._open(request)
        self._window.trim()
        self._request_at = self._window.add(item) if item is not None else None
        self._note_time(entry)

    def _assistant(self, node: Node, entry: Entry, body: Body, new: bool) -> None:
        message = assistant_message(body, node.made)
        ms = epoch_ms(body.timestamp)
        end = epoch_ms(entry.timestamp)
        latency = _latency(body, ms, end)
        if ms is None:
            ms = end if end is not None else self._last_ms
        self._last_ms = max(ms, end or ms)
        self._count.turns += 1
        reason = self._reason(node, body, message)
        seen = reason not in exclusion.UNSEEN
        item = self._shown.assistant(node, message)
        if new:
            response = item.json if item.message is message else encode(message)
            row = self._row(node, body, message, response, ms, latency, reason)
            self._exchange.draft(node, row, seen)
        self._count.calls += len(message.tool_calls)
        if not seen:
            self._shown.unseen.add(node.id)
            return
        self._last_text = message.text
        if item.message.text or item.message.tool_calls:
            self._window.add(item)
        else:
            item = Item(b"", 0, item.message)  # nothing to show, but a position to count from
        self._exchange.add(node, item)

    def _reason(self, node: Node, body: Body, message: Message) -> str | None:
        return (
            exclusion.turn_reason(body, message, self._last_text)
            or self._exchange.reason
            or ("synthetic_tool_result" if self._has_synthetic_result(node) else None)
        )

    def _has_synthetic_result(self, node: Node) -> bool:
        for result in self._shown.pairs.results.get(node.id, {}).values():
            body = self._load(result).message
            if body is not None and body.isError is not False:
                text = tool_message(body, "").text
                if text.startswith(exclusion.SYNTHETIC_RESULT):
                    return True
        return False

    def _row(
        self,
        node: Node,
        body: Body,
        message: Message,
        response: bytes,
        ms: int,
        latency: int | None,
        reason: str | None,
    ) -> Row:
        """The turn without its outcome, which the exchange adds."""
        facts, settings, exchange = self._facts, self._settings, self._exchange
        usage = read_usage(body.usage)
        local = datetime.fromtimestamp(ms / 1000, settings.zone)
        identity = find_model(node, body, ms, facts, self._model)
        cost, cost_state = price_turn(
            body.usage, usage, identity.model, local.date(), settings.prices
        )
        context, dropped = self._window.context(self._request_at)
        path, family = facts.files[node.file]
        assert node.turn_id is not None
        # By position, in the order of the table: 39 keywords cost as much as the rest of this.
        return Row(
            node.turn_id,
            facts.session_id,
            facts.session_key,
            facts.session_kind,
            facts.agent_id,
            ms,
            local.date().isoformat(),
            identity.provider,
            identity.model,
            name_or_none(body.api),
            identity.source,
            name_or_none(body.stopReason),
            name_or_none(body.errorMessage),
            usage.input,
            usage.output,
            usage.cache_read,
            usage.cache_write,
            cost,
            cost_state,
            latency,
            self._count.turns,
            max(self._count.exchanges, 1),
            self._count.calls,
            exchange.request,
            _with_reply(exchange.request_meta, body),
            facts.system_prompt,
            facts.tools.json,
            facts.tools.source,
            context,
            dropped,
            response,
            NO_OUTCOME,
            bool(message.tool_calls),
            len(message.tool_calls),
            reason or self._path.reason,
            path,
            node.line,
            family,
            facts.copies[node.turn_id],
        )

    # --- everything else

    def _other(self, node: Node, entry: Entry, position: int) -> None:
        self._note_time(entry)
        if entry.type == "model_change":
            self._model = _identity(entry.provider, entry.modelId, "model_change")
        elif entry.customType == "model-snapshot" and isinstance(entry.data, dict):
            data = entry.data
            self._model = _identity(data.get("provider"), data.get("modelId"), "model_snapshot")
        elif entry.type in ("compaction", "reset"):
            self._compact(entry, position)
        elif (message := context_message(entry)) is not None:
            item = self._shown.message(message)
            if message.text:
                self._window.add(item)
                self._exchange.add(node, item)

    def _compact(self, entry: Entry, position: int) -> None:
        """From here on the model sees the summary (a reset has none) and the kept entries only."""
        kept: list[Item] = []
        self._request_at = None
        summary = context_message(entry)
        if summary is not None:
            kept.append(self._shown.message(summary))
        first = entry.firstKeptEntryId
        before = self._path.nodes[:position]
        start = next((i for i, n in enumerate(before) if n.id == first), position)
        for node in before[start:]:
            item = self._exchange.items.get(node.id) or self._shown.node(node)
            if item is not None:
                if node.role == "user":
                    self._request_at = len(kept)
                kept.append(item)
        self._window.reset(kept)


def _with_reply(request_meta: bytes, body: Body) -> bytes:
    """The request's metadata, and beside it what delivery tags in the reply said."""
    said = reply_meta(plain_text(body.content))
    if not said:
        return request_meta
    return encode({**msgspec.json.decode(request_meta), "reply": said})


def _identity(provider: object, model: object, source: str) -> Identity:
    return Identity(name_or_none(provider), name_or_none(model), source)


def _latency(body: Body, start: int | None, end: int | None) -> int | None:
    """Milliseconds; the entry is appended when the reply is complete."""
    recorded = body.durationMs
    if isinstance(recorded, int | float) and not isinstance(recorded, bool) and recorded >= 0:
        return int(recorded) if recorded < 1e12 else None
    if start is None or end is None or end < start:
        return None
    return end - start
