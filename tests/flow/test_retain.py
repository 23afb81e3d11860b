"""Keeping house: what is due is swept in short transactions until nothing is left."""

import pytest

from tests.flow.world import BEA, OTHER_EMAIL, World, email
from watchword.domain.challenge import ChallengeState
from watchword.domain.event import EventType
from watchword.domain.ids import UserId
from watchword.flow import retain
from watchword.flow.retain import forget_actions, reseal, sweep
from watchword.ports.store.values import Swept


async def test_an_expiry_is_written_once_and_its_code_wiped(world: World) -> None:
    assessed = await world.browser().report()
    await world.deliver()
    assert (await sweep(world.ports)).expired == 0
    world.clock.move(seconds=600)
    swept = await sweep(world.ports)
    assert swept.expired == 1
    assert await sweep(world.ports) == Swept(expired=0, wiped=0, forgotten=0)
    assert (await world.view(assessed)).state is ChallengeState.EXPIRED
    assert len(await world.events(EventType.CHALLENGE_EXPIRED)) == 1


async def test_more_than_one_batch_is_swept_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for user_id in (BEA, UserId("cora"), UserId("dora")):
        await world.register(email(f"{user_id}-{OTHER_EMAIL}"), user_id=user_id)
        await world.browser(user_id).report()
    world.clock.move(seconds=600)
    monkeypatch.setattr(retain, "BATCH", 1)
    assert (await sweep(world.ports)).expired == 3


async def test_a_sweep_ends_though_there_is_always_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for user_id in (BEA, UserId("cora"), UserId("dora")):
        await world.register(email(f"{user_id}-{OTHER_EMAIL}"), user_id=user_id)
        await world.browser(user_id).report()
    world.clock.move(seconds=600)
    monkeypatch.setattr(retain, "BATCH", 1)
    monkeypatch.setattr(retain, "ROUNDS_AT_MOST", 2)
    assert (await sweep(world.ports)).expired == 2


async def test_actions_are_forgotten_by_their_age_and_so_many_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for user_id in (BEA, UserId("cora"), UserId("dora")):
        await world.register(email(f"{user_id}-{OTHER_EMAIL}"), user_id=user_id)
        await world.browser(user_id).report()
    world.clock.move(days=59, hours=23)
    await sweep(world.ports)
    assert await forget_actions(world.ports, days=60) == 0
    world.clock.move(hours=1)
    monkeypatch.setattr(retain, "ACTIONS_AT_ONCE", 1)
    assert await forget_actions(world.ports, days=60) == 2  # the newest of all stays


async def test_nothing_is_resealed_while_the_key_is_the_newest(world: World) -> None:
    assert await reseal(world.ports) == 0
