"""Brings the schema of a PostgreSQL database to the newest version, beside processes that go on serving.

Migrations are numbered SQL files, forward only. Each is one transaction, unless its first line is ``-- concurrently``:
then each of its statements stands alone, as PostgreSQL asks of an index that is built without blocking, and can be
repeated. A line ``-- serves: 3`` says that releases whose newest version is 3 or higher work on what the migration
leaves: without it every earlier one does, for a migration adds before another, of a later release, takes away.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import make_conninfo

from watchword.adapters.postgres.partitions import make_ahead
from watchword.adapters.postgres.postgres_connection import parts_of
from watchword.domain.errors import ConfigurationError, time_ahead
from watchword.domain.instant import Instant

OLDEST_SERVER: Final = 16
"""The oldest release of PostgreSQL that the suite runs on."""
_LOCK_WAIT_MS: Final = 1_000
"""A migration waits this long for a table: whoever asks for it meanwhile waits behind the migration."""
_LOCK_TRIES: Final = 60
"""How often it asks, with as long a pause, before it gives up."""
_LOOK_AGAIN_S: Final = 0.2
_OTHER_MIGRATION_TRIES: Final = 3_000
"""How often another migration is waited for, with as long a pause: ten minutes."""
_DEFAULTS: Final = {
    "connect_timeout": "10",
    "target_session_attrs": "read-write",
    "application_name": "watchword migrate",
}
_ONE_AT_A_TIME: Final = 0x57544348
"""The bytes "WTCH": the advisory lock of whoever migrates."""
_NAME: Final = re.compile(r"(?P<number>[0-9]{4})_[a-z0-9_]+\.sql", re.ASCII)
_CONCURRENTLY: Final = "-- concurrently\n"
_SERVES: Final = re.compile(r"^-- serves: (?P<number>[0-9]+)$", re.MULTILINE | re.ASCII)
_OF_OTHERS: Final = """
    SELECT count(*) FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
    AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
"""
_STATE: Final = "SELECT version, serves FROM watchword_schema"
_UNFINISHED: Final = """
    SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE NOT indisvalid AND relkind = 'i' AND relnamespace = current_schema()::regnamespace
"""
_EVENTS_AHEAD: Final = """
    SELECT coalesce(max(number), 0) / 1048576 - watchword_event_shift()
    - pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 1 FROM events
"""
"""How far the newest event is ahead of every transaction of this server; at all only after a restore into a new one."""
_ADVICE: Final = (
    ("no password supplied", "name a file in store.password_file, or set WATCHWORD_STORE__PASSWORD"),
    ("password authentication failed", "look into store.password_file or WATCHWORD_STORE__PASSWORD"),
    ("Connection refused", "look whether it runs and listens there"),
    ("does not support SSL", "set ssl = on there, or another sslmode in store.url"),
    ("permission denied for", "the role must own the database: createdb --owner=ROLE DATABASE"),
)
"""What helps, by words of libpq or of a server that speaks English; one that does not is quoted without advice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file: where it leads, its statements, and the oldest release that can work on what it leaves."""

    number: int
    text: str
    is_concurrent: bool
    serves: int | None


def migrate(conninfo: str) -> int:
    """Apply what is missing and return the version that the schema has now; safe beside others that do the same.

    Raises ``ConfigurationError`` for a server that cannot be reached or is too old, a database of somebody else, a
    newer schema, and a table that a long transaction keeps from being changed.
    """
    return migrate_by(conninfo, shipped_migrations())


def migrate_by(conninfo: str, migrations: tuple[Migration, ...]) -> int:
    """Do the same with these migrations instead of those that are shipped."""
    place = place_of(conninfo)
    settings = make_conninfo(conninfo, **{**_DEFAULTS, **parts_of(conninfo)})
    with explained(place), psycopg.connect(settings, autocommit=True) as connection:
        _refuse_old_server(connection.info.server_version, place)
        _wait_for_others(connection, place)
        connection.execute(sql.SQL("SET lock_timeout = {}").format(_LOCK_WAIT_MS))
        _refuse_foreign(connection, place)
        for migration in migrations:
            if migration.number == _state(connection)[0] + 1:
                _apply_patiently(connection, migration, place)
        found, serves = _state(connection)
        newest = max(migration.number for migration in migrations)
        problem = _problem(place, found, serves, newest)
        if problem is not None:
            raise ConfigurationError((problem,))
        _raise_event_numbers(connection)
        make_ahead(connection)
        return found


async def require_fit(connection: psycopg.AsyncConnection[Any], conninfo: str) -> None:
    """Raise ``ConfigurationError`` unless this release can work on the schema that is there."""
    place = place_of(conninfo)
    _refuse_old_server(connection.info.server_version, place)
    cursor = await connection.execute("SELECT to_regclass('watchword_schema') IS NOT NULL")
    if await cursor.fetchone() == (False,):
        cursor = await connection.execute(_OF_OTHERS)
        raise ConfigurationError((_strange(place) if await cursor.fetchone() != (0,) else _missing(place),))
    found = await (await connection.execute(_STATE)).fetchone()
    problem = _missing(place) if found is None else _problem(place, found[0], found[1], newest_version())
    if problem is None and (await (await connection.execute(_EVENTS_AHEAD)).fetchone() or (0,))[0] > 0:
        problem = f"{place}: its events come from another server; run: watchword migrate"
    if problem is not None:
        raise ConfigurationError((problem,))


async def require_time(connection: psycopg.AsyncConnection[Any], conninfo: str, latest: Instant) -> None:
    """Raise ``ConfigurationError`` where the database says that it is later than it can be."""
    cursor = await connection.execute("SELECT greatest(watchword_clock(), last_value) FROM watchword_highest")
    (now,) = await cursor.fetchone() or (0,)
    if now > latest:
        raise ConfigurationError((time_ahead(place_of(conninfo), Instant(int(now))),))


def newest_version() -> int:
    """Return the number of the newest migration of this release."""
    return max(migration.number for migration in shipped_migrations())


def shipped_migrations() -> tuple[Migration, ...]:
    """Return the migrations of this release, oldest first."""
    folder = resources.files("watchword.adapters.postgres") / "migrations"
    named = ((_NAME.fullmatch(file.name), file) for file in sorted(folder.iterdir(), key=lambda entry: entry.name))
    return tuple(
        read_migration(int(name["number"]), file.read_text(encoding="utf-8"))
        for name, file in named
        if name is not None
    )


def read_migration(number: int, text: str) -> Migration:
    """Return a migration with what the comments of its text say about it."""
    serves = _SERVES.search(text)
    return Migration(
        number=number,
        text=text,
        is_concurrent=text.startswith(_CONCURRENTLY),
        serves=None if serves is None else int(serves["number"]),
    )


def place_of(conninfo: str) -> str:
    """Return which database is meant, without the user and the password; raises ``ConfigurationError``."""
    parts = parts_of(conninfo)
    hosts = str(parts.get("host") or parts.get("hostaddr") or "the local socket").split(",")
    ports = str(parts.get("port") or "").split(",")
    ports = ports * len(hosts) if len(ports) == 1 else ports
    named = [f"{host}:{port}" if port else host for host, port in zip(hosts, ports, strict=False)]
    return f"{parts.get('dbname') or 'the default database'} on {', '.join(named)}"


@contextmanager
def explained(place: str) -> Iterator[None]:
    """Turn what PostgreSQL says about the way to it into a sentence for the operator."""
    try:
        yield
    except errors.LockNotAvailable as error:
        raise ConfigurationError((f"{place}: another migration is under way; run it again later",)) from error
    except psycopg.Error as error:
        # The first line: those after it repeat the statement, or say the same of each address of a host.
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise ConfigurationError((f"{place}: {said[0]}{_advice(said[0])}",)) from error


def _advice(said: str) -> str:
    if "does not exist" in said and "FATAL" in said:
        return "; make it: createuser ROLE" if " role " in said else "; make it: createdb --owner=ROLE DATABASE"
    return next((f"; {helps}" for words, helps in _ADVICE if words in said), "")


def _wait_for_others(connection: psycopg.Connection, place: str) -> None:
    """Wait until no other process migrates, and keep others from it as long as this connection lives.

    Asks again and again: whoever waits within one statement keeps its snapshot, for whose end an index that is built
    concurrently would wait, and so each for the other.
    """
    for _ in range(_OTHER_MIGRATION_TRIES):
        if connection.execute("SELECT pg_try_advisory_lock(%s)", (_ONE_AT_A_TIME,)).fetchone() == (True,):
            return
        connection.execute("SELECT pg_sleep(%s)", (_LOOK_AGAIN_S,))
    raise ConfigurationError((f"{place}: another migration is under way; run it again later",))


def _apply_patiently(connection: psycopg.Connection, migration: Migration, place: str) -> None:
    """Ask for the tables until they are free, each time for a moment, so that nobody waits long behind it."""
    for _ in range(_LOCK_TRIES):
        try:
            _apply(connection, migration)
        except (errors.LockNotAvailable, errors.DeadlockDetected):
            connection.execute("SELECT pg_sleep(%s)", (_LOCK_WAIT_MS / 1_000,))
        else:
            return
    raise ConfigurationError(
        (f"{place}: a long transaction holds a table that migration {migration.number} changes; end it and run again",)
    )


def _apply(connection: psycopg.Connection, migration: Migration) -> None:
    if migration.is_concurrent:
        _drop_unfinished_indexes(connection)
        for statement in _statements(migration.text):
            connection.execute(statement)
    with connection.transaction():
        if not migration.is_concurrent:
            connection.execute(migration.text)
        connection.execute(
            "UPDATE watchword_schema SET version = %s, serves = greatest(serves, %s)",
            (migration.number, migration.serves),
        )


def _drop_unfinished_indexes(connection: psycopg.Connection) -> None:
    """Drop indexes whose building broke off: they are written to and never read, and their names are taken."""
    for (name,) in connection.execute(_UNFINISHED).fetchall():
        connection.execute(sql.SQL("DROP INDEX CONCURRENTLY {}").format(sql.Identifier(name)))


def _statements(text: str) -> Iterator[str]:
    """Return the statements of a text, each of which ends its line."""
    for statement in text.split(";\n"):
        if statement.strip():
            yield statement


def _state(connection: psycopg.Connection) -> tuple[int, int]:
    if connection.execute("SELECT to_regclass('watchword_schema') IS NULL").fetchone() == (True,):
        return 0, 0
    found = connection.execute(_STATE).fetchone()
    return (0, 0) if found is None else (int(found[0]), int(found[1]))


def _refuse_foreign(connection: psycopg.Connection, place: str) -> None:
    if _state(connection) == (0, 0) and connection.execute(_OF_OTHERS).fetchone() != (0,):
        raise ConfigurationError((_strange(place),))


def _refuse_old_server(version: int, place: str) -> None:
    if version < OLDEST_SERVER * 10_000:
        raise ConfigurationError(
            (f"{place}: this is PostgreSQL {version // 10_000}, Watchword needs {OLDEST_SERVER} or newer",)
        )


def _problem(place: str, found: int, serves: int, newest: int) -> str | None:
    """Say of a schema at another version what that is, and what helps; nothing where this release works on it."""
    if serves > newest:
        return f"{place}: its schema is version {found} of a newer release, this one knows {newest}"
    if found < newest:
        return f"{place}: its schema is version {found}, this release needs {newest}; run: watchword migrate"
    return None


def _strange(place: str) -> str:
    return f"{place}: this is a database of another program"


def _missing(place: str) -> str:
    return f"{place}: there are no tables yet; run: watchword migrate"


def _raise_event_numbers(connection: psycopg.Connection) -> None:
    """Let events go on above those that are there, where they came from a server that had counted further."""
    (ahead,) = connection.execute(_EVENTS_AHEAD).fetchone() or (0,)
    if ahead > 0:
        (shift,) = connection.execute("SELECT watchword_event_shift()").fetchone() or (0,)
        connection.execute(
            sql.SQL(
                "CREATE OR REPLACE FUNCTION watchword_event_shift() RETURNS BIGINT LANGUAGE sql IMMUTABLE PARALLEL SAFE"
                " RETURN {}::BIGINT"
            ).format(int(shift) + int(ahead))
        )
