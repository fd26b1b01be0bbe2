"""What failed steps said, read back from Dagster's record of their errors."""

from collections.abc import Iterator
from typing import NamedTuple

import dagster as dg

from clawtrain_assets.core.errors import ClawtrainError


class StepFailure(NamedTuple):
    """A step's own error: ``sentence`` of a ClawtrainError; of any other ``words``, its message."""

    step: str
    kind: str
    words: str
    sentence: str | None


def step_failure(event: dg.DagsterEvent) -> StepFailure:
    """The ClawtrainError a step failed with, or the innermost cause of its error."""
    error = event.step_failure_data.error
    step, readable = str(event.step_key), set(_names(ClawtrainError))
    if error is None:
        return StepFailure(step, "no error", "it left no error", None)
    while error.cause and error.cls_name not in readable:
        error = error.cause
    kind = str(error.cls_name)
    words = error.message.strip().partition(f"{kind}: ")[2] or error.message.strip()
    return StepFailure(step, kind, words, words if kind in readable else None)


def _names(kind: type[Exception]) -> Iterator[str]:
    yield kind.__name__
    for below in kind.__subclasses__():
        yield from _names(below)
