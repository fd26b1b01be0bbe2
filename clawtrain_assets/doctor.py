"""Every prerequisite, checked: one line each, and what to do about it."""

import asyncio
from collections.abc import Iterator

from clawtrain_assets.core.endpoints.preflight import Check, preflight
from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.lake import Lake
from clawtrain_assets.core.privacy.denylist import load_denylist
from clawtrain_assets.core.privacy.revealed import revealed
from clawtrain_assets.core.space import RESERVE_BYTES, free_bytes
from clawtrain_assets.settings import SETTINGS_FILE, Settings, load_settings

_READ_CHARS = 5_000_000  # of the newest turns, for what the denylist lacks: some 3 s


def examine() -> Iterator[Check]:
    """Settings first, since nothing else can be checked without them (raises UsageError)."""
    settings = load_settings()
    yield _settings_file(settings)
    yield _disk(settings)
    yield _sources(settings)
    yield _denylist(settings)
    yield _reviewers(settings)
    yield from asyncio.run(preflight(settings.judge, role="judge"))
    for candidate in settings.candidates:
        yield from asyncio.run(preflight(candidate, role="candidate"))


def _settings_file(settings: Settings) -> Check:
    file = settings.home / SETTINGS_FILE
    return Check("settings", file.exists(), str(file), "Run `clawtrain init` and edit the file.")


def _disk(settings: Settings) -> Check:
    free = free_bytes(settings.home)
    return Check(
        "disk",
        free >= RESERVE_BYTES,
        f"{free / 1e9:,.1f} GB free for {settings.home}",
        f"Free some space: below {RESERVE_BYTES / 1e6:.0f} MB no model is asked.",
    )


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
    if not file.exists():
        return Check(
            "denylist",
            False,
            "none: names and hosts cannot be found by pattern alone",
            f"Run `clawtrain init` and list your names, hosts and domains in {file}.",
        )
    listed = load_denylist(file)
    lake, allowed = Lake(settings.lake), settings.privacy.allowlist
    try:
        proposed = len(revealed(lake, listed, allowed, newest=_READ_CHARS))
    except ClawtrainError as error:
        return Check("denylist", False, "not compared with the turns in the lake", str(error))
    more = f"; {proposed} more proposed: `clawtrain denylist`" if proposed else ""
    return Check("denylist", True, f"{file}, {len(listed)} values{more}", "")


def _reviewers(settings: Settings) -> Check:
    names = settings.review.reviewers
    return Check(
        "reviewers",
        bool(names),
        ", ".join(names) or "none: the gate's human review cannot pass",
        f"Name them under [review] reviewers in {settings.home / SETTINGS_FILE}.",
    )
