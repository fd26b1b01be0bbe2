"""`clawtrain denylist`: values to list, shown to the user alone and added when confirmed."""

from dataclasses import fields
from functools import partial

import click

from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.privacy.denylist import Denylist, add_to_denylist, load_denylist
from clawtrain_assets.core.privacy.revealed import revealed
from clawtrain_assets.settings import Settings


def proposed(settings: Settings) -> Denylist:
    """What all turns read so far reveal; raises ClawtrainError if none was read."""
    lake, file = Lake(settings.lake), settings.denylist_file
    if not lake.days("raw_turns"):
        raise ClawtrainError(
            "No turn has been read yet: materialize session_archive and raw_turns first "
            "(clawtrain up)."
        )
    listed = load_denylist(file, missing_ok=True)
    return revealed(lake, listed, settings.privacy.allowlist)


def add_confirmed(settings: Settings, found: Denylist) -> None:
    """Ask for each kind which values to list, and write them once all are answered."""
    chosen: dict[str, tuple[str, ...]] = {}
    for kind in fields(Denylist):
        values: tuple[str, ...] = getattr(found, kind.name)
        if values:
            click.echo(f"{kind.name}:")
            for number, value in enumerate(values, 1):
                click.echo(f"  {number:3} {value}")
            chosen[kind.name] = click.prompt(
                "Add which (all, none, or numbers such as 1 3 5-7)",
                default="none",
                value_proc=partial(_picked, values),
            )
    added = Denylist(**chosen)
    if added:
        add_to_denylist(settings.denylist_file, added)
    click.echo(f"{len(added)} values added to {settings.denylist_file}.")


def _picked(values: tuple[str, ...], text: str) -> tuple[str, ...]:
    if text in ("all", "none"):
        return values if text == "all" else ()
    numbers: set[int] = set()
    for part in text.replace(",", " ").split():
        first, _, last = part.partition("-")
        try:
            numbers.update(range(int(first), int(last or first) + 1))
        except ValueError:
            raise click.BadParameter(f"{part!r} is neither a number nor a range.") from None
    if not numbers <= set(range(1, len(values) + 1)):
        raise click.BadParameter(f"The numbers go from 1 to {len(values)}.")
    return tuple(values[number - 1] for number in sorted(numbers))
