"""Gives the contract suite a store of every kind there is, empty and at a time that stands until it is moved.

A test that asks for the ``database`` of its store is about the file of SQLite, and runs on that alone.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from shutil import copy

import pytest

from tests.contract.builders import START, Scene
from tests.kit.clock_and_chance import MovableClock, SeededEntropy
from tests.kit.postgres_databases import PostgresClock, PostgresDatabases
from tests.kit.stores import open_store_at
from watchword.adapters.key_set import KeySet
from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.sqlite.schema import migrate
from watchword.ports.store.values import Lesson

OpenStore = Callable[[], Awaitable[RowStore]]
"""Opens the same store again, as a restart does; whoever opens one closes it."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have every test that asks for a store run on every kind of store."""
    if "place" in metafunc.fixturenames:
        kinds = ["sqlite"] if "database" in metafunc.fixturenames else ["sqlite", "postgres"]
        metafunc.parametrize("place", kinds, indirect=True)


@pytest.fixture
def entropy() -> SeededEntropy:
    return SeededEntropy(7)


@pytest.fixture
def keyring(entropy: SeededEntropy) -> KeySet:
    return KeySet.generate(entropy, START)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gives a file that was migrated once, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "watchword.sqlite3"
    migrate(str(path))
    return path


@pytest.fixture
def database(tmp_path: Path, migrated: Path) -> str:
    """Gives the path of a migrated file."""
    return str(copy(migrated, tmp_path / "watchword.sqlite3"))


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Iterator[str]:
    """Gives where the store of the test is."""
    if request.param == "sqlite":
        yield request.getfixturevalue("database")
        return
    databases: PostgresDatabases = request.getfixturevalue("postgres_databases")
    with databases.migrated() as url:
        yield url


@pytest.fixture
def clock(place: str) -> Iterator[MovableClock | PostgresClock]:
    """Gives the clock that the store goes by."""
    if not place.startswith("postgresql:"):
        yield MovableClock(START)
        return
    clock = PostgresClock(place, START)
    yield clock
    clock.close()


@pytest.fixture
def lessons() -> list[Lesson]:
    """Gives the list that every store of the test tells its lessons to."""
    return []


@pytest.fixture
def open_store(
    place: str, clock: MovableClock | PostgresClock, entropy: SeededEntropy, keyring: KeySet, lessons: list[Lesson]
) -> OpenStore:
    """Gives a way to open the same store again, as a restart does; whoever opens one closes it."""
    return lambda: open_store_at(place, clock, entropy, keyring, on_lesson=lessons.append)


@pytest.fixture
async def store(open_store: OpenStore) -> AsyncIterator[RowStore]:
    """Gives a store of every kind that keeps the contract."""
    opened = await open_store()
    yield opened
    await opened.close()


@pytest.fixture
def scene(store: RowStore, clock: MovableClock | PostgresClock, entropy: SeededEntropy, keyring: KeySet) -> Scene:
    return Scene(store=store, clock=clock, entropy=entropy, keyring=keyring)
