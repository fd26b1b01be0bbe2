"""Commands for an installation that is kept for years: what it holds, erasing it, saving it."""

import json
import sys
from pathlib import Path

import click

_DIRECTORY = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_FILE)
def backup(file: Path) -> None:
    """Copy CLAWTRAIN_HOME into one file; runs may go on meanwhile."""
    from clawtrain_assets.core.backup import write_backup
    from clawtrain_assets.settings import load_settings

    settings = load_settings()
    done = write_backup(settings.home, file)
    click.echo(
        f"{done.files:,} files ({done.bytes / 1e6:,.0f} MB) are in {file}. It holds your "
        "conversations and the pseudonym key: keep it as safe as the original."
    )
    for elsewhere in (settings.lake_url, settings.journal_url):
        if elsewhere:
            # What follows the scheme may be a password.
            kind = elsewhere.partition(":")[0]
            click.echo(f"Not in it: what the settings keep elsewhere ({kind}). Back that up too.")


@click.command()
@click.argument("file", type=_FILE)
def restore(file: Path) -> None:
    """Bring a backup back into an empty CLAWTRAIN_HOME."""
    from clawtrain_assets.core.backup import restore_backup
    from clawtrain_assets.settings import home_directory

    home = home_directory()
    done = restore_backup(file, home)
    click.echo(f"{done.files:,} files ({done.bytes / 1e6:,.0f} MB) are in {home}.")


@click.command()
@click.option("--port", default=3000, show_default=True, help="Port of the web UI on 127.0.0.1.")
def unit(port: int) -> None:
    """Print a systemd user unit that keeps `clawtrain up` running."""
    from importlib import resources

    from clawtrain_assets.settings import home_directory

    template = resources.files("clawtrain_assets.instance").joinpath("clawtrain.service")
    text = template.read_text(encoding="utf-8")
    # systemd reads % as the start of a specifier, also inside quotes.
    home, python = (str(path).replace("%", "%%") for path in (home_directory(), sys.executable))
    click.echo(text.format(home=home, python=python, port=port), nl=False)


@click.group()
def archive() -> None:
    """What was captured of your agent's history, as it was at any capture."""


@archive.command("list")
@click.argument("path", default="")
def list_archive(path: str) -> None:
    """List every state of the files whose path contains PATH: from, until, bytes, path."""
    from clawtrain_assets.core.sessions.archive import Archive
    from clawtrain_assets.core.sessions.restoring import describe, states_of
    from clawtrain_assets.settings import load_settings

    settings = load_settings()
    for line in describe(states_of(Archive(settings.archive), path), settings.zone):
        click.echo(line)


@archive.command("restore")
@click.argument("path", default="")
@click.option("--at", metavar="TIME", help="As it was then; default: as it was last.")
@click.option("--out", type=_DIRECTORY, required=True, help="Where the files go.")
def restore_archive(path: str, at: str | None, out: Path) -> None:
    """Restore the files whose path contains PATH (all, if there is none) as they were at TIME."""
    from clawtrain_assets.core.sessions.archive import Archive
    from clawtrain_assets.core.sessions.restoring import chosen, moment_of, restore, states_of
    from clawtrain_assets.settings import load_settings

    settings = load_settings()
    held = Archive(settings.archive)
    moment = moment_of(at, settings.zone) if at is not None else None
    for target in restore(held, chosen(states_of(held, path), moment), out):
        click.echo(target)


@click.command()
@click.option("--export", "purpose", help="Write all answers of one purpose as JSON lines.")
@click.option("--json", "as_json", is_flag=True, help="The table as JSON lines.")
@click.option(
    "--forget-errors", "retried", metavar="PURPOSE", help="Let its errors be asked again."
)
def journal(purpose: str | None, as_json: bool, retried: str | None) -> None:
    """What models have answered so far, by purpose, model and day."""
    from clawtrain_assets.core.errors import UsageError
    from clawtrain_assets.core.journal import Journal
    from clawtrain_assets.core.journal.table import render
    from clawtrain_assets.settings import load_settings

    with Journal(load_settings().journal) as entries:
        summary = entries.summary()
        known = sorted({row["purpose"] for row in summary})
        for named in (retried, purpose):
            if named is not None and named not in known:
                raise UsageError(
                    f"The journal has no answers for {named!r}; it has: "
                    f"{', '.join(known) or 'none at all'}."
                )
        if retried is not None:
            deleted = entries.forget_errors(retried)
            click.echo(f"{deleted} errors of {retried} deleted; the next run asks again.")
        elif purpose is None and not as_json:
            click.echo(render(summary))
        else:
            for row in entries.export(purpose) if purpose else summary:
                click.echo(json.dumps(row, ensure_ascii=False))


@click.command()
@click.argument("session")
@click.option("--yes", is_flag=True, help="Do not ask in a terminal.")
def forget(session: str, yes: bool) -> None:
    """Erase a session from archive, tables, journal and notes; list releases that hold it."""
    from clawtrain_assets.core.forget import describe, forget_session
    from clawtrain_assets.runs import require_rest
    from clawtrain_assets.settings import load_settings

    settings = load_settings()
    require_rest(settings)
    if sys.stdin.isatty() and not yes:
        click.confirm(f"Erase session {session}? This cannot be undone.", abort=True)
    for line in describe(forget_session(session, settings), settings):
        click.echo(line)
    require_rest(settings)  # one that began meanwhile may have read what is now erased


COMMANDS = (archive, journal, forget, backup, restore, unit)
