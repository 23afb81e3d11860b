"""Reads how much room each table of a store takes, its indexes included, while a service writes to it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import apsw
import psycopg

from bench.load.postgres_server import Postgres

_SQLITE: Final = (
    "SELECT tbl_name, sum(pgsize) FROM dbstat JOIN sqlite_schema USING (name) WHERE aggregate = TRUE GROUP BY tbl_name"
)
# A table that is parted counts with its parts, under its own name.
_POSTGRES: Final = """
    SELECT coalesce(inhparent, oid)::regclass::text, sum(pg_total_relation_size(oid))::bigint
    FROM pg_class LEFT JOIN pg_inherits ON inhrelid = oid
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') GROUP BY 1
"""


def room_on_sqlite(path: Path) -> Mapping[str, int]:
    """Return the bytes of each table's pages in a file."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    connection.set_busy_timeout(5_000)
    try:
        return {str(table): int(size) for table, size in connection.execute(_SQLITE)}
    finally:
        connection.close()


def room_on_postgres(server: Postgres, database: str) -> Mapping[str, int]:
    """Return the bytes of each table's files in a database."""
    with psycopg.connect(server.url(database), autocommit=True) as connection:
        return {str(table): int(size) for table, size in connection.execute(_POSTGRES).fetchall()}
