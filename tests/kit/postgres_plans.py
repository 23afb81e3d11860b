"""Asks PostgreSQL how it would go about statements of the store, on tables of many users and on tables spread by user.

A statement is planned with the types and the values that the store sent, once for these values and once for any.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import psycopg
from psycopg import sql

from tests.kit.statement_record import Statement
from watchword.adapters.postgres.prepared_texts import PreparedTexts

SHARDS: Final = 8
_TYPES: Final = {0: "unknown", 17: "bytea", 20: "bigint", 25: "text", 701: "double precision", 1016: "bigint[]"}
_BINARY: Final = 1
_IDENTIFIERS: Final = ("id", "action_id", "challenge_id", "notice_id", "reference", "made_by")


def plan_for_values(connection: psycopg.Connection, statement: Statement) -> Mapping[str, Any]:
    """Return the plan of a statement with its values."""
    text, values = statement
    prepared, sent = PreparedTexts().bind(text, values)
    result = connection.pgconn.exec_params(
        b"EXPLAIN (FORMAT JSON) " + prepared.sql,
        list(sent),
        param_types=list(prepared.types),
        param_formats=[_BINARY] * len(sent),
    )
    return _read(result.get_value(0, 0), result.error_message)


def plan_for_any(connection: psycopg.Connection, statement: Statement) -> Mapping[str, Any]:
    """Return the plan of a statement that is prepared once and kept for all values."""
    text, values = statement
    prepared, _ = PreparedTexts().bind(text, values)
    types = ", ".join(_TYPES[number] for number in prepared.types)
    nothing = ", ".join("NULL" for _ in prepared.types)
    connection.execute("SET plan_cache_mode = force_generic_plan")
    named = b"PREPARE asked" + (f" ({types})".encode() if types else b"") + b" AS " + prepared.sql
    asked = b"EXPLAIN (FORMAT JSON) EXECUTE asked" + (f" ({nothing})".encode() if nothing else b"")
    made = connection.pgconn.exec_(named)
    result = connection.pgconn.exec_(asked)
    connection.execute("DEALLOCATE asked")
    connection.execute("RESET plan_cache_mode")
    return _read(result.get_value(0, 0), made.error_message or result.error_message)


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield every node of a plan."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def spread_by_user(connection: psycopg.Connection, tables: Iterable[str]) -> None:
    """Spread each of these tables over eight by the key of the user, as a distributed PostgreSQL does over its servers.

    PostgreSQL refuses where a unique constraint does not name the key.
    """
    connection.execute("DROP VIEW settled_events")
    for table in sorted(tables):
        name, old = sql.Identifier(table), sql.Identifier(f"{table}_in_one")
        connection.execute(sql.SQL("ALTER TABLE {} RENAME TO {}").format(name, old))
        connection.execute(
            sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL) PARTITION BY HASH (user_key)").format(name, old)
        )
        for shard in range(SHARDS):
            connection.execute(
                sql.SQL("CREATE TABLE {} PARTITION OF {} FOR VALUES WITH (MODULUS {}, REMAINDER {})").format(
                    sql.Identifier(f"{table}_shard_{shard}"), name, SHARDS, shard
                )
            )
        connection.execute(sql.SQL("INSERT INTO {} OVERRIDING SYSTEM VALUE SELECT * FROM {}").format(name, old))
        connection.execute(sql.SQL("DROP TABLE {} CASCADE").format(old))
    connection.execute("CREATE VIEW settled_events AS SELECT * FROM events WHERE number < watchword_settled_number()")


def multiply_users(connection: psycopg.Connection, tables: Collection[str], times: int) -> None:
    """Give every row of users so many rows of other users beside it that a plan has reason to use an index."""
    for table in sorted(tables):
        columns = connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND identity_generation IS NULL"
            " ORDER BY ordinal_position",
            (table,),
        ).fetchall()
        names = [name for (name,) in columns]
        connection.execute(
            sql.SQL(
                "INSERT INTO {table} ({columns}) SELECT {values} FROM {table}, generate_series(1, {times}) AS n"
            ).format(
                table=sql.Identifier(table),
                columns=sql.SQL(", ").join(map(sql.Identifier, names)),
                values=sql.SQL(", ").join(map(_of_another, names)),
                times=times,
            )
        )
    connection.execute("VACUUM ANALYZE")


def _of_another(column: str) -> sql.Composable:
    """Return the value of a column in the row of the user of number ``n``."""
    name = sql.Identifier(column)
    if column == "user_key":
        return sql.SQL("substr(sha256({} || int8send(n)), 1, 8)").format(name)
    if column in _IDENTIFIERS:
        return sql.SQL("{} || '/' || n").format(name)
    if column == "number":
        return sql.SQL("{} + n * 1000000000::bigint").format(name)
    return name


def _read(plan: bytes | None, problem: bytes) -> Mapping[str, Any]:
    if plan is None:
        raise LookupError(problem.decode())
    found: Sequence[Mapping[str, Any]] = json.loads(plan)
    read: Mapping[str, Any] = found[0]["Plan"]
    return read
