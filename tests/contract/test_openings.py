"""How challenges open, make room for each other, and send again."""

import asyncio
from dataclasses import replace

import pytest

from tests.contract.builders import EMAIL, PHONE, Scene
from tests.contract.guessing import spend
from watchword.domain.action import PASSWORD_RESET, PURCHASE, SIGN_IN, Decision
from watchword.domain.budget import Budget, Charged, Full, Lane, Window
from watchword.domain.challenge import Approved, Challenge, ChallengeState
from watchword.domain.event import EventType
from watchword.domain.instant import HOUR_MS, later
from watchword.domain.limits import Limits
from watchword.domain.message import NoticeKind
from watchword.ports.store import Store
from watchword.ports.store.charging import AddressCharge
from watchword.ports.store.values import SendRefused, StartsFull, TooSoon, UserGone


async def test_starts_are_counted_per_type_and_lane(store: Store, scene: Scene) -> None:
    user = await scene.register(PHONE)
    began = await store.now()
    for _ in range(scene.limits.starts_per_hour):
        await scene.open(SIGN_IN)
    opening, planned = scene.opening(scene.action(SIGN_IN), user.contacts)
    assert await store.open_challenge(opening) == StartsFull(free_at=later(began, hours=1))
    assert await store.challenge(planned.id) is None
    assert await store.action(scene.ref(), planned.action.id) is None
    assert (await scene.profile(SIGN_IN)).starts_free_at == later(began, hours=1)
    assert (await scene.profile(PURCHASE)).starts_free_at is None
    await scene.open(PURCHASE)
    await scene.open(SIGN_IN, lane=Lane.OWN)
    scene.clock.move(hours=1)
    await scene.open(SIGN_IN)


async def test_unknown_users_starts_are_counted_alike(store: Store, scene: Scene) -> None:
    for _ in range(scene.limits.starts_per_hour):
        opening, _ = scene.opening(scene.action(PASSWORD_RESET, user_id="nobody", conceal=True), decoy=True)
        await store.open_challenge(opening)
    opening, _ = scene.opening(scene.action(PASSWORD_RESET, user_id="nobody", conceal=True), decoy=True)
    assert isinstance(await store.open_challenge(opening), StartsFull)


async def test_a_challenge_too_many_replaces_the_oldest_of_its_type_and_lane(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    own = await scene.open(SIGN_IN, lane=Lane.OWN)
    oldest, same_type = await scene.open(PURCHASE), await scene.open(SIGN_IN)
    await scene.open(SIGN_IN)
    replaced = await scene.challenge(same_type.id)
    assert (replaced.state, replaced.end_reason) == (ChallengeState.CANCELLED, "replaced")
    assert (await scene.challenge(oldest.id)).state is ChallengeState.PENDING
    await scene.open("transfer")  # of no type that is pending: the oldest goes
    assert (await scene.challenge(oldest.id)).state is ChallengeState.CANCELLED
    assert (await scene.challenge(own.id)).state is ChallengeState.PENDING


async def test_an_expired_challenge_makes_room_by_itself(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    first = await scene.open(PURCHASE)
    scene.clock.move(seconds=scene.limits.lifetime_s)
    second = await scene.open(PURCHASE)
    await scene.open(PURCHASE)
    assert (await scene.challenge(first.id)).state is ChallengeState.EXPIRED
    assert (await scene.challenge(second.id)).state is ChallengeState.PENDING


async def test_rules_that_failed_are_told_to_the_operator(store: Store, scene: Scene) -> None:
    user = await scene.register(PHONE)
    opening, _ = scene.opening(scene.action(), user.contacts, failed_rules=("night-shift", "far-away"))
    await store.open_challenge(opening)
    events = [event for _, event in await store.events(scene.application_id, limit=100, after=0)]
    assert [event.data["rule"] for event in events if event.type is EventType.RULE_FAILED] == [
        "night-shift",
        "far-away",
    ]


async def test_networks_of_unproven_challenges_raise_one_alarm_a_day(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    for number in range(7):
        await scene.open("transfer" if number % 2 else SIGN_IN, network=b"network-%d" % number)
        assert (await scene.profile()).unproven_networks == number + 1
    events = [event.type for _, event in await store.events(scene.application_id, limit=200, after=0)]
    assert events.count(EventType.ATTACK_SUSPECTED) == 1
    notices = [message.notice for message in await store.claim_deliveries(limit=50, lease_s=30) if message.notice]
    assert notices == [NoticeKind.ATTACK_SUSPECTED]


async def test_a_resend_repeats_the_same_code_after_its_wait(store: Store, scene: Scene) -> None:
    user = await scene.register(PHONE)
    planned = await scene.open()
    order = scene.order(planned, user.contacts[0])
    for wait in (30, 60, 120, 120):
        shown = await scene.challenge(planned.id)
        assert shown.resend_at == later(await store.now(), seconds=wait)
        scene.clock.move(seconds=wait - 1)
        assert await store.order_delivery(order) == TooSoon(free_at=shown.resend_at)
        scene.clock.move(seconds=1)
        assert isinstance(await store.order_delivery(order), Challenge)
    scene.clock.move(seconds=200)
    assert await store.order_delivery(order) is SendRefused.SPENT
    messages = await store.claim_deliveries(limit=10, lease_s=30)
    assert [message.code for message in messages] == [planned.code] * 5
    assert len((await scene.challenge(planned.id)).generations) == 1


async def test_a_switch_does_not_wait_but_counts_and_kills_the_old_code(store: Store, scene: Scene) -> None:
    user = await scene.register(PHONE, EMAIL)
    phone, email = user.contacts
    planned = await scene.open(contact=phone)
    order, switched = scene.switch(planned, email)
    shown = await store.order_delivery(order)
    assert isinstance(shown, Challenge)
    assert (shown.sends, [entry.number for entry in shown.generations]) == (2, [1, 2])
    assert shown.route is not None
    assert shown.route.contact_id == email.id
    messages = await store.claim_deliveries(limit=10, lease_s=30)
    assert [(message.address.reveal(), message.code) for message in messages] == [(EMAIL, switched.code)]
    # Back again at once: the first contact was sent to a moment ago.
    back, _ = scene.switch(switched, phone, generation=2)
    assert isinstance(await store.order_delivery(back), TooSoon)


async def test_an_order_that_saw_another_generation_is_overtaken(store: Store, scene: Scene) -> None:
    user = await scene.register(PHONE, EMAIL)
    planned = await scene.open(contact=user.contacts[0])
    order, _ = scene.switch(planned, user.contacts[1])
    await store.order_delivery(order)
    late, _ = scene.switch(planned, user.contacts[1])
    assert await store.order_delivery(late) is SendRefused.OVERTAKEN


async def test_a_code_is_repeated_only_where_it_was_meant_to_go(store: Store, scene: Scene) -> None:
    user = await scene.register(PHONE, EMAIL)
    planned = await scene.open(contact=user.contacts[0])
    assert await store.order_delivery(scene.order(planned, user.contacts[1])) is SendRefused.OVERTAKEN


async def test_a_withheld_send_counts_like_any_other_and_nothing_leaves(store: Store, scene: Scene) -> None:
    user = await scene.register(PHONE, EMAIL)
    planned = await scene.open(PASSWORD_RESET, contact=user.contacts[0], conceal=True)
    order = scene.order(planned, user.contacts[1], withheld=True)
    # Where it is concealed, a switch waits like a repetition: nothing tells where the last message went.
    assert await store.order_delivery(order) == TooSoon(free_at=later(await store.now(), seconds=30))
    scene.clock.move(seconds=30)
    shown = await store.order_delivery(order)
    assert isinstance(shown, Challenge)
    assert (shown.sends, len(shown.generations)) == (2, 1)
    assert shown.resend_at == later(await store.now(), seconds=60)
    (message,) = await store.claim_deliveries(limit=10, lease_s=30)
    assert message.code == planned.code
    assert isinstance(await spend(store, scene.guess(planned)), Approved)


async def test_nothing_is_sent_after_the_end_or_to_a_contact_that_came_later(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    scene.clock.move(seconds=40)
    scene.limits = Limits(contact_wait_s=60)
    await store.register_user(scene.registration(PHONE, EMAIL))
    scene.clock.move(seconds=60)
    later_contact = (await scene.user()).contacts[1]
    order, _ = scene.switch(planned, later_contact)
    assert await store.order_delivery(order) is SendRefused.UNUSABLE
    await store.end_challenge(planned.id, ChallengeState.CANCELLED, "abandoned")
    assert await store.order_delivery(scene.order(planned, later_contact)) is SendRefused.ENDED


async def test_a_challenge_belongs_to_the_first_browser(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    assert await store.bind_browser(planned.id, b"first")
    assert await store.bind_browser(planned.id, b"first")
    assert not await store.bind_browser(planned.id, b"second")
    events = [event.type for _, event in await store.events(scene.application_id, limit=100, after=0)]
    assert events.count(EventType.CHALLENGE_BOUND) == 1


async def test_a_challenge_reads_back_as_it_was_opened(store: Store, scene: Scene) -> None:
    user = await scene.register(PHONE, EMAIL)
    action = scene.action(
        PURCHASE, session_id="s-1", amount="12.50", details={"items": 1, "gift": True, "note": "zwölf “drei”"}
    )
    opening, planned = scene.opening(action, user.contacts)
    opening = replace(opening, others_count_from=later(action.created_at, hours=72), high_value=True)
    await store.open_challenge(opening)
    challenge = await scene.challenge(planned.id)
    assert challenge.action == action
    assert challenge.options == opening.options
    assert challenge.reasons == opening.reasons
    assert opening.first_send is not None
    assert challenge.route == opening.first_send.route
    assert (challenge.reference, challenge.bound_digest) == (opening.reference, opening.bound_digest)
    assert (challenge.others_count_from, challenge.high_value) == (opening.others_count_from, True)
    record = await store.action(scene.ref(), action.id)
    assert record is not None
    assert record.action == action
    assert record.assessment == opening.assessment
    assert record.challenge == challenge


async def test_an_address_is_charged_within_all_windows_or_not_at_all(store: Store, scene: Scene) -> None:
    windows = (Window(most=3, length_s=3_600), Window(most=4, length_s=86_400))
    room = AddressCharge(
        budget=Budget.CONTACT_SENDS,
        subject=b"an-address",
        windows=windows,
        open_windows=(Window(most=2, length_s=3_600),),
    )
    began = await store.now()

    async def charge(lane: Lane) -> Charged | Full:
        return await store.charge_address(scene.application_id, room, lane=lane)

    assert [await charge(Lane.OPEN) for _ in range(2)] == [Charged()] * 2
    assert await charge(Lane.OPEN) == Full(free_at=later(began, hours=1))
    assert await charge(Lane.OWN) == Charged()
    assert await charge(Lane.OWN) == Full(free_at=later(began, hours=1))
    scene.clock.move(hours=1)
    assert await charge(Lane.OWN) == Charged()
    assert await charge(Lane.OWN) == Full(free_at=later(began, days=1))
    other = await store.charge_address(scene.application_id, replace(room, subject=b"another"), lane=Lane.OWN)
    assert other == Charged()


async def test_a_call_that_is_repeated_charges_an_address_once(store: Store, scene: Scene) -> None:
    async def charge(call: bytes | None, subject: bytes = b"an-address") -> Charged | Full:
        room = AddressCharge(budget=Budget.CONTACT_SENDS, subject=subject, windows=(Window(most=3, length_s=3_600),))
        return await store.charge_address(scene.application_id, room, lane=Lane.OPEN, call=call)

    at_once = await asyncio.gather(*(charge(b"one") for _ in range(20)))
    assert at_once == [Charged()] * 20
    assert [await charge(b"two"), await charge(None)] == [Charged()] * 2
    assert isinstance(await charge(None), Full)
    assert isinstance(await charge(b"three"), Full)
    assert await charge(b"one") == Charged(), "it has its place, whatever came after it"
    assert await charge(b"one", b"another") == Charged()


@pytest.mark.parametrize(("wrong", "right", "is_open"), [(60, 140, True), (40, 160, False), (60, 130, False)])
async def test_the_breaker_looks_at_the_last_ten_minutes(
    store: Store, scene: Scene, wrong: int, right: int, is_open: bool
) -> None:
    await asyncio.gather(
        *(store.count_attempt(scene.application_id, wrong=number < wrong) for number in range(wrong + right))
    )
    assert (await scene.profile()).breaker_open is is_open
    scene.clock.move(seconds=HOUR_MS / 6_000)
    assert not (await scene.profile()).breaker_open


async def test_opens_nothing_for_a_user_who_was_erased_since(store: Store, scene: Scene) -> None:
    contacts = (await scene.register(PHONE)).contacts
    opening, _ = scene.opening(scene.action(), contacts)
    denied = replace(scene.decided(scene.action(), Decision.DENY), registered=True)
    await store.erase_user(scene.ref())
    with pytest.raises(UserGone):
        await store.open_challenge(opening)
    with pytest.raises(UserGone):
        await store.record_decision(denied)
    assert not await store.actions(scene.ref(), limit=10, before=None)
    assert await store.challenge(opening.challenge_id) is None
    assert (await scene.profile()).starts_free_at is None


async def test_the_wait_of_the_first_send_counts_after_others_too(store: Store, scene: Scene) -> None:
    user = await scene.register(PHONE, EMAIL)
    first = await scene.open(contact=user.contacts[0])
    sent_at = await store.now()
    order, _ = scene.switch(first, user.contacts[1])
    assert isinstance(await store.order_delivery(order), Challenge)
    shown = await scene.challenge(first.id)
    assert {send.at for send in shown.last_sends} == {sent_at}
    assert len(shown.last_sends) == 2
    back, _ = scene.switch(first, user.contacts[0], generation=2)
    assert await store.order_delivery(back) == TooSoon(free_at=later(sent_at, seconds=60))
