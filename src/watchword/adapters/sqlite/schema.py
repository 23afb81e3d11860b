"""Opens the database file and brings its schema to the newest version; knows no table of it.

Migrations are numbered SQL files, forward only. ``PRAGMA user_version`` holds the number of the newest one that was
applied, and ``PRAGMA application_id`` says that the file is ours.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

import apsw

from watchword.domain.errors import ConfigurationError, time_ahead
from watchword.domain.instant import Instant

IN_MEMORY: Final = ":memory:"
BUSY_TIMEOUT_MS: Final = 5_000
"""How long another process's short transaction is waited for (the command line beside a server)."""
_STATEMENTS: Final = 500
"""Prepared statements kept per connection: more than there are, so that none is parsed twice."""
_CACHE_KIB: Final = 8_192
"""A group of operations changes some 700 pages. What does not fit is written to the log before its time, and again
with the commit: SQLite's own 2 MiB are 500 pages."""
_LOG_PAGES: Final = 4_000
"""After so many pages, 16 MiB, the log is carried over into the file. A page that was changed again meanwhile is
carried over once: with SQLite's own 1,000 a sixth more was written."""
_OURS: Final = 0x57544348
"""``PRAGMA application_id``: "WTCH"."""
_NAME: Final = re.compile(r"(?P<number>[0-9]{4})_[a-z0-9_]+\.sql", re.ASCII)
_OWNER_ONLY: Final = 0o600


def migrate(path: str) -> int:
    """Create the file if there is none, apply what is missing, and return the version that it has now.

    Raises ``ConfigurationError`` for a place that cannot be written, a file of somebody else or a newer schema.
    """
    with _explained(path):
        _create_private(Path(path))
        connection = apsw.Connection(path)
        try:
            connection.set_busy_timeout(BUSY_TIMEOUT_MS)
            _refuse_foreign(connection, path)
            connection.pragma("journal_mode", "wal")
            return _apply(connection, path)
        finally:
            connection.close()


def open_writer(path: str) -> apsw.Connection:
    """Return the connection that writes; raises ``ConfigurationError`` for a schema that is not exactly the newest."""
    with _explained(path):
        if path != IN_MEMORY and not Path(path).is_file():
            raise ConfigurationError((f"{path}: there is no database yet; run: watchword migrate",))
        connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE, statementcachesize=_STATEMENTS)
        if path == IN_MEMORY:
            with connection.backup("main", _migrated_memory(), "main") as copying:
                copying.step()
        _refuse_foreign(connection, path)
        found = _version(connection)
        if found != newest_version():
            connection.close()
            raise ConfigurationError((other_version(path, found),))
        _keep_plans(connection)
        connection.pragma("synchronous", "full")
        connection.pragma("foreign_keys", value=True)
        # What is erased shall not survive in free pages, as far as that costs no write of its own.
        connection.pragma("secure_delete", "fast")
        connection.pragma("cache_size", -_CACHE_KIB)
        # What a savepoint or a statement may have to take back: in a file of its own it costs a write for each page.
        connection.pragma("temp_store", "memory")
        connection.wal_autocheckpoint(_LOG_PAGES)
        return connection


def open_reader(path: str) -> apsw.Connection:
    """Return a connection that sees what is committed and can write nothing."""
    with _explained(path):
        # Not opened read-only: a reader of a WAL file takes part in its shared memory.
        connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE, statementcachesize=_STATEMENTS)
        connection.set_busy_timeout(BUSY_TIMEOUT_MS)
        _keep_plans(connection)
        connection.pragma("query_only", value=True)
        return connection


def require_time(connection: apsw.Connection, path: str, latest: Instant) -> None:
    """Close the connection and raise ``ConfigurationError`` for a file that was written later than it can be."""
    now = Instant(int(connection.execute("SELECT highest FROM clock").get))
    if now > latest:
        connection.close()
        raise ConfigurationError((time_ahead(path, now),))


def _keep_plans(connection: apsw.Connection) -> None:
    """Have every statement planned once.

    Where SQLite is built with STAT4, as apsw's is, it plans a statement anew for each value that is bound beside a
    range or an order: 12 to 60 µs, three times what such a statement takes, and our plans depend on no value.
    """
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)


def newest_version() -> int:
    """Return the number of the newest migration of this release."""
    return max(number for number, _ in _migrations())


@cache  # the files of a release do not change, and are asked for at each opening
def _migrations() -> tuple[tuple[int, str], ...]:
    folder = resources.files("watchword.adapters.sqlite") / "migrations"
    named = ((_NAME.fullmatch(file.name), file) for file in sorted(folder.iterdir(), key=lambda entry: entry.name))
    return tuple((int(found["number"]), file.read_text(encoding="utf-8")) for found, file in named if found is not None)


def _apply(connection: apsw.Connection, path: str) -> int:
    """Apply each missing migration in a transaction of its own, safe against another process doing the same."""
    for number, text in _migrations():
        connection.execute("BEGIN IMMEDIATE")
        try:
            if number == _version(connection) + 1:
                connection.execute(text)
                connection.pragma("user_version", number)
                connection.pragma("application_id", _OURS)
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
    found = _version(connection)
    if found != newest_version():
        raise ConfigurationError((other_version(path, found),))
    return found


@cache  # a copy is made in a tenth of the time
def _migrated_memory() -> apsw.Connection:
    connection = apsw.Connection(IN_MEMORY)
    _apply(connection, IN_MEMORY)
    return connection


def _version(connection: apsw.Connection) -> int:
    return int(connection.pragma("user_version"))


def other_version(path: str, found: int) -> str:
    """Say of a database at another schema what that is, and what helps."""
    if found > newest_version():
        return f"{path}: its schema is version {found} of a newer release, this one knows {newest_version()}"
    return f"{path}: its schema is version {found}, this release needs {newest_version()}; run: watchword migrate"


def _refuse_foreign(connection: apsw.Connection, path: str) -> None:
    is_empty = connection.execute("SELECT count(*) FROM sqlite_schema").get == 0
    if not is_empty and connection.pragma("application_id") != _OURS:
        raise ConfigurationError((f"{path}: this is a database of another program",))


def _create_private(path: Path) -> None:
    """Create the file for its owner alone; SQLite gives its companions (WAL, shared memory) the same rights."""
    path.touch(mode=_OWNER_ONLY)
    path.chmod(_OWNER_ONLY)


@contextmanager
def _explained(path: str) -> Iterator[None]:
    """Turn what the system or SQLite says about the file into a sentence for the operator."""
    try:
        yield
    except OSError as error:
        raise ConfigurationError((f"{path}: {error.strerror or 'cannot be opened'}",)) from error
    except apsw.NotADBError as error:
        raise ConfigurationError((f"{path}: this is not a database",)) from error
    except apsw.BusyError as error:
        raise ConfigurationError((f"{path}: another process holds the database",)) from error
    except apsw.Error as error:
        raise ConfigurationError((f"{path}: {error}",)) from error
