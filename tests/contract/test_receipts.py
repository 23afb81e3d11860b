"""From sender to sender: where a message goes on, what its receipts change, and that they never touch the challenge."""

from dataclasses import replace
from typing import Any, Final

import pytest

from tests.contract.builders import EMAIL, PHONE, Planned, Scene
from tests.contract.guessing import spend
from watchword.domain.challenge import Approved, Challenge, ChallengeState
from watchword.domain.contact import ContactState
from watchword.domain.event import Event, EventType
from watchword.domain.ids import DeliveryId
from watchword.domain.message import DeliveryStatus
from watchword.ports.sender import Receipt
from watchword.ports.store import Store
from watchword.ports.store.outbox import ClaimedDelivery, HandedOver, Heard, NotHandedOver

FIRST: Final = "first"
SECOND: Final = "second"
TAKEN: Final = HandedOver(
    sender=FIRST,
    provider="gateway",
    provider_message_id="m-1",
    status=DeliveryStatus.SENT,
    heard=True,
    next_step=1,
    receipt_within_ms=30_000,
)
TAKEN_BY_THE_LAST: Final = HandedOver(
    sender=SECOND, provider="other", provider_message_id="n-1", status=DeliveryStatus.SENT, heard=True
)
FAILURES: Final = [DeliveryStatus.UNDELIVERED, DeliveryStatus.BLOCKED, DeliveryStatus.UNKNOWN]


def _receipt(
    status: DeliveryStatus, *, provider_id: str | None = "m-1", delivery_id: DeliveryId | None = None
) -> Receipt:
    return Receipt(delivery_id=delivery_id, provider_message_id=provider_id, status=status, reason="30005 unknown")


async def _claim(scene: Scene) -> list[ClaimedDelivery]:
    return list(await scene.store.claim_deliveries(limit=100, lease_s=30))


async def _events(scene: Scene, *event_types: EventType) -> list[Event]:
    events = await scene.store.events(scene.application_id, limit=500, after=0)
    return [event for _, event in events if event.type in event_types]


async def _started(scene: Scene) -> tuple[Planned, ClaimedDelivery]:
    await scene.register(PHONE, EMAIL)
    phone, _ = (await scene.user()).contacts
    planned = await scene.open(contact=phone)
    (message,) = await _claim(scene)
    return planned, message


async def _taken(scene: Scene, result: HandedOver = TAKEN) -> tuple[Planned, ClaimedDelivery]:
    planned, message = await _started(scene)
    await scene.store.finish_delivery(message.id, message.tries, result)
    return planned, message


async def _status(scene: Scene, planned: Planned) -> DeliveryStatus | None:
    return (await scene.challenge(planned.id)).delivery_status


async def test_a_refused_message_is_due_at_once_for_the_next_sender_with_the_same_code(
    store: Store, scene: Scene
) -> None:
    planned, message = await _started(scene)
    refused = NotHandedOver(reason="no_route", retry_after_ms=None, sender=FIRST, next_step=1)
    await store.finish_delivery(message.id, message.tries, refused)
    assert await _status(scene, planned) is DeliveryStatus.UNDELIVERED
    (again,) = await _claim(scene)
    assert (again.id, again.step, again.tries) == (message.id, 1, 1)
    assert (again.code, (await scene.challenge(planned.id)).sends) == (message.code, 1)
    await store.finish_delivery(again.id, again.tries, TAKEN_BY_THE_LAST)
    assert await _status(scene, planned) is DeliveryStatus.SENT
    passed_on = (await _events(scene, EventType.DELIVERY_QUEUED))[-1]
    assert (passed_on.data["reason"], passed_on.data["sender"], passed_on.data["step"]) == ("no_route", FIRST, 1)
    (sent,) = await _events(scene, EventType.DELIVERY_SENT)
    assert sent.data["sender"] == SECOND
    assert isinstance(await spend(store, scene.guess(planned)), Approved)


async def test_a_word_about_a_lease_that_has_ended_changes_nothing(store: Store, scene: Scene) -> None:
    planned, message = await _started(scene)
    scene.clock.move(seconds=30)
    (again,) = await _claim(scene)
    await store.finish_delivery(message.id, message.tries, NotHandedOver(reason="late", retry_after_ms=None))
    assert await _status(scene, planned) is DeliveryStatus.QUEUED
    await store.finish_delivery(again.id, again.tries, TAKEN)
    assert await _status(scene, planned) is DeliveryStatus.SENT
    assert await _events(scene, EventType.DELIVERY_FAILED) == []


async def test_after_a_crash_the_same_sender_is_asked_again(store: Store, scene: Scene) -> None:
    _, message = await _started(scene)
    await store.finish_delivery(
        message.id, message.tries, NotHandedOver(reason="no", retry_after_ms=None, sender=FIRST, next_step=1)
    )
    (left,) = await _claim(scene)
    await store.take_back_leases()
    (again,) = await _claim(scene)
    assert (left.step, again.step, again.id) == (1, 1, message.id)


async def test_a_receipt_says_that_it_arrived_and_once_is_enough(store: Store, scene: Scene) -> None:
    planned, message = await _taken(scene)
    arrived = _receipt(DeliveryStatus.DELIVERED)
    assert await store.record_receipt(FIRST, arrived) is Heard.NEWS
    for late in (arrived, _receipt(DeliveryStatus.SENT), *(_receipt(status) for status in FAILURES)):
        assert await store.record_receipt(FIRST, late) is Heard.NOTHING_NEW
    assert await _status(scene, planned) is DeliveryStatus.DELIVERED
    (event,) = await _events(scene, EventType.DELIVERY_DELIVERED, EventType.DELIVERY_FAILED)
    assert (event.data["delivery_id"], event.data["sender"]) == (message.id, FIRST)
    scene.clock.move(seconds=31)
    assert await _claim(scene) == []


async def test_a_receipt_is_found_by_our_own_id_too(store: Store, scene: Scene) -> None:
    planned, message = await _taken(scene, replace(TAKEN, heard=False))
    unknown = _receipt(DeliveryStatus.DELIVERED)
    assert await store.record_receipt(FIRST, unknown) is Heard.UNKNOWN
    ours = _receipt(DeliveryStatus.DELIVERED, provider_id=None, delivery_id=message.id)
    assert await store.record_receipt(FIRST, ours) is Heard.NEWS
    assert await _status(scene, planned) is DeliveryStatus.DELIVERED


@pytest.mark.parametrize("status", FAILURES)
async def test_a_message_that_was_reported_as_failed_goes_to_the_next_sender(
    store: Store, scene: Scene, status: DeliveryStatus
) -> None:
    planned, message = await _taken(scene)
    assert await store.record_receipt(FIRST, _receipt(status)) is Heard.NEWS
    assert await store.record_receipt(FIRST, _receipt(status)) is Heard.NOTHING_NEW
    assert await _status(scene, planned) is status
    (again,) = await _claim(scene)
    assert (again.id, again.step, again.code) == (message.id, 1, message.code)
    await store.finish_delivery(again.id, again.tries, TAKEN_BY_THE_LAST)
    assert await _status(scene, planned) is DeliveryStatus.SENT
    assert await _events(scene, EventType.DELIVERY_FAILED) == []


async def test_the_last_sender_s_failure_is_reported_with_its_reason(store: Store, scene: Scene) -> None:
    planned, message = await _taken(scene, TAKEN_BY_THE_LAST)
    failed = _receipt(DeliveryStatus.UNDELIVERED, provider_id="n-1")
    assert await store.record_receipt(SECOND, failed) is Heard.NEWS
    assert await _status(scene, planned) is DeliveryStatus.UNDELIVERED
    (event,) = await _events(scene, EventType.DELIVERY_FAILED)
    assert (event.data["reason"], event.data["sender"]) == ("30005 unknown", SECOND)
    assert await _claim(scene) == []
    late = await store.record_receipt(SECOND, _receipt(DeliveryStatus.DELIVERED, provider_id="n-1"))
    assert (late, await _status(scene, planned)) == (Heard.NEWS, DeliveryStatus.DELIVERED)
    assert message.code == planned.code


async def test_a_receipt_that_does_not_come_in_time_sends_the_message_on(store: Store, scene: Scene) -> None:
    planned, message = await _taken(scene)
    scene.clock.move(seconds=29.999)
    assert await _claim(scene) == []
    scene.clock.move(seconds=0.001)
    (again,) = await _claim(scene)
    assert (again.id, again.step, again.tries, again.code) == (message.id, 1, 1, message.code)
    assert await _status(scene, planned) is DeliveryStatus.UNKNOWN
    await store.take_back_leases()
    (after_a_crash,) = await _claim(scene)
    assert (after_a_crash.step, after_a_crash.tries) == (1, 2)


async def test_nothing_is_known_where_a_silent_sender_is_followed_by_one_that_refuses(
    store: Store, scene: Scene
) -> None:
    planned, _ = await _taken(scene)
    scene.clock.move(seconds=30)
    (again,) = await _claim(scene)
    await store.finish_delivery(again.id, again.tries, NotHandedOver(reason="no", retry_after_ms=None, sender=SECOND))
    assert await _status(scene, planned) is DeliveryStatus.UNKNOWN
    assert len(await _events(scene, EventType.DELIVERY_FAILED)) == 1


async def test_an_overdue_receipt_sends_nothing_on_once_the_challenge_has_ended(store: Store, scene: Scene) -> None:
    planned, _ = await _taken(scene)
    assert isinstance(await spend(store, scene.guess(planned)), Approved)
    scene.clock.move(seconds=30)
    assert [one for one in await _claim(scene) if one.code] == []
    assert await _status(scene, planned) is DeliveryStatus.SENT
    assert await _events(scene, EventType.DELIVERY_FAILED) == []


async def test_a_message_that_has_gone_on_is_not_failed_by_the_sender_that_had_it(store: Store, scene: Scene) -> None:
    planned, _ = await _taken(scene)
    scene.clock.move(seconds=30)
    (again,) = await _claim(scene)
    await store.finish_delivery(again.id, again.tries, TAKEN_BY_THE_LAST)
    assert await store.record_receipt(FIRST, _receipt(DeliveryStatus.UNDELIVERED)) is Heard.NOTHING_NEW
    assert await _status(scene, planned) is DeliveryStatus.SENT
    assert await store.record_receipt(FIRST, _receipt(DeliveryStatus.DELIVERED)) is Heard.NEWS
    assert await _status(scene, planned) is DeliveryStatus.DELIVERED


async def test_a_message_that_arrived_after_all_is_not_sent_again(store: Store, scene: Scene) -> None:
    planned, _ = await _taken(scene)
    await store.record_receipt(FIRST, _receipt(DeliveryStatus.UNDELIVERED))
    assert await store.record_receipt(FIRST, _receipt(DeliveryStatus.DELIVERED)) is Heard.NEWS
    assert await _claim(scene) == []
    assert await _status(scene, planned) is DeliveryStatus.DELIVERED


async def test_no_sender_has_a_word_about_a_message_of_another(store: Store, scene: Scene) -> None:
    planned, message = await _taken(scene)
    for receipt in (
        _receipt(DeliveryStatus.DELIVERED),
        _receipt(DeliveryStatus.DELIVERED, provider_id=None, delivery_id=message.id),
        _receipt(DeliveryStatus.DELIVERED, provider_id=None),
        _receipt(DeliveryStatus.DELIVERED, provider_id=None, delivery_id=DeliveryId("dlv_nonsense")),
    ):
        assert await store.record_receipt(SECOND, receipt) is Heard.UNKNOWN
    assert await _status(scene, planned) is DeliveryStatus.SENT


async def test_a_receipt_that_is_faster_than_we_are_is_kept_for_its_hand_over(store: Store, scene: Scene) -> None:
    planned, message = await _started(scene)
    early = _receipt(DeliveryStatus.UNDELIVERED, delivery_id=message.id)
    assert await store.record_receipt(FIRST, early) is Heard.NEWS
    assert await _status(scene, planned) is DeliveryStatus.QUEUED
    await store.finish_delivery(message.id, message.tries, TAKEN)
    assert await _status(scene, planned) is DeliveryStatus.UNDELIVERED
    (again,) = await _claim(scene)
    assert again.step == 1


async def test_a_message_that_arrived_before_we_wrote_that_it_left_is_delivered(store: Store, scene: Scene) -> None:
    planned, message = await _started(scene)
    early = _receipt(DeliveryStatus.DELIVERED, delivery_id=message.id)
    assert await store.record_receipt(FIRST, early) is Heard.NEWS
    await store.finish_delivery(message.id, message.tries, TAKEN)
    assert await _status(scene, planned) is DeliveryStatus.DELIVERED
    scene.clock.move(seconds=31)
    assert await _claim(scene) == []


async def test_the_word_of_an_earlier_try_of_the_same_sender_does_not_fail_the_later_one(
    store: Store, scene: Scene
) -> None:
    planned, message = await _started(scene)
    await store.record_receipt(FIRST, _receipt(DeliveryStatus.UNDELIVERED, delivery_id=message.id))
    scene.clock.move(seconds=30)
    (again,) = await _claim(scene)
    await store.finish_delivery(again.id, again.tries, replace(TAKEN, provider_message_id="m-2"))
    assert await _status(scene, planned) is DeliveryStatus.SENT


async def test_accepted_becomes_sent_and_not_the_other_way_round(store: Store, scene: Scene) -> None:
    planned, _ = await _taken(scene, replace(TAKEN, status=DeliveryStatus.ACCEPTED))
    assert await store.record_receipt(FIRST, _receipt(DeliveryStatus.SENT)) is Heard.NEWS
    assert await store.record_receipt(FIRST, _receipt(DeliveryStatus.ACCEPTED)) is Heard.NOTHING_NEW
    assert await _status(scene, planned) is DeliveryStatus.SENT
    scene.clock.move(seconds=30)
    (again,) = await _claim(scene)
    assert again.step == 1


@pytest.mark.parametrize("status", [*FAILURES, DeliveryStatus.SENT, DeliveryStatus.DELIVERED])
async def test_a_receipt_never_touches_the_challenge(store: Store, scene: Scene, status: DeliveryStatus) -> None:
    planned, _ = await _taken(scene)
    before = await scene.challenge(planned.id)
    await store.record_receipt(FIRST, _receipt(status))
    after = await scene.challenge(planned.id)
    left_out: dict[str, Any] = {
        "delivery_status": None,
        "delivery_updated_at": None,
        "delivery_going_on": False,
        "delivery_reported": False,
    }
    assert replace(after, **left_out) == replace(before, **left_out)
    assert isinstance(await spend(store, scene.guess(planned)), Approved)


async def test_a_hard_bounce_marks_the_contact_and_kills_the_code_that_went_there(store: Store, scene: Scene) -> None:
    planned, _ = await _taken(scene)
    assert await store.record_receipt(FIRST, _receipt(DeliveryStatus.BOUNCED)) is Heard.NEWS
    await _expect_bounced(scene, planned)
    assert await _claim(scene) == []


@pytest.mark.parametrize("before", [DeliveryStatus.DELIVERED, DeliveryStatus.UNDELIVERED, DeliveryStatus.BLOCKED])
async def test_a_hard_bounce_that_comes_last_marks_the_contact_once_and_changes_no_status(
    store: Store, scene: Scene, before: DeliveryStatus
) -> None:
    planned, _ = await _taken(scene, replace(TAKEN, next_step=None))
    assert await store.record_receipt(FIRST, _receipt(before)) is Heard.NEWS
    assert await store.record_receipt(FIRST, _receipt(DeliveryStatus.BOUNCED)) is Heard.NEWS
    assert await store.record_receipt(FIRST, _receipt(DeliveryStatus.BOUNCED)) is Heard.NOTHING_NEW
    assert await _status(scene, planned) is before
    phone, _ = (await scene.user()).contacts
    assert phone.bounced_at is not None
    changes = [one.data["change"] for one in await _events(scene, EventType.CONTACT_CHANGED)]
    assert changes.count("bounced") == 1
    assert not isinstance(await spend(store, scene.guess(planned)), Approved)


async def test_a_bounce_says_nothing_of_a_contact_from_which_a_code_came_back_since(store: Store, scene: Scene) -> None:
    planned, _ = await _taken(scene)
    scene.clock.move(seconds=1)
    assert isinstance(await spend(store, scene.guess(planned)), Approved)
    assert await store.record_receipt(FIRST, _receipt(DeliveryStatus.BOUNCED)) is Heard.NEWS
    phone, _ = (await scene.user()).contacts
    assert phone.bounced_at is None
    assert await _status(scene, planned) is DeliveryStatus.BOUNCED


async def test_a_hard_bounce_at_the_hand_over_does_the_same(store: Store, scene: Scene) -> None:
    planned, message = await _started(scene)
    bounced = NotHandedOver(
        reason="550 unknown", retry_after_ms=None, status=DeliveryStatus.BOUNCED, sender=FIRST, next_step=1
    )
    await store.finish_delivery(message.id, message.tries, bounced)
    await _expect_bounced(scene, planned)
    assert await _claim(scene) == []


async def _expect_bounced(scene: Scene, planned: Planned) -> None:
    phone, email = (await scene.user()).contacts
    now = await scene.store.now()
    assert phone.state(now, stale_days=365) is ContactState.BOUNCED
    assert email.state(now, stale_days=365) is ContactState.CONFIRMED
    changed = (await _events(scene, EventType.CONTACT_CHANGED))[-1]
    assert (changed.data["contact_id"], changed.data["change"]) == (phone.id, "bounced")
    (failed,) = await _events(scene, EventType.DELIVERY_FAILED)
    assert failed.data["status"] == DeliveryStatus.BOUNCED
    challenge = await scene.challenge(planned.id)
    assert (challenge.state, challenge.delivery_status) == (ChallengeState.PENDING, DeliveryStatus.BOUNCED)
    assert challenge.is_code_dead
    assert not isinstance(await spend(scene.store, scene.guess(planned)), Approved)
    order, after = scene.switch(planned, email)
    switched = await scene.store.order_delivery(order)
    assert isinstance(switched, Challenge)
    assert not switched.is_code_dead
    assert isinstance(await spend(scene.store, scene.guess(after)), Approved)


async def test_codes_and_notices_are_claimed_each_up_to_a_number_of_their_own(store: Store, scene: Scene) -> None:
    for number in range(3):
        user_id = f"u-{number}"
        await scene.register(PHONE, user_id=user_id)
        await store.register_user(scene.registration(PHONE, EMAIL, user_id=user_id))
        await scene.open(user_id=user_id)
    assert [one.notice is None for one in await store.claim_deliveries(limit=2, lease_s=30, notices=0)] == [True, True]
    assert [one.notice is None for one in await store.claim_deliveries(limit=0, lease_s=30, notices=2)] == [False] * 2
    rest = await store.claim_deliveries(limit=5, lease_s=30, notices=5)
    assert sorted(one.notice is None for one in rest) == [False, True]


async def test_what_a_provider_calls_a_message_is_forgotten_with_it(store: Store, scene: Scene) -> None:
    await _taken(scene, TAKEN_BY_THE_LAST)
    scene.clock.move(days=30)
    await store.sweep(limit=500)
    late = _receipt(DeliveryStatus.DELIVERED, provider_id="n-1")
    assert await store.record_receipt(SECOND, late) is Heard.UNKNOWN
