"""Processes that tell each other what came to them: all of it, once, and also after the store was away for a while."""

from dataclasses import replace

import pytest

from tests.flow.ailing_store import ailing
from tests.flow.world import SHOP, World
from tests.kit.default_policy import default_policy
from tests.kit.languages import LANGUAGES
from tests.risk.test_velocity import HERE
from watchword.adapters.letters import CatalogueLetters
from watchword.domain.errors import StorageUnavailable
from watchword.flow.tell import FIRST_MS, OVERLAP_MS, Ear, listen, tell_others
from watchword.ports import Ports
from watchword.risk.hearsay import Hearsay, read_words
from watchword.risk.traffic import Traffic

ANN, BOB = b"ann", b"bob"


def _process(world: World) -> Ports:
    return replace(world.ports, traffic={SHOP: Traffic(Hearsay())})


async def _hear(ports: Ports, ear: Ear) -> float:
    """Listen, and return how often the address was seen by anybody; asking counts once."""
    for told in await listen(ports, ear):
        ports.traffic[SHOP].hear(read_words(told.words))
    now = await ports.store.now()
    counted = ports.traffic[SHOP].velocity.hear_of(HERE, now).address
    assert counted is not None
    return counted


@pytest.fixture
def world() -> World:
    return World.create(default_policy(), letters=CatalogueLetters(LANGUAGES))


async def test_what_one_counts_the_other_counts_once(world: World) -> None:
    here, there = _process(world), _process(world)
    ear = Ear(teller=BOB)
    assert await _hear(there, ear) == 0
    for _ in range(2):
        here.traffic[SHOP].velocity.count(HERE, world.clock.now())
    await tell_others(here, ANN)
    await tell_others(here, ANN)
    await tell_others(there, BOB)
    assert await _hear(there, ear) == 3, "two of the other, and the one before"
    assert await _hear(there, ear) == 4, "it is not told again"
    world.clock.move(seconds=OVERLAP_MS / 1_000)
    assert await _hear(there, ear) == pytest.approx(5, abs=0.02)


async def test_who_starts_hears_of_the_last_minute(world: World) -> None:
    here = _process(world)
    here.traffic[SHOP].velocity.count(HERE, world.clock.now())
    await tell_others(here, ANN)
    world.clock.move(seconds=FIRST_MS / 1_000 - 1)
    assert await _hear(_process(world), Ear(teller=BOB)) > 0.9
    world.clock.move(seconds=2)
    assert await _hear(_process(world), Ear(teller=BOB)) == 0


@pytest.mark.parametrize("is_done", [False, True])
async def test_what_could_not_be_told_is_told_later(world: World, is_done: bool) -> None:
    here, there = _process(world), _process(world)
    here.traffic[SHOP].velocity.count(HERE, world.clock.now())
    broken, _ = ailing(world.ports.store, "tell", is_done=is_done)
    with pytest.raises(StorageUnavailable):
        await tell_others(replace(here, store=broken), ANN)
    await tell_others(here, ANN)
    assert await _hear(there, Ear(teller=BOB)) == (2 if is_done else 1), "where nobody knows, more and not less"
