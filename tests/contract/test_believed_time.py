"""A clock that jumps ahead is not believed: nothing is lost by it, and nothing of it stays."""

import pytest

from tests.contract.builders import PHONE, START, Scene
from tests.kit.clock_and_chance import MovableClock, SeededEntropy
from tests.kit.postgres_databases import PostgresClock
from tests.kit.stores import open_store_at
from watchword.adapters.key_set import KeySet
from watchword.adapters.rows.row_store import RowStore
from watchword.domain.challenge import ChallengeState
from watchword.domain.errors import ConfigurationError, StorageUnavailable
from watchword.domain.instant import HOUR_MS, Instant

YEARS = 75 * 365


@pytest.fixture
def own_clock() -> MovableClock:
    """Gives the clock of the machine that the process runs on."""
    return MovableClock(START)


@pytest.fixture
async def store(
    place: str,
    clock: MovableClock | PostgresClock,
    own_clock: MovableClock,
    entropy: SeededEntropy,
    keyring: KeySet,
) -> RowStore:
    return await open_store_at(place, clock, entropy, keyring, latest=lambda: Instant(own_clock.now() + HOUR_MS))


async def test_a_jump_is_refused_and_nothing_of_it_stays(
    scene: Scene, clock: MovableClock | PostgresClock, store: RowStore
) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    clock.move(days=YEARS)
    for _ in range(2):
        with pytest.raises(StorageUnavailable, match="later than it can be"):
            await scene.register(PHONE, user_id="u-2")
    with pytest.raises(StorageUnavailable, match="later than it can be"):
        await store.sweep(limit=100)
    with pytest.raises(StorageUnavailable, match="later than it can be"):
        await store.user(scene.ref())
    with pytest.raises(StorageUnavailable, match="later than it can be"):
        await store.now()
    clock.move(days=-YEARS)
    assert await store.now() == START
    assert (await scene.challenge(planned.id)).state is ChallengeState.PENDING
    await scene.register(PHONE, user_id="u-2")
    await store.close()


async def test_a_step_within_bounds_is_taken(
    scene: Scene, clock: MovableClock | PostgresClock, own_clock: MovableClock, store: RowStore
) -> None:
    clock.move(hours=1)
    await scene.register(PHONE)
    own_clock.move(days=500)
    clock.move(days=500)
    await scene.register(PHONE, user_id="u-2")
    assert await store.now() == clock.now()
    await store.close()


async def test_a_store_that_was_written_ahead_of_all_clocks_is_not_opened(
    place: str,
    clock: MovableClock | PostgresClock,
    scene: Scene,
    store: RowStore,
    entropy: SeededEntropy,
    keyring: KeySet,
    own_clock: MovableClock,
) -> None:
    own_clock.move(days=2)
    clock.move(days=2)
    await scene.register(PHONE)
    await store.close()
    own_clock.move(days=-2)
    clock.move(days=-2)
    with pytest.raises(ConfigurationError, match="ahead of this machine's clock"):
        await open_store_at(place, clock, entropy, keyring, latest=lambda: Instant(own_clock.now() + HOUR_MS))
