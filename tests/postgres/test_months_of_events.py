"""The months of the audit log: made ahead, dropped whole, and nobody who writes or reads waits for either."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest

from watchword.adapters.postgres.partitions import drop_before, keep_months, list_months, make_ahead
from watchword.adapters.postgres.postgres_connection import connection_settings
from watchword.domain.instant import Instant

_EVENT = "INSERT INTO events (id, type, application_id, user_key, at, data) VALUES ('evt', 'tried', 'shop', '', %s, '')"


@pytest.fixture
def connection(postgres_database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_database, autocommit=True) as opened:
        yield opened


def _at(year: int, month: int) -> Instant:
    return Instant(int(datetime(year, month, 1, tzinfo=UTC).timestamp()) * 1_000)


def test_there_is_always_a_place_for_the_events_of_the_next_months(connection: psycopg.Connection) -> None:
    made = make_ahead(connection, _at(2040, 11))
    assert made == ["events_2040_11", "events_2040_12", "events_2041_01", "events_2041_02"]
    assert make_ahead(connection, _at(2040, 11)) == []
    assert make_ahead(connection, _at(2040, 12)) == ["events_2041_03"]
    connection.execute(_EVENT, (_at(2041, 4) - 1,))
    with pytest.raises(psycopg.errors.CheckViolation, match="no partition"):
        connection.execute(_EVENT, (_at(2041, 4),))


def test_a_month_goes_when_all_of_it_is_old(connection: psycopg.Connection) -> None:
    make_ahead(connection, _at(2040, 11))
    connection.execute(_EVENT, (_at(2040, 12),))
    assert "events_2040_11" in drop_before(connection, Instant(_at(2041, 1) - 1))
    assert connection.execute("SELECT count(*) FROM events").fetchone() == (1,)
    assert drop_before(connection, _at(2041, 1)) == ["events_2040_12"]
    assert connection.execute("SELECT count(*) FROM events").fetchone() == (0,)


def test_a_long_reader_keeps_his_month_and_holds_nobody_up(
    postgres_database: str, connection: psycopg.Connection
) -> None:
    make_ahead(connection, _at(2040, 11))
    connection.execute(_EVENT, (_at(2040, 11),))
    with psycopg.connect(postgres_database) as reader, psycopg.connect(postgres_database, autocommit=True) as writer:
        assert reader.execute("SELECT count(*) FROM events").fetchone() == (1,)
        assert drop_before(connection, _at(2041, 1)) == []
        # Nobody stands in a queue behind the one who could not drop it.
        writer.execute("SET lock_timeout = '1s'")
        writer.execute(_EVENT, (_at(2041, 2),))
        assert writer.execute("SELECT count(*) FROM events WHERE at >= %s", (_at(2041, 1),)).fetchone() == (1,)
        reader.rollback()
    assert {"events_2040_11", "events_2040_12"} < set(drop_before(connection, _at(2041, 1)))
    assert [month.name for month in list_months(connection)] == ["events_2041_01", "events_2041_02"]
    assert connection.execute("SELECT to_regclass('events_2040_11')").fetchone() == (None,)


def test_a_month_that_somebody_left_behind_goes_with_the_next(connection: psycopg.Connection) -> None:
    make_ahead(connection, _at(2040, 11))
    connection.execute("ALTER TABLE events DETACH PARTITION events_2040_12")
    drop_before(connection, _at(2000, 1))
    assert connection.execute("SELECT to_regclass('events_2040_12')").fetchone() == (None,)


async def test_many_processes_look_after_the_months_at_once(
    postgres_database: str, connection: psycopg.Connection
) -> None:
    make_ahead(connection, _at(2040, 11))
    settings = connection_settings(postgres_database)
    await asyncio.gather(*(asyncio.to_thread(keep_months, settings, _at(2041, 1), _at(2040, 11)) for _ in range(4)))
    assert [month.name for month in list_months(connection)] == ["events_2041_01", "events_2041_02"]
