"""Progress people can see: a line in the run's log every 30 seconds, a live bar in a terminal."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from clawtrain_assets.core.metrics import write_metrics
from clawtrain_assets.core.progress import Progress, duration
from clawtrain_assets.settings import Price

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

EVERY_S = 30.0

_terminal: ContextVar["Bar | None"] = ContextVar("terminal", default=None)


@contextlib.contextmanager
def live_bar(console: "Console") -> Iterator[None]:
    """Inside, batches also show as a bar on ``console``; nothing happens if it is no terminal."""
    if not console.is_terminal:
        yield
        return
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}")
    with Bar(*columns, console=console, transient=True) as bar:
        token = _terminal.set(bar)
        try:
            yield
        finally:
            _terminal.reset(token)


def log_progress(
    log: logging.Logger,
    price: Price | None,
    metrics: Path,
    purpose: str,
    every_s: float = EVERY_S,
) -> Callable[[Progress], None]:
    """A callback for one batch, to be called inside a running event loop.

    It logs at the start, then every ``every_s`` seconds whether an item ended or not, and at the
    end, also when the run is cancelled. ``price`` is the reference model's.
    With each line it replaces the metrics of ``purpose`` in the folder ``metrics``.
    """
    return _Reporter(log, price, metrics, purpose, every_s, _terminal.get())


class _Reporter:
    def __init__(
        self,
        log: logging.Logger,
        price: Price | None,
        metrics: Path,
        purpose: str,
        every_s: float,
        bar: "Bar | None",
    ) -> None:
        self._metrics, self._purpose = metrics, purpose
        self._started = 0.0
        self._log, self._price, self._every_s = log, price, every_s
        self._bar = bar
        self._shown: TaskID | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._latest: Progress
        self._at = 0.0

    def __call__(self, progress: Progress) -> None:
        self._latest, self._at = progress, time.monotonic()
        if self._ticking is None:
            self._start()
        self._draw()
        if progress.left == 0:
            self._end()

    def _start(self) -> None:
        self._started = time.time()
        self._ticking = asyncio.get_running_loop().create_task(self._tick())
        if self._bar is not None:
            self._shown = self._bar.add_task("asking", said="")
        if self._latest.left:
            self._say()

    async def _tick(self) -> None:
        try:
            while True:
                await asyncio.sleep(self._every_s)
                self._say()
        except asyncio.CancelledError:
            self._end()  # the run was cancelled or has failed; nothing is done twice
            raise

    def _end(self) -> None:
        if self._ticking is None:
            return
        ticking, self._ticking = self._ticking, None
        ticking.cancel()
        self._say()
        if self._bar is not None and self._shown is not None:
            self._bar.remove_task(self._shown)

    def _say(self) -> None:
        silent_s = time.monotonic() - self._at
        waiting = f", nothing new for {duration(silent_s)}" if silent_s > self._every_s else ""
        self._log.info(self._latest.in_words(self._price) + waiting)
        try:
            write_metrics(self._metrics, self._purpose, self._latest, self._started)
        except OSError as error:  # the answers matter more than their count
            self._log.warning(f"The metrics cannot be written: {error.strerror}.")

    def _draw(self) -> None:
        if self._bar is None or self._shown is None:
            return
        progress = self._latest
        total = progress.done + progress.left
        left = f", {duration(progress.eta_s)} to go" if progress.eta_s is not None else ""
        errors = sum(progress.errors.values())
        said = f"{progress.done}/{total}, {progress.rate_per_s * 60:.0f}/min{left}, {errors} errors"
        self._bar.update(self._shown, total=total, completed=progress.done, said=said)
