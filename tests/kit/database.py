"""Looks into the tables of a store, and changes them behind its back, whatever database it is on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import apsw

from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.rows.transaction import Value
from watchword.adapters.sqlite.sqlite_store import SqliteRunner


async def rows(store: RowStore, sql: str, **values: Value) -> list[tuple[Any, ...]]:
    """Return what is committed."""
    return await store.runner.ask(lambda read: [tuple(row.values()) for row in read.all(sql, **values)])


async def count(store: RowStore, sql: str, **values: Value) -> int:
    """Return the whole number that a query counts."""
    return await store.runner.ask(lambda read: read.number(sql, **values))


async def change(store: RowStore, sql: str, **values: Value) -> int:
    """Change rows as nobody should, and return how many."""
    return await store.runner.write(None, lambda write: write.run(sql, **values))


@asynccontextmanager
async def failing_commits(store: RowStore) -> AsyncIterator[None]:
    """Have every COMMIT of a transaction with an action fail."""
    if isinstance(store.runner, SqliteRunner):
        connections(store)[0].set_commit_hook(lambda: True)
        yield
        connections(store)[0].set_commit_hook(None)
        return
    await change(store, "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END'")
    deferred = "CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON actions DEFERRABLE INITIALLY DEFERRED"
    await change(store, f"{deferred} FOR EACH ROW EXECUTE FUNCTION fail()")
    yield
    await change(store, "DROP TRIGGER fail ON actions")


def connections(store: RowStore) -> tuple[apsw.Connection, apsw.Connection]:
    """Return the connections that a store on SQLite writes and reads with."""
    runner = store.runner
    assert isinstance(runner, SqliteRunner)
    return runner._writing._connection, runner._reader
