"""A database that is away is told once, and so is its return, without a word of where it is."""

from collections.abc import AsyncIterator

import psycopg
import pytest

from tests.adapters.postgres.ledger import add, amount_of, make_runner, owner
from watchword.adapters.postgres.outage import Outage
from watchword.adapters.postgres.postgres_runner import PostgresRunner
from watchword.domain.errors import StorageUnavailable

_END_ALL = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'watchword'"


@pytest.fixture
def told() -> list[str | None]:
    return []


@pytest.fixture
async def listened(ledger: str, told: list[str | None]) -> AsyncIterator[PostgresRunner]:
    opened = make_runner(ledger, on_outage=told.append)
    yield opened
    await opened.close()


async def test_connections_that_were_ended_together_are_one_outage(
    listened: PostgresRunner, superuser: psycopg.Connection, told: list[str | None]
) -> None:
    for outages in range(3):
        for number in range(4):
            await listened.write(owner(number), add(owner(number), 1))
            await amount_of(listened, owner(number))
        assert [words is None for words in told] == [False, True] * outages
        superuser.execute(_END_ALL)


async def test_a_refusal_is_told_once_and_without_who_was_refused(ledger: str, told: list[str | None]) -> None:
    refused = make_runner(ledger.replace("watchword@", "canary@"), patience_s=0.3, on_outage=told.append)
    for _ in range(2):
        with pytest.raises(StorageUnavailable):
            await refused.write(owner(1), add(owner(1), 1))
    await refused.close()
    assert told == ["no connection: does not exist"]


def test_tells_harmless_words_only() -> None:
    told: list[str | None] = []
    outage = Outage(told.append, lambda: 7.0)
    outage.begin(
        'no connection: connection to server at "10.0.0.3", port 5432 failed: FATAL:  password authentication failed'
        ' for user "ada"',
        connected_s=None,
    )
    outage.begin("the server did not answer in time", connected_s=1.0)
    outage.end()
    outage.begin("nothing can be sent: password=hunter2", connected_s=1.0)
    outage.end()
    outage.begin("nothing can be sent: password=hunter2", connected_s=8.0)
    assert told == ["no connection: password authentication failed", None, "nothing can be sent"]
