"""Errors as Dagster may keep them: it stores every message, and one may quote what was read."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import isgeneratorfunction
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import dagster as dg

from clawtrain_assets.core.errors import ClawtrainError

_P = ParamSpec("_P")
_T = TypeVar("_T")
_FOR_PEOPLE = (ClawtrainError, dg.DagsterError, dg.Failure, dg.RetryRequested)
_FRAMES = 12  # innermost calls named


class UnforeseenError(Exception):
    """An error that nobody wrote for people: its kind and where it came from, without its words."""


def discreet(step: Callable[_P, _T]) -> Callable[_P, _T]:
    """The function of an asset, check or sensor, whose unforeseen errors lose their message.

    Libraries quote values in theirs: a row that does not fit a schema, a parameter of a statement.
    ClawtrainError and Dagster's own are for people and pass, without the errors behind them.
    """

    @wraps(step)
    def called(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        with _without_words():
            return step(*args, **kwargs)

    @wraps(step)
    def iterated(*args: _P.args, **kwargs: _P.kwargs) -> Iterator[Any]:
        with _without_words():
            yield from cast(Iterator[Any], step(*args, **kwargs))

    return cast(Callable[_P, _T], iterated if isgeneratorfunction(step) else called)


@contextmanager
def _without_words() -> Iterator[None]:
    try:
        yield
    except _FOR_PEOPLE as error:
        _alone(error)
        raise
    except Exception as error:  # noqa: BLE001  whatever it is, its words stay here
        raise UnforeseenError(_told(error)) from None


def _alone(error: BaseException) -> None:
    """Cut the chain of causes, which Dagster stores as well, where errors for people end."""
    while isinstance(error.__cause__, _FOR_PEOPLE):
        error = error.__cause__
    error.__cause__ = None  # suppresses the context, too


def _told(error: Exception) -> str:
    calls = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = [f"{Path(call.filename).name}:{call.lineno} {call.name}" for call in calls]
    return f"{type(error).__name__} (its message may quote conversations) at {' > '.join(places)}"
