"""The rows of a release: kept examples as they are, pairs scrubbed and written."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from clawtrain_assets.core.dataset.evaluations import Evaluations
from clawtrain_assets.core.dataset.formats import completion_row, messages_row, sharegpt_row
from clawtrain_assets.core.dataset.neardup import text_of
from clawtrain_assets.core.dataset.pairs import QUARANTINED, build_preference
from clawtrain_assets.core.dataset.release_files import SFT_FORMS, RowFiles, Split, split_of
from clawtrain_assets.core.dataset.scrubbing import Scrubbing, Shipper, learn_from
from clawtrain_assets.core.dataset.selection import Selection
from clawtrain_assets.core.dataset.validation import message_violations, violations
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.sessions.rows import read_turns
from clawtrain_assets.core.turn import Message, Turn
from clawtrain_assets.settings import Dataset

_SCRUBBED = ("conversations", "messages", "system", "tools")


def learn_release(lake: Lake, selection: Selection, scrubber: Scrubbing) -> None:
    """Have the scrubber find, in the turns as they were, what must be nowhere in the release."""
    learn_from(scrubber, _sources(lake, selection))


def _sources(lake: Lake, selection: Selection) -> Iterator[tuple[Turn, list[Message]]]:
    chosen = dict(selection.by_day())
    columns = ("turn_id", "status", "reference", "candidate")
    for day in sorted(chosen.keys() | set(lake.days("contrastive_pairs"))):
        answers: dict[str, list[Message]] = {}
        if day in chosen:
            answers = {turn_id: [] for turn_id in chosen[day]["turn_id"].to_pylist()}
        if lake.exists("contrastive_pairs", day):
            for pair in lake.read("contrastive_pairs", day, columns).to_pylist():
                if pair["status"] == "pair":
                    sides = [msgspec.json.decode(pair[s], type=Message) for s in columns[2:]]
                    answers.setdefault(pair["turn_id"], []).extend(sides)
        if answers:
            wanted = pa.chunked_array([list(answers)], pa.string())
            for turn in _turns(lake, day, wanted).values():
                yield turn, answers[turn.turn_id]


def write_examples(
    files: RowFiles,
    lake: Lake,
    selection: Selection,
    dataset: Dataset,
    scrubber: Scrubbing,
    known: Evaluations,
) -> int:
    """Add the chosen examples to their files, a day in memory at a time.

    Returns how many of them call a tool.
    """
    tool_use = 0
    for day, chosen in selection.by_day():
        ids, scores = (chosen[name].to_pylist() for name in ("example_id", "scores"))
        scored = dict(zip(ids, scores, strict=True))
        for row in lake.read("sharegpt_dataset", day).sort_by("turn_id").to_pylist():
            if row["example_id"] not in scored or row["status"] != "kept":
                continue
            row = _freed(row, scrubber, selection.counts)
            forms = sharegpt_row(row), messages_row(row), completion_row(row)
            if violations(forms[0]) or any(message_violations(form) for form in forms[1:]):
                selection.counts["dropped_invalid"] += 1  # kept under older rules
                continue
            if evaluation := known.repeated_in(*text_of(forms[0]["conversations"])):
                selection.counts[f"dropped_evaluation {evaluation}"] += 1
                continue
            split = split_of(row["session_id"], dataset.validation_share)
            for name, form in zip(SFT_FORMS, forms, strict=True):
                files.add(name, split, form)
            line = _lineage(row["example_id"], "sft", split, row, scrubber)
            files.add_lineage(line | {"scores": scored[row["example_id"]]})
            tool_use += row["is_tool_use"]
    return tool_use


def _freed(row: dict[str, Any], scrubber: Scrubbing, counts: Counter[str]) -> dict[str, Any]:
    """The row without values that were found in other days' turns only."""
    if not any(scrubber.knows(row[column]) for column in _SCRUBBED):
        return row
    counts["scrubbed_again"] += 1
    return row | {column: scrubber.text(row[column]) for column in _SCRUBBED}


def write_pairs(
    files: RowFiles,
    lake: Lake,
    selection: Selection,
    dataset: Dataset,
    scrubber: Scrubbing,
    known: Evaluations,
    excluded_turns: Collection[str],
) -> None:
    """Add the pairs of all days to their files."""
    counts = selection.counts
    shipper = Shipper(scrubber)
    seen: set[str] = set()
    for day in lake.days("contrastive_pairs"):
        pairs = lake.read("contrastive_pairs", day).filter(pc.field("status") == "pair")
        if not pairs.num_rows:
            continue
        turns = _turns(lake, day, pairs["turn_id"])
        for pair in pairs.sort_by("pair_id").to_pylist():
            counts["pairs_by_day"] += 1
            turn = turns.get(pair["turn_id"])
            if turn is None:
                counts["pairs_without_turn"] += 1
                continue
            if turn.turn_id in excluded_turns:
                counts["pairs_dropped_by_review"] += 1
                continue
            preference = build_preference(pair, turn, shipper, dataset.example_bytes)
            if preference.sharegpt is None or preference.messages is None:
                counts[f"pairs_{preference.reason}"] += 1
                if (preference.reason or "").startswith(QUARANTINED):
                    row = {"id": pair["pair_id"], "kind": "preference", "turn_id": turn.turn_id}
                    selection.held.append(held_row(row | {"day": day}, [str(preference.reason)]))
            elif evaluation := known.repeated_in(*_texts(preference.sharegpt)):
                counts[f"pairs_dropped_evaluation {evaluation}"] += 1
            elif preference.fingerprint in seen:
                counts["pairs_duplicate"] += 1
            else:
                seen.add(preference.fingerprint)
                split = split_of(turn.session_id, dataset.validation_share)
                files.add("preference_sharegpt", split, preference.sharegpt)
                files.add("preference_messages", split, preference.messages)
                source = {
                    "turn_id": turn.turn_id,
                    "session_id": turn.session_id,
                    "day": turn.day,
                    "source_file": turn.source_file,
                    "source_line": turn.source_line,
                    "is_tool_use": turn.is_tool_use,
                }
                line = _lineage(pair["pair_id"], "preference", split, source, scrubber)
                files.add_lineage(line | {"scores": None})


def held_row(row: Mapping[str, Any], found: list[str]) -> dict[str, Any]:
    """What a release says of an example or pair it keeps back: which, and what was found."""
    return {name: row[name] for name in ("id", "kind", "turn_id", "day")} | {"found": found}


def _texts(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (*text_of(row["conversations"]), row["chosen"]["value"], row["rejected"]["value"])


def _turns(lake: Lake, day: str, turn_ids: pa.ChunkedArray) -> dict[str, Turn]:
    if not lake.exists("raw_turns", day):
        return {}
    return {turn.turn_id: turn for turn in read_turns(lake, day, turn_ids)}


def _lineage(
    row_id: str, kind: str, split: Split, source: Mapping[str, Any], scrubber: Scrubbing
) -> dict[str, Any]:
    """Names of sessions and files can hold a person's name, so they are scrubbed too."""
    return {
        "id": row_id,
        "kind": kind,
        "split": split,
        "turn_id": source["turn_id"],
        "session_id": scrubber.text(source["session_id"]),
        "day": source["day"],
        "source_file": scrubber.text(source["source_file"]),
        "source_line": source["source_line"],
        "is_tool_use": source["is_tool_use"],
    }
