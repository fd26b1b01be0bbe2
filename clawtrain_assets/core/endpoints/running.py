"""Work over many items, as many at a time as the endpoint serves and one more."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


async def run_all(
    items: Iterable[T],
    work: Callable[[T], Awaitable[R]],
    slots: int,
    on_done: Callable[[T, R], None],
) -> None:
    """``work`` for every item, ``slots + 1`` in flight; ``on_done`` as each one ends.

    Items are taken one by one, so ten million cost no more memory than ten. The first exception
    cancels what is in flight, waits for it to end, and is raised.
    """
    source = iter(items)
    workers = [asyncio.create_task(_drain(source, work, on_done)) for _ in range(slots + 1)]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


async def _drain(
    source: Iterator[T], work: Callable[[T], Awaitable[R]], on_done: Callable[[T, R], None]
) -> None:
    for item in source:
        on_done(item, await work(item))
