"""Turns and replies for the tests of this package, with only what a test says being special."""

import json
from datetime import UTC, datetime
from statistics import median
from typing import Any

import msgspec
import pyarrow as pa

from clawtrain_assets.core.schemas import CONTRASTIVE_PAIRS, SCORES
from clawtrain_assets.core.shadow.rule import decide
from clawtrain_assets.core.turn import Message, ToolCall, Turn, invented

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
        "timestamp": datetime(2026, 3, 14, 9, 0, tzinfo=UTC),
        "day": "2026-03-14",
        "provider": "anthropic",
        "model": "claude-sonnet-4-5",
        "api": "anthropic-messages",
        "attribution_source": "message",
        "stop_reason": "toolUse",
        "input_tokens": 900,
        "output_tokens": 40,
        "cache_read_tokens": 0,
        "cache_write_tokens": 0,
        "cost_usd": 0.02,
        "cost_state": "priced",
        "latency_ms": 2_000,
        "request": "What do my notes say?",
        "system_prompt": "You are a careful assistant.",
        "tools": [READ_TOOL],
        "tools_source": "trajectory",
        "context": [Message("user", "What do my notes say?")],
        "source_file": "agents/main/sessions/session-1.jsonl",
        "source_line": 3,
    }
    return invented(response=response, **fields | changes)


def pair_row(turn_id: str = "t1", **changes: Any) -> dict[str, Any]:
    """A row of ``contrastive_pairs``: the reference at 9, the candidate at 5, a pair."""
    reference = changes.pop("reference_scores", [9.0, 9.0, 9.0])
    candidate = changes.pop("candidate_scores", [5.0, 5.0, 5.0])
    decision = decide(reference, candidate, 3.0)
    row: dict[str, Any] = dict.fromkeys(CONTRASTIVE_PAIRS.names)
    row |= {
        "pair_id": f"pair-{turn_id}",
        "turn_id": turn_id,
        "session_id": "session-1",
        "day": "2026-03-14",
        "status": decision.status,
        "chosen_arm": decision.chosen,
        "gap": decision.gap,
        "reference_samples": _samples(reference),
        "candidate_samples": _samples(candidate),
        "reference": msgspec.json.encode(call(path="notes.md")).decode(),
        "candidate": msgspec.json.encode(Message("assistant", "I guess so.")).decode(),
        "candidate_model": "qwen3:235b",
        "candidate_digest": "digest-candidate",
        "judge_model": "nemotron-3-super:120b",
        "judge_digest": "digest-judge",
        "rubric_hash": "rubric",
        "turn_index": 1,
        "calls_before": 0,
        "session_kind": "main",
        "tools_source": "trajectory",
        "stratum": "turns 1-3 / calls 0 / read / main",
        "reference_latency_s": 2.0,
        "candidate_latency_s": 6.0,
        "reference_cost_usd": 0.02,
    }
    for name in SCORES:
        row[f"reference_{name}"] = median(reference)
        row[f"candidate_{name}"] = median(candidate)
    assert changes.keys() <= row.keys(), "a test names a column that does not exist"
    return row | changes


def _samples(scores: list[float]) -> str:
    return json.dumps([{"overall": {"score": score}} for score in scores])


def pairs_table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=CONTRASTIVE_PAIRS)
