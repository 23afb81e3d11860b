"""Makes databases on a server of the tests, a fresh one for each test, and stops the clock in them."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import psycopg
from psycopg import sql

from tests.kit.postgres import ROLE, PostgresServer
from watchword.adapters.postgres.partitions import make_ahead
from watchword.adapters.postgres.postgres_schema import migrate
from watchword.domain.instant import Instant, later

_TEMPLATE = "watchword_migrated"


class PostgresDatabases:
    """Makes databases on one server, under names that were not used yet."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self._numbers = count(1)
        self._is_template_there = False

    @contextmanager
    def empty(self) -> Iterator[str]:
        """Give the address of a database without any table, and remove it afterwards."""
        with self._made("template1") as url:
            yield url

    @contextmanager
    def migrated(self) -> Iterator[str]:
        """Give the address of a database at the newest version, copied from one that was migrated once."""
        if not self._is_template_there:
            self._create(_TEMPLATE, "template1")
            migrate(self.server.url(_TEMPLATE))
            self._is_template_there = True
        with self._made(_TEMPLATE) as url:
            yield url

    @contextmanager
    def _made(self, template: str) -> Iterator[str]:
        name = f"test_{next(self._numbers)}"
        self._create(name, template)
        try:
            yield self.server.url(name)
        finally:
            # By force: a test may leave a connection behind that a process of its own holds.
            with self.server.superuser() as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _create(self, name: str, template: str) -> None:
        command = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}")
        with self.server.superuser() as connection:
            connection.execute(command.format(*map(sql.Identifier, (name, ROLE, template))))


class PostgresClock:
    """The clock inside one database: stands still until somebody moves it, forwards or back.

    It moves for everybody at once and in the middle of transactions, as a clock does.
    """

    def __init__(self, url: str, at: Instant) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        self._connection.execute(f"CREATE SEQUENCE IF NOT EXISTS clock_of_the_tests MINVALUE 0 START {at:d}")
        self._connection.execute(
            "CREATE OR REPLACE FUNCTION watchword_clock() RETURNS BIGINT LANGUAGE plpgsql VOLATILE AS"
            " 'BEGIN RETURN (SELECT last_value FROM clock_of_the_tests); END'"
        )
        # What the migration was told is not to hold this clock up.
        self._connection.execute("SELECT setval('watchword_highest', 0, false)")
        self.set(at)

    @property
    def at(self) -> Instant:
        """What it shows."""
        return self.now()

    def now(self) -> Instant:
        """Return what it shows."""
        (at,) = self._connection.execute("SELECT last_value FROM clock_of_the_tests").fetchone() or (0,)
        return Instant(int(at))

    def set(self, at: Instant) -> None:
        """Make it show this."""
        self._connection.execute("SELECT setval('clock_of_the_tests', %s)", (at,))
        # A jump of a year passes what would have been made ahead month by month meanwhile.
        make_ahead(self._connection, at)

    def move(self, *, seconds: float = 0, hours: float = 0, days: float = 0) -> None:
        """Move it forwards, or back."""
        self.set(later(self.now(), seconds=seconds, hours=hours, days=days))

    def close(self) -> None:
        """Leave it as it stands."""
        self._connection.close()
