"""Statements of an open transaction on an apsw connection: each is carried out at once, in a few microseconds."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import apsw

from watchword.adapters.rows.transaction import Row, Value

Result = TypeVar("Result")


class SqliteStatements:
    """Keeps the promise of ``rows.transaction.Statements``."""

    __slots__ = ("_connection", "_cursor", "_names")

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._cursor = connection.cursor()
        """One for all, as each statement ends before the next begins: a new one costs a sixth of a short statement."""
        self._names: dict[str, tuple[str, ...]] = {}
        """Of the columns of each query, which stay what they are while the schema does."""

    def all(self, sql: str, values: Mapping[str, Value]) -> list[Row]:
        """Return every row of a query."""
        cursor = self._cursor.execute(sql, values)
        names = self._names.get(sql)
        rows: list[Row] = []
        for row in cursor:
            if names is None:  # there is no description once the last row was read
                names = self._names[sql] = tuple(column[0] for column in cursor.get_description())
            rows.append(dict(zip(names, row, strict=True)))
        return rows

    def run(self, sql: str, values: Mapping[str, Value]) -> int:
        """Carry out a statement and return how many rows it changed."""
        self._cursor.execute(sql, values)
        return self._connection.changes()

    def write(self, sql: str, values: Mapping[str, Value]) -> None:
        """Carry out a statement."""
        self._cursor.execute(sql, values)

    def side_by_side(self, tasks: Sequence[Callable[[], Result]]) -> list[Result]:
        """Carry out tasks, one after the other."""
        return [task() for task in tasks]

    def reserve(self, user_keys: Sequence[bytes]) -> frozenset[bytes]:
        """Return all of them: one process writes, one operation after the other."""
        return frozenset(user_keys)
