"""What these tests stand on, started by them on loopback. Run with ``make test-cluster``."""

from collections.abc import Iterator

import pytest

from clawtrain_tests.cluster.services import ObjectStore, Postgres


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
