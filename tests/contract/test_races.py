"""Races: many callers want the same thing at once, as tasks of one loop and as threads with loops of their own."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import pytest

from tests.contract.builders import EMAIL, PHONE, Planned, Scene
from tests.contract.guessing import spend
from watchword.domain.action import SIGN_IN
from watchword.domain.challenge import Approved, AttemptOutcome, Challenge, ChallengeState, Ended, Incorrect
from watchword.domain.device import Device, Recognised, Stolen
from watchword.domain.event import EventType
from watchword.domain.grant import Redeemed
from watchword.domain.ids import DeliveryId, GrantId
from watchword.domain.message import NoticeKind
from watchword.ports.store import Store
from watchword.ports.store.values import GrantProblem, SendRefused, TooSoon

Answer = TypeVar("Answer")
Calls = Sequence[Callable[[], Coroutine[Any, Any, Answer]]]
AtOnce = Callable[[Calls[Any]], Awaitable[list[Any]]]
_THREADS = 16


async def _as_tasks(calls: Calls[Answer]) -> list[Answer]:
    return await asyncio.gather(*(call() for call in calls))


async def _from_threads(calls: Calls[Answer]) -> list[Answer]:
    """Make every call from a thread with a loop of its own; the store stays on this one."""
    home = asyncio.get_running_loop()

    def one(call: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
        async def ask() -> Answer:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call(), home))

        return asyncio.run(ask())

    with ThreadPoolExecutor(_THREADS) as threads:
        return await asyncio.gather(*(home.run_in_executor(threads, one, call) for call in calls))


@pytest.fixture(params=[_as_tasks, _from_threads], ids=["tasks", "threads"])
def at_once(request: pytest.FixtureRequest) -> AtOnce:
    way: AtOnce = request.param
    return way


async def _approved(scene: Scene, planned: Planned) -> tuple[GrantId, Device]:
    outcome = await spend(scene.store, scene.guess(planned))
    assert isinstance(outcome, Approved)
    assert outcome.grant is not None
    assert outcome.device is not None
    return outcome.grant.id, outcome.device


async def test_evaluates_exactly_five_of_two_hundred_wrong_codes(store: Store, scene: Scene, at_once: AtOnce) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    guesses = [scene.wrong(planned) for _ in range(200)]
    outcomes: list[AttemptOutcome] = await at_once([partial(spend, store, guess) for guess in guesses])
    evaluated = [outcome for outcome in outcomes if isinstance(outcome, Incorrect)]
    assert sorted(outcome.attempts_left for outcome in evaluated) == [0, 1, 2, 3, 4]
    assert outcomes.count(Ended(state=ChallengeState.EXHAUSTED)) == 195
    assert await spend(store, scene.guess(planned)) == Ended(state=ChallengeState.EXHAUSTED)
    assert (await scene.challenge(planned.id)).tries_spent == 5
    assert (await scene.profile()).failures == 5


async def test_approves_exactly_one_of_fifty_right_codes(store: Store, scene: Scene, at_once: AtOnce) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    guesses = [scene.guess(planned) for _ in range(50)]
    outcomes = await at_once([partial(spend, store, guess) for guess in guesses])
    assert sum(isinstance(outcome, Approved) for outcome in outcomes) == 1
    assert outcomes.count(Ended(state=ChallengeState.APPROVED)) == 49
    events = [event.type for _, event in await store.events(scene.application_id, limit=100, after=0)]
    assert events.count(EventType.CHALLENGE_APPROVED) == events.count(EventType.GRANT_ISSUED) == 1
    assert (await scene.profile()).failures == 0


async def test_redeems_a_grant_once_of_fifty_times(store: Store, scene: Scene, at_once: AtOnce) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    grant_id, _ = await _approved(scene, planned)
    redemption = scene.redemption(planned, grant_id)
    outcomes = await at_once([lambda: store.redeem_grant(redemption)] * 50)
    assert sum(isinstance(outcome, Redeemed) for outcome in outcomes) == 1
    assert outcomes.count(GrantProblem.ALREADY_REDEEMED) == 49
    (confirmation,) = await store.claim_deliveries(limit=50, lease_s=30)
    assert confirmation.notice is NoticeKind.CONFIRMATION


async def test_takes_parallel_uses_of_one_device_token_for_no_theft(
    store: Store, scene: Scene, at_once: AtOnce
) -> None:
    await scene.register(PHONE)
    _, device = await _approved(scene, await scene.open())
    outcomes = await at_once([lambda: scene.present(device.id, 1)] * 20)
    assert Counter(type(outcome) for outcome in outcomes) == {Recognised: 20}
    assert {outcome.successor_step for outcome in outcomes} == {2}

    scene.clock.move(seconds=60)
    assert isinstance(await scene.present(device.id, 2), Recognised)
    scene.clock.move(seconds=11)
    assert await scene.present(device.id, 1) == Stolen(device_id=device.id)
    assert await store.devices(scene.ref()) == []


async def test_orders_one_of_twenty_resends(store: Store, scene: Scene, at_once: AtOnce) -> None:
    user = await scene.register(PHONE)
    planned = await scene.open()
    scene.clock.move(seconds=31)
    order = scene.order(planned, user.contacts[0])
    outcomes = await at_once([lambda: store.order_delivery(order)] * 20)
    assert sum(isinstance(outcome, TooSoon) for outcome in outcomes) == 19
    assert (await scene.challenge(planned.id)).sends == 2


async def test_makes_one_next_generation_of_twenty_switches(store: Store, scene: Scene, at_once: AtOnce) -> None:
    user = await scene.register(PHONE, EMAIL)
    planned = await scene.open(contact=user.contacts[0])
    switches = [scene.switch(planned, user.contacts[1]) for _ in range(20)]
    outcomes = await at_once([partial(store.order_delivery, order) for order, _ in switches])
    assert outcomes.count(SendRefused.OVERTAKEN) == 19
    winner = next(
        after for outcome, (_, after) in zip(outcomes, switches, strict=True) if isinstance(outcome, Challenge)
    )
    assert len((await scene.challenge(planned.id)).generations) == 2
    assert isinstance(await spend(store, scene.guess(winner)), Approved)


async def test_leases_each_message_to_one_of_many_workers(store: Store, scene: Scene, at_once: AtOnce) -> None:
    await scene.register(PHONE)
    for action_type in (SIGN_IN, "withdrawal"):
        await scene.open(action_type)
    claimed: list[DeliveryId] = []
    for _ in range(2):  # whose message somebody else is claiming right now waits for the next time
        outcomes = await at_once([lambda: store.claim_deliveries(limit=1, lease_s=30)] * 20)
        claimed += [message.id for messages in outcomes for message in messages]
    assert len(claimed) == len(set(claimed)) == 2


async def test_keeps_every_promise_when_all_kinds_of_calls_meet(store: Store, scene: Scene, at_once: AtOnce) -> None:
    """Guesses, right and wrong, switches and cancellations on several challenges of one user in one go."""
    user = await scene.register(PHONE, EMAIL)
    challenges = [await scene.open(action_type) for action_type in (SIGN_IN, "withdrawal")]
    calls: list[Callable[[], Coroutine[Any, Any, Any]]] = []
    for planned in challenges:
        order, _ = scene.switch(planned, user.contacts[1])
        guesses = [scene.wrong(planned) for _ in range(8)] + [scene.guess(planned) for _ in range(4)]
        calls += [partial(spend, store, guess) for guess in guesses]
        calls += [partial(store.order_delivery, order)] * 3
    calls += [lambda: store.sweep(limit=10), lambda: store.claim_deliveries(limit=5, lease_s=30)] * 3
    await at_once(calls)
    for planned in challenges:
        challenge = await scene.challenge(planned.id)
        assert challenge.tries_spent <= challenge.tries_allowed
        assert len(challenge.generations) <= 2
    events = [event for _, event in await store.events(scene.application_id, limit=500, after=0)]
    ends = Counter(
        event.data["challenge_id"]
        for event in events
        if event.type in {EventType.CHALLENGE_APPROVED, EventType.CHALLENGE_EXHAUSTED}
    )
    assert set(ends.values()) <= {1}
