"""Sets the time of a database back that was written while its clock was ahead."""

from collections.abc import Iterator
from typing import Final

import psycopg
from psycopg.conninfo import make_conninfo

from watchword.adapters.postgres.postgres_connection import connection_settings
from watchword.adapters.postgres.postgres_schema import explained, place_of
from watchword.adapters.rows.clock_columns import Column, bringing_back
from watchword.domain.errors import ConfigurationError
from watchword.domain.instant import Instant

_NAME: Final = "watchword clock"
_TIMES: Final = "SELECT watchword_clock(), last_value FROM watchword_highest"
_OTHERS: Final = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'watchword' AND pid <> pg_backend_pid()
"""
_COLUMNS: Final = """
    SELECT relname, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND NOT relispartition
    AND attnum > 0 AND NOT attisdropped AND atttypid = 'bigint'::regtype AND attidentity <> 'a'
    AND NOT EXISTS (SELECT 1 FROM pg_index WHERE indrelid = pg_class.oid AND indisprimary AND attnum = ANY (indkey))
"""


def times_of(conninfo: str) -> tuple[Instant, Instant]:
    """Return what the clock of the server says, and the highest time that was ever written."""
    with explained(place_of(conninfo)), _connected(conninfo) as connection:
        return _times(connection)


def set_back(conninfo: str) -> None:
    """Bring everything that lies ahead of the server's clock back to it, in one transaction.

    Raises ``ConfigurationError`` while processes of ours are connected: they remember the time.
    """
    place = place_of(conninfo)
    with explained(place), _connected(conninfo) as connection, connection.transaction():
        (others,) = connection.execute(_OTHERS).fetchone() or (0,)
        if others:
            raise ConfigurationError((f"{place}: {others} connections of serving processes are open; stop them first",))
        now, _ = _times(connection)
        for statement, bound in bringing_back(_columns(connection), now):
            connection.execute(statement.replace(":bound", "%(bound)s"), {"bound": bound})
        connection.execute("SELECT setval('watchword_highest', %s)", (now,))


def _connected(conninfo: str) -> psycopg.Connection:
    settings = {**connection_settings(conninfo), "application_name": _NAME}
    connection = psycopg.connect(make_conninfo("", **settings), autocommit=True)
    connection.execute("SET statement_timeout = 0")
    return connection


def _times(connection: psycopg.Connection) -> tuple[Instant, Instant]:
    clock, highest = connection.execute(_TIMES).fetchone() or (0, 0)
    return Instant(int(clock)), Instant(int(highest))


def _columns(connection: psycopg.Connection) -> Iterator[Column]:
    yield from [Column(table=table, name=name) for table, name in connection.execute(_COLUMNS).fetchall()]
