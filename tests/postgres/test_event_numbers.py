"""The order of the audit log where many write at once, and the time that does not go back."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.contract.builders import START
from tests.kit.postgres_databases import PostgresClock
from watchword.adapters.postgres.postgres_schema import migrate, require_fit
from watchword.domain.errors import ConfigurationError

_EVENT = (
    "INSERT INTO events (id, type, application_id, user_key, at, data) VALUES (%s, 'user.erased', 'shop', '', 1, '{}')"
)
_FEED = "SELECT id FROM settled_events WHERE number > %s ORDER BY number"
_NEWEST = "SELECT max(number) FROM settled_events"


@pytest.fixture
def connection(postgres_database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_database, autocommit=True) as opened:
        yield opened


@pytest.mark.parametrize("first", ["began_first", "wrote_first"])
def test_a_reader_who_remembers_a_number_misses_nothing(
    postgres_database: str, connection: psycopg.Connection, first: str
) -> None:
    with psycopg.connect(postgres_database) as one, psycopg.connect(postgres_database) as other:
        one.execute("SELECT pg_current_xact_id()")
        other.execute(_EVENT, ("evt_wrote_first",))
        one.execute(_EVENT, ("evt_began_first",))
        by_name = {"began_first": one, "wrote_first": other}
        by_name.pop(first).commit()
        seen = connection.execute(_FEED, (0,)).fetchall()
        (newest,) = connection.execute(_NEWEST).fetchone() or (None,)
        for left in by_name.values():
            left.commit()
    seen += connection.execute(_FEED, (newest or 0,)).fetchall()
    assert sorted(seen) == [("evt_began_first",), ("evt_wrote_first",)]


def test_events_of_a_transaction_keep_their_order(connection: psycopg.Connection) -> None:
    names = [f"evt_{number}" for number in range(12)]
    with connection.transaction():
        for name in names:
            connection.execute(_EVENT, (name,))
    assert connection.execute(_FEED, (0,)).fetchall() == [(name,) for name in names]


async def test_events_go_on_upwards_in_another_server(postgres_database: str, connection: psycopg.Connection) -> None:
    """A server counts its transactions from the start: a restored database has events that are ahead of them."""
    connection.execute(_EVENT, ("evt_before",))
    connection.execute("UPDATE events SET number = number + (1000::bigint << 20)")
    async with await psycopg.AsyncConnection.connect(postgres_database) as opened:
        with pytest.raises(ConfigurationError, match="come from another server; run: watchword migrate"):
            await require_fit(opened, postgres_database)
    migrate(postgres_database)
    connection.execute(_EVENT, ("evt_after",))
    assert connection.execute(_FEED, (0,)).fetchall() == [("evt_before",), ("evt_after",)]
    async with await psycopg.AsyncConnection.connect(postgres_database) as opened:
        await require_fit(opened, postgres_database)


def test_the_time_does_not_go_back_with_the_clock(postgres_database: str, connection: psycopg.Connection) -> None:
    clock = PostgresClock(postgres_database, START)
    read = "SELECT watchword_now()"
    assert connection.execute(read).fetchone() == (START,)
    clock.move(hours=-1)
    assert connection.execute(read).fetchone() == (START,)
    with connection.transaction():
        connection.execute("SET TRANSACTION READ ONLY")
        assert connection.execute(read).fetchone() == (START,)
    clock.move(hours=2)
    with connection.transaction():
        connection.execute("SET TRANSACTION READ ONLY")
        assert connection.execute(read).fetchone() == (START + 3_600_000,)
    clock.close()
