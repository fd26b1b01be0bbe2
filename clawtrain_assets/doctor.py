"""Every prerequisite, checked: one line each, and what to do about it."""

import asyncio
from collections.abc import Iterator

from clawtrain_assets.core.endpoints.preflight import Check, preflight
from clawtrain_assets.settings import SETTINGS_FILE, Settings, load_settings


def examine() -> Iterator[Check]:
    """Settings first, since nothing else can be checked without them (raises UsageError)."""
    settings = load_settings()
    yield _settings_file(settings)
    yield _sources(settings)
    yield _denylist(settings)
    yield _reviewers(settings)
    yield from asyncio.run(preflight(settings.judge, role="judge"))
    for candidate in settings.candidates:
        yield from asyncio.run(preflight(candidate, role="candidate"))


def _settings_file(settings: Settings) -> Check:
    file = settings.home / SETTINGS_FILE
    return Check("settings", file.exists(), str(file), "Run `clawtrain init` and edit the file.")


def _sources(settings: Settings) -> Check:
    found = [path for path in settings.sources.state_dirs if path.is_dir()]
    return Check(
        "history",
        bool(found),
        ", ".join(map(str, found)) or "no state directory found",
        f"Name yours under [sources] state_dirs in {settings.home / SETTINGS_FILE}.",
    )


def _denylist(settings: Settings) -> Check:
    file = settings.denylist_file
    return Check(
        "denylist",
        file.exists(),
        str(file) if file.exists() else "none: names and hosts cannot be found by pattern alone",
        f"Run `clawtrain init` and list your names, hosts and domains in {file}.",
    )


def _reviewers(settings: Settings) -> Check:
    names = settings.review.reviewers
    return Check(
        "reviewers",
        bool(names),
        ", ".join(names) or "none: the gate's human review cannot pass",
        f"Name them under [review] reviewers in {settings.home / SETTINGS_FILE}.",
    )
