"""What the store asks in the transaction of an attempt: about the challenge as it stands, and without a trace."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.contract.builders import EMAIL, PHONE, Planned, Scene
from tests.contract.guessing import spend
from watchword.adapters.rows.challenge_endings import end_approved
from watchword.adapters.rows.challenge_rows import find_challenge_row
from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.rows.transaction import Transaction
from watchword.domain.action import PASSWORD_RESET
from watchword.domain.challenge import Approved, Challenge, ChallengeState, Ended, Incorrect, Malformed, Superseded
from watchword.domain.errors import CodeNotSent, NotFound, StorageUnavailable
from watchword.domain.event import EventType
from watchword.domain.ids import ChallengeId
from watchword.domain.limits import Limits
from watchword.domain.message import DeliveryStatus
from watchword.domain.secret import Secret
from watchword.ports.store import Store
from watchword.ports.store.attempting import Attempted, Spending, TriedChallenge
from watchword.ports.store.outbox import NotHandedOver
from watchword.ports.store.values import AlreadyKept, KeptAnswer, SendOrder

SCOPE = b"an-idempotency-key"
ENDINGS = (EventType.CHALLENGE_EXPIRED, EventType.CHALLENGE_ATTEMPTED, EventType.CHALLENGE_APPROVED)


class Asked:
    """Answers the store as a test wants, and remembers what it was asked about."""

    def __init__(self, answer: Callable[[TriedChallenge], Spending | Malformed | Ended]) -> None:
        self._answer = answer
        self.challenges: list[TriedChallenge] = []

    def __call__(self, challenge: TriedChallenge) -> Spending | Malformed | Ended:
        self.challenges.append(challenge)
        return self._answer(challenge)


def _malformed(challenge: TriedChallenge) -> Malformed:
    return Malformed(attempts_left=challenge.attempts_left)


async def _endings(scene: Scene) -> list[EventType]:
    events = await scene.store.events(scene.application_id, limit=200, after=0)
    return [event.type for _, event in events if event.type in ENDINGS]


async def _switching(scene: Scene) -> tuple[Planned, Planned, SendOrder]:
    """Open a challenge; return it before and after a switch to another contact, and the order for the switch."""
    user = await scene.register(PHONE, EMAIL)
    planned = await scene.open(contact=user.contacts[0])
    order, switched = scene.switch(planned, user.contacts[1])
    return planned, switched, order


async def test_is_asked_about_the_challenge_as_the_attempt_finds_it(store: Store, scene: Scene) -> None:
    planned, switched, order = await _switching(scene)
    await spend(store, scene.wrong(planned))
    await store.order_delivery(order)
    found = await scene.challenge(planned.id)
    asked = Asked(scene.wrong(switched))
    attempted = await store.spend_attempt(planned.id, asked)
    told = asked.challenges[-1]
    assert attempted == Attempted(challenge=told, outcome=Incorrect(attempts_left=3), at=await store.now())
    for name in ("id", "action", "state", "code_length", "generations", "bound_digest", "trust_allowed"):
        assert getattr(told, name) == getattr(found, name), name
    assert (told.attempts_left, len(told.generations)) == (4, 2)


async def test_a_switch_that_came_first_overtakes_no_guess(store: Store, scene: Scene) -> None:
    """Both are called at once: the newer code is compared with what the switch has just made, in one transaction."""
    _, switched, order = await _switching(scene)
    ordered, outcome = await asyncio.gather(store.order_delivery(order), spend(store, scene.guess(switched)))
    assert isinstance(ordered, Challenge)
    assert isinstance(outcome, Approved)


async def test_a_guess_that_came_before_a_switch_succeeds_with_the_code_of_its_time(store: Store, scene: Scene) -> None:
    planned, _, order = await _switching(scene)
    outcome, ordered = await asyncio.gather(spend(store, scene.guess(planned)), store.order_delivery(order))
    assert isinstance(outcome, Approved)
    assert not isinstance(ordered, Challenge)


async def test_a_killed_code_is_superseded_whatever_is_typed(store: Store, scene: Scene) -> None:
    user = await scene.register(PHONE, EMAIL)
    planned = await scene.open(contact=user.contacts[0])
    concealed = await scene.open(PASSWORD_RESET, contact=user.contacts[0], conceal=True)
    for message in await store.claim_deliveries(limit=1, lease_s=30):
        bounced = NotHandedOver(reason="unknown", retry_after_ms=None, status=DeliveryStatus.BOUNCED)
        await store.finish_delivery(message.id, message.tries, bounced)
    asked = Asked(scene.wrong(planned))
    await store.spend_attempt(planned.id, asked)
    assert asked.challenges[-1].generations[-1].is_dead
    assert await spend(store, scene.guess(planned)) == Superseded(attempts_left=3)
    # Only whoever holds an older code may learn from this one that it ever had one.
    assert await spend(store, scene.guess(concealed)) == Incorrect(attempts_left=4)


@pytest.mark.parametrize("refusal", [NotFound, CodeNotSent])
async def test_a_refusal_leaves_no_trace_not_even_of_an_expiry(
    store: Store, scene: Scene, refusal: type[NotFound | CodeNotSent]
) -> None:
    def refuse(_: TriedChallenge) -> Spending:
        raise refusal

    await scene.register(PHONE)
    planned, other = await scene.open(), await scene.open("withdrawal")
    scene.clock.move(seconds=600)
    outcomes = await asyncio.gather(
        store.spend_attempt(planned.id, refuse, keep=lambda _: _kept(scene)),
        spend(store, scene.guess(other)),
        return_exceptions=True,
    )
    assert isinstance(outcomes[0], refusal)
    assert outcomes[1] == Ended(state=ChallengeState.EXPIRED)
    assert await _endings(scene) == [EventType.CHALLENGE_EXPIRED]
    assert await store.kept_answer(scene.application_id, SCOPE) is None


async def test_an_attempt_writes_the_expiry_that_it_finds_once(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    scene.clock.move(seconds=600)
    for attempt in (_malformed, scene.guess(planned), _malformed):
        asked = Asked(attempt)
        attempted = await store.spend_attempt(planned.id, asked)
        assert attempted is not None
        assert attempted.outcome == Ended(state=ChallengeState.EXPIRED)
        assert asked.challenges[-1].state is ChallengeState.EXPIRED
    assert await _endings(scene) == [EventType.CHALLENGE_EXPIRED]


async def test_what_is_no_guess_spends_nothing_and_writes_nothing(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    before = await scene.challenge(planned.id)
    attempted = await store.spend_attempt(planned.id, _malformed)
    assert attempted is not None
    assert attempted.outcome == Malformed(attempts_left=5)
    assert (await scene.challenge(planned.id), await _endings(scene)) == (before, [])


async def test_the_answer_to_what_is_no_guess_is_kept_in_the_same_operation(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    asked = Asked(_malformed)
    told: list[Attempted] = []

    def keep(attempted: Attempted) -> KeptAnswer:
        told.append(attempted)
        return _kept(scene)

    first = await store.spend_attempt(planned.id, asked, call=SCOPE, keep=keep)
    assert told[-1] == first
    assert await store.kept_answer(scene.application_id, SCOPE) == _kept(scene)
    count = len(asked.challenges)
    with pytest.raises(AlreadyKept):
        await store.spend_attempt(planned.id, asked, call=SCOPE, keep=keep)
    assert len(asked.challenges) == count


@pytest.mark.parametrize("challenge_id", ["chl_unknown", "chl_0tk2njrp5ceszw58j3n4fjkkhtt8r57cadkpv90", ""])
async def test_nothing_is_asked_about_a_challenge_that_is_not_there(
    store: Store, scene: Scene, challenge_id: str
) -> None:
    asked = Asked(_malformed)
    assert await store.spend_attempt(ChallengeId(challenge_id), asked, keep=lambda _: _kept(scene)) is None
    assert asked.challenges == []
    await scene.register(PHONE)
    planned = await scene.open()
    assert await store.erase_user(scene.ref())
    assert await store.spend_attempt(planned.id, asked) is None
    assert asked.challenges == []


async def test_the_right_guess_is_charged_to_its_challenge_too(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    await spend(store, scene.wrong(planned))
    outcome = await spend(store, scene.guess(planned))
    assert isinstance(outcome, Approved)
    assert outcome.attempts_left == 3
    assert (await scene.challenge(planned.id)).tries_spent == 2


async def test_nothing_that_has_ended_is_ever_approved(store: RowStore, scene: Scene) -> None:
    """Whoever approves has looked before; the statement that approves says so once more, without being asked."""
    user = await scene.register(PHONE)
    planned = await scene.open()
    await store.end_challenge(planned.id, ChallengeState.DENIED, "not_me")

    def approve(write: Transaction) -> None:
        row = find_challenge_row(write, planned.id)
        assert row is not None
        end_approved(write, row, contact_id=user.contacts[0].id, device_id=None)

    with pytest.raises(StorageUnavailable):
        await store.runner.write(scene.ref().key, approve)
    assert (await scene.challenge(planned.id)).state is ChallengeState.DENIED
    assert await _endings(scene) == []


async def test_a_device_that_was_revoked_meanwhile_is_replaced_by_a_new_one(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    first = await spend(store, scene.guess(await scene.open()))
    assert isinstance(first, Approved)
    assert first.device is not None
    scene.clock.move(seconds=1)
    again = await spend(store, scene.guess(await scene.open(device_id=first.device.id)))
    assert isinstance(again, Approved)
    assert again.device == replace(first.device, last_seen_at=await store.now(), last_proven_at=await store.now())
    planned = await scene.open(device_id=first.device.id)
    assert await store.revoke_device(scene.ref(), first.device.id)
    other = await spend(store, scene.guess(planned))
    assert isinstance(other, Approved)
    assert other.device is not None
    assert other.device.id != first.device.id
    assert await store.devices(scene.ref()) == [other.device]


async def test_guesses_count_for_as_long_as_the_limits_of_the_attempt_say(store: Store, scene: Scene) -> None:
    shorter = Limits(failures_per_user=8, open_lane_failures=1, failure_window_days=30)
    longer = Limits(failures_per_user=8, open_lane_failures=1, failure_window_days=90)
    await scene.register(PHONE)
    await spend(store, scene.wrong(await scene.open()))
    scene.clock.move(days=30)
    planned = await scene.open()
    scene.limits = longer
    assert not isinstance(await spend(store, scene.guess(planned)), Approved)
    scene.limits = shorter
    assert isinstance(await spend(store, scene.guess(planned)), Approved)


def _kept(scene: Scene) -> KeptAnswer:
    return KeptAnswer(application_id=scene.application_id, scope=SCOPE, fingerprint=b"f", status=200, body=Secret("{}"))
