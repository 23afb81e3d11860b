"""The file: how it is made, whose it is, and when a store refuses to open it."""

import stat
from pathlib import Path

import apsw
import pytest

from tests.contract.builders import PHONE, START, Scene
from tests.contract.conftest import OpenStore
from tests.kit.clock_and_chance import MovableClock, SeededEntropy
from tests.kit.database import connections
from watchword.adapters.key_set import KeySet
from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.sqlite.schema import migrate, newest_version
from watchword.adapters.sqlite.sqlite_store import open_sqlite_store
from watchword.domain.errors import ConfigurationError


def _open(path: str, keyring: KeySet) -> RowStore:
    return open_sqlite_store(path, MovableClock(START), SeededEntropy(7), keyring)


def test_migrates_from_nothing_and_again_without_effect(tmp_path: Path) -> None:
    path = str(tmp_path / "new.sqlite3")
    assert migrate(path) == newest_version()
    assert migrate(path) == newest_version()


async def test_migrating_again_keeps_what_is_there(database: str, scene: Scene, open_store: OpenStore) -> None:
    await scene.register(PHONE)
    migrate(database)
    scene.store = await open_store()
    assert (await scene.user()).contacts[0].address.reveal() == PHONE
    await scene.store.close()


async def test_every_file_belongs_to_its_owner_alone(database: str, scene: Scene) -> None:
    await scene.register(PHONE)
    rights = {path.name: stat.S_IMODE(path.stat().st_mode) for path in Path(database).parent.glob("watchword*")}
    assert len(rights) == 3  # the database, its log and its shared memory
    assert set(rights.values()) == {0o600}


def test_refuses_a_newer_schema(database: str, keyring: KeySet) -> None:
    connection = apsw.Connection(database)
    connection.pragma("user_version", newest_version() + 1)
    connection.close()
    with pytest.raises(ConfigurationError, match="newer release"):
        _open(database, keyring)
    with pytest.raises(ConfigurationError, match="newer release"):
        migrate(database)


def test_refuses_a_schema_that_was_not_migrated(tmp_path: Path, keyring: KeySet) -> None:
    with pytest.raises(ConfigurationError, match="watchword migrate"):
        _open(str(tmp_path / "missing.sqlite3"), keyring)
    empty = tmp_path / "empty.sqlite3"
    empty.touch()
    with pytest.raises(ConfigurationError, match="watchword migrate"):
        _open(str(empty), keyring)


def test_refuses_the_database_of_another_program(tmp_path: Path, keyring: KeySet) -> None:
    path = str(tmp_path / "other.sqlite3")
    connection = apsw.Connection(path)
    connection.execute("CREATE TABLE songs (title TEXT)")
    connection.close()
    with pytest.raises(ConfigurationError, match="another program"):
        migrate(path)
    with pytest.raises(ConfigurationError, match="another program"):
        _open(path, keyring)


def test_refuses_what_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear database, " * 100)
    with pytest.raises(ConfigurationError, match="not a database"):
        migrate(str(path))


def test_says_why_a_place_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file or directory"):
        migrate(str(tmp_path / "nowhere" / "watchword.sqlite3"))
    with pytest.raises(ConfigurationError, match="unable to open"):
        migrate(str(tmp_path))


def test_commits_reach_the_disk(database: str, keyring: KeySet) -> None:
    writer, reader = connections(_open(database, keyring))
    assert reader.pragma("journal_mode") == "wal"
    assert writer.pragma("synchronous") == 2
    assert writer.pragma("foreign_keys") == 1
