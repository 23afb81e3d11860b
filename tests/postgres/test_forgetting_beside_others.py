"""What somebody takes up again at the very moment at which it is to be forgotten stays."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from tests.contract.builders import EMAIL, PHONE, START, Scene
from tests.kit.clock_and_chance import SeededEntropy
from tests.kit.postgres_databases import PostgresClock, PostgresDatabases
from tests.kit.stores import open_store_at
from watchword.adapters.key_set import KeySet
from watchword.domain.secret import Secret
from watchword.ports.store.values import KeptAnswer

_TAKEN_UP = {
    "kept_answers": "UPDATE kept_answers SET kept_at = watchword_now()",
    "contacts": "UPDATE contacts SET leaves_at = NULL",
    "users": "UPDATE users SET erased_at = NULL, sealed_person = ''",
}
"""As a key that is used again after a day, a dispute that brings a contact back, and a user who registers again do."""


@pytest.fixture
def place(postgres_databases: PostgresDatabases) -> Iterator[str]:
    with postgres_databases.migrated() as url:
        yield url


@pytest.fixture
async def scene(place: str) -> AsyncIterator[Scene]:
    entropy, clock = SeededEntropy(7), PostgresClock(place, START)
    keyring = KeySet.generate(entropy, START)
    store = await open_store_at(place, clock, entropy, keyring)
    yield Scene(store=store, clock=clock, entropy=entropy, keyring=keyring)
    await store.close()
    clock.close()


async def _make_old(scene: Scene, table: str) -> None:
    """Have one row that the next sweep would forget."""
    if table == "kept_answers":
        kept = KeptAnswer(
            application_id=scene.application_id, scope=b"scope", fingerprint=b"", status=200, body=Secret("{}")
        )
        await scene.store.keep_answer(kept)
    elif table == "users":
        await scene.register()
        await scene.store.erase_user(scene.ref())
    else:
        await scene.register(PHONE, EMAIL)
        await scene.register(PHONE)
    scene.clock.move(days=120)


@pytest.mark.parametrize("table", sorted(_TAKEN_UP))
async def test_a_row_that_is_taken_up_again_while_it_is_swept_stays(scene: Scene, place: str, table: str) -> None:
    await _make_old(scene, table)
    count = f"SELECT count(*) FROM {table}"  # noqa: S608 a word of our own
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"
    with psycopg.connect(place) as other, psycopg.connect(place, autocommit=True) as looking:
        before = looking.execute(count).fetchone()
        other.execute(_TAKEN_UP[table])
        sweeping = asyncio.ensure_future(scene.store.sweep(limit=100))
        async with asyncio.timeout(1.5):
            while not sweeping.done() and looking.execute(waiting).fetchone() == (0,):  # noqa: ASYNC110 only the server knows
                await asyncio.sleep(0)
        assert not sweeping.done()
        other.commit()
        await sweeping
        assert looking.execute(count).fetchone() == before
