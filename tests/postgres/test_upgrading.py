"""A release goes on serving while the next one's migration runs, and on the tables that it leaves.

There is no earlier release yet: this one stands for it, and the migrations are such as a later one will bring. Whatever
adds must be possible under its eyes; whatever takes away says so, and is refused by it.
"""

import asyncio
from contextlib import closing

import psycopg
import pytest

from tests.contract.builders import START, Scene
from tests.contract.whole_life import play_whole_life
from tests.kit.clock_and_chance import MovableClock, SeededEntropy
from tests.kit.postgres_databases import PostgresClock
from tests.kit.postgres_plans import plan_for_values
from tests.kit.statement_record import Statement, record_statements
from tests.postgres.acknowledged import Customers, contradictions
from watchword.adapters.key_set import KeySet
from watchword.adapters.postgres.postgres_schema import migrate_by, newest_version, read_migration, shipped_migrations
from watchword.adapters.postgres.postgres_store import open_postgres_store
from watchword.domain.errors import ConfigurationError

NEXT = newest_version() + 1
ADDS = """
CREATE TABLE labels (application_id TEXT COLLATE "C" NOT NULL, word TEXT COLLATE "C" NOT NULL);
ALTER TABLE challenges ADD COLUMN asked_by TEXT COLLATE "C";
ALTER TABLE users ADD COLUMN seen_times BIGINT NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN weight SMALLINT NOT NULL DEFAULT 1;
ALTER TABLE grants ADD CONSTRAINT grants_last CHECK (expires_at >= issued_at) NOT VALID;
"""
ADDS_BESIDE = """-- concurrently
CREATE INDEX CONCURRENTLY IF NOT EXISTS challenges_by_end ON challenges (ended_at);
ALTER TABLE grants VALIDATE CONSTRAINT grants_last;
"""
TAKES_AWAY = f"""-- serves: {NEXT}
ALTER TABLE challenges DROP COLUMN end_reason;
"""


@pytest.fixture
def entropy() -> SeededEntropy:
    return SeededEntropy(7)


@pytest.fixture
def keyring(entropy: SeededEntropy) -> KeySet:
    return KeySet.generate(entropy, START)


def _migrate(url: str, *texts: str) -> int:
    later = (read_migration(NEXT + place, text) for place, text in enumerate(texts))
    return migrate_by(url, (*shipped_migrations(), *later))


async def test_nobody_notices_a_migration_that_adds(
    postgres_database: str, entropy: SeededEntropy, keyring: KeySet
) -> None:
    store = await open_postgres_store(postgres_database, entropy, keyring)
    scene = Scene(store=store, clock=MovableClock(await store.now()), entropy=entropy, keyring=keyring)
    customers = Customers(scene=scene)
    async with customers.coming(16):
        await customers.redeemed(30)
        assert await asyncio.to_thread(_migrate, postgres_database, ADDS) == NEXT
        await customers.redeemed(30)
        assert await asyncio.to_thread(_migrate, postgres_database, ADDS, ADDS_BESIDE) == NEXT + 1
        await customers.redeemed(30)
    assert customers.troubles == []
    assert await contradictions(scene, customers.cycles) == []
    await store.close()


async def test_a_process_of_the_release_before_starts_on_what_was_added(
    postgres_database: str, entropy: SeededEntropy, keyring: KeySet
) -> None:
    _migrate(postgres_database, ADDS, ADDS_BESIDE)
    with closing(PostgresClock(postgres_database, START)) as clock:
        store = await open_postgres_store(postgres_database, entropy, keyring)
        await play_whole_life(Scene(store=store, clock=clock, entropy=entropy, keyring=keyring), "u-1")
        await store.close()


async def test_a_process_of_the_release_before_refuses_what_was_taken_away(
    postgres_database: str, entropy: SeededEntropy, keyring: KeySet
) -> None:
    _migrate(postgres_database, TAKES_AWAY)
    with pytest.raises(ConfigurationError, match="newer release"):
        await open_postgres_store(postgres_database, entropy, keyring)


class TestEveryStatement:
    """Each statement of whole lives is planned on the tables to come, so that none is left out for want of traffic."""

    @pytest.fixture
    async def statements(self, postgres_database: str, entropy: SeededEntropy, keyring: KeySet) -> list[Statement]:
        with closing(PostgresClock(postgres_database, START)) as clock:
            store, operations = record_statements(await open_postgres_store(postgres_database, entropy, keyring))
            await play_whole_life(Scene(store=store, clock=clock, entropy=entropy, keyring=keyring), "u-1")
            await store.close()
        found = {text: (text, values) for operation in operations for text, values in operation.statements}
        return list(found.values())

    async def test_is_understood_after_what_was_added(
        self, postgres_database: str, statements: list[Statement]
    ) -> None:
        _migrate(postgres_database, ADDS, ADDS_BESIDE)
        assert _not_understood(postgres_database, statements) == []

    async def test_is_missed_where_something_was_taken_away(
        self, postgres_database: str, statements: list[Statement]
    ) -> None:
        _migrate(postgres_database, TAKES_AWAY)
        assert "end_reason" in "".join(_not_understood(postgres_database, statements))


def _not_understood(url: str, statements: list[Statement]) -> list[str]:
    found = []
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            try:
                plan_for_values(connection, statement)
            except LookupError as problem:
                found.append(str(problem))
    return found
