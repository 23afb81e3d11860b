"""Counters of the traffic that one process adds to while another one forgets the lightest."""

import psycopg

from tests.contract.builders import SHOP, START
from tests.kit.clock_and_chance import SeededEntropy
from watchword.adapters.key_set import KeySet
from watchword.adapters.postgres.postgres_statements import lock_of
from watchword.adapters.postgres.postgres_store import open_postgres_store
from watchword.risk.counts import ENTRIES_MOST

_SIZES = """
    SELECT (SELECT size FROM population_sizes), (SELECT count(*) FROM population)
"""


async def test_nothing_is_forgotten_while_somebody_adds_to_it(postgres_database: str) -> None:
    entropy = SeededEntropy(7)
    store = await open_postgres_store(postgres_database, entropy, KeySet.generate(entropy, START))
    await store.add_to_population(SHOP, {b"v%d" % number: 1.0 + number for number in range(ENTRIES_MOST + 3)})
    with psycopg.connect(postgres_database) as adding, psycopg.connect(postgres_database, autocommit=True) as looking:
        adding.execute("SELECT pg_advisory_xact_lock(%s)", (lock_of(SHOP.encode()),))
        await store.sweep(limit=100)
        assert looking.execute(_SIZES).fetchone() == (ENTRIES_MOST + 3, ENTRIES_MOST + 3)
        adding.commit()
        await store.sweep(limit=100)
        assert looking.execute(_SIZES).fetchone() == (ENTRIES_MOST, ENTRIES_MOST)
    await store.close()
