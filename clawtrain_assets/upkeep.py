"""Commands for an installation that is kept for years."""

import sys
from pathlib import Path

import click

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
