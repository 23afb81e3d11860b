"""Makes the months of the audit log ahead of time, and drops old ones; neither keeps anybody from writing.

A month is made as a table of its own and attached, which takes a lock that readers and writers do not meet; it is
detached concurrently before it is dropped.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import make_conninfo

from watchword.domain.errors import StorageUnavailable
from watchword.domain.instant import END_OF_TIME, SECOND_MS, Instant

MONTHS_AHEAD: Final = 3
"""So long may nobody keep house before an event finds no place."""
_LOCK_WAIT_MS: Final = 1_000
_ONE_AT_A_TIME: Final = 0x57544D4F
"""The bytes "WTMO": the advisory lock of whoever looks after the months."""
_MONTHS: Final = 12
_BOUNDS: Final = re.compile(
    r"FOR VALUES FROM \((?:'(?P<low>-?[0-9]+)'|MINVALUE)\) TO \((?:'(?P<high>-?[0-9]+)'|MAXVALUE)\)"
)
_LISTED: Final = """
    SELECT relname, pg_get_expr(relpartbound, oid), inhdetachpending
    FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'events'::regclass
"""
_LEFT_BEHIND: Final = """
    SELECT relname FROM pg_class WHERE relname ~ '^events_[0-9]{4}_[0-9]{2}$' AND relkind = 'r' AND NOT relispartition
    AND relnamespace = current_schema()::regnamespace
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A partition of the events: all before ``ends_at`` that no earlier one has."""

    name: str
    ends_at: Instant
    is_leaving: bool
    """Whether its detaching was begun and not finished."""


def keep_months(settings: Mapping[str, str], before: Instant, now: Instant) -> int:
    """Make the months to come from ``now``, drop those that ended before a moment, and return how many these were.

    One process does so at a time; another one has nothing to do then. Raises ``StorageUnavailable``.
    """
    try:
        with psycopg.connect(make_conninfo("", **settings), autocommit=True) as connection:
            if connection.execute("SELECT pg_try_advisory_lock(%s)", (_ONE_AT_A_TIME,)).fetchone() != (True,):
                return 0
            make_ahead(connection, now)
            return len(drop_before(connection, before))
    except psycopg.Error as error:
        raise StorageUnavailable(f"the months of the events: {type(error).__name__}") from error


def make_ahead(connection: psycopg.Connection, now: Instant | None = None) -> Sequence[str]:
    """Make the months that are missing, that of now and the next three; return their names.

    ``now`` is the time of the database where it is not given.
    """
    made: list[str] = []
    months = list_months(connection)
    covered = max((month.ends_at for month in months), default=None)
    for start, end in _months_from(_now(connection) if now is None else now, MONTHS_AHEAD):
        if covered is not None and end <= covered:
            continue
        # The first one takes whatever came before as well: events of a store that was carried over, for example.
        low = sql.SQL("MINVALUE") if covered is None else sql.Literal(covered)
        name = f"events_{datetime.fromtimestamp(start / SECOND_MS, UTC):%Y_%m}"
        _make(connection, name, low, end)
        covered = end
        made.append(name)
    return made


def drop_before(connection: psycopg.Connection, before: Instant) -> Sequence[str]:
    """Drop the months whose events are all older than that; return their names.

    A month that somebody reads for longer than a second stays until the next time, and so do those after it: only one
    at a time can be on its way out.
    """
    _drop_left_behind(connection)
    dropped: list[str] = []
    old = [month for month in list_months(connection) if month.ends_at <= before or month.is_leaving]
    for month in sorted(old, key=lambda month: not month.is_leaving):
        if not _drop(connection, month):
            break
        dropped.append(month.name)
    return dropped


def list_months(connection: psycopg.Connection) -> Sequence[Month]:
    """Return the partitions of the events, oldest first."""
    months = []
    for name, bounds, is_leaving in connection.execute(_LISTED).fetchall():
        found = _BOUNDS.fullmatch(bounds)
        if found is not None:
            high = END_OF_TIME if found["high"] is None else Instant(int(found["high"]))
            months.append(Month(name=name, ends_at=high, is_leaving=is_leaving))
    return sorted(months, key=lambda month: month.ends_at)


def _make(connection: psycopg.Connection, name: str, low: sql.Composable, end: Instant) -> None:
    """Attach a new table; one that somebody else is making at the same time is left to him."""
    table = sql.Identifier(name)
    try:
        with connection.transaction():
            connection.execute(sql.SQL("CREATE TABLE {} (LIKE events INCLUDING ALL)").format(table))
            connection.execute(
                sql.SQL("ALTER TABLE events ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(table, low, end)
            )
    except (errors.DuplicateTable, errors.UniqueViolation, errors.InvalidObjectDefinition):
        return


def _drop(connection: psycopg.Connection, month: Month) -> bool:
    table = sql.Identifier(month.name)
    how = sql.SQL("FINALIZE" if month.is_leaving else "CONCURRENTLY")
    connection.execute(sql.SQL("SET lock_timeout = {}").format(_LOCK_WAIT_MS))
    try:
        connection.execute(sql.SQL("ALTER TABLE events DETACH PARTITION {} {}").format(table, how))
        connection.execute(sql.SQL("DROP TABLE {}").format(table))
    except (errors.LockNotAvailable, errors.QueryCanceled):
        return False
    return True


def _drop_left_behind(connection: psycopg.Connection) -> None:
    """Drop months that somebody detached who then ended, before he dropped them."""
    for (name,) in connection.execute(_LEFT_BEHIND).fetchall():
        connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(name)))


def _months_from(now: Instant, ahead: int) -> Iterator[tuple[Instant, Instant]]:
    """Return the bounds of the month of ``now`` and of those after it."""
    today = datetime.fromtimestamp(now / SECOND_MS, UTC)
    first = today.year * _MONTHS + today.month - 1
    for number in range(first, first + ahead + 1):
        yield _start_of(number), _start_of(number + 1)


def _start_of(month: int) -> Instant:
    year, month_of_year = divmod(month, _MONTHS)
    return Instant(int(datetime(year, month_of_year + 1, 1, tzinfo=UTC).timestamp()) * SECOND_MS)


def _now(connection: psycopg.Connection) -> Instant:
    # Read without being kept: whoever makes the months has no other clock to believe or to doubt this one by.
    (now,) = connection.execute("SELECT greatest(watchword_clock(), last_value) FROM watchword_highest").fetchone() or (
        0,
    )
    return Instant(int(now))
