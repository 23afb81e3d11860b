"""Guards in a running process: what others closed is known within a round, and what came back is written."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from tests.flow.world import SHOP, World, challenge_of, phone
from tests.kit.default_policy import default_policy
from tests.kit.languages import LANGUAGES
from watchword.adapters.key_set import KeySet
from watchword.adapters.letters import CatalogueLetters
from watchword.bootstrap import worker as worker_module
from watchword.bootstrap.key_source import KeyWatch
from watchword.bootstrap.policy_watch import PolicyWatch
from watchword.bootstrap.worker import Worker
from watchword.config.settings import KeySource
from watchword.domain.closures import Closure
from watchword.domain.contact import Channel
from watchword.domain.guards import GuardMode, Guards
from watchword.domain.ids import UserId
from watchword.domain.limits import Mode
from watchword.domain.secret import Secret
from watchword.ports.guarding import Guarding, GuardStore

PREFIX = "+491511234"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World.create(default_policy(), letters=CatalogueLetters(LANGUAGES), guards=Guards(daily_cap=10**9))
    yield world
    await world.close()


def a_worker(world: World, tmp_path: Path, **changes: Any) -> Worker:
    """Give the worker of another process on the same store, which only serves."""
    assert isinstance(world.ports.keyring, KeySet)
    ports = replace(world.ports, guarding=Guarding(store=world.ports.guarding.store), **changes)
    return Worker(
        ports=ports,
        alone=True,
        key_watch=KeyWatch(KeySource(name="keys", path=tmp_path / "keys.toml", text=Secret("")), world.ports.keyring),
        policy_watch=PolicyWatch(declared=(), applied={}),
        tidy=lambda: None,
        retention_days=400,
        delivers=False,
    )


class Overheard:
    """A store of guards that lets a test know when it told somebody that something is closed."""

    def __init__(self, store: GuardStore) -> None:
        self._store = store
        self.closed_something = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def closed(self) -> Sequence[Closure]:
        found = await self._store.closed()
        if found:
            self.closed_something.set()
        return found


async def pump(world: World) -> None:
    """Send to a range until it is closed."""
    for number in range(21):
        user_id = UserId(f"user-{number}")
        await world.register(phone(f"{PREFIX}{number:04d}", confirmed=False), user_id=user_id)
        await world.browser(user_id, ip=f"192.0.2.{number}").report()
    await world.deliver()


async def channels_of_a_stranger(world: World, worker: Worker) -> tuple[Channel, ...]:
    there = replace(world, ports=worker.ports)
    await there.register(phone(f"{PREFIX}5000", confirmed=False), user_id=UserId("stranger"))
    return challenge_of(await there.browser(UserId("stranger")).report()).options[0].channels


async def test_a_process_that_starts_knows_at_once_what_others_closed_and_says_so(world: World, tmp_path: Path) -> None:
    await pump(world)
    worker = a_worker(world, tmp_path)
    with capture_logs() as logged:
        await worker.start()
        await worker.stop()
    assert await channels_of_a_stranger(world, worker) == (Channel.VOICE,)
    (entry,) = [one for one in logged if one["event"] == "guard.closed"]
    assert (PREFIX in entry["why"], entry["mode"]) == (True, GuardMode.ENFORCE.value)


async def test_a_process_that_only_serves_hears_of_a_closure_while_it_runs(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "GUARD_PAUSE_S", 0.01)
    overheard = Overheard(world.ports.guarding.store)
    listening = replace(world, ports=replace(world.ports, guarding=Guarding(store=cast("GuardStore", overheard))))
    worker = a_worker(listening, tmp_path)
    await worker.start()
    assert not overheard.closed_something.is_set()
    await pump(world)
    async with asyncio.timeout(10):
        await overheard.closed_something.wait()
    await worker.stop()
    assert worker.ports.guarding.closures.of_prefix(SHOP, Channel.SMS, PREFIX, world.clock.now()) is not None


async def test_what_came_back_is_written_when_the_process_stops(world: World, tmp_path: Path) -> None:
    worker = a_worker(world, tmp_path)
    there = replace(world, ports=worker.ports)
    await worker.start()
    for number in range(20):
        user_id = UserId(f"user-{number}")
        await there.register(phone(f"{PREFIX}{number:04d}", confirmed=False), user_id=user_id)
        browser = there.browser(user_id, ip=f"192.0.2.{number}")
        asked = await browser.report()
        code = await there.code_of(asked)
        if number < 5:
            await browser.enter(asked, code)
    await worker.stop()
    assert await channels_of_a_stranger(world, worker) == (Channel.SMS, Channel.VOICE)
    await world.deliver()
    assert await world.ports.guarding.store.closed() == []


async def test_a_live_application_that_names_no_countries_is_told_of_at_the_start(world: World, tmp_path: Path) -> None:
    live = {SHOP: replace(world.shop, mode=Mode.LIVE)}
    for applications, told in ((world.ports.applications, 0), (live, 1)):
        worker = a_worker(world, tmp_path, applications=applications)
        with capture_logs() as logged:
            await worker.start()
            await worker.stop()
        assert len([one for one in logged if one["event"] == "guard.every_country"]) == told
