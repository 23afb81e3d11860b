"""Statements of an open transaction on an apsw connection: each is carried out at once, in a few microseconds."""

from collections.abc import Mapping, Sequence

import apsw

from watchword.adapters.rows.transaction import Row, Value


class SqliteStatements:
    """Keeps the promise of ``rows.transaction.Statements``."""

    __slots__ = ("_connection",)

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def all(self, sql: str, values: Mapping[str, Value]) -> list[Row]:
        """Return every row of a query."""
        cursor = self._connection.execute(sql, values)
        names: tuple[str, ...] = ()
        rows: list[Row] = []
        for row in cursor:
            names = names or tuple(column[0] for column in cursor.get_description())
            rows.append(dict(zip(names, row, strict=True)))
        return rows

    def run(self, sql: str, values: Mapping[str, Value]) -> int:
        """Carry out a statement and return how many rows it changed."""
        self._connection.execute(sql, values)
        return self._connection.changes()

    def write(self, sql: str, values: Mapping[str, Value]) -> None:
        """Carry out a statement."""
        self._connection.execute(sql, values)

    def reserve(self, user_keys: Sequence[bytes]) -> frozenset[bytes]:
        """Return all of them: one process writes, one operation after the other."""
        return frozenset(user_keys)
