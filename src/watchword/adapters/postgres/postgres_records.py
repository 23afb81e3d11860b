"""Reads recorded actions for a replay from PostgreSQL, on a connection of its own that writes nothing."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, Final, LiteralString

import psycopg
from psycopg.conninfo import make_conninfo

from watchword.adapters.postgres.postgres_connection import connection_settings, open_connection
from watchword.adapters.postgres.postgres_schema import explained, place_of, require_fit
from watchword.adapters.rows.recorded_reading import RecordedReading
from watchword.domain.errors import StorageUnavailable
from watchword.domain.instant import Instant
from watchword.ports.keyring import Keyring
from watchword.risk.replay import Recorded, Unjudged

STATEMENT_TIMEOUT_MS: Final = 60_000
"""A piece is a quarter of a second's work; on a server that has much to do it may wait."""
_COLUMNS: Final[LiteralString] = """
    SELECT a.number, a.id, a.user_key, a.type, a.decision, a.label, a.disputed_at, a.sealed_assessment,
    {action}, c.state, c.conceal, c.decoy,
    coalesce((SELECT string_agg(channel, ',') FROM sends WHERE challenge_id = c.id AND user_key = c.user_key),
        CASE WHEN c.sends = 1 THEN c.route_channel END)
    FROM actions AS a LEFT JOIN challenges AS c ON a.decision = 'challenge'
    AND c.application_id = a.application_id AND c.user_key = a.user_key AND c.action_id = a.id
    WHERE a.number BETWEEN %s AND %s AND a.application_id = %s ORDER BY a.number
"""
_PLAIN: Final[LiteralString] = _COLUMNS.replace("{action}", "NULL")
_WITH_DETAILS: Final[LiteralString] = _COLUMNS.replace("{action}", "a.sealed_action")


class PostgresRecords:
    """Keeps the promise of ``ports.recorded_actions`` on one database; belongs to one thread.

    Numbers are drawn by many processes at once, so times may be out of their order by as much as a transaction takes:
    at both ends of a span a few actions of the same second may be in it or not.
    """

    __slots__ = ("_application_id", "_connection", "_reading")

    def __init__(self, conninfo: str, keyring: Keyring, application_id: str) -> None:
        """Connect; ``ConfigurationError`` where nothing answers, or where the schema is another release's."""
        settings = {**connection_settings(conninfo), "application_name": "watchword policy replay"}
        with explained(place_of(conninfo)):
            asyncio.run(_check(settings, conninfo))
            self._connection = psycopg.connect(make_conninfo("", **settings), autocommit=True)
            self._connection.read_only = True
            self._connection.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")
        self._application_id = application_id
        self._reading = RecordedReading(keyring, application_id)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def span(self, since: Instant, until: Instant) -> range:
        """Return the numbers of the actions in a time."""
        return range(self._first_from(since), self._first_from(until))

    def read(self, numbers: range, *, details: bool) -> Iterator[Recorded | Unjudged]:
        """Yield the actions with these numbers."""
        values = (numbers.start, numbers.stop - 1, self._application_id)
        for row in self._all(_WITH_DETAILS if details else _PLAIN, values):
            yield self._reading.read(*row)

    def _first_from(self, moment: Instant) -> int:
        """Return the number of the first action that was decided at a moment or later; beyond the last for none."""
        low, high = 1, self._beyond_the_last()
        while low < high:
            middle = (low + high) // 2
            rows = self._all(
                "SELECT number, created_at FROM actions WHERE number >= %s ORDER BY number LIMIT 1", (middle,)
            )
            if not rows or rows[0][1] >= moment:
                high = middle
            else:
                low = int(rows[0][0]) + 1
        return low

    def _beyond_the_last(self) -> int:
        ((last,),) = self._all("SELECT coalesce(max(number), 0) + 1 FROM actions", ())
        return int(last)

    def _all(self, sql: LiteralString, values: tuple[int | str, ...]) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(sql, values).fetchall()
        except psycopg.Error as error:
            raise StorageUnavailable(f"the recorded actions: {type(error).__name__}") from error


async def _check(settings: Mapping[str, str], conninfo: str) -> None:
    async with await open_connection(settings) as connection:
        await require_fit(connection, conninfo)
