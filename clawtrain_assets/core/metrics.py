"""How far a batch is, as a file Prometheus can read: ids and numbers only."""

import time
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from clawtrain_assets.core.lake import make_private
from clawtrain_assets.core.progress import Progress


def write_metrics(directory: Path, purpose: str, progress: Progress, started: float) -> None:
    """Replace ``clawtrain_<purpose>.prom`` in ``directory`` at once; a reader never sees half.

    ``started`` is in seconds since 1970. The label ``purpose`` keeps the files of several
    purposes apart when one collector reads them all.
    """
    registry = CollectorRegistry()

    def gauge(name: str, meaning: str, value: float) -> None:
        metric = Gauge(f"clawtrain_{name}", meaning, ["purpose"], registry=registry)
        metric.labels(purpose).set(value)

    gauge("items_done", "Items of the batch that ended, well or not", progress.done)
    gauge("items_asked", "Items done that the journal did not answer", progress.asked)
    gauge("items_left", "Items of the batch not yet done", progress.left)
    gauge("items_per_second", "Items asked a second since the start", progress.rate_per_s)
    gauge("tokens_read", "Prompt tokens of the items done", progress.prompt_tokens)
    gauge("tokens_written", "Output tokens of the items done", progress.output_tokens)
    gauge("started_timestamp_seconds", "When the batch started", started)
    gauge("updated_timestamp_seconds", "When this file was written", time.time())
    failed = Gauge(
        "clawtrain_items_failed", "Items failed", ["purpose", "error"], registry=registry
    )
    for name, count in progress.errors.items():
        failed.labels(purpose, name).set(count)
    make_private(directory)
    path = directory / f"clawtrain_{purpose}.prom"
    write_to_textfile(str(path), registry)
    path.chmod(0o600)
