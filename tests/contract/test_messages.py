"""The outbox: who gets a message, for how long, and that an acknowledged one is sent or reported as failed (I7, I9)."""

import pytest

from tests.contract.builders import EMAIL, OTHER_PHONE, PHONE, Scene, update_details
from tests.contract.guessing import spend
from watchword.domain.action import ACCOUNT_UPDATE, PASSWORD_RESET, PURCHASE, SIGN_IN
from watchword.domain.challenge import Approved, Challenge, ChallengeState
from watchword.domain.contact import Channel, Contact
from watchword.domain.event import Event, EventType
from watchword.domain.grant import Redeemed
from watchword.domain.instant import later
from watchword.domain.limits import Limits
from watchword.domain.message import DeliveryStatus, NoticeKind
from watchword.ports.store import Store
from watchword.ports.store.outbox import ClaimedDelivery, HandedOver, NotHandedOver
from watchword.ports.store.values import GrantProblem

SENT = HandedOver(sender="inbox", provider="inbox", provider_message_id="m-1", status=DeliveryStatus.SENT)


async def _claim(scene: Scene) -> list[ClaimedDelivery]:
    return list(await scene.store.claim_deliveries(limit=100, lease_s=30))


async def _events(scene: Scene, event_type: EventType) -> list[Event]:
    events = await scene.store.events(scene.application_id, limit=500, after=0)
    return [event for _, event in events if event.type is event_type]


async def _redeem(scene: Scene, action_type: str, contact: Contact | None = None) -> None:
    planned = await scene.open(action_type, contact=contact, details={"field": "password"})
    approved = await spend(scene.store, scene.guess(planned))
    assert isinstance(approved, Approved)
    assert approved.grant is not None
    await _claim(scene)
    assert isinstance(await scene.store.redeem_grant(scene.redemption(planned, approved.grant.id)), Redeemed)


async def test_a_code_message_says_all_that_its_wording_needs(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await scene.open(SIGN_IN)
    (message,) = await _claim(scene)
    assert (message.ref, message.channel, message.address.reveal()) == (scene.ref(), Channel.SMS, PHONE)
    assert (message.locale, message.tries, message.notice) == ("en", 0, None)
    assert message.action == planned.action
    assert message.challenge is not None
    assert message.challenge.id == planned.id
    assert message.expires_at == message.challenge.expires_at


async def test_a_lease_keeps_others_off_until_it_ends(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    await scene.open()
    (first,) = await _claim(scene)
    assert await _claim(scene) == []
    scene.clock.move(seconds=29.999)
    assert await _claim(scene) == []
    scene.clock.move(seconds=0.001)
    (again,) = await _claim(scene)
    assert (again.id, again.tries) == (first.id, 1)


async def test_a_starting_process_takes_every_lease_back(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    await scene.open()
    (first,) = await _claim(scene)
    assert await store.take_back_leases() == 1
    assert [message.id for message in await _claim(scene)] == [first.id]


async def test_messages_leave_in_the_order_they_came(store: Store, scene: Scene) -> None:
    for number in range(5):
        await scene.register(PHONE, user_id=f"u-{number}")
        await scene.open(user_id=f"u-{number}")
    claimed = [await store.claim_deliveries(limit=2, lease_s=30) for _ in range(3)]
    assert [len(messages) for messages in claimed] == [2, 2, 1]
    users = [message.ref for messages in claimed for message in messages]
    assert users == [scene.ref(f"u-{number}") for number in range(5)]


async def test_a_message_that_was_handed_over_is_done(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    assert (await scene.challenge(planned.id)).delivery_status is DeliveryStatus.QUEUED
    (message,) = await _claim(scene)
    scene.clock.move(seconds=1)
    await store.finish_delivery(message.id, message.tries, SENT)
    shown = await scene.challenge(planned.id)
    assert (shown.delivery_status, shown.delivery_updated_at) == (DeliveryStatus.SENT, await store.now())
    await store.finish_delivery(message.id, message.tries, NotHandedOver(reason="late word", retry_after_ms=None))
    assert (await scene.challenge(planned.id)).delivery_status is DeliveryStatus.SENT
    assert len(await _events(scene, EventType.DELIVERY_SENT)) == 1
    assert await _events(scene, EventType.DELIVERY_FAILED) == []


async def test_a_message_that_was_not_taken_comes_back_in_time(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    await scene.open()
    (message,) = await _claim(scene)
    await store.finish_delivery(message.id, message.tries, NotHandedOver(reason="busy", retry_after_ms=2_000))
    scene.clock.move(seconds=1.999)
    assert await _claim(scene) == []
    scene.clock.move(seconds=0.001)
    (again,) = await _claim(scene)
    assert (again.id, again.tries) == (message.id, 1)


@pytest.mark.parametrize("retry_after_ms", [None, 600_000])
async def test_a_message_that_will_not_leave_in_time_is_reported_as_failed(
    store: Store, scene: Scene, retry_after_ms: int | None
) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    (message,) = await _claim(scene)
    await store.finish_delivery(
        message.id, message.tries, NotHandedOver(reason="no_route", retry_after_ms=retry_after_ms)
    )
    (failed,) = await _events(scene, EventType.DELIVERY_FAILED)
    assert (failed.data["delivery_id"], failed.data["reason"]) == (message.id, "no_route")
    assert (await scene.challenge(planned.id)).delivery_status is DeliveryStatus.UNDELIVERED


async def test_a_code_that_counts_no_more_is_reported_and_does_not_leave(store: Store, scene: Scene) -> None:
    user = await scene.register(PHONE, EMAIL)
    phone, email = user.contacts
    ended = await scene.open(SIGN_IN, contact=phone)
    await store.end_challenge(ended.id, ChallengeState.CANCELLED, "abandoned")
    switched = await scene.open("transfer", contact=phone)
    order, after = scene.switch(switched, email)
    assert isinstance(await store.order_delivery(order), Challenge)
    assert [message.code for message in await _claim(scene)] == [after.code]
    reasons = [event.data["reason"] for event in await _events(scene, EventType.DELIVERY_FAILED)]
    assert reasons == ["challenge_ended", "superseded"]


async def test_a_message_past_its_time_is_reported_and_does_not_leave(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await scene.open()
    scene.clock.move(seconds=scene.limits.lifetime_s)
    assert await _claim(scene) == []
    assert await _claim(scene) == []
    (failed,) = await _events(scene, EventType.DELIVERY_FAILED)
    assert failed.data["reason"] == "expired"
    assert (await scene.challenge(planned.id)).state is ChallengeState.EXPIRED


async def test_a_code_does_not_leave_for_a_contact_that_has_left(store: Store, scene: Scene) -> None:
    phone, _ = (await scene.register(PHONE, EMAIL)).contacts
    await scene.open(SIGN_IN, contact=phone)
    update = await scene.open(ACCOUNT_UPDATE, contact=phone, details=update_details(removed=phone))
    approved = await spend(store, scene.guess(update))
    assert isinstance(approved, Approved)
    assert approved.grant is not None
    await store.register_user(scene.registration(EMAIL, grant_id=approved.grant.id))
    assert [message.code for message in await _claim(scene) if message.code] == []


async def test_a_code_does_not_leave_for_a_contact_whose_time_on_the_list_is_over(store: Store, scene: Scene) -> None:
    scene.limits = Limits(contact_wait_s=300)
    phone, _ = (await scene.register(PHONE, EMAIL)).contacts
    await store.register_user(scene.registration(EMAIL))
    scene.clock.move(seconds=299)
    await scene.open(SIGN_IN, contact=phone)
    scene.clock.move(seconds=1)
    assert [message.code for message in await _claim(scene) if message.code] == []
    assert [event.data["reason"] for event in await _events(scene, EventType.DELIVERY_FAILED)] == ["contact_left"]


async def test_a_notice_may_leave_for_a_day(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    await store.register_user(scene.registration(PHONE, OTHER_PHONE))
    scene.clock.move(days=1, seconds=-0.001)
    (notice,) = await _claim(scene)
    assert notice.expires_at == later(await store.now(), seconds=0.001)
    await store.take_back_leases()
    scene.clock.move(seconds=0.001)
    assert await _claim(scene) == []


async def test_a_confirmation_goes_to_the_mailbox_where_there_is_one(store: Store, scene: Scene) -> None:
    phone, _ = (await scene.register(PHONE, EMAIL)).contacts
    await _redeem(scene, PURCHASE, phone)
    (notice,) = await _claim(scene)
    assert (notice.notice, notice.address.reveal(), notice.channel) == (NoticeKind.CONFIRMATION, EMAIL, Channel.EMAIL)
    assert notice.action is not None
    assert notice.action.type == PURCHASE


async def test_a_confirmation_goes_over_the_proven_channel_where_there_is_no_mailbox(
    store: Store, scene: Scene
) -> None:
    await scene.register(PHONE)
    await _redeem(scene, PURCHASE)
    (notice,) = await _claim(scene)
    assert (notice.notice, notice.channel) == (NoticeKind.CONFIRMATION, Channel.SMS)


@pytest.mark.parametrize("action_type", [PASSWORD_RESET, ACCOUNT_UPDATE])
async def test_everybody_hears_of_what_decides_over_the_account(store: Store, scene: Scene, action_type: str) -> None:
    await scene.register(PHONE, EMAIL)
    await _redeem(scene, action_type)
    assert [(notice.notice, notice.address.reveal()) for notice in await _claim(scene)] == [
        (NoticeKind.CONFIRMATION, PHONE),
        (NoticeKind.CONFIRMATION, EMAIL),
    ]


async def test_an_allowed_action_is_redeemed_without_a_word(store: Store, scene: Scene) -> None:
    await scene.register(PHONE, EMAIL)
    decided = scene.decided(scene.action(SIGN_IN, session_id="s-1"))
    await store.record_decision(decided)
    assert decided.grant is not None
    _, planned = scene.opening(decided.action, (await scene.user()).contacts)
    for session_id, expected in ((None, GrantProblem.MISMATCH), ("s-2", GrantProblem.MISMATCH)):
        redemption = scene.redemption(planned, decided.grant.id, session_id=session_id)
        assert await store.redeem_grant(redemption) is expected
    assert isinstance(await store.redeem_grant(scene.redemption(planned, decided.grant.id, session_id="s-1")), Redeemed)
    assert await _claim(scene) == []
    assert len(await _events(scene, EventType.GRANT_MISMATCHED)) == 2
