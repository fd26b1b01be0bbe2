"""``clawtrain``: the command line. Each command hands over to the module that does the work.

Exit status: 0 done, 1 the work failed, 2 wrong use. Errors are one sentence on stderr.
Modules are imported inside the commands, so that ``status`` does not wait for Dagster.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from clawtrain_assets import upkeep
from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.space import FULL, is_full

_DIRECTORY = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)


class _Commands(click.Group):
    """Turns the errors a user is meant to read into a sentence and an exit status."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ClawtrainError as error:
            click.echo(f"clawtrain: {error}", err=True)
            ctx.exit(error.exit_status)
        except Exception as error:
            if not is_full(error):
                raise
            click.echo(f"clawtrain: {FULL}", err=True)
            ctx.exit(1)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="clawtrain")
@click.option(
    "--home",
    type=_DIRECTORY,
    help="CLAWTRAIN_HOME for this command: settings, archive, tables, journal, releases.",
)
def main(home: Path | None) -> None:
    """Turn an OpenClaw agent's real work into training data you can trust."""
    # What this process and those it starts create is for the owner alone, Dagster's files too.
    os.umask(0o077)
    if home:
        os.environ["CLAWTRAIN_HOME"] = str(home.expanduser().absolute())


@main.command()
def init() -> None:
    """Write the settings, rubric and denylist files for you to edit; existing ones are kept."""
    from clawtrain_assets.init import write_files

    for path, written in write_files():
        click.echo(f"{'written' if written else 'kept   '} {path}")


@main.command()
@click.option(
    "--dir",
    "directory",
    type=_DIRECTORY,
    default=Path(".demo"),
    show_default=True,
    help="Where the sample history and its CLAWTRAIN_HOME go.",
)
def demo(directory: Path) -> None:
    """Run the whole line on an invented history with the embedded model."""
    from clawtrain_assets.demo.run import run_demo

    run_demo(directory.absolute(), click.echo)


@main.command()
@click.option("--port", default=3000, show_default=True, help="Port of the web UI on 127.0.0.1.")
def up(port: int) -> None:
    """Start the Dagster web UI and daemon on 127.0.0.1; Ctrl-C stops both."""
    from clawtrain_assets.instance.pools import pools
    from clawtrain_assets.instance.prepare import prepare_instance, write_workspace
    from clawtrain_assets.instance.up import run_up
    from clawtrain_assets.settings import load_settings

    settings = load_settings()
    prepare_instance(settings.home, pools(settings))
    run_up(settings.home, port, write_workspace(settings.home))


@main.command()
@click.option(
    "--queue",
    "queues",
    multiple=True,
    default=("dagster",),
    show_default=True,
    help="Whose runs to take; may be repeated. `home` on the machine with the agents' histories.",
)
@click.option("--slots", default=1, show_default=True, help="Runs at a time.")
@click.option("--name", default="clawtrain", show_default=True, help="Unique on this machine.")
def worker(queues: tuple[str, ...], slots: int, name: str) -> None:
    """Execute runs of a cluster on this machine (docs/cluster.md) until stopped."""
    from clawtrain_assets.instance.worker import become_worker
    from clawtrain_assets.settings import load_settings

    become_worker(load_settings().home, queues, slots, name)


@main.command()
def doctor() -> None:
    """Check every prerequisite, one line each, with what to do."""
    from clawtrain_assets.doctor import examine

    healthy = True
    for check in examine():
        healthy &= check.ok
        click.echo(f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.detail}")
        if not check.ok:
            click.echo(f"     -> {check.fix}")
    sys.exit(0 if healthy else 1)


@main.command()
@click.option(
    "--openclaw",
    "state_dirs",
    type=_DIRECTORY,
    multiple=True,
    help="State directory or directory of session files; may be repeated.",
)
@click.option("--lcm", type=_FILE, help="lcm.db to join.")
@click.option("--out", type=_DIRECTORY, required=True, help="Where the per-day JSONL goes.")
def turns(state_dirs: tuple[Path, ...], lcm: Path | None, out: Path) -> None:
    """Write every assistant turn as per-day JSONL, without archive, lake or Dagster."""
    from clawtrain_assets.core.errors import UsageError
    from clawtrain_assets.core.sessions.export import export_turns
    from clawtrain_assets.settings import load_settings

    if not state_dirs and lcm is None:
        raise UsageError("Name a state directory with --openclaw DIR, a database with --lcm FILE.")
    click.echo(export_turns(state_dirs, lcm, out, load_settings()))


@main.command()
@click.option("--jsonl", is_flag=True, required=True, help="Read {id,text} lines from stdin.")
@click.option("--denylist", type=_FILE, help="Your own values; default: the configured file.")
def scrub(jsonl: bool, denylist: Path | None) -> None:
    """Scrub {id,text} lines from stdin to stdout."""
    from clawtrain_assets.core.privacy.denylist import load_denylist
    from clawtrain_assets.core.privacy.key import load_or_create_key
    from clawtrain_assets.core.privacy.scrub import Scrubber
    from clawtrain_assets.core.privacy.stream import scrub_jsonl
    from clawtrain_assets.settings import load_settings

    settings = load_settings()
    named = denylist or settings.privacy.denylist
    scrubber = Scrubber(
        load_denylist(named or settings.denylist_file, missing_ok=named is None),
        settings.privacy.allowlist,
        load_or_create_key(settings.home),
    )
    for line in scrub_jsonl(sys.stdin.buffer, scrubber):
        sys.stdout.buffer.write(line)


@main.command()
@click.option("--add", is_flag=True, help="Ask for each kind and add what you confirm.")
def denylist(add: bool) -> None:
    """Show, as TOML, what your sessions reveal that the denylist does not name yet."""
    from clawtrain_assets.denylisting import add_confirmed, proposed
    from clawtrain_assets.settings import load_settings

    settings = load_settings()
    found = proposed(settings)
    if add:
        add_confirmed(settings, found)
    else:
        click.echo(found.to_toml(), nl=False)


@main.command()
@click.argument("which", metavar="[ID]", required=False)
def quarantine(which: str | None) -> None:
    """List what was held back from the dataset, and why; with an ID, show its text here."""
    from clawtrain_assets.held_back import held_back, listed, show
    from clawtrain_assets.settings import load_settings

    settings = load_settings()
    if which is None:
        for line in listed(held_back(settings)):
            click.echo(line)
    else:
        show(settings, which)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def status(as_json: bool) -> None:
    """The Phase 5 gate as it stands."""
    from clawtrain_assets.core import gate
    from clawtrain_assets.settings import load_settings

    verdicts = gate.current(load_settings())
    if as_json:
        click.echo(json.dumps(gate.as_status(verdicts)))
    else:
        click.echo(gate.render_text(verdicts))


@main.command()
@click.option("--reviewer", help="Your name as listed in the settings, if there are several.")
@click.option("--web", is_flag=True, help="In the browser instead of the terminal.")
@click.option("--port", type=int, default=0, help="Port of the page; default: a free one.")
@click.option("--lan", is_flag=True, help="Let a phone on this network open the page, by its link.")
def review(reviewer: str | None, web: bool, port: int, lan: bool) -> None:
    """Review the random sample of the newest release."""
    from clawtrain_assets.settings import load_settings

    if web or lan:
        from clawtrain_assets.review.server import serve_review

        serve_review(load_settings(), reviewer, click.echo, port, lan)
        return
    from clawtrain_assets.review.terminal import review_newest

    review_newest(load_settings(), reviewer)


@main.command()
@click.option("--approve", is_flag=True, help="Approve the newest release; refused while closed.")
@click.option("--diff", "earlier", metavar="ID", help="Compare the newest with an earlier one.")
def release(approve: bool, earlier: str | None) -> None:
    """Seal a release of all days and draw its review sample."""
    from clawtrain_assets.settings import load_settings

    settings = load_settings()
    if earlier:
        from clawtrain_assets.core.dataset.difference import describe

        click.echo(describe(settings.releases, earlier))
        return
    if approve:
        from clawtrain_assets.core import gate

        click.echo(gate.approve_newest(settings))
        return
    from clawtrain_assets.runs import Runs

    with Runs(settings) as runs:
        runs.run("release")
        runs.run("gate")
    newest = (settings.releases / "newest").read_text()
    click.echo(f"Release {newest.strip()} is in {settings.releases}.")


@main.command()
@click.option("--day", "days", multiple=True, metavar="YYYY-MM-DD", help="May be repeated.")
def score(days: tuple[str, ...]) -> None:
    """Judge days that are extracted: all of them, or those named. Goes on where it was stopped."""
    from clawtrain_assets.core.errors import UsageError
    from clawtrain_assets.core.lake import Lake
    from clawtrain_assets.settings import load_settings

    settings = load_settings()
    known = Lake(settings.lake).days("raw_turns")
    missing = sorted(set(days) - set(known))
    if missing or not known:
        raise UsageError(
            f"Not extracted yet: {', '.join(missing) or 'any day'}. Materialize raw_turns first "
            "(clawtrain up)."
        )
    from clawtrain_assets.runs import Runs

    with Runs(settings) as runs:
        for day in sorted(days) or known:
            runs.run("score", day)
            click.echo(f"{day} is judged.")
        runs.run("gate")
    click.echo(f"The judge's scores are shown in {settings.reports / 'judge.html'}.")


for command in upkeep.COMMANDS:
    main.add_command(command)


if __name__ == "__main__":
    main()
