"""One guess: charged before it is compared, in the lane of its challenge, and approved at most once."""

from dataclasses import replace

import pytest

from tests.contract.builders import EMAIL, PHONE, Planned, Scene
from tests.contract.guessing import spend
from watchword.domain.action import PASSWORD_RESET, SIGN_IN
from watchword.domain.budget import Lane
from watchword.domain.challenge import (
    Approved,
    BudgetExhausted,
    Challenge,
    ChallengeState,
    Ended,
    Incorrect,
    Superseded,
)
from watchword.domain.event import EventType
from watchword.domain.instant import DAY_MS
from watchword.domain.limits import Limits
from watchword.domain.message import NoticeKind
from watchword.domain.secret import Secret
from watchword.ports.store import Store
from watchword.ports.store.values import OwnersWord


async def _burn(scene: Scene, failures: int, *, lane: Lane = Lane.OPEN) -> Planned:
    """Spend so many wrong guesses over as many challenges as it takes; return the last one, still pending."""
    left = failures
    while True:
        planned = await scene.open(lane=lane)
        for _ in range(min(left, 4)):
            assert isinstance(await spend(scene.store, scene.wrong(planned)), Incorrect)
        left -= min(left, 4)
        if left == 0:
            return planned
        await scene.store.end_challenge(planned.id, ChallengeState.CANCELLED, "abandoned")
        scene.clock.move(hours=1)


async def test_an_older_code_is_superseded_and_costs_a_try(store: Store, scene: Scene) -> None:
    user = await scene.register(PHONE, EMAIL)
    first = await scene.open(contact=user.contacts[0])
    order, switched = scene.switch(first, user.contacts[1])
    await store.order_delivery(order)
    assert await spend(store, scene.guess(switched, first.code)) == Superseded(attempts_left=4)
    # Read before the switch: there is no candidate for the code that is live now.
    assert await spend(store, scene.guess(first)) == Superseded(attempts_left=3)
    assert await spend(store, scene.wrong(switched)) == Incorrect(attempts_left=2)
    assert isinstance(await spend(store, scene.guess(switched)), Approved)


async def test_a_concealed_challenge_does_not_tell_a_stranger_that_it_switched(store: Store, scene: Scene) -> None:
    user = await scene.register(PHONE, EMAIL)
    first = await scene.open(PASSWORD_RESET, contact=user.contacts[0], conceal=True)
    scene.clock.move(seconds=30)
    order, _ = scene.switch(first, user.contacts[1])
    assert isinstance(await store.order_delivery(order), Challenge)
    assert await spend(store, scene.wrong(first)) == Incorrect(attempts_left=4)


async def test_a_right_guess_is_not_charged_to_the_user(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    for _ in range(60):  # more successes than the budget has failures
        planned = await scene.open(lane=Lane.OWN)
        assert isinstance(await spend(store, scene.guess(planned)), Approved)
        scene.clock.move(hours=1)
    assert (await scene.profile()).failures == 0


async def test_a_success_gives_no_failure_back(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    await spend(store, scene.wrong(planned))
    await spend(store, scene.guess(planned))
    assert (await scene.profile()).failures == 1


async def test_neither_resends_nor_switches_give_tries_or_time_back(store: Store, scene: Scene) -> None:
    user = await scene.register(PHONE, EMAIL)
    planned = await scene.open(contact=user.contacts[0])
    before = await scene.challenge(planned.id)
    await spend(store, scene.wrong(planned))
    scene.clock.move(seconds=40)
    await store.order_delivery(scene.order(planned, user.contacts[0]))
    order, switched = scene.switch(planned, user.contacts[1])
    await store.order_delivery(order)
    assert await spend(store, scene.wrong(switched)) == Incorrect(attempts_left=3)
    assert (await scene.challenge(planned.id)).expires_at == before.expires_at


async def test_the_open_lane_ends_at_its_part_and_the_own_lane_goes_on(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await _burn(scene, scene.limits.open_lane_failures)
    refused = await spend(store, scene.guess(planned))
    assert isinstance(refused, BudgetExhausted)
    assert refused.attempts_left == (await scene.challenge(planned.id)).attempts_left
    own = await scene.open(lane=Lane.OWN)
    assert isinstance(await spend(store, scene.guess(own)), Approved)


async def test_both_lanes_end_where_the_whole_budget_is_spent(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    scene.limits = Limits(failures_per_user=8, open_lane_failures=6)
    await _burn(scene, 6)
    own = await _burn(scene, 2, lane=Lane.OWN)
    assert isinstance(await spend(store, scene.guess(own)), BudgetExhausted)


async def test_the_budget_frees_when_its_window_has_passed(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    scene.limits = Limits(failures_per_user=8, open_lane_failures=4)
    began = await store.now()
    planned = await _burn(scene, 4)
    refused = await spend(store, scene.wrong(planned))
    assert isinstance(refused, BudgetExhausted)
    assert refused.free_at == began + 30 * DAY_MS
    assert (await scene.profile()).lane_free_at == refused.free_at
    assert (await scene.user()).locked_until == refused.free_at
    scene.clock.move(seconds=(refused.free_at - await store.now()) / 1_000 - 0.001)
    assert (await scene.profile()).lane_free_at is not None
    scene.clock.move(seconds=0.001)
    assert (await scene.profile()).lane_free_at is None
    assert (await scene.user()).locked_until is None


async def test_the_guess_that_spends_the_lane_locks_it_and_tells_the_owner(store: Store, scene: Scene) -> None:
    await scene.register(PHONE, EMAIL)
    scene.limits = Limits(failures_per_user=8, open_lane_failures=4)
    await _burn(scene, 4)
    events = [event for _, event in await store.events(scene.application_id, limit=100, after=0)]
    locked = [event for event in events if event.type is EventType.USER_LOCKED]
    assert [event.data["lane"] for event in locked] == ["open"]
    notices = await store.claim_deliveries(limit=100, lease_s=30)
    told = [message.address.reveal() for message in notices if message.notice is NoticeKind.BUDGET_EXHAUSTED]
    assert told == [PHONE, EMAIL]


async def test_an_operator_can_unlock(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    scene.limits = Limits(failures_per_user=8, open_lane_failures=4)
    planned = await _burn(scene, 4)
    assert await store.unlock_user(scene.ref(), reason="asked by telephone, identity checked")
    assert not await store.unlock_user(scene.ref(), reason="again")
    assert isinstance(await spend(store, scene.guess(planned)), Approved)
    assert (await scene.user()).locked_until is None


async def test_a_concealed_challenge_beyond_the_budget_is_wrong_whatever_is_typed(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    scene.limits = Limits(failures_per_user=8, open_lane_failures=4)
    await _burn(scene, 4)
    concealed = await scene.open(PASSWORD_RESET, conceal=True)
    for left in (4, 3, 2, 1, 0):
        assert await spend(store, scene.guess(concealed)) == Incorrect(attempts_left=left)
    assert await spend(store, scene.guess(concealed)) == Ended(state=ChallengeState.EXHAUSTED)
    assert (await scene.profile()).failures == 4


async def test_a_decoy_takes_tries_and_ends_like_any_other(store: Store, scene: Scene) -> None:
    opening, planned = scene.opening(scene.action(PASSWORD_RESET, user_id="nobody", conceal=True), decoy=True)
    await store.open_challenge(opening)
    assert await store.claim_deliveries(limit=10, lease_s=30) == []
    guess = scene.guess(replace(planned, codes={0: Secret("123456")}))
    for left in (4, 3, 2, 1, 0):
        assert await spend(store, guess) == Incorrect(attempts_left=left)
    assert await spend(store, guess) == Ended(state=ChallengeState.EXHAUSTED)


async def test_a_code_dies_with_the_contact_it_went_to(store: Store, scene: Scene) -> None:
    """A contact left out without a grant counts until its wait is over, and its code not a moment longer."""
    scene.limits = Limits(contact_wait_s=300)
    user = await scene.register(PHONE, EMAIL)
    await store.register_user(scene.registration(EMAIL))
    scene.clock.move(seconds=200)
    planned = await scene.open(contact=user.contacts[0])
    scene.clock.move(seconds=99)
    assert await spend(store, scene.wrong(planned)) == Incorrect(attempts_left=4)
    scene.clock.move(seconds=1)
    assert await spend(store, scene.guess(planned)) == Superseded(attempts_left=3)


@pytest.mark.parametrize("state", [ChallengeState.CANCELLED, ChallengeState.DENIED])
async def test_nothing_succeeds_after_the_end(store: Store, scene: Scene, state: ChallengeState) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    ended = await store.end_challenge(planned.id, state, "abandoned")
    assert ended is not None
    assert ended.state is state
    assert await spend(store, scene.guess(planned)) == Ended(state=state)
    assert await store.end_challenge(planned.id, ChallengeState.DENIED, "not_me") == ended
    assert (await scene.profile()).failures == 0


async def test_the_owners_word_ends_a_pending_challenge_without_marking_anybody(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    challenge = await scene.challenge(planned.id)
    found = await store.challenge_of_reference(challenge.reference)
    assert found == challenge
    assert await store.dispute_challenge(planned.id) is OwnersWord.ENDED
    assert await store.dispute_challenge(planned.id) is OwnersWord.NOTED
    assert (await scene.user()).disputed_at is None


async def test_the_last_try_tells_every_confirmed_contact_once_a_day(store: Store, scene: Scene) -> None:
    await scene.register(PHONE, EMAIL)
    for _ in range(2):
        planned = await scene.open(SIGN_IN)
        for _ in range(5):
            await spend(store, scene.wrong(planned))
    notices = [message for message in await store.claim_deliveries(limit=10, lease_s=30) if message.notice]
    assert [message.notice for message in notices] == [NoticeKind.CHALLENGE_EXHAUSTED] * 2
    assert [message.address.reveal() for message in notices] == [PHONE, EMAIL]
    scene.clock.move(days=1)
    planned = await scene.open(SIGN_IN)
    for _ in range(5):
        await spend(store, scene.wrong(planned))
    assert len([message for message in await store.claim_deliveries(limit=10, lease_s=30) if message.notice]) == 2
