"""Idempotency keys and limits under parallel callers: one effect, one kept answer, and never one too many."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest

from tests.contract.builders import EMAIL, OTHER_EMAIL, PHONE, Planned, Scene, update_details
from tests.contract.guessing import Guess, spend
from watchword.adapters.rows.row_store import RowStore
from watchword.domain.action import ACCOUNT_UPDATE, PURCHASE, Label
from watchword.domain.budget import Budget, Charged, Full, Lane, Window
from watchword.domain.challenge import Approved, ChallengeState, Incorrect
from watchword.domain.errors import StorageUnavailable
from watchword.domain.event import Event, EventType
from watchword.domain.grant import Redeemed
from watchword.domain.ids import DeviceId, GrantId
from watchword.domain.secret import Secret
from watchword.ports.store import Store
from watchword.ports.store.attempting import Attempted, Spending, TriedChallenge
from watchword.ports.store.charging import AddressCharge
from watchword.ports.store.values import (
    AlreadyKept,
    GrantProblem,
    Keep,
    KeptAnswer,
    Opened,
    OwnersWord,
    Registered,
    SendRefused,
    TooSoon,
)

SCOPE: Final = b"the same key"
Operation = Callable[[Keep[Any]], Awaitable[object]]
ENDS: Final = {
    EventType.CHALLENGE_APPROVED,
    EventType.CHALLENGE_CANCELLED,
    EventType.CHALLENGE_DENIED,
    EventType.CHALLENGE_EXHAUSTED,
    EventType.CHALLENGE_EXPIRED,
}


async def _approved(scene: Scene, planned: Planned) -> tuple[GrantId, DeviceId]:
    outcome = await spend(scene.store, scene.guess(planned))
    assert isinstance(outcome, Approved)
    assert outcome.grant is not None
    assert outcome.device is not None
    return outcome.grant.id, outcome.device.id


async def _events(scene: Scene) -> list[Event]:
    return [event for _, event in await scene.store.events(scene.application_id, limit=1_000, after=0)]


async def _register(scene: Scene) -> Operation:
    registration = scene.registration(PHONE, EMAIL, OTHER_EMAIL)
    return lambda keep: scene.store.register_user(registration, keep=keep)


async def _erase(scene: Scene) -> Operation:
    return lambda keep: scene.store.erase_user(scene.ref(), keep=keep)


async def _revoke_device(scene: Scene) -> Operation:
    _, device_id = await _approved(scene, await scene.open())
    return lambda keep: scene.store.revoke_device(scene.ref(), device_id, keep=keep)


async def _record_decision(scene: Scene) -> Operation:
    return lambda keep: scene.store.record_decision(scene.decided(scene.action(PURCHASE)), keep=keep)


async def _open(scene: Scene) -> Operation:
    contacts = (await scene.user()).contacts
    return lambda keep: scene.store.open_challenge(scene.opening(scene.action(), contacts)[0], keep=keep)


async def _order(scene: Scene) -> Operation:
    planned = await scene.open()
    scene.clock.move(seconds=30)
    order = scene.order(planned, (await scene.user()).contacts[0])
    return lambda keep: scene.store.order_delivery(order, keep=keep)


async def _guess(scene: Scene) -> Operation:
    planned = await scene.open()
    return lambda keep: spend(scene.store, scene.wrong(planned), keep=keep)


async def _end(scene: Scene) -> Operation:
    planned = await scene.open()
    return lambda keep: scene.store.end_challenge(planned.id, ChallengeState.CANCELLED, "abandoned", keep=keep)


async def _redeem(scene: Scene) -> Operation:
    planned = await scene.open()
    grant_id, _ = await _approved(scene, planned)
    return lambda keep: scene.store.redeem_grant(scene.redemption(planned, grant_id), keep=keep)


async def _label(scene: Scene) -> Operation:
    planned = await scene.open()
    return lambda keep: scene.store.label_action(scene.ref(), planned.action.id, Label.FRAUD, keep=keep)


async def _distrust_devices(scene: Scene) -> Operation:
    await spend(scene.store, scene.guess(await scene.open(), trust_device=True))
    return lambda keep: scene.store.distrust_devices(scene.ref(), keep=keep)


async def _dispute(scene: Scene) -> Operation:
    planned = await scene.open()
    return lambda keep: scene.store.dispute_challenge(planned.id, keep=keep)


OPERATIONS: Final = (
    _register,
    _erase,
    _revoke_device,
    _record_decision,
    _open,
    _order,
    _guess,
    _end,
    _redeem,
    _label,
    _distrust_devices,
    _dispute,
)


@pytest.mark.parametrize("prepare", OPERATIONS, ids=lambda prepare: prepare.__name__.strip("_"))
async def test_the_same_key_has_one_effect_and_one_answer(
    store: Store, scene: Scene, prepare: Callable[[Scene], Awaitable[Operation]]
) -> None:
    await scene.register(PHONE, EMAIL)
    operation = await prepare(scene)
    before = len(await _events(scene))

    def keeper(number: int) -> Keep[Any]:
        return lambda _: KeptAnswer(
            application_id=scene.application_id,
            scope=SCOPE,
            fingerprint=b"f",
            status=200,
            body=Secret(f"answer {number}"),
        )

    answers = await asyncio.gather(*(operation(keeper(number)) for number in range(10)), return_exceptions=True)
    acted = [number for number, answer in enumerate(answers) if not _found_nothing_to_do(answer)]
    assert len(acted) == 1, answers
    after_one = len(await _events(scene))
    assert after_one > before
    kept = await store.kept_answer(scene.application_id, SCOPE)
    assert kept is not None
    assert kept.body.reveal() == f"answer {acted[0]}"
    again = await asyncio.gather(operation(keeper(99)), return_exceptions=True)
    assert _found_nothing_to_do(again[0])
    assert len(await _events(scene)) == after_one


async def test_codes_that_share_a_key_are_not_compared_after_the_first(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    asked: list[TriedChallenge] = []

    def guess(guessed: Guess) -> Awaitable[object]:
        def attempt(challenge: TriedChallenge) -> Spending:
            asked.append(challenge)
            return guessed(challenge)

        kept = KeptAnswer(
            application_id=scene.application_id, scope=SCOPE, fingerprint=b"f", status=200, body=Secret("{}")
        )
        return store.spend_attempt(planned.id, attempt, call=SCOPE, keep=lambda _: kept)

    first, *others = await asyncio.gather(
        guess(scene.wrong(planned)), *(guess(scene.guess(planned)) for _ in range(5)), return_exceptions=True
    )
    assert isinstance(first, Attempted)
    assert first.outcome == Incorrect(attempts_left=4)
    assert all(isinstance(other, AlreadyKept) for other in others)
    assert len(asked) == 1
    assert (await scene.challenge(planned.id)).attempts_left == 4


def _found_nothing_to_do(answer: object) -> bool:
    """Whether a call had no effect: its key was used, or the first one left nothing to do."""
    return answer is False or isinstance(answer, AlreadyKept | TooSoon | SendRefused | GrantProblem)


async def test_an_address_is_never_charged_more_than_it_has_room_for(store: Store, scene: Scene) -> None:
    room = AddressCharge(
        budget=Budget.CONTACT_SENDS,
        subject=b"address",
        windows=(Window(most=8, length_s=3_600), Window(most=15, length_s=86_400)),
        open_windows=(Window(most=5, length_s=3_600),),
    )

    async def charge(lane: Lane) -> Charged | Full:
        return await store.charge_address(scene.application_id, room, lane=lane)

    lanes = [Lane.OPEN] * 20 + [Lane.OWN] * 20
    charged = await asyncio.gather(*(charge(lane) for lane in lanes))
    taken = [lane for lane, answer in zip(lanes, charged, strict=True) if isinstance(answer, Charged)]
    assert (taken.count(Lane.OPEN), taken.count(Lane.OWN)) == (5, 3)
    scene.clock.move(hours=1)
    charged = await asyncio.gather(*(charge(Lane.OWN) for _ in range(20)))
    assert sum(isinstance(answer, Charged) for answer in charged) == 7, "the day has room for fifteen"


async def test_thirty_starts_at_once_open_ten_and_leave_two_pending(store: Store, scene: Scene) -> None:
    contacts = (await scene.register(PHONE)).contacts
    openings = [scene.opening(scene.action(), contacts)[0] for _ in range(30)]
    opened = [
        answer.challenge.id
        for answer in await asyncio.gather(*(store.open_challenge(opening) for opening in openings))
        if isinstance(answer, Opened)
    ]
    assert len(opened) == 10
    states = [(await scene.challenge(challenge_id)).state for challenge_id in opened]
    assert states.count(ChallengeState.PENDING) == 2


async def test_the_budget_of_a_user_holds_over_challenges_that_are_guessed_at_once(store: Store, scene: Scene) -> None:
    scene.limits = type(scene.limits)(failures_per_user=12, open_lane_failures=7, pending_open_lane=4)
    await scene.register(PHONE)
    planned = [await scene.open() for _ in range(4)]
    own = await scene.open(lane=Lane.OWN)
    guesses = [scene.wrong(one) for one in planned for _ in range(5)] + [scene.wrong(own) for _ in range(5)]
    outcomes = await asyncio.gather(*(spend(store, guess) for guess in guesses))
    compared = [isinstance(outcome, Incorrect) for outcome in outcomes]
    assert (sum(compared[:20]), sum(compared[20:])) == (7, 5)
    assert (await scene.profile()).failures == 12


async def test_a_grant_is_used_once_by_a_redemption_and_a_change_that_race(store: Store, scene: Scene) -> None:
    await scene.register(PHONE, EMAIL)
    planned = await scene.open(ACCOUNT_UPDATE, details=update_details(added=OTHER_EMAIL, field_name="email"))
    grant_id, _ = await _approved(scene, planned)
    registration = scene.registration(PHONE, EMAIL, OTHER_EMAIL, grant_id=grant_id)
    outcomes = await asyncio.gather(
        *(store.redeem_grant(scene.redemption(planned, grant_id)) for _ in range(5)),
        *(store.register_user(registration) for _ in range(5)),
    )
    assert sum(isinstance(outcome, Redeemed | Registered) for outcome in outcomes) == 1
    assert {outcome for outcome in outcomes if isinstance(outcome, GrantProblem)} <= {
        GrantProblem.ALREADY_REDEEMED,
        GrantProblem.MISMATCH,
    }
    events = await _events(scene)
    assert [event.type for event in events].count(EventType.GRANT_REDEEMED) == 1


@pytest.mark.parametrize("turn", range(6))
async def test_a_challenge_ends_once_whoever_ends_it(store: Store, scene: Scene, turn: int) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    racing: list[Callable[[], Awaitable[object]]] = [
        lambda: spend(store, scene.guess(planned)),
        lambda: store.end_challenge(planned.id, ChallengeState.CANCELLED, "abandoned"),
        lambda: store.dispute_challenge(planned.id),
        lambda: store.erase_user(scene.ref()),
        lambda: store.sweep(limit=10),
        lambda: spend(store, scene.wrong(planned)),
    ]
    await asyncio.gather(*(call() for call in racing[turn:] + racing[:turn]))
    ends = [event for event in await _events(scene) if event.type in ENDS]
    assert len(ends) == 1
    assert await store.dispute_challenge(planned.id) is OwnersWord.NOTED


async def test_a_closed_store_answers_nothing(scene: Scene, store: RowStore) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    await store.close()
    calls: list[Callable[[], Awaitable[object]]] = [
        lambda: spend(store, scene.guess(planned)),
        lambda: store.sweep(limit=1),
        lambda: store.user(scene.ref()),
        lambda: store.challenge(planned.id),
    ]
    for call in calls:
        with pytest.raises(StorageUnavailable):
            await call()
