"""Releases: all days' examples and pairs as an immutable folder named by its content.

Nothing in a release depends on the clock or on the machine, so the same lake, settings and key
give the same bytes.
"""

import hashlib
import shutil
import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from clawtrain_assets.core.dataset import card, lengths, release_files
from clawtrain_assets.core.dataset.evaluations import Evaluations
from clawtrain_assets.core.dataset.release_files import LINEAGE, RowFiles
from clawtrain_assets.core.dataset.release_rows import (
    held_row,
    learn_release,
    write_examples,
    write_pairs,
)
from clawtrain_assets.core.dataset.released import SCRUB_REPORT, Release, publish, write_json
from clawtrain_assets.core.dataset.scrubbing import Scrubbing
from clawtrain_assets.core.dataset.selection import Selection, select
from clawtrain_assets.core.errors import ClawtrainError, UsageError
from clawtrain_assets.core.lake import Lake, make_private
from clawtrain_assets.settings import Dataset

FORMAT = 1  # of the folder; raised when a reader must care
_BUILDING = ".building-"
_ABANDONED_S = 86_400
_INPUTS = ("sharegpt_dataset", "scored_turns", "contrastive_pairs")


class Survivor(NamedTuple):
    """A place in a release file where a verifier found something; never the value."""

    file: str
    line: int
    kind: str


class ScrubCheck(NamedTuple):
    """A verifier's finding over files: ``detail`` goes into ``scrub_report.json`` as it is.

    It must not hold values, nor anything that differs from run to run (times, paths).
    """

    survivors: tuple[Survivor, ...]
    detail: Mapping[str, Any]


Verify = Callable[[Sequence[Path]], ScrubCheck]


def build_release(
    lake: Lake,
    releases_dir: Path,
    dataset: Dataset,
    rubric_hash: str,
    scrubber: Scrubbing,
    verify: Verify,
    excluded_turns: Collection[str] = (),
) -> Release:
    """Write a release of everything the lake holds and make it the current one.

    Examples are taken as scrubbed by the daily asset, and freed of what was found in any other
    turn of the release; pairs are scrubbed here. ``verify`` then
    reads the files: rows it finds something in are taken out, and it reads them again; what it
    says then is in ``scrub_report.json`` and decides the gate. ``excluded_turns`` are turns
    reviewers turned down. A crash leaves the previous release current. Raises ClawtrainError if
    there is nothing to release, UsageError if an evaluation file is missing.
    """
    _readable(dataset.evaluation_files)
    count = lengths.load_tokenizer(dataset.tokenizer)
    make_private(releases_dir)
    _sweep(releases_dir)
    work = releases_dir / f"{_BUILDING}{uuid.uuid4().hex}"
    work.mkdir(mode=0o700)
    try:
        facts = {
            "format": FORMAT,
            "versions": {"clawtrain": version("clawtrain")},
            "settings": {
                **dataset.model_dump(exclude={"evaluation_files", "tokenizer"}),
                "tokenizer": dataset.tokenizer and release_files.sha256(dataset.tokenizer),
                "rubric_hash": rubric_hash,
                "evaluation_files": [release_files.sha256(p) for p in dataset.evaluation_files],
            },
            "inputs": {asset: _input(lake, asset) for asset in _INPUTS},
        }
        manifest = _fill(work, lake, facts, dataset, scrubber, verify, excluded_turns, count)
        return publish(work, releases_dir, manifest)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _readable(files: Sequence[Path]) -> None:
    for file in files:
        if not file.is_file():
            raise UsageError(
                f"[dataset] evaluation_files names {file}, which is not there: correct the path."
            )


def _sweep(releases_dir: Path) -> None:
    """Remove what killed builds left; a living one is younger than a day."""
    for left in releases_dir.glob(f"{_BUILDING}*"):
        if time.time() - left.stat().st_mtime > _ABANDONED_S:
            shutil.rmtree(left, ignore_errors=True)


def _fill(
    work: Path,
    lake: Lake,
    facts: dict[str, Any],
    dataset: Dataset,
    scrubber: Scrubbing,
    verify: Verify,
    excluded_turns: Collection[str],
    count: lengths.Count | None,
) -> dict[str, Any]:
    known = Evaluations(dataset.evaluation_files)
    selection = select(lake, dataset.min_overall, excluded_turns)
    learn_release(lake, selection, scrubber)
    with RowFiles(work) as files:
        tool_use = write_examples(files, lake, selection, dataset, scrubber, known)
        write_pairs(files, lake, selection, dataset, scrubber, known, excluded_turns)
    if not (any(files.counts.values()) or selection.held):
        raise ClawtrainError(_nothing_left(selection))
    tokens = lengths.measure(work, count)
    _write_about(files, facts, selection, tokens)
    check = verify(_published(work))
    if doubtful := _doubtful(work, check):
        dropped = release_files.drop_rows(files, doubtful)
        selection.held += [held_row(row, sorted(doubtful[row["id"]])) for row in dropped]
        selection.counts["dropped_by_verification"] = len(doubtful)
        tool_use -= sum(row["is_tool_use"] for row in dropped if row["kind"] == "sft")
        tokens = lengths.measure(work, count)
        _write_about(files, facts, selection, tokens)
        check = verify(_published(work))
    write_json(work / SCRUB_REPORT, _report(check, work, selection.held))
    return facts | {
        "rows": _by_form(files.counts),
        "tokens": tokens,
        "tool_use_examples": tool_use,
        "selection": dict(sorted(selection.counts.items())),
        "judges": selection.judges,
        "files": {
            path.name: {"sha256": release_files.sha256(path), "bytes": path.stat().st_size}
            for path in [*_published(work), work / SCRUB_REPORT]
        },
    }


def _nothing_left(selection: Selection) -> str:
    left_out = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in (+selection.counts).items())
    if not left_out:
        return (
            "There is nothing to release: no day has examples yet. Backfill your days up to "
            "sharegpt_dataset first (clawtrain up)."
        )
    return (
        f"There is nothing to release: no example is left ({left_out}). Backfill more days "
        "(clawtrain up), or lower [dataset] min_overall and build sharegpt_dataset again."
    )


def _doubtful(work: Path, check: ScrubCheck) -> dict[str, set[str]]:
    """Ids of rows in which, or in whose lineage, something was found: what."""
    ids = release_files.ids_at(work, {(s.file, s.line) for s in check.survivors})
    found: dict[str, set[str]] = {}
    for survivor in check.survivors:
        if (survivor.file, survivor.line) in ids:
            found.setdefault(ids[survivor.file, survivor.line], set()).add(survivor.kind)
    return found


def _write_about(
    files: RowFiles,
    facts: Mapping[str, Any],
    selection: Selection,
    tokens: Mapping[str, Any],
) -> None:
    """Everything in the folder that is not rows, for the counts as they are now."""
    work, cutoff = files.directory, release_files.cutoff_for(files.longest)
    selected = {"selection": dict(sorted(selection.counts.items())), "judges": selection.judges}
    readme = card.card({**facts, **selected, "tokens": tokens}, files.counts, cutoff)
    (work / "dataset_info.json").write_bytes(card.lf_dataset_info())
    (work / "README.md").write_text(readme, encoding="utf-8")
    for stage in ("sft", "dpo"):
        text = card.lf_training(stage, cutoff, files.counts)
        (work / f"llamafactory_{stage}.yaml").write_text(text, encoding="utf-8")


def _published(work: Path) -> list[Path]:
    about = (LINEAGE, "dataset_info.json", "README.md", "llamafactory_sft.yaml")
    return release_files.paths(work) + [work / n for n in (*about, "llamafactory_dpo.yaml")]


def _report(check: ScrubCheck, work: Path, held: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "passed": not check.survivors,
        "files": [path.name for path in _published(work)],
        "survivors": [survivor._asdict() for survivor in check.survivors],
        "held_back": held,
        "detail": dict(check.detail),
    }


def _by_form(counts: card.Counts) -> dict[str, dict[str, int]]:
    return {
        form: {split: counts[form, split] for split in release_files.SPLITS}
        for form in release_files.FORMS
    }


def _input(lake: Lake, asset: str) -> dict[str, Any]:
    """What was read of an asset: days and one hash over all its files."""
    days = lake.days(asset)
    whole = hashlib.sha256()
    for day in days:
        data = lake.path(asset, day).read_bytes()
        whole.update(f"{day} {hashlib.sha256(data).hexdigest()}\n".encode())
    first, last = (days[0], days[-1]) if days else (None, None)
    return {"days": len(days), "first": first, "last": last, "sha256": whole.hexdigest()}
