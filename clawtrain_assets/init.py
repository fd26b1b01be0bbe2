"""The files a user edits, written once with every choice explained."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from upath import UPath

from clawtrain_assets.core.judging.rubric import write_default
from clawtrain_assets.core.lake import replace_bytes
from clawtrain_assets.settings import SETTINGS_FILE, home_directory


def write_files() -> Iterator[tuple[Path, bool]]:
    """Write what is missing; yields each path and whether it was written now.

    The home comes from CLAWTRAIN_HOME and not from the settings, which may be the broken file
    that the user is about to replace.
    """
    home = home_directory()
    templates = files("clawtrain_assets") / "templates"
    for name in (SETTINGS_FILE, "denylist.toml"):
        target = home / name
        missing = not target.exists()
        if missing:
            replace_bytes(UPath(target), (templates / name).read_bytes())
        yield target, missing
    rubric = home / "rubric.toml"
    missing = not rubric.exists()
    if missing:
        write_default(rubric)
    yield rubric, missing
