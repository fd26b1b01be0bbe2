"""The journal as its users see it."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import sqlalchemy as sa

from clawtrain_assets.core.errors import ClawtrainError
from clawtrain_assets.core.journal import store
from clawtrain_assets.core.journal.database import in_transaction, open_engine, overwrite_deleted
from clawtrain_assets.core.journal.owner import new_owner
from clawtrain_assets.core.journal.store import Answer, Key
from clawtrain_assets.core.journal.writer import Writer
from clawtrain_assets.core.space import require_space

T = TypeVar("T")

# Longer than a database may be away (PATIENCE_S) and the claim was not renewed before that.
_LEASE_S = 60.0
_POLL_S = 0.5


class Journal:
    """Answers by key, shared by every run on the same database; a context manager.

    A key has one answer: the first that is put stays. Two runs at once ask each question once,
    because ``once`` claims the key before asking. The claim is a row that the journal's writer
    renews; it is void when its process is gone or, from another machine, a minute after the last
    renewal (clocks of machines that share a journal must agree to within seconds).
    """

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url, store.metadata)
        self._reader = self._engine.execution_options(read_only=True)
        self._serial = self._engine.dialect.name == "sqlite"  # one writer at a time
        named = self._engine.url.database if self._serial else None
        self._file = Path(named) if named else None
        self._owner = new_owner()
        self._claimants = itertools.count()  # each question's claim has an owner of its own
        self._writer = Writer(self._engine, self._renew, _LEASE_S / 3)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Write what is waiting, give all claims back, disconnect."""
        self._writer.submit(lambda connection: store.release_all(connection, self._owner))
        self._writer.close()
        self._engine.dispose()

    def get(self, keys: Iterable[Key]) -> dict[Key, Answer]:
        """The answers there are, by key; also those that are errors of their item."""
        wanted = list(keys)
        return self._read(lambda connection: store.read_answers(connection, wanted))

    def put(self, key: Key, answer: Answer) -> None:
        """Keep an answer; on return it is on disk. Raises ClawtrainError if it cannot be."""
        self._put(key, answer).result()

    async def aput(self, key: Key, answer: Answer) -> None:
        """Like ``put``; answers that arrive together share a commit."""
        await asyncio.wrap_future(self._put(key, answer))

    async def once(
        self, key: Key, ask: Callable[[], Awaitable[Answer]], *, may_wait: bool = False
    ) -> Answer:
        """The answer to ``key``; asks only if nobody did and nobody is asking now.

        ``may_wait``: it need not be asked before another answer has come, whose commit then
        carries the claim. Raises ClawtrainError if the disk is so full that the answer might not
        fit.
        """
        claimant = f"{self._owner}/{next(self._claimants)}"
        while True:
            try:
                held, answer = await asyncio.wrap_future(self._claim(key, claimant, may_wait))
            except asyncio.CancelledError:  # the writer may still take the claim for nobody
                self._release(key, claimant)
                raise
            if answer is not None:
                return answer
            if held:
                break
            await asyncio.sleep(_POLL_S)
        try:
            if self._file is not None:
                require_space(self._file)
            answer = await ask()
        except BaseException:
            self._release(key, claimant)
            raise
        await self.aput(key, answer)
        return answer

    def summary(self) -> list[dict[str, Any]]:
        """Per purpose, model and UTC day: answers, errors, tokens and seconds of the endpoint."""
        return self._read(store.summarize)

    def export(self, purpose: str) -> Iterator[dict[str, Any]]:
        """Every answer of a purpose, oldest first, with the parts of its key."""
        with self._reader.begin() as connection:
            yield from store.read_all(connection, purpose)

    def forget(self, turn_ids: Collection[str]) -> int:
        """Delete all answers about these turns, also from the disk; returns how many."""
        deleted = self._delete(lambda c: store.delete_turns(c, turn_ids))
        overwrite_deleted(self._engine)
        return deleted

    def forget_errors(self, purpose: str) -> int:
        """Delete the answers that are errors, so that the next run asks again; returns how many."""
        return self._delete(lambda c: store.delete_errors(c, purpose))

    def _delete(self, operation: Callable[[Any], int]) -> int:
        deleted: int = self._writer.submit(operation).result()
        return deleted

    def _put(self, key: Key, answer: Answer) -> "Future[None]":
        return self._writer.submit(lambda c: store.insert_answer(c, key, answer))

    def _release(self, key: Key, claimant: str) -> None:
        digest = key.digest
        self._writer.submit(lambda c: store.release(c, digest, claimant), durable=False)

    def _claim(
        self, key: Key, claimant: str, may_wait: bool
    ) -> "Future[tuple[bool, Answer | None]]":
        def attempt(connection: Any) -> tuple[bool, Answer | None]:
            known = store.find_answer(connection, key)
            if known is not None:
                return False, known
            held = store.claim(connection, key.digest, claimant, time.time() + _LEASE_S)
            if held and not self._serial:
                # Another writer may have answered and given its claim back in between.
                known = store.find_answer(connection, key)
            if held and known is not None:
                store.release(connection, key.digest, claimant)
            return held, known

        return self._writer.submit(attempt, durable=False, may_wait=may_wait)

    def _read(self, operation: Callable[[Any], T]) -> T:
        try:
            return in_transaction(self._reader, operation)
        except sa.exc.DBAPIError as error:
            raise ClawtrainError(
                f"The journal cannot be read ({type(error.orig).__name__}): check that its "
                "database answers, then start again; answers already saved are kept."
            ) from error

    def _renew(self, connection: Any) -> None:
        store.renew(connection, self._owner, time.time() + _LEASE_S)
