"""Training examples of one day: what of its scored turns is kept, and why the rest is not."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from clawtrain_assets.core.dataset.budget import TooLong, fitting
from clawtrain_assets.core.dataset.conversation import converse
from clawtrain_assets.core.dataset.fingerprint import fingerprint
from clawtrain_assets.core.dataset.formats import (
    completion_row,
    dumps,
    messages_row,
    sharegpt_row,
    to_openai,
    to_sharegpt,
)
from clawtrain_assets.core.dataset.scrubbing import Scrubbing, Shippable, Shipper, learn_from
from clawtrain_assets.core.dataset.tools import declare, obeys
from clawtrain_assets.core.dataset.validation import message_violations, violations
from clawtrain_assets.core.turn import Turn
from clawtrain_assets.settings import Dataset

Row = dict[str, Any]


def build_examples(
    turns: Sequence[Turn],
    scores: Mapping[str, Mapping[str, Any]],
    scrubber: Scrubbing,
    dataset: Dataset,
) -> list[Row]:
    """Rows of ``schemas.SHAREGPT_DATASET``, one for each turn that ``scores`` names.

    ``scores`` maps turn ids to rows of ``scored_turns``. A value the scrubber finds in one of
    ``turns`` is removed from all examples. Rows come in the turns' order; of equal turns the best
    scored one is kept, then the earliest. Whatever goes wrong with a turn is its row's ``status``
    and ``detail``; nothing is raised for it and none of its text is in the row.
    """
    learn_from(scrubber, ((turn, ()) for turn in turns))
    shipper = Shipper(scrubber)
    judged = [turn for turn in turns if turn.turn_id in scores]
    marks = {turn.turn_id: fingerprint(turn.request, turn.response) for turn in judged}
    best_first = sorted(
        judged, key=lambda t: (-(_overall(scores[t.turn_id]) or 0.0), t.timestamp, t.turn_id)
    )
    seen: set[str] = set()
    rows = {}
    for turn in best_first:
        row = _row(turn, scores[turn.turn_id], marks[turn.turn_id])
        row |= _refusal(turn, row, dataset, seen) or _example(turn, row, shipper, dataset)
        if row["status"] == "kept":
            seen.add(row["fingerprint"])
        rows[turn.turn_id] = row
    return [rows[turn.turn_id] for turn in judged]


def _overall(score: Mapping[str, Any]) -> float | None:
    return score["overall"] if score["status"] == "scored" else None


def _row(turn: Turn, score: Mapping[str, Any], mark: str) -> Row:
    return {
        "example_id": _hash(turn.turn_id),
        "turn_id": turn.turn_id,
        "session_id": turn.session_id,
        "day": turn.day,
        "status": "unscored",
        "detail": None if score["status"] == "scored" else str(score["status"]),
        "overall": _overall(score),
        "fingerprint": mark,
        "is_tool_use": turn.is_tool_use,
        "conversations": None,
        "messages": None,
        "system": None,
        "tools": None,
        "redactions": None,
        "source_file": turn.source_file,
        "source_line": turn.source_line,
    }


def _refusal(turn: Turn, row: Row, dataset: Dataset, seen: Collection[str]) -> Row | None:
    """Why the turn is no candidate, before any work on its text; None if it is one."""
    if turn.exclusion_reason is not None:
        return {"status": "invalid", "detail": f"excluded: {turn.exclusion_reason}"}
    if row["overall"] is None:
        return {"status": "unscored", "detail": row["detail"] or "no overall score"}
    if row["overall"] < dataset.min_overall:
        detail = f"overall {row['overall']:g} < {dataset.min_overall:g}"
        return {"status": "below_threshold", "detail": detail}
    if row["fingerprint"] in seen:
        return {"status": "duplicate", "detail": "same request and response as a kept example"}
    return None


def _example(turn: Turn, row: Row, shipper: Shipper, dataset: Dataset) -> Row:
    try:
        parts = shipper.ship(turn, [turn.response])
    except Exception as error:  # noqa: BLE001  a turn that cannot be scrubbed is never shipped
        return {"status": "quarantined", "detail": f"scrub failed: {type(error).__name__}"}
    try:
        example = _written(parts, turn.tools_source, dataset.example_bytes)
    except TooLong as error:
        return {"status": "invalid", "detail": str(error)}
    except (ValueError, KeyError, TypeError) as error:
        return {"status": "invalid", "detail": f"cannot be written: {type(error).__name__}"}
    example["example_id"] = _hash(turn.turn_id, example["conversations"], example["tools"])
    whole = row | example
    broken = violations(sharegpt_row(whole))
    broken += message_violations(messages_row(whole))
    broken += message_violations(completion_row(whole))
    if broken:
        return {"status": "invalid", "detail": "; ".join(dict.fromkeys(broken))}
    return example | {"status": "kept", "detail": None}


def _written(parts: Shippable, tools_source: str, example_bytes: int) -> Row:
    response = parts.answers[0]
    calls = [call for message in (*parts.context, response) for call in message.tool_calls]
    tools = declare(parts.tools, tools_source, calls)
    context = fitting(parts.context, parts.request, [response], parts.system, tools, example_bytes)
    conversation = converse(context, parts.request, response, obeys(tools))
    return {
        "conversations": dumps(to_sharegpt(conversation)),
        "messages": dumps(to_openai(conversation)),
        "system": parts.system,
        "tools": dumps(tools),
        "redactions": dumps(parts.redactions),
    }


def _hash(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]
