"""What changed from one release to another: rows by id, settings, counts."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clawtrain_assets.core.dataset.release_files import LINEAGE, read_rows
from clawtrain_assets.core.dataset.released import Release, newest_release, open_release


@dataclass(frozen=True)
class Difference:
    """Ids that came, went, or changed side of the split; settings and counts that differ.

    ``rewritten`` are turns in both whose example is not the same: another scrub or context.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    rewritten: tuple[str, ...]
    moved: tuple[str, ...]
    settings: dict[str, tuple[Any, Any]]
    selection: dict[str, tuple[int, int]]


def compare(old: Release, new: Release) -> Difference:
    """Differences of ``new`` from ``old``; rows are matched by kind and turn."""
    before, after = _rows(old), _rows(new)
    shared = before.keys() & after.keys()
    counts_old, counts_new = old.manifest["selection"], new.manifest["selection"]
    settings_old, settings_new = old.manifest["settings"], new.manifest["settings"]
    return Difference(
        added=_ids(after, after.keys() - before.keys()),
        removed=_ids(before, before.keys() - after.keys()),
        rewritten=_ids(after, {k for k in shared if before[k]["id"] != after[k]["id"]}),
        moved=_ids(after, {k for k in shared if before[k]["split"] != after[k]["split"]}),
        settings={
            name: (settings_old.get(name), settings_new.get(name))
            for name in sorted(settings_old.keys() | settings_new.keys())
            if settings_old.get(name) != settings_new.get(name)
        },
        selection={
            name: (counts_old.get(name, 0), counts_new.get(name, 0))
            for name in sorted(counts_old.keys() | counts_new.keys())
            if counts_old.get(name, 0) != counts_new.get(name, 0)
        },
    )


def describe(releases_dir: Path, earlier: str) -> str:
    """The newest release beside an earlier one; raises ClawtrainError if either is missing."""
    new, old = newest_release(releases_dir), open_release(releases_dir, earlier)
    return render(old, new, compare(old, new))


def render(old: Release, new: Release, difference: Difference) -> str:
    """The difference for a terminal; ids only, no text."""
    lines = [f"{old.release_id} -> {new.release_id}"]
    for name in ("added", "removed", "rewritten", "moved"):
        ids = getattr(difference, name)
        lines.append(f"{name:<10} {len(ids)}" + (f"  {', '.join(ids[:5])}" if ids else ""))
    for name, (was, now) in {**difference.settings, **difference.selection}.items():
        lines.append(f"{name}: {was} -> {now}")
    return "\n".join(lines)


_Key = tuple[str, str]


def _rows(release: Release) -> dict[_Key, dict[str, Any]]:
    """Lineage by what a row is: an SFT example by its turn, a pair by its own id."""
    return {
        (row["kind"], row["turn_id"] if row["kind"] == "sft" else row["id"]): row
        for row in read_rows(release.path / LINEAGE)
    }


def _ids(rows: dict[_Key, dict[str, Any]], keys: set[_Key]) -> tuple[str, ...]:
    return tuple(sorted(rows[key]["id"] for key in keys))
