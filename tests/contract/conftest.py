"""Gives the contract suite a store of every kind there is, empty and at a time that stands until it is moved."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.contract.builders import START, Scene
from tests.kit.clock_and_chance import MovableClock, SeededEntropy
from watchword.adapters.key_set import KeySet
from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.sqlite.schema import migrate
from watchword.adapters.sqlite.sqlite_store import open_sqlite_store
from watchword.ports.store.values import Lesson


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(START)


@pytest.fixture
def entropy() -> SeededEntropy:
    return SeededEntropy(7)


@pytest.fixture
def keyring(entropy: SeededEntropy) -> KeySet:
    return KeySet.generate(entropy, START)


@pytest.fixture
def database(tmp_path: Path) -> str:
    """Gives the path of a migrated file."""
    path = str(tmp_path / "watchword.sqlite3")
    migrate(path)
    return path


@pytest.fixture
def lessons() -> list[Lesson]:
    """Gives the list that every store of the test tells its lessons to."""
    return []


@pytest.fixture
def open_store(
    database: str, clock: MovableClock, entropy: SeededEntropy, keyring: KeySet, lessons: list[Lesson]
) -> Callable[[], RowStore]:
    """Gives a way to open the same store again, as a restart does; whoever opens one closes it."""
    return lambda: open_sqlite_store(database, clock, entropy, keyring, on_lesson=lessons.append)


@pytest.fixture(params=["sqlite"])
async def store(open_store: Callable[[], RowStore]) -> AsyncIterator[RowStore]:
    """Gives a store of every kind that keeps the contract."""
    opened = open_store()
    yield opened
    await opened.close()


@pytest.fixture
def scene(store: RowStore, clock: MovableClock, entropy: SeededEntropy, keyring: KeySet) -> Scene:
    return Scene(store=store, clock=clock, entropy=entropy, keyring=keyring)
