"""A store that was written while a clock was ahead: what brings it back revives nothing, and holds nobody up."""

import pytest

from tests.contract.builders import EMAIL, OTHER_PHONE, PHONE, Planned, Scene
from tests.contract.conftest import OpenStore
from tests.contract.guessing import spend
from tests.kit.clock_and_chance import MovableClock
from tests.kit.postgres_databases import PostgresClock
from watchword.adapters.postgres import database_time
from watchword.adapters.rows.clock_columns import LONGEST_WAIT_MS
from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.sqlite import file_time
from watchword.domain.challenge import Approved, ChallengeState, Ended
from watchword.domain.instant import HOUR_MS
from watchword.ports.store.values import GrantProblem, Redemption


def _set_back(place: str, clock: MovableClock | PostgresClock) -> None:
    if place.startswith("postgresql:"):
        database_time.set_back(place)
    else:
        file_time.set_back(place, clock.now())


async def _earn_grant(scene: Scene) -> Redemption:
    planned = await scene.open()
    outcome = await spend(scene.store, scene.guess(planned))
    assert isinstance(outcome, Approved)
    assert outcome.grant is not None
    return scene.redemption(planned, outcome.grant.id)


@pytest.fixture
async def jumped(scene: Scene, store: RowStore, clock: MovableClock | PostgresClock, place: str) -> list[Planned]:
    """Gives challenges from before and from within a jump of two days, in a store that nobody serves any more."""
    await scene.register(PHONE)
    before = await scene.open()
    clock.move(days=2)
    within = await scene.open()
    assert (await scene.challenge(before.id)).state is ChallengeState.EXPIRED
    await store.close()
    clock.move(days=-2)
    return [before, within]


async def test_goes_on_from_the_clock_and_revives_no_challenge(
    jumped: list[Planned], scene: Scene, place: str, clock: MovableClock | PostgresClock, open_store: OpenStore
) -> None:
    _set_back(place, clock)
    scene.store = again = await open_store()
    assert await again.now() == clock.now()
    for planned in jumped:
        assert await spend(again, scene.guess(planned)) == Ended(state=ChallengeState.EXPIRED)
    opened = await scene.open()
    assert isinstance(await spend(again, scene.guess(opened)), Approved)
    await again.close()


async def test_revives_no_grant(
    scene: Scene, store: RowStore, place: str, clock: MovableClock | PostgresClock, open_store: OpenStore
) -> None:
    await scene.register(PHONE)
    early = await _earn_grant(scene)
    clock.move(days=2)
    late = await _earn_grant(scene)
    await store.close()
    clock.move(days=-2)
    _set_back(place, clock)
    scene.store = again = await open_store()
    for redemption in (early, late):
        assert await again.redeem_grant(redemption) is GrantProblem.EXPIRED
    await again.close()


async def test_shortens_no_wait_and_prolongs_none_beyond_the_longest(
    scene: Scene, store: RowStore, place: str, clock: MovableClock | PostgresClock, open_store: OpenStore
) -> None:
    await scene.register(PHONE)
    await scene.register(PHONE, EMAIL)
    waiting = next(contact for contact in (await scene.user()).contacts if contact.usable_from > clock.now())
    clock.move(days=30)
    await scene.register(PHONE, EMAIL, OTHER_PHONE)
    await store.close()
    clock.move(days=-30)
    _set_back(place, clock)
    scene.store = again = await open_store()
    contacts = {contact.id: contact for contact in (await scene.user()).contacts}
    assert contacts[waiting.id].usable_from == waiting.usable_from
    latest = max(contact.usable_from for contact in contacts.values())
    assert clock.now() + 72 * HOUR_MS <= latest <= clock.now() + LONGEST_WAIT_MS
    await again.close()
