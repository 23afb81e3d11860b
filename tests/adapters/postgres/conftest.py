"""Gives a runner on a real PostgreSQL, with one small table to write to and nothing of the product."""

from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from tests.adapters.postgres.ledger import LEDGER, make_runner
from tests.kit.postgres import PostgresServer
from tests.kit.postgres_databases import PostgresDatabases
from watchword.adapters.postgres.postgres_runner import PostgresRunner


@pytest.fixture
def ledger(postgres_databases: PostgresDatabases) -> Iterator[str]:
    """Gives the address of a database with the table."""
    with postgres_databases.empty() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(LEDGER)
        yield url


@pytest.fixture
async def runner(ledger: str) -> AsyncIterator[PostgresRunner]:
    opened = make_runner(ledger)
    yield opened
    await opened.close()


@pytest.fixture
def superuser(postgres_server: PostgresServer) -> Iterator[psycopg.Connection]:
    """Gives a connection that may look at all others, and end them."""
    with postgres_server.superuser() as connection:
        yield connection
