"""The schema on PostgreSQL: how it comes about, whose database it is, and when Watchword refuses to work on one."""

import threading
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.contract.builders import START, Scene
from tests.contract.whole_life import play_whole_life
from tests.kit.clock_and_chance import SeededEntropy
from tests.kit.postgres import OLDEST, PASSWORD, ROLE_WITH_PASSWORD, PostgresServer, make_server
from tests.kit.postgres_databases import PostgresClock
from watchword.adapters.key_set import KeySet
from watchword.adapters.postgres.postgres_schema import (
    migrate,
    migrate_by,
    newest_version,
    place_of,
    read_migration,
    require_fit,
    shipped_migrations,
)
from watchword.adapters.postgres.postgres_store import open_postgres_store
from watchword.domain.errors import ConfigurationError

NEXT = newest_version() + 1


@pytest.fixture
def connection(postgres_database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_database, autocommit=True) as opened:
        yield opened


async def _require_fit(url: str) -> None:
    async with await psycopg.AsyncConnection.connect(url) as opened:
        await require_fit(opened, url)


async def test_migrates_from_nothing_and_again_without_effect(empty_postgres: str) -> None:
    assert migrate(empty_postgres) == newest_version()
    assert migrate(empty_postgres) == newest_version()
    await _require_fit(empty_postgres)


async def test_works_on_the_oldest_server_that_is_promised() -> None:
    server = make_server(OLDEST)
    try:
        with server.superuser() as superuser:
            superuser.execute("CREATE DATABASE old OWNER watchword")
        url = server.url("old")
        assert migrate(url) == newest_version()
        entropy = SeededEntropy(7)
        keyring = KeySet.generate(entropy, START)
        with closing(PostgresClock(url, START)) as clock:
            store = await open_postgres_store(url, entropy, keyring)
            await play_whole_life(Scene(store=store, clock=clock, entropy=entropy, keyring=keyring), "u-1")
            await store.close()
    finally:
        server.close()


def test_migrators_wait_for_each_other(empty_postgres: str) -> None:
    versions: list[int] = []
    threads = [threading.Thread(target=lambda: versions.append(migrate(empty_postgres))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert versions == [newest_version()] * 4


async def test_refuses_a_newer_schema_that_says_it_no_longer_serves(
    postgres_database: str, connection: psycopg.Connection
) -> None:
    connection.execute("UPDATE watchword_schema SET version = version + 1, serves = version + 1")
    with pytest.raises(ConfigurationError, match="newer release"):
        await _require_fit(postgres_database)
    with pytest.raises(ConfigurationError, match="newer release"):
        migrate(postgres_database)


async def test_works_on_a_newer_schema_that_only_adds(postgres_database: str, connection: psycopg.Connection) -> None:
    connection.execute("UPDATE watchword_schema SET version = version + 1")
    await _require_fit(postgres_database)
    assert migrate(postgres_database) == newest_version() + 1


async def test_refuses_a_schema_that_was_not_migrated(empty_postgres: str, postgres_database: str) -> None:
    with pytest.raises(ConfigurationError, match="no tables yet; run: watchword migrate"):
        await _require_fit(empty_postgres)
    with psycopg.connect(postgres_database, autocommit=True) as opened:
        opened.execute("UPDATE watchword_schema SET version = 0")
    with pytest.raises(ConfigurationError, match="version 0, this release needs"):
        await _require_fit(postgres_database)


async def test_refuses_the_database_of_another_program(empty_postgres: str) -> None:
    with psycopg.connect(empty_postgres, autocommit=True) as opened:
        opened.execute("CREATE TABLE songs (title TEXT)")
    with pytest.raises(ConfigurationError, match="another program"):
        migrate(empty_postgres)
    with pytest.raises(ConfigurationError, match="another program"):
        await _require_fit(empty_postgres)


def test_says_why_the_server_cannot_be_used(postgres_server: PostgresServer) -> None:
    url = postgres_server.url("postgres", ROLE_WITH_PASSWORD)
    with pytest.raises(ConfigurationError, match="no password supplied"):
        migrate(url)
    with pytest.raises(ConfigurationError, match="password authentication failed") as refused:
        migrate(make_conninfo(url, password=f"not {PASSWORD}"))
    assert PASSWORD not in str(refused.value)
    with pytest.raises(ConfigurationError, match='database "nowhere" does not exist'):
        migrate(postgres_server.url("nowhere"))
    with pytest.raises(ConfigurationError, match="refused"):
        migrate("postgresql://watchword@127.0.0.1:1/watchword")


def test_says_what_helps_on_the_way_to_the_server(postgres_server: PostgresServer) -> None:
    url = postgres_server.url("postgres", ROLE_WITH_PASSWORD)
    with pytest.raises(ConfigurationError, match=r"; name a file in store\.password_file"):
        migrate(url)
    with pytest.raises(ConfigurationError, match=r"; look into store\.password_file"):
        migrate(make_conninfo(url, password=f"not {PASSWORD}"))
    with pytest.raises(ConfigurationError, match="; make it: createdb --owner"):
        migrate(postgres_server.url("nowhere"))
    with pytest.raises(ConfigurationError, match="; make it: createuser"):
        migrate(postgres_server.url("postgres", "nobody_known"))
    with pytest.raises(ConfigurationError, match="; the role must own the database"):
        migrate(postgres_server.url("postgres"))
    with pytest.raises(ConfigurationError, match="; look whether it runs"):
        migrate("postgresql://watchword@127.0.0.1:1/watchword")


def test_needs_the_right_to_create_tables(postgres_server: PostgresServer) -> None:
    with pytest.raises(ConfigurationError, match="permission denied for schema public"):
        migrate(postgres_server.url("postgres"))


def test_names_the_place_without_user_and_password() -> None:
    assert place_of("postgresql://bob:secret@one,two:5433/shop") == "shop on one, two:5433"


def test_a_migration_lets_the_others_go_on_while_a_long_transaction_holds_its_table(
    postgres_database: str, connection: psycopg.Connection
) -> None:
    """It asks for a moment at a time: who only reads or writes rows does not wait until the long one ends."""
    with psycopg.connect(postgres_database) as long:
        long.execute("SELECT * FROM users")
        adding = read_migration(NEXT, "ALTER TABLE users ADD COLUMN nickname TEXT")
        migrating = threading.Thread(target=migrate_by, args=(postgres_database, (*shipped_migrations(), adding)))
        migrating.start()
        connection.execute("SET statement_timeout = '20s'")
        waited = 0
        while waited < 2:
            # Met while the migration waits for its lock, this waits until it gives way, and no longer.
            (asking,) = connection.execute(
                "SELECT count(*) FROM pg_locks WHERE relation = 'users'::regclass AND NOT granted"
            ).fetchone() or (0,)
            if asking:
                connection.execute("SELECT count(*) FROM users")
                waited += 1
        long.rollback()
        migrating.join()
    assert connection.execute("SELECT version FROM watchword_schema").fetchone() == (NEXT,)


def test_builds_an_index_outside_of_a_transaction(postgres_database: str, connection: psycopg.Connection) -> None:
    text = "-- concurrently\nCREATE INDEX CONCURRENTLY IF NOT EXISTS users_seen ON users (last_seen_at);\n"
    assert migrate_by(postgres_database, (*shipped_migrations(), read_migration(NEXT, text))) == NEXT
    found = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'users_seen'::regclass"
    assert connection.execute(found).fetchone() == (True,)


def test_an_index_that_broke_off_is_built_again(postgres_database: str, connection: psycopg.Connection) -> None:
    connection.execute("CREATE TABLE twice AS SELECT 1 AS one FROM generate_series(1, 2)")
    text = "-- concurrently\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS only_once ON twice (one);\n"
    migrations = (*shipped_migrations(), read_migration(NEXT, text))
    with pytest.raises(ConfigurationError, match="could not create unique index"):
        migrate_by(postgres_database, migrations)
    assert connection.execute("SELECT version FROM watchword_schema").fetchone() == (newest_version(),)
    connection.execute("DELETE FROM twice WHERE ctid = (SELECT min(ctid) FROM twice)")
    assert migrate_by(postgres_database, migrations) == NEXT
    found = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'only_once'::regclass"
    assert connection.execute(found).fetchone() == (True,)


def test_a_migration_that_fails_leaves_nothing_behind(postgres_database: str, connection: psycopg.Connection) -> None:
    text = "CREATE TABLE half (one BIGINT); CREATE TABLE users (one BIGINT)"
    with pytest.raises(ConfigurationError, match="already exists"):
        migrate_by(postgres_database, (*shipped_migrations(), read_migration(NEXT, text)))
    found = connection.execute("SELECT to_regclass('half'), version FROM watchword_schema").fetchone()
    assert found == (None, newest_version())
