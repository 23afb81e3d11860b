"""Starts with a gateway that fails three times in ten and workers that are killed: none is lost, none is two codes."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

import pytest

from tests.flow.world import SHOP
from tests.kit.clock_and_chance import MovableClock
from tests.kit.database import count
from tests.kit.failing_world import failing_world, place_of
from tests.kit.gateway import Gateway, Manner, Taken
from watchword.domain.event import EventType
from watchword.flow.deliver import claim_due, deliver_one

ROOT: Final = Path(__file__).parents[2]
LIFE_S: Final = 1.0
"""After so long a worker that answers is killed."""
LIVES_LEAST: Final = 3
"""However many starts a quick machine makes in one."""
FAILING: Final = (Manner.FAILS, Manner.DROPS, Manner.REFUSES)


class Unreliable:
    """Fails three times in ten, each time in a manner of its own."""

    def __init__(self) -> None:
        self._random = Random(3)

    def __call__(self, _: Taken) -> Manner:
        return self._random.choice(FAILING) if self._random.random() < 0.3 else Manner.TAKES


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, MovableClock]]:
    with place_of(request, tmp_path) as place:
        yield place


async def _live(place: str, gateway: Gateway, life: int) -> list[str]:
    """Let a worker live for a second, kill it, and give the addresses of the starts that were acknowledged."""
    command = [sys.executable, "-m", "tests.process.starting_worker", place, gateway.url, str(life)]
    worker = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=PIPE)
    assert worker.stdout is not None
    assert await worker.stdout.readline() == b"ready\n", "the worker did not start"
    reading = asyncio.create_task(worker.stdout.read())
    await _kill_later(worker)
    *lines, _ = (await reading).decode().split("\n")  # what was cut off by the kill was not said
    return [line.removeprefix("started ") for line in lines if line.startswith("started ")]


async def _kill_later(worker: Process) -> None:
    try:
        async with asyncio.timeout(LIFE_S):
            await worker.wait()
    except TimeoutError:
        worker.kill()
        await worker.wait()


async def _drain(place: tuple[str, MovableClock], gateway: Gateway) -> set[str]:
    """Let what is left leave, and give the ids of messages that were reported as failed."""
    failed: set[str] = set()
    async with failing_world(*place, (gateway.url,)) as failing:
        ports, after = failing.world.ports, 0
        await ports.store.take_back_leases()
        while await count(failing.world.store, "SELECT count(*) FROM deliveries WHERE state <> 'done'"):
            for claimed in await claim_due(ports, limit=32):
                await deliver_one(ports, claimed)
            place[1].move(seconds=1)
        while page := await ports.store.events(SHOP, limit=1_000, after=after):
            after = page[-1][0]
            failed |= {str(event.data["delivery_id"]) for _, event in page if event.type is EventType.DELIVERY_FAILED}
    return failed


async def test_every_acknowledged_start_is_sent_or_reported_and_never_under_two_keys(
    place: tuple[str, MovableClock], request: pytest.FixtureRequest
) -> None:
    wanted, started = int(request.config.getoption("--crash-starts")), list[str]()
    async with Gateway(manner=Unreliable()).open() as gateway:
        lives = 0
        while len(started) < wanted or lives < LIVES_LEAST:
            started += await _live(place[0], gateway, lives)
            lives += 1
        failed = await _drain(place, gateway)
    by_address = defaultdict(list)
    for message in gateway.asked:
        by_address[message.to].append(message)
    assert len(set(started)) == len(started) >= wanted
    has_it = {message.to for message in gateway.taken}
    for address in started:
        tried = by_address[address]
        assert address in has_it or any(message.key in failed for message in tried), "neither sent nor reported"
    for tried in by_address.values():
        assert len({message.key for message in tried}) == 1, "two keys for one message"
        assert len({message.text[:6] for message in tried}) == 1, "two codes"
    print(f"{len(started)} starts, {lives} lives, {len(gateway.asked)} tries, {len(failed)} reported as failed")  # noqa: T201 the figures of a longer run
