"""One thread that writes the journal: what arrives while a commit runs shares the next one."""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, NamedTuple

import sqlalchemy as sa

from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.journal.database import in_transaction

_BATCH = 500  # operations per commit
_COMPANY_S = 1.0  # what may wait for company waits so long for it

Operation = Callable[[sa.Connection], Any]


class _Job(NamedTuple):
    operation: Operation
    done: "Future[Any]"
    durable: bool
    may_wait: bool


class Writer:
    """Runs operations in the order they were submitted; a future resolves after the commit.

    An operation may run again if the database's server went away before it said that it committed.

    A commit waits for the disk if one of its operations is durable; those that are not (claims,
    which a power cut makes void anyway) are on disk with the next one that is. Operations that
    may wait are committed with the next one that may not, or after a second: half the commits,
    which are most of what the journal costs.
    ``idle`` runs at least every ``idle_s`` seconds in a transaction of its own, not durable.
    """

    def __init__(self, engine: sa.Engine, idle: Operation, idle_s: float) -> None:
        self._engine = engine
        self._hasty = engine.execution_options(durable=False)
        self._idle = idle
        self._idle_s = idle_s
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def submit(
        self, operation: Operation, *, durable: bool = True, may_wait: bool = False
    ) -> "Future[Any]":
        job = _Job(operation, Future(), durable, may_wait)
        self._jobs.put(job)
        return job.done

    def close(self) -> None:
        """Write what was submitted, then stop."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        idle_due = time.monotonic() + self._idle_s
        closing = False
        while not closing:
            batch, closing = self._collect(max(0.0, idle_due - time.monotonic()))
            self._commit(batch)
            if time.monotonic() >= idle_due:
                self._commit([_Job(self._idle, Future(), durable=False, may_wait=False)])
                idle_due = time.monotonic() + self._idle_s

    def _collect(self, timeout_s: float) -> tuple[list[_Job], bool]:
        """What is waiting, after waiting for the first; True once ``close`` was reached."""
        batch: list[_Job] = []
        try:
            job = self._jobs.get(timeout=timeout_s)
            while job is not None:
                batch.append(job)
                if len(batch) == _BATCH:
                    return batch, False
                alone = all(job.may_wait for job in batch)
                job = self._jobs.get(timeout=_COMPANY_S if alone else 0.0)
        except queue.Empty:
            return batch, False
        return batch, True

    def _commit(self, batch: list[_Job]) -> None:
        if not batch:
            return
        try:
            engine = self._engine if any(job.durable for job in batch) else self._hasty
            results = in_transaction(engine, lambda c: [job.operation(c) for job in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is, the askers must hear of it
            cause = type(getattr(error, "orig", error)).__name__
            failure = ClawtrainError(
                f"The journal cannot be written ({cause}): check that its disk has space and is "
                "writable and that its server, if it has one, answers; then start again: answers "
                "already saved are kept."
            )
            for job in batch:
                if job.done.set_running_or_notify_cancel():  # else nobody waits any more
                    job.done.set_exception(failure)
            return
        for job, result in zip(batch, results, strict=True):
            if job.done.set_running_or_notify_cancel():  # else nobody waits any more
                job.done.set_result(result)
