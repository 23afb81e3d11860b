"""Makes databases on a server of the tests: a fresh one for each test."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from psycopg import sql

from tests.kit.postgres import ROLE, PostgresServer


class PostgresDatabases:
    """Makes databases on one server, under names that were not used yet."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self._numbers = count(1)

    @contextmanager
    def empty(self) -> Iterator[str]:
        """Give the address of a database without any table, and remove it afterwards."""
        with self._made("template1") as url:
            yield url

    @contextmanager
    def _made(self, template: str) -> Iterator[str]:
        name = f"test_{next(self._numbers)}"
        command = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}")
        with self.server.superuser() as connection:
            connection.execute(command.format(*map(sql.Identifier, (name, ROLE, template))))
        try:
            yield self.server.url(name)
        finally:
            # By force: a test may leave a connection behind that a process of its own holds.
            with self.server.superuser() as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
