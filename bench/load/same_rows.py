"""Has pgbench write the rows that one cycle of Watchword writes: what PostgreSQL itself can do with them.

PostgreSQL counts what some hundred cycles insert, change and delete in each table. Copies of these tables, with the
same indexes, then get as many rows as large as those were, in two transactions: for the start and for the check.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from bench.load.driving import DRIVER_CORE, drive
from bench.load.measuring import plan_for
from bench.load.postgres_server import Postgres
from bench.load.subject import BOTH_CORES, Place, Subject, free_port

_USERS: Final = 20_000
_WARM_CYCLES: Final = 300
_COUNTED_CYCLES: Final = 600
_SCHEMA: Final = "same_rows"
_USER: Final = "int8send((:user)::bigint)"
_COUNTS: Final = """
SELECT relid::bigint AS relid, relname AS name, n_tup_ins AS inserted, n_tup_upd AS updated, n_tup_del AS deleted,
       n_tup_hot_upd AS in_place
FROM pg_stat_user_tables WHERE schemaname = 'public'
"""
_COLUMNS: Final = """
SELECT a.attname AS name, format_type(a.atttypid, NULL) AS type, a.attidentity <> '' OR a.atthasdef AS is_given,
       EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique
               AND a.attnum = ANY (i.indkey)) AS is_key,
       EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = a.attrelid AND a.attnum = ANY (i.indkey)) AS is_indexed
FROM pg_attribute a WHERE a.attrelid = %s::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table."""

    name: str
    type: str
    is_given: bool
    """The database gives it a value."""
    is_key: bool
    """It is part of what must be unique."""
    is_indexed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What one cycle writes into one table, and a row of middle size."""

    table: str
    columns: tuple[Column, ...]
    row: Mapping[str, Any]
    inserted: float
    updated: float
    deleted: float
    in_place: float
    """Share of the updates that touch no index."""

    @property
    def is_standing(self) -> bool:
        """Whether its rows are there before, and only change."""
        return self.inserted < 0.5


def measure_same_rows(
    subject: Subject, folder: Path, server: Postgres, connections: Sequence[int], runs: int, seconds: float
) -> dict[str, Any]:
    """Count what a cycle writes, and return how many such cycles a second pgbench drives."""
    server.place_on(BOTH_CORES)
    place = Place(folder=folder / "same-rows", code_port=free_port(), postgres=server, users=100)
    with subject.start(place) as running:
        if running.database is None:
            raise RuntimeError("only what writes to PostgreSQL can be compared")
        database = running.database
        drive(plan_for(running, place, 8, measured_s=120, cycles_most=_WARM_CYCLES), roots=running.roots)
        before = _counts(server, database)
        cycles = drive(plan_for(running, place, 8, measured_s=120, cycles_most=_COUNTED_CYCLES)).cycles
    after = _counts(server, database)
    written = list(_written(server, database, before, after, max(1, cycles)))
    script = place.folder / "cycle.sql"
    script.write_text(_script(written))
    _prepare(server, database, written)
    found: list[dict[str, Any]] = []
    for count in connections:
        rates = sorted(_pgbench(server, database, script, count, seconds) for _ in range(runs))
        print(f"    {count:>3} at once: {rates[len(rates) // 2]:9.1f} cycles/s", flush=True)
        found.append({"connections": count, "per_second": rates[len(rates) // 2], "low": rates[0], "high": rates[-1]})
    rows = sum(one.inserted + one.updated + one.deleted for one in written)
    return {"runs": found, "rows": rows, "tables": {one.table: _counted(one) for one in written}}


def _counted(one: Written) -> dict[str, float]:
    return {"inserted": one.inserted, "updated": one.updated, "deleted": one.deleted}


def _counts(server: Postgres, database: str) -> dict[str, Mapping[str, Any]]:
    with psycopg.connect(server.url(database), row_factory=dict_row) as connection:
        connection.execute("SELECT pg_stat_force_next_flush(), pg_sleep(1.5)")  # the others report within a second
        connection.execute("SELECT pg_stat_clear_snapshot()")
        return {row["name"]: row for row in connection.execute(_COUNTS)}


def _written(
    server: Postgres, database: str, before: Mapping[str, Any], after: Mapping[str, Any], cycles: int
) -> Iterator[Written]:
    with psycopg.connect(server.url(database), row_factory=dict_row) as connection:
        for name, counts in sorted(after.items()):
            earlier = before.get(name, {})
            change = {key: counts[key] - earlier.get(key, 0) for key in ("inserted", "updated", "deleted", "in_place")}
            each = {key: value / cycles for key, value in change.items()}
            if max(each["inserted"], each["updated"], each["deleted"]) < 0.5:
                continue
            columns = tuple(Column(**row) for row in connection.execute(_COLUMNS, (counts["relid"],)))
            middle = sql.SQL(
                "SELECT * FROM {0} t ORDER BY length(t::text) OFFSET (SELECT count(*) / 2 FROM {0}) LIMIT 1"
            ).format(sql.Identifier(name))
            row = connection.execute(middle).fetchone()
            if row is not None:
                share = change["in_place"] / change["updated"] if change["updated"] else 1.0
                yield Written(
                    table=name,
                    columns=columns,
                    row=row,
                    inserted=each["inserted"],
                    updated=each["updated"],
                    deleted=each["deleted"],
                    in_place=share,
                )


def _prepare(server: Postgres, database: str, written: Sequence[Written]) -> None:
    """Make the copies, with rows for users that are there before."""
    with psycopg.connect(server.url(database), autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {_SCHEMA} CASCADE")
        connection.execute(f"CREATE SCHEMA {_SCHEMA}")
        for one in written:
            like = (
                f"(LIKE public.{one.table} INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES INCLUDING STORAGE)"
            )
            connection.execute(f"CREATE TABLE {_SCHEMA}.{one.table} {like}".encode())
            if one.is_standing:
                filled = _insert(one, "int8send(n)", "n") + f" FROM generate_series(1, {_USERS}) n"
                connection.execute(filled.encode())
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")


def _script(written: Sequence[Written]) -> str:
    """Return the script of a cycle: what is inserted at the start, then what the check changes and adds."""
    start: list[str] = []
    check: list[str] = []
    turns = 0
    for one in written:
        count = 0 if one.is_standing else round(one.inserted)
        for number in range(count):
            # The events and charges of a cycle come half with its start and half with its check.
            target = start if number < max(1, (count + 1) // 2) else check
            target.append(_insert(one, _USER, f"(:turn{number})::bigint"))
        turns = max(turns, count)
        check += [_update(one, number % max(1, count)) for number in range(round(one.updated))]
        if round(one.deleted) and count:
            check.append(_delete(one, round(one.deleted)))
    lines = [f"\\set user random(1, {_USERS})"]
    lines += [f"\\set turn{number} random(1, 9000000000000000000)" for number in range(max(1, turns))]
    lines += [
        "BEGIN;",
        *(f"{text};" for text in start),
        "COMMIT;",
        "BEGIN;",
        *(f"{text};" for text in check),
        "COMMIT;",
    ]
    return "\n".join(lines) + "\n"


def _insert(one: Written, user: str, turn: str) -> str:
    """Return an insertion (as a query, so that a source of many rows can follow)."""
    chosen = [column for column in one.columns if not column.is_given]
    names = ", ".join(f'"{column.name}"' for column in chosen)
    values = ", ".join(_value(one, column, user, turn) for column in chosen)
    return f"INSERT INTO {_SCHEMA}.{one.table} ({names}) SELECT {values}"


def _value(one: Written, column: Column, user: str, turn: str) -> str:
    template = one.row[column.name]
    if column.name == "user_key":
        return user
    if column.is_key and column.name not in {"application_id", "country"} and template is not None:
        return _own(column, template, turn)
    return _literal(template, column.type)


def _own(column: Column, template: Any, turn: str) -> str:  # noqa: ANN401 a value of any column
    """Return a value as long as the template, and of this turn alone."""
    if column.type == "text":
        return f"rpad(md5(({turn})::text), {len(template)}, '0')"
    if column.type == "bytea":
        return f"substr(decode(repeat(md5(({turn})::text), 8), 'hex'), 1, {len(template)})"
    # The first code and the first send of a challenge are number 1.
    return _literal(template, column.type) if template == 1 else f"({turn})::bigint"


def _literal(value: Any, kind: str) -> str:  # noqa: ANN401 a value of any column
    if value is None:
        return f"NULL::{kind}"
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'::bytea"
    if isinstance(value, str):
        # pgbench takes a colon before a word for one of its variables, inside quotation marks as well.
        escaped = value.replace("\\", "\\\\").replace("'", "''").replace(":", "\\x3a")
        return f"E'{escaped}'::{kind}"
    return f"{value}::{kind}"


def _update(one: Written, number: int) -> str:
    """Return a change of one row, which touches an index where most changes of Watchword did."""
    free = [column for column in one.columns if not column.is_key and column.type in {"bigint", "integer", "smallint"}]
    wanted = [column for column in free if column.is_indexed == (one.in_place < 0.5)] or free
    if not wanted:
        texts = [column for column in one.columns if not column.is_key]
        change = f'"{texts[-1].name}" = {_literal(one.row[texts[-1].name], texts[-1].type)}'
    else:
        change = f'"{wanted[-1].name}" = coalesce("{wanted[-1].name}", 0) + 1'
    return f"UPDATE {_SCHEMA}.{one.table} SET {change} WHERE {_where(one, number)}"  # noqa: S608 our own words


def _where(one: Written, number: int) -> str:
    """Return what finds the row of this cycle, or one that was there before."""
    turn = "(:user)::bigint" if one.is_standing else f"(:turn{number})::bigint"
    # With the application in every one of them, because it leads the indexes of what a user has many of.
    names = {column.name for column in one.columns if column.is_key and not column.is_given} | {"application_id"}
    keys = [column for column in one.columns if column.name in names]
    found = [column for column in keys if one.row[column.name] is not None]
    return " AND ".join(f'"{column.name}" = {_value(one, column, _USER, turn)}' for column in found)


def _delete(one: Written, count: int) -> str:
    table, where = f"{_SCHEMA}.{one.table}", _where(one, 0)
    chosen = f"SELECT ctid FROM {table} WHERE {where} LIMIT {count}"  # noqa: S608 our own words
    return f"DELETE FROM {table} WHERE ctid = ANY (ARRAY({chosen}))"  # noqa: S608 our own words


def _pgbench(server: Postgres, database: str, script: Path, connections: int, seconds: float) -> float:
    command: list[str | Path] = [
        *("taskset", "-c", str(DRIVER_CORE), server.programs / "pgbench"),
        *("--no-vacuum", "--protocol=prepared", f"--file={script}", f"--client={connections}", "--jobs=1"),
        *(
            f"--time={max(1, round(seconds))}",
            "--host=127.0.0.1",
            f"--port={server.port}",
            "--username=bench",
            database,
        ),
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    found = re.search(r"^tps = ([0-9.]+)", done.stdout, re.MULTILINE)
    if done.returncode or found is None:
        raise RuntimeError(f"pgbench: {done.stderr[-2_000:]}")
    return float(found.group(1))
