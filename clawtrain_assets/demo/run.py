"""The demo: the whole line over the sample history, with the embedded model, through Dagster."""

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path

from upath import UPath

from clawtrain_assets.core.lake import replace_bytes
from clawtrain_assets.core.privacy.denylist import Denylist
from clawtrain_assets.demo.history import write_sample_history
from clawtrain_assets.settings import SETTINGS_FILE, load_settings

DAYS = 5


def run_demo(directory: Path, say: Callable[[str], None]) -> None:
    """Run or continue the demo in ``directory``; raises ClawtrainError where a step fails."""
    started = time.monotonic()
    home = directory / "home"
    os.environ["CLAWTRAIN_HOME"] = str(home)
    last_day = _last_day(home)
    state_dir = directory / "openclaw"
    if not state_dir.exists():
        history = write_sample_history(state_dir, last_day)
        denylist = Denylist(**history.denylist).to_toml()
        replace_bytes(UPath(home / "denylist.toml"), denylist.encode())
    _write_settings(home, state_dir, last_day - timedelta(days=DAYS - 1))
    settings = load_settings()

    from clawtrain_assets.core import gate
    from clawtrain_assets.runs import Runs

    say("The judge and the candidate are a 135M model: the line is real, its scores mean nothing.")
    days = [(last_day - timedelta(days=back)).isoformat() for back in reversed(range(DAYS))]
    with Runs(settings) as runs:
        for day in days[:-1]:
            say(f"[{time.monotonic() - started:3.0f} s] {day}: archive, turns, scores, examples")
            for job in ("ingest", "score", "dataset"):
                runs.run(job, day)
        say(f"[{time.monotonic() - started:3.0f} s] {days[-1]}: the nightly, replay and pairs too")
        runs.run("nightly", days[-1])
        say(f"[{time.monotonic() - started:3.0f} s] release, review sample, reports, gate")
        for job in ("release", "gate"):
            runs.run(job)
    say("")
    say(gate.render_text(gate.current(settings)))
    say("")
    say(f"Sample history   {state_dir}")
    say(f"Tables           {settings.lake}")
    say(f"Release          {settings.releases}")
    say(f"Reports          {settings.reports}")
    say(f"Web UI           {sys.argv[0]} --home {home} up    then http://127.0.0.1:3000")


def _last_day(home: Path) -> date:
    """Yesterday, or the last day of the history an earlier demo wrote."""
    if (home / SETTINGS_FILE).exists():
        return load_settings().start_date + timedelta(days=DAYS - 1)
    return datetime.now(UTC).date() - timedelta(days=1)


def _write_settings(home: Path, state_dir: Path, first_day: date) -> None:
    target = home / SETTINGS_FILE
    if not target.exists():
        template = files("clawtrain_assets.templates").joinpath("demo.toml").read_text("utf-8")
        text = template.format(state_dir=state_dir.as_posix(), first_day=first_day.isoformat())
        replace_bytes(UPath(target), text.encode())
