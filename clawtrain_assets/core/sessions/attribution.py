"""Who wrote a turn, what it used and what it cost.

Usage aliases follow OpenClaw's src/agents/usage.ts (normalizeUsage). A recorded cost of zero beside
tokens means that the provider had no price configured, not that the turn was free.
"""

import fnmatch
from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from clawtrain_assets.core.sessions.entries import Body
from clawtrain_assets.core.sessions.nodes import Node
from clawtrain_assets.core.sessions.row import Facts, Identity
from clawtrain_assets.core.turn import CostState
from clawtrain_assets.settings import Price


class Usage(msgspec.Struct, frozen=True, gc=False):
    """Tokens; None where the message does not say. ``input`` excludes cached tokens."""

    input: int | None
    output: int | None
    cache_read: int | None
    cache_write: int | None

    @property
    def total(self) -> int:
        cached = (self.cache_read or 0) + (self.cache_write or 0)
        return (self.input or 0) + (self.output or 0) + cached


NO_USAGE = Usage(None, None, None, None)

_INPUT = ("input", "inputTokens", "input_tokens", "promptTokens", "prompt_tokens")
_OUTPUT = ("output", "outputTokens", "output_tokens", "completionTokens", "completion_tokens")
_CACHE_READ = (
    "cacheRead",
    "cache_read",
    "cache_read_input_tokens",
    "cached_tokens",
    "cache_read_tokens",  # in the log of cron runs
)
_CACHE_WRITE = ("cacheWrite", "cache_write", "cache_creation_input_tokens", "cache_write_tokens")


def find_model(
    node: Node, body: Body, ms: int, facts: Facts, last_change: Identity | None
) -> Identity:
    """The cascade: message, archived copy, outside records, last model change, unknown."""
    provider, model = name_or_none(body.provider), name_or_none(body.model)
    if model:
        family = facts.files[node.file][1]
        source = "message" if node.live else ("lcm" if family == "lcm" else "archive")
        return Identity(provider, model, source)
    found = facts.lcm.get(node.id) or facts.recorded(ms) or last_change or facts.weak
    if found is None:
        return Identity(provider, None, "unknown")
    return Identity(provider or found.provider, found.model, found.source)


def name_or_none(value: object) -> str | None:
    """Text that says something, else None."""
    return value if isinstance(value, str) and value else None


def read_usage(usage: object) -> Usage:
    """Token counts under any of the spellings providers and OpenClaw use."""
    if not isinstance(usage, dict):
        return NO_USAGE
    cached = _first(usage, _CACHE_READ)
    if cached is None and isinstance(details := usage.get("prompt_tokens_details"), dict):
        cached = _first(details, ("cached_tokens",))
    return Usage(_first(usage, _INPUT), _first(usage, _OUTPUT), cached, _first(usage, _CACHE_WRITE))


def _first(usage: dict[str, Any], names: tuple[str, ...]) -> int | None:
    for name in names:
        value = usage.get(name)
        if (type(value) is int or type(value) is float) and 0 <= value < 2**62:
            return int(value)
    return None


def recorded_cost(usage: object) -> float | None:
    """US dollars written with the message if above zero, else None."""
    if not isinstance(usage, dict):
        return None
    cost = usage.get("cost")
    total = _number(cost)
    if isinstance(cost, dict):
        parts = (_number(cost.get(k)) for k in ("input", "output", "cacheRead", "cacheWrite"))
        total = _number(cost.get("total"))
        if total is None:
            total = sum(part or 0.0 for part in parts)
    return total if total is not None and 0 < total < 1e9 else None


def _number(value: object) -> float | None:
    if (type(value) is int or type(value) is float) and -1e12 < value < 1e12:
        return float(value)
    return None


def price_turn(
    usage: object, tokens: Usage, model: str | None, day: date, prices: Sequence[Price]
) -> tuple[float | None, CostState]:
    """Cost in US dollars and how it is known; a price applies from its ``since`` day on."""
    cost = recorded_cost(usage)
    if cost is not None:
        return cost, "priced"
    if not tokens.total:
        return None, "none"
    if model is not None:
        price = _price_of(model, day, prices)
        if price is not None:
            counts = tokens.input, tokens.output, tokens.cache_read, tokens.cache_write
            return price.dollars(*(count or 0 for count in counts)), "recomputed"
    return None, "unpriced"


def _price_of(model: str, day: date, prices: Sequence[Price]) -> Price | None:
    """The newest price in force; ``Price.model`` is a name or a shell pattern."""
    in_force = [p for p in prices if p.since <= day and fnmatch.fnmatchcase(model, p.model)]
    return max(in_force, key=lambda price: price.since, default=None)
