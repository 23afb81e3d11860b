"""Measures against many users: a few thousand that act, among a multitude whose rows only lie there.

The multitude are copies of the standing rows of one user (user, contact, device, place, memory) under keys of their
own, spread like everybody's; who acted long ago has left no other rows.
"""

import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final

import apsw
import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from bench.load.allowing import drive_allowed, prove_devices
from bench.load.driving import drive
from bench.load.measuring import plan_for
from bench.load.postgres_server import Postgres
from bench.load.subject import BOTH_CORES, Place, free_port
from bench.load.watchword_subject import prepare, register, served

CONNECTIONS: Final = 4
_STANDING: Final = ("memories", "contacts", "devices", "users", "places")
# What a copy has of its own, where rows must differ; everything else is the template's.
_SQLITE: Final = {
    "user_key": "key",
    "id": "'ctc_' || lower(hex(key || key)) || '0123456'",
    "address_hash": "CAST(key || key AS BLOB)",
}
_POSTGRES: Final = {
    "user_key": "key",
    "id": "'ctc_' || encode(key || key, 'hex') || '0123456'",
    "address_hash": "key || key",
}


def measure_population(
    folder: Path, server: Postgres | None, *, users: int, seconds: float, most_acting: int
) -> dict[str, Any]:
    """Return the times of allow, start and check among so many users, on SQLite where there is no server.

    At most ``most_acting`` of them do anything.
    """
    acting = min(users, most_acting)
    if server is not None:
        server.place_on("1")
    place = Place(folder=folder, code_port=free_port(), postgres=server, users=acting)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    database = None if server is None else "population"
    store = "sqlite:///watchword.sqlite3" if server is None else server.make("population")
    port = free_port()
    key = prepare(folder, port=port, store=store, mail_port=place.code_port)
    with served(place, port=port, key=key, database=database, environment={}) as running:
        register(port, key, acting)
        values = prove_devices(running, place)
    if users > acting and server is None:
        fill_sqlite(str(folder / "watchword.sqlite3"), users - acting)
    elif users > acting and server is not None:
        server.place_on(BOTH_CORES)
        fill_postgres(store, users - acting)
        server.place_on("1")
    with served(place, port=port, key=key, database=database, environment={}) as running:
        allowed = drive_allowed(running, place, values, CONNECTIONS, seconds)
        cycles = drive(plan_for(running, place, CONNECTIONS, warm_s=1, measured_s=seconds), roots=running.roots)
    times = {"allow": allowed.times["allow"], "start": cycles.times["start"], "check": cycles.times["check"]}
    size = (folder / "watchword.sqlite3").stat().st_size if server is None else server.size_bytes("population")
    return {
        "title": "Watchword, SQLite" if server is None else "Watchword, PostgreSQL",
        "users": users,
        "errors": allowed.errors + cycles.errors,
        "bytes": size,
        **{f"{step}_p50_ms": one.p50_ms for step, one in times.items()},
        **{f"{step}_p99_ms": one.p99_ms for step, one in times.items()},
    }


def fill_sqlite(path: str, users: int) -> None:
    """Add the standing rows of so many users to a file that nobody serves."""
    connection = apsw.Connection(path)
    for name, value in (("synchronous", "off"), ("cache_size", -1_000_000), ("foreign_keys", "off")):
        connection.pragma(name, value)
    # Two odd multipliers spread the numbers; in the order of the key every index grows at its end.
    connection.execute(
        "CREATE TEMP TABLE multitude AS"
        " WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < ?)"
        " SELECT unhex(printf('%08x%08x', n * 2654435761 & 4294967295, n * 2246822519 & 4294967295)) AS key"
        " FROM counted ORDER BY key",
        (users,),
    )
    for table in _STANDING:
        row = _sqlite_template(connection, table)
        if row is None:
            continue
        values = {name: value for name, value in row.items() if name != "user_key"}
        chosen = [_SQLITE.get(name, f":{name}") for name in row]
        with connection:
            copying = f"INSERT INTO {table} ({', '.join(row)}) SELECT {', '.join(chosen)} FROM multitude"  # noqa: S608 our own words, values bound
            connection.execute(copying, values)
    connection.execute("DROP TABLE multitude")
    connection.pragma("wal_checkpoint(truncate)")
    connection.close()


def _sqlite_template(connection: apsw.Connection, table: str) -> Mapping[str, Any] | None:
    cursor = connection.execute(f"SELECT * FROM {table} LIMIT 1")  # noqa: S608 a table of the list above
    for row in cursor:
        return dict(zip((column[0] for column in cursor.get_description()), row, strict=True))
    return None


def fill_postgres(url: str, users: int) -> None:
    """Add the standing rows of so many users to a database that nobody serves, two tables at a time."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET work_mem = '512MB'")
        connection.execute(
            sql.SQL(
                "CREATE UNLOGGED TABLE multitude AS SELECT substr(decode(md5(n::text), 'hex'), 1, 8) AS key"
                " FROM generate_series(1, {}) n ORDER BY 1"
            ).format(sql.Literal(users))
        )
        with ThreadPoolExecutor(max_workers=2) as pool:
            list(pool.map(partial(_copy_postgres, url), _STANDING))
        connection.execute("DROP TABLE multitude")
        connection.execute("CHECKPOINT")


def _copy_postgres(url: str, table: str) -> None:
    with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
        connection.execute("SET synchronous_commit = off")
        row = connection.execute(sql.SQL("SELECT * FROM {} LIMIT 1").format(sql.Identifier(table))).fetchone()
        if row is None:
            return
        row.pop("rowid", None)
        chosen = [sql.SQL(_POSTGRES[name]) if name in _POSTGRES else sql.Literal(value) for name, value in row.items()]
        names = sql.SQL(", ").join(map(sql.Identifier, row))
        copying = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM multitude")
        connection.execute(copying.format(sql.Identifier(table), names, sql.SQL(", ").join(chosen)))
        connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(table)))
