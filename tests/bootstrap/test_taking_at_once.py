"""The worker takes what its own process queues, as long as it has hands free and nothing older waits for them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.flow.world import World
from tests.kit.clock_and_chance import MovableClock
from tests.kit.failing_world import failing_world, place_of
from tests.kit.gateway import Gateway, Manner
from watchword.bootstrap import worker as worker_module
from watchword.bootstrap.worker import Worker
from watchword.domain.ids import UserId
from watchword.flow.deliver import LEASE_S

if TYPE_CHECKING:
    from watchword.ports.store.outbox import ClaimedDelivery


class Looks:
    """The store of a worker, which says how often it looked for messages and what it found."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.found: list[list[ClaimedDelivery]] = []
        self.is_let_on = asyncio.Event()
        self.is_let_on.set()
        self._again = asyncio.Condition()

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        operation: Callable[..., Awaitable[Any]] = getattr(self._store, name)
        return self._look if name == "claim_deliveries" else operation

    async def _look(self, **named: Any) -> Any:
        found = await self._store.claim_deliveries(**named)
        async with self._again:
            self.found.append(list(found))
            self._again.notify_all()
        await self.is_let_on.wait()
        return found

    async def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Wait for what a look brings about."""
        async with asyncio.timeout(60), self._again:
            await self._again.wait_for(is_so)


@dataclass(kw_only=True)
class Play:
    world: World
    worker: Worker
    gateway: Gateway
    looks: Looks
    sent: asyncio.Event
    users: list[UserId] = field(default_factory=list)

    async def start(self) -> None:
        """Let the worker begin, and wait until it has found nothing more to do."""
        await self.worker.start()
        await self.looks.wait_until(self.worker.has_room)

    async def sign_in(self) -> None:
        """Have a user of his own sign in."""
        user_id = UserId(f"u-{len(self.users)}")
        self.users.append(user_id)
        await self.world.register(user_id=user_id)
        await self.world.browser(user_id).report()


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, MovableClock]]:
    """Gives where the store is, and the clock that moves it."""
    with place_of(request, tmp_path) as place:
        yield place


@pytest.fixture
async def play(place: tuple[str, MovableClock], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Play]:
    """Gives a worker that comes only when it is called."""
    monkeypatch.setattr(worker_module, "CLOSING_S", 0.1)
    monkeypatch.setattr(worker_module, "DELIVERY_PAUSE_S", 3_600.0)
    async with Gateway().open() as gateway, failing_world(*place, (gateway.url,)) as failing:
        looks: Any = Looks(failing.world.store)
        failing.worker.ports = replace(failing.worker.ports, store=looks)
        yield Play(world=failing.world, worker=failing.worker, gateway=gateway, looks=looks, sent=failing.sent)
        await failing.worker.stop()


async def test_a_code_leaves_and_nobody_looks_for_it(play: Play) -> None:
    await play.start()
    await play.sign_in()
    await asyncio.wait_for(play.sent.wait(), timeout=60)
    assert len(play.gateway.taken) == 1
    assert play.looks.found == [[]]


async def test_nothing_is_taken_before_the_worker_works_and_after_it_was_told_to_stop(play: Play) -> None:
    assert not play.worker.has_room()
    await play.start()
    await play.worker.stop()
    assert not play.worker.has_room()


async def test_a_process_that_does_not_deliver_takes_nothing(play: Play) -> None:
    play.worker.delivers = False
    await play.worker.start()
    await play.sign_in()
    assert not play.worker.has_room()
    assert len(await play.world.store.claim_deliveries(limit=9, lease_s=30)) == 1


async def test_a_worker_without_hands_leaves_a_code_to_be_claimed(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "AT_ONCE", 1)
    play.gateway.manner = lambda _: Manner.HANGS
    await play.start()
    await play.sign_in()
    await play.sign_in()
    assert [one.code is not None for one in await play.world.store.claim_deliveries(limit=9, lease_s=30)] == [True]


async def test_nothing_overtakes_what_waits_for_hands(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "AT_ONCE", 1)
    await play.sign_in()
    await play.sign_in()
    await play.worker.start()
    await play.looks.wait_until(lambda: play.looks.found != [])
    assert not play.worker.has_room()
    await asyncio.wait_for(play.gateway.wait_for(2), timeout=60)
    await play.looks.wait_until(play.worker.has_room)


async def test_more_than_fit_come_at_once_and_no_further_one_is_claimed(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    play.gateway.manner = lambda _: Manner.HANGS
    await play.start()
    await play.sign_in()
    await play.sign_in()
    monkeypatch.setattr(worker_module, "AT_ONCE", 1)
    looked = len(play.looks.found)
    await play.sign_in()
    await play.looks.wait_until(lambda: len(play.looks.found) > looked)
    assert play.looks.found[-1] == []
    await asyncio.wait_for(play.gateway.wait_for(2), timeout=60)


async def test_a_worker_that_stops_gives_back_what_it_has_taken(play: Play) -> None:
    play.gateway.manner = lambda _: Manner.HANGS
    await play.start()
    await play.sign_in()
    await asyncio.wait_for(play.gateway.wait_for(1), timeout=60)
    assert await play.world.store.claim_deliveries(limit=9, lease_s=30) == []
    await play.worker.stop()
    (again,) = await play.world.store.claim_deliveries(limit=9, lease_s=30)
    assert (again.id, again.tries) == (play.gateway.taken[0].key, 1)


async def test_what_the_last_look_found_is_given_back_too(play: Play) -> None:
    play.gateway.manner = lambda _: Manner.HANGS
    await play.sign_in()
    play.looks.is_let_on.clear()
    await play.worker.start()
    await play.looks.wait_until(lambda: play.looks.found != [])
    stopping = asyncio.create_task(play.worker.stop())
    await asyncio.sleep(0)  # it has been told to stop, and its look is not over
    play.looks.is_let_on.set()
    await stopping
    assert [one.tries for one in await play.world.store.claim_deliveries(limit=9, lease_s=30)] == [1]


async def test_a_code_that_its_process_never_hands_over_leaves_with_another(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    await play.start()
    monkeypatch.setattr(Worker, "take", lambda *_: None)  # the process ends at this very moment
    await play.sign_in()
    assert await play.world.store.claim_deliveries(limit=9, lease_s=30) == []
    play.world.clock.move(seconds=LEASE_S)
    play.worker.bell.set()
    taken = await asyncio.wait_for(play.gateway.wait_for(1), timeout=60)
    assert taken.to == "+14155550123"
