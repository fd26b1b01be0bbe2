"""Progress of a long batch as lines in the run's log."""

import logging
import time
from collections.abc import Callable

from clawtrain_assets.core.progress import Progress

EVERY_S = 30.0


def log_progress(log: logging.Logger) -> Callable[[Progress], None]:
    """A callback that logs at most every 30 seconds, and the last item always."""
    last = 0.0

    def report(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        if progress.left == 0 or now - last >= EVERY_S:
            last = now
            log.info(str(progress))

    return report
