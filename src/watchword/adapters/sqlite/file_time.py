"""Sets the time of a file back that was written while a clock was ahead."""

from collections.abc import Iterator

import apsw

from watchword.adapters.rows.clock_columns import Column, bringing_back
from watchword.adapters.sqlite.schema import open_writer
from watchword.domain.instant import Instant


def time_of(path: str) -> Instant:
    """Return the highest time that was committed; raises ``ConfigurationError`` as ``open_writer`` does."""
    connection = open_writer(path)
    try:
        return Instant(int(connection.execute("SELECT highest FROM clock").get))
    finally:
        connection.close()


def set_back(path: str, now: Instant) -> None:
    """Bring everything that lies ahead of ``now`` back to it, in one transaction; nobody may serve the file."""
    connection = open_writer(path)
    try:
        with connection:
            for statement, bound in bringing_back(_columns(connection), now):
                connection.execute(statement, {"bound": bound})
            connection.execute("UPDATE clock SET highest = ?", (now,))
    finally:
        connection.close()


def _columns(connection: apsw.Connection) -> Iterator[Column]:
    yield from [
        Column(table=table, name=name)
        for table, name in connection.execute(
            "SELECT t.name, c.name FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c"
            " WHERE t.type = 'table' AND c.type = 'INTEGER' AND c.pk = 0"
        )
    ]
