"""Erasing a session from everything below CLAWTRAIN_HOME; releases are named, never changed.

The order makes a killed run repeatable: the archive goes first, so that nothing brings the session
back; ``raw_turns`` goes last, because it tells which turns the session had.
"""

import shutil
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from clawtrain_assets.core import schemas
from clawtrain_assets.core.dataset import neardup, release_files
from clawtrain_assets.core.dataset.formats import sharegpt_jsonl
from clawtrain_assets.core.dataset.reviews import forget_notes
from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.journal import Journal
from clawtrain_assets.core.lake import SPILL, WHOLE, Lake, replace_bytes
from clawtrain_assets.core.sessions import quarantine
from clawtrain_assets.core.sessions.archive import Archive
from clawtrain_assets.core.sessions.families import classify
from clawtrain_assets.core.sessions.sources import list_history
from clawtrain_assets.settings import Settings

_TURNS = "raw_turns"
_EXAMPLES = "sharegpt_dataset"


@dataclass
class Forgotten:
    """What was erased, and what is left for the user to decide."""

    session_id: str
    turns: int = 0
    files: int = 0
    shared_files: int = 0
    answers: int = 0
    notes: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    releases: dict[str, int] = field(default_factory=dict)
    forks: list[str] = field(default_factory=list)
    in_source: list[Path] = field(default_factory=list)


def forget_session(session_id: str, settings: Settings) -> Forgotten:
    """Erase a session from archive, tables, journal and review notes; list releases with it.

    Nothing else may be writing meanwhile. Can be repeated at any time, also after a crash. Raises
    ClawtrainError if neither the archive nor a table knows the session.
    """
    archive, lake = Archive(settings.archive), Lake(settings.lake)
    turns, sources = _turns_of(lake, session_id)
    if not turns and not archive.holds(session_id):
        raise ClawtrainError(
            f"There is no session {session_id}: take the id from the session_id column of "
            "raw_turns or of session_archive."
        )
    report = Forgotten(session_id, turns=len(turns))
    report.releases = dict(_releases(settings.releases, session_id, turns))
    erased = archive.forget(session_id)
    report.files, report.shared_files = len(erased.files), len(erased.shared)
    report.forks = sorted(set(erased.forks))
    with Journal(settings.journal) as journal:
        report.answers = journal.forget(turns)
    report.notes = forget_notes(settings.reviews, turns)
    _forget_quarantine(lake, session_id, {*erased.files, *sources}, report)
    _forget_rows(lake, session_id, turns, report)
    _sweep(lake, settings.releases)
    report.in_source = _in_source(settings, session_id, sources | set(erased.files))
    return report


def describe(report: Forgotten, settings: Settings) -> Iterator[str]:
    """What was done and what is left to do, a line each."""
    rows = ", ".join(f"{count} of {asset}" for asset, count in sorted(report.rows.items()))
    yield f"Session {report.session_id} is forgotten."
    yield f"Archive: {report.files} files erased, {report.shared_files} freed of what named it."
    yield f"Tables: {f'{rows} rows erased' if rows else 'no rows'}."
    yield f"Journal: {report.answers} answers erased. Reviews: {report.notes} notes emptied."
    if report.in_source:
        yield (
            f"OpenClaw still has it in {len(report.in_source)} files; they are passed over from "
            f"now on. To be rid of them too, delete them there: {_listed(report.in_source)}."
        )
    if report.forks:
        yield (
            "Sessions that were forked from it hold copies of its messages; forget them as well "
            f"if they must go: {_listed(report.forks)}."
        )
    for release_id, count in report.releases.items():
        yield (
            f"Release {release_id} holds {count} scrubbed examples of it and stays as it is: "
            f"build a new one with `clawtrain release`, delete {settings.releases / release_id}, "
            "and tell whoever has a copy."
        )


def _listed(values: Iterable[object]) -> str:
    return ", ".join(map(str, values))


def _turns_of(lake: Lake, session_id: str) -> tuple[set[str], set[str]]:
    """Ids of the session's turns in any table, and the files they were read from."""
    turns: set[str] = set()
    sources: set[str] = set()
    for asset, day in _partitions(lake):
        names = _columns(lake, asset, day)
        if not {"session_id", "turn_id"} <= names:
            continue
        wanted = ["session_id", "turn_id", *({"source_file"} & names)]
        table = lake.read(asset, day, wanted)
        own = table.filter(_is_session(table, session_id))
        turns.update(own["turn_id"].to_pylist())
        if "source_file" in names:
            sources.update(own["source_file"].to_pylist())
    return turns, sources


def _forget_quarantine(
    lake: Lake, session_id: str, sources: Collection[str], report: Forgotten
) -> None:
    """Rejected bytes of the session's own files, and those that name the session."""
    if not lake.exists(quarantine.TABLE):
        return
    rows = lake.read(quarantine.TABLE).to_pylist()
    name = session_id.lower().encode()
    kept = [
        row
        for row in rows
        if not (
            row["source_file"] in sources
            or _session_in_name(row["source_file"]) == session_id.lower()
            or name in bytes(row["raw"] or b"").lower()
        )
    ]
    if len(kept) != len(rows):
        report.rows[quarantine.TABLE] = len(rows) - len(kept)
        lake.write_rows(quarantine.TABLE, WHOLE, kept, schemas.QUARANTINE)


def _session_in_name(path: str) -> str | None:
    known = classify(path)
    return known.session_id if known else None


def _forget_rows(lake: Lake, session_id: str, turns: set[str], report: Forgotten) -> None:
    """Every table with a column of sessions or turns, whatever it is called."""
    for asset, day in sorted(_partitions(lake), key=lambda part: part[0] == _TURNS):
        names = _columns(lake, asset, day)
        if "session_id" in names:
            own = _is_session(lake.read(asset, day, ["session_id"]), session_id)
        elif "turn_id" in names:
            known = pa.array(sorted(turns), pa.string())
            own = pc.is_in(lake.read(asset, day, ["turn_id"])["turn_id"], known)
        else:
            continue
        count = pc.sum(own).as_py() or 0
        if count:
            report.rows[asset] += count
            _keep(lake, asset, day, pc.invert(own))


def _keep(lake: Lake, asset: str, day: str, kept: pa.ChunkedArray) -> None:
    """Replace a partition by some of its rows; what is made from it goes first."""
    table = lake.read(asset, day).filter(kept)
    if asset == _EXAMPLES:
        lines = lake.directory(asset, day) / "sharegpt.jsonl"
        replace_bytes(lines, sharegpt_jsonl(table.to_pylist()))
        bands = lake.path(neardup.ASSET, day)  # made anew by the next release
        bands.unlink(missing_ok=True)
    lake.write(asset, day, table)


def _is_session(table: pa.Table, session_id: str) -> pa.ChunkedArray:
    lower = pc.utf8_lower(table["session_id"])
    return pc.fill_null(pc.equal(lower, session_id.lower()), False)


def _partitions(lake: Lake) -> Iterator[tuple[str, str]]:
    for folder in sorted(lake.root.glob("*")):
        for day in lake.days(folder.name):
            yield folder.name, day


def _columns(lake: Lake, asset: str, day: str) -> set[str]:
    with lake.path(asset, day).open("rb") as stream:
        return set(pq.read_schema(stream).names)


def _releases(
    releases_dir: Path, session_id: str, turns: Collection[str]
) -> Iterator[tuple[str, int]]:
    """(release, examples and pairs of the session in it), by the releases' own lineage."""
    for lineage in sorted(releases_dir.glob(f"*/{release_files.LINEAGE}")):
        count = sum(
            row["turn_id"] in turns or str(row["session_id"]).lower() == session_id.lower()
            for row in release_files.read_rows(lineage)
        )
        if count and not lineage.parent.name.startswith("."):
            yield lineage.parent.name, count


def _sweep(lake: Lake, releases_dir: Path) -> None:
    """What killed writers left behind holds the same text as what they were writing."""
    for spilled in (lake.root / SPILL).glob("*"):
        spilled.unlink(missing_ok=True)
    for unfinished in lake.root.glob("*/day=*/*.tmp-*"):
        unfinished.unlink(missing_ok=True)
    for work in releases_dir.glob(".building-*"):
        shutil.rmtree(work, ignore_errors=True)


def _in_source(settings: Settings, session_id: str, known: Collection[str]) -> list[Path]:
    """Where OpenClaw still has the session."""
    sources = settings.sources
    return [
        found.root / found.path
        for found in list_history(sources.state_dirs, sources.lcm)
        if (found.session_id or "").lower() == session_id.lower()
        or (found.session_id is None and found.path in known)
    ]
