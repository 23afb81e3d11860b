"""The primary is killed in the middle of everything and the standby takes over: nothing that was said is taken back."""

import asyncio
from collections.abc import Iterator

import psycopg
import pytest

from tests.contract.builders import START, Scene
from tests.kit.clock_and_chance import MovableClock, SeededEntropy
from tests.kit.postgres_pair import SynchronousPair, make_pair
from tests.postgres.acknowledged import Customers, contradictions
from watchword.adapters.key_set import KeySet
from watchword.adapters.postgres.postgres_schema import migrate
from watchword.adapters.postgres.postgres_store import open_postgres_store

_TWICE = """
    SELECT type, user_key, count(*) FROM events WHERE type IN ('challenge.approved', 'grant.redeemed')
    GROUP BY type, user_key HAVING count(*) > 1
"""


@pytest.fixture
def pair(postgres_server: object) -> Iterator[SynchronousPair]:
    made = make_pair()
    yield made
    made.close()


async def test_a_standby_takes_over_without_taking_anything_back(pair: SynchronousPair) -> None:
    with pair.primary.superuser() as superuser:
        superuser.execute("CREATE DATABASE shop OWNER watchword")
    url = pair.url("shop")
    migrate(url)
    entropy = SeededEntropy(7)
    keyring = KeySet.generate(entropy, START)
    store = await open_postgres_store(url, entropy, keyring)
    scene = Scene(store=store, clock=MovableClock(await store.now()), entropy=entropy, keyring=keyring)
    customers = Customers(scene=scene)
    async with customers.coming(24):
        await customers.redeemed(200)
        # In threads: the customers go on asking meanwhile.
        await asyncio.to_thread(pair.part)
        await asyncio.to_thread(pair.primary.kill)
        await asyncio.to_thread(pair.promote)
        await customers.redeemed(200)
    # Commits were under way that no standby had confirmed: nobody was told that they happened, nor that they did not.
    assert customers.troubles != []
    assert await contradictions(scene, customers.cycles) == []
    await store.close()
    with psycopg.connect(pair.standby.url("shop")) as connection:
        # Each customer came once, so that two of a kind for one user are two for one challenge.
        assert connection.execute(_TWICE).fetchall() == []
