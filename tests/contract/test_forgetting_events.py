"""Events are forgotten by their age, whatever else is kept, and never those that are younger.

The spans are years, because a database of the tests has its first month from the day on which it was made.
"""

import asyncio

from tests.contract.builders import PHONE, Scene
from tests.kit.clock_and_chance import MovableClock
from watchword.domain.instant import later
from watchword.ports.store import Store


async def _moments(scene: Scene) -> set[int]:
    read = await scene.store.events(scene.application_id, limit=1_000, after=0)
    return {event.at for _, event in read}


async def test_old_events_go_and_younger_ones_stay(store: Store, clock: MovableClock, scene: Scene) -> None:
    start = clock.now()
    await scene.register(PHONE)
    clock.move(days=2_000)
    await scene.register(PHONE, user_id="u-2")
    late = clock.now()
    assert await _moments(scene) == {start, late}
    while await store.forget_events(later(start, days=1_500), limit=1):
        pass
    assert await _moments(scene) == {late}
    assert (await scene.user()).contacts  # what he told is not an event
    clock.move(days=2_000)
    await scene.register(PHONE, user_id="u-3")
    assert await _moments(scene) == {late, clock.now()}


async def test_nothing_goes_that_is_younger_than_was_said(store: Store, clock: MovableClock, scene: Scene) -> None:
    await scene.register(PHONE)
    assert await store.forget_events(clock.now(), limit=100) == 0
    assert len(await _moments(scene)) == 1


async def test_events_are_written_while_others_are_forgotten(store: Store, clock: MovableClock, scene: Scene) -> None:
    start = clock.now()
    await scene.register(PHONE)
    clock.move(days=2_000)
    writing = (scene.register(PHONE, user_id=f"u-{number}") for number in range(20))
    forgetting = (store.forget_events(later(start, days=1_500), limit=100) for _ in range(3))
    await asyncio.gather(*writing, *forgetting)
    assert await _moments(scene) == {clock.now()}
