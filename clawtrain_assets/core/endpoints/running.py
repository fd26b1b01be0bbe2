"""Work over many items, as many at a time as keep the endpoint full."""

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
    """``work`` for every item, ``4 * slots`` at a time; ``on_done`` as each one ends.

    A fleet gives each host no more than ``host.requests_at_once``; the rest have their prompt
    ready, or wait for the journal to write the answer before, so that no slot waits for either
    even when the disk is slow.
    Items are taken one by one, so ten million cost no more memory than ten. The first exception
    cancels what is in flight, waits for it to end, and is raised.
    """
    source = iter(items)
    workers = [asyncio.create_task(_drain(source, work, on_done)) for _ in range(4 * slots)]
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
