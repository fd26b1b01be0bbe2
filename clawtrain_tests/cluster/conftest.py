"""What these tests stand on, started by them on loopback. Run with ``make test-cluster``."""

import signal
from collections.abc import Iterator
from types import FrameType

import pytest

from clawtrain_tests.cluster.services import ObjectStore, Postgres


@pytest.fixture(scope="session", autouse=True)
def _ended_by_a_signal() -> None:
    """What was started ends with the tests, also when they are terminated."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)


@pytest.fixture(scope="session")
def object_store() -> Iterator[ObjectStore]:
    with ObjectStore() as store:
        yield store


@pytest.fixture
def bucket(object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty bucket's URL; the environment holds what is needed to reach it."""
    for name, value in object_store.environment.items():
        monkeypatch.setenv(name, value)
    return object_store.new_bucket()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with Postgres() as server:
        yield server
