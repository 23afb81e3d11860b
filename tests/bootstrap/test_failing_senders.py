"""A gateway that refuses, fails, hangs, drops or reports a failure: the customer gets the same code by the second."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

import pytest

from tests.flow.world import World, challenge_of
from tests.kit.clock_and_chance import MovableClock
from tests.kit.failing_world import NAMES, failing_world, place_of
from tests.kit.gateway import Gateway, Manner, Taken, receipts, sign
from watchword.bootstrap import worker as worker_module
from watchword.bootstrap.worker import Worker
from watchword.domain.message import DeliveryStatus
from watchword.flow.assess import Assessed
from watchword.flow.report import take_call
from watchword.ports.sender import ProviderCall

Result = TypeVar("Result")
IMPATIENCE: Final = 0.05
"""What is left of every wait for a sender: what hangs does so for ever."""


@dataclass
class Impatient:
    """Waits a small part of what it is told."""

    async def within(self, seconds: float, task: Awaitable[Result]) -> Result:
        async with asyncio.timeout(seconds * IMPATIENCE):
            return await task

    async def in_steps(self, seconds: float, task: Awaitable[Result]) -> Result:  # noqa: ARG002 nothing concealed is asked for here
        return await task


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    world: World
    worker: Worker
    first: Gateway
    second: Gateway
    sent: asyncio.Event


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, MovableClock]]:
    """Gives where the store is, and the clock that moves it."""
    with place_of(request, tmp_path) as place:
        yield place


@pytest.fixture
async def play(place: tuple[str, MovableClock], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Play]:
    monkeypatch.setattr(worker_module, "CLOSING_S", 0.5)
    async with AsyncExitStack() as stack:
        gateways = [await stack.enter_async_context(Gateway().open()) for _ in NAMES]
        failing = await stack.enter_async_context(
            failing_world(place[0], place[1], tuple(one.url for one in gateways), receipt_within_s=45)
        )
        failing.world.ports = replace(failing.world.ports, patience=Impatient())
        failing.worker.ports = failing.world.ports
        await failing.world.register()
        await failing.worker.start()
        first, second = gateways
        yield Play(world=failing.world, worker=failing.worker, first=first, second=second, sent=failing.sent)
        await failing.worker.stop()


async def _one_code_and_it_is_right(play: Play, asked: Assessed) -> None:
    """Whatever was sent carries the one code there is, under one key, and it approves."""
    sent = play.first.asked + play.second.asked
    assert len({one.key for one in sent}) == 1
    assert len({_code(one) for one in sent}) == 1
    result = await play.world.ports.store.challenge(challenge_of(asked).id)
    assert result is not None
    assert (len(result.challenge.generations), result.challenge.sends) == (1, 1)
    checked = await play.world.check(challenge_of(asked).id, _code(sent[0]))
    assert checked.outcome == "approved"


def _code(message: Taken) -> str:
    return message.text[:6]


@pytest.mark.parametrize("manner", [Manner.REFUSES, Manner.FAILS, Manner.HANGS, Manner.DROPS])
async def test_the_second_sender_brings_the_same_code(play: Play, manner: Manner) -> None:
    play.first.manner = lambda _: manner
    asked = await play.world.browser().report()
    await play.second.wait_for(1)
    assert len(play.first.asked) == 1
    await _one_code_and_it_is_right(play, asked)


async def test_a_report_of_failure_brings_the_code_by_the_second_sender(play: Play) -> None:
    asked = await play.world.browser().report()
    taken = await play.first.wait_for(1)
    await _tell(play, taken, "undelivered")  # perhaps before we have written down that it was handed over
    await play.second.wait_for(1)
    await _one_code_and_it_is_right(play, asked)


async def test_silence_brings_the_code_by_the_second_sender(play: Play) -> None:
    asked = await play.world.browser().report()
    await play.first.wait_for(1)
    await play.sent.wait()
    play.world.clock.move(seconds=46)
    await play.second.wait_for(1)
    await _one_code_and_it_is_right(play, asked)


async def test_a_message_that_arrived_goes_nowhere_else(play: Play) -> None:
    asked = await play.world.browser().report()
    taken = await play.first.wait_for(1)
    await play.sent.wait()
    for status in ("delivered", "undelivered", "sent", "delivered"):
        await _tell(play, taken, status)
    play.world.clock.move(seconds=46)
    await play.worker.stop()
    assert play.second.asked == []
    assert (await play.world.view(asked)).delivery_status is DeliveryStatus.DELIVERED
    await _one_code_and_it_is_right(play, asked)


async def _tell(play: Play, taken: Taken, status: str) -> None:
    """Have the gateway call us."""
    body = receipts((taken.key, status, "30005"))
    url = taken.callback_url or ""
    call = ProviderCall(method="POST", url=url, headers=sign(url, body), body=body)
    await take_call(play.world.ports, NAMES[0], call)
