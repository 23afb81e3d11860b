"""From sender to sender: who is asked when, how long one may take, and that one code is live throughout."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

import pytest

from tests.flow.outside import Outbox, code_in
from tests.flow.world import OUTBOX, PHONE, SHOP, World, challenge_of
from watchword.adapters.places import SenderPlaces
from watchword.domain.circuit import FAILURES_IN_A_ROW, PROBE_AFTER_MS
from watchword.domain.contact import Channel
from watchword.domain.errors import DeliveryFailed
from watchword.domain.event import EventType
from watchword.domain.instant import SECOND_MS
from watchword.domain.message import DeliveryStatus, Envelope
from watchword.domain.routes import Routes
from watchword.flow.assess import Assessed
from watchword.flow.cancel import cancel
from watchword.flow.deliver import (
    BUSY,
    HAND_OVER_S,
    LAST_HAND_OVER_S,
    LEASE_S,
    NO_ANSWER,
    NO_SENDER,
    claim_due,
    deliver_once,
    deliver_one,
)
from watchword.flow.report import report
from watchword.ports.sender import Handover, Receipt
from watchword.ports.store.outbox import HandedOver, Heard, NotHandedOver

Result = TypeVar("Result")
FIRST: Final = "first"
SECOND: Final = "second"
BUSY_NOW: Final = DeliveryFailed("503", retryable=True)
NEVER: Final = DeliveryFailed("21211 no such route", retryable=False)


@dataclass
class ShortPatience:
    """Waits a moment instead of what it is told, and keeps in mind what that was."""

    asked_s: list[float] = field(default_factory=list)

    async def within(self, seconds: float, task: Awaitable[Result]) -> Result:
        self.asked_s.append(seconds)
        async with asyncio.timeout(0.01):
            return await task

    async def in_steps(self, seconds: float, task: Awaitable[Result]) -> Result:  # noqa: ARG002 nothing concealed is asked for here
        return await task


class Hanging:
    """Takes every message and never answers."""

    def __init__(self) -> None:
        self.asked: list[Envelope] = []

    async def send(self, envelope: Envelope) -> Handover:
        self.asked.append(envelope)
        await asyncio.Event().wait()
        raise AssertionError("nobody waits so long")


class Handing:
    """Takes every message, and gives each the same id."""

    def __init__(self, message_id: str) -> None:
        self.message_id = message_id

    async def send(self, _: Envelope) -> Handover:
        return Handover(provider="odd", provider_message_id=self.message_id, status=DeliveryStatus.SENT)


@pytest.fixture
def first(world: World) -> Outbox:
    """Gives the first of two senders for text messages; the second one is the outbox of the world."""
    first = Outbox()
    world.ports = replace(
        world.ports,
        senders={FIRST: first, SECOND: world.outbox},
        routes=Routes(
            orders={
                (SHOP, Channel.SMS, None): (FIRST, SECOND),
                (SHOP, Channel.SMS, "DE"): (SECOND,),
                (SHOP, Channel.EMAIL, None): (SECOND,),
            },
            receipt_within_s={FIRST: 45},
        ),
        patience=ShortPatience(),
    )
    return first


async def _reported(world: World) -> Assessed:
    return await world.browser().report()


def _fail(world: World, sender: str, times: int) -> None:
    """Have a sender fail so often before anybody asks it."""
    for _ in range(times):
        world.ports.circuits.of(sender).begin(world.clock.now())
        world.ports.circuits.of(sender).end(world.clock.now(), worked=False)


@pytest.mark.parametrize("failure", [BUSY_NOW, NEVER], ids=["for now", "for good"])
async def test_the_next_sender_is_asked_at_once_with_the_same_code(
    world: World, first: Outbox, failure: DeliveryFailed
) -> None:
    asked = await _reported(world)
    first.failure = failure
    (envelope,) = await world.deliver()
    assert (first.sent, envelope.to.reveal()) == ([], PHONE)
    assert (await world.view(asked)).delivery_status is DeliveryStatus.SENT
    result = await world.ports.store.challenge(challenge_of(asked).id)
    assert result is not None
    assert len(result.challenge.generations) == 1
    checked = await world.check(challenge_of(asked).id, code_in(envelope))
    assert checked.outcome == "approved"


async def test_a_sender_that_hangs_is_given_six_seconds_and_the_last_one_more(world: World, first: Outbox) -> None:
    del first
    hanging, patience = Hanging(), ShortPatience()
    world.ports = replace(world.ports, senders={FIRST: hanging, SECOND: world.outbox}, patience=patience)
    await _reported(world)
    (envelope,) = await world.deliver()
    assert [one.delivery_id for one in hanging.asked] == [envelope.delivery_id]
    assert patience.asked_s == [HAND_OVER_S, LAST_HAND_OVER_S]
    assert HAND_OVER_S < 10.0
    assert max(HAND_OVER_S, LAST_HAND_OVER_S) < LEASE_S
    (passed_on,) = [one for one in await world.events(EventType.DELIVERY_QUEUED) if "tries" in one.data]
    assert (passed_on.data["reason"], passed_on.data["sender"]) == (NO_ANSWER, FIRST)


async def test_the_last_sender_is_asked_again_after_a_while(world: World, first: Outbox) -> None:
    await _reported(world)
    first.failure = world.outbox.failure = BUSY_NOW
    await deliver_once(world.ports, limit=2)
    [(passed_on), (waits)] = [one for one in await world.events(EventType.DELIVERY_QUEUED) if "tries" in one.data]
    assert (passed_on.data["step"], waits.data["step"], waits.data["sender"]) == (1, 1, SECOND)
    world.outbox.failure = None
    world.clock.move(seconds=60)
    assert len(await world.deliver()) == 1
    assert first.sent == []


async def test_all_that_refuse_for_good_end_in_a_failure_that_is_told(world: World, first: Outbox) -> None:
    asked = await _reported(world)
    first.failure = world.outbox.failure = NEVER
    await world.deliver()
    (failed,) = await world.events(EventType.DELIVERY_FAILED)
    assert (failed.data["reason"], failed.data["sender"]) == (str(NEVER), SECOND)
    view = await world.view(asked)
    assert (view.delivery_status, view.delivery_going_on) == (DeliveryStatus.UNDELIVERED, False)


async def test_a_dead_address_is_not_tried_by_another_sender(world: World, first: Outbox) -> None:
    await _reported(world)
    first.failure = DeliveryFailed("unknown subscriber", retryable=False, status=DeliveryStatus.BOUNCED)
    assert await world.deliver() == []
    assert len(await world.events(EventType.DELIVERY_FAILED)) == 1


async def test_a_failover_is_no_send_and_makes_no_wait_longer(world: World, first: Outbox) -> None:
    asked = await _reported(world)
    before = await world.view(asked)
    first.failure = NEVER
    await world.deliver()
    after = await world.view(asked)
    assert (after.resend_at, after.expires_at) == (before.resend_at, before.expires_at)
    result = await world.ports.store.challenge(challenge_of(asked).id)
    assert result is not None
    assert result.challenge.sends == 1


async def test_a_receipt_that_stays_out_sends_it_on_and_a_late_one_stops_nothing(world: World, first: Outbox) -> None:
    asked = await _reported(world)
    await world.deliver()
    [taken] = first.sent
    world.clock.move(seconds=45)
    (again,) = await world.deliver()
    assert (again.delivery_id, code_in(again)) == (taken.delivery_id, code_in(taken))
    late = Receipt(
        delivery_id=taken.delivery_id,
        provider_message_id=taken.delivery_id,
        status=DeliveryStatus.UNDELIVERED,
        reason=None,
    )
    assert await report(world.ports, FIRST, late) is Heard.NOTHING_NEW
    assert (await world.view(asked)).delivery_status is DeliveryStatus.SENT


async def test_a_receipt_that_says_failed_sends_it_on_and_names_the_reason(world: World, first: Outbox) -> None:
    await _reported(world)
    await world.deliver()
    [taken] = first.sent
    failed = Receipt(
        delivery_id=taken.delivery_id,
        provider_message_id=None,
        status=DeliveryStatus.UNDELIVERED,
        reason="30003 \u202eunreachable\n" + "x" * 200,
    )
    assert await report(world.ports, FIRST, failed) is Heard.NEWS
    assert [one.delivery_id for one in await world.deliver()] == [taken.delivery_id]
    (passed_on,) = [one for one in await world.events(EventType.DELIVERY_QUEUED) if "tries" in one.data]
    reason = str(passed_on.data["reason"])
    assert reason.startswith("30003 unreachable xxx")
    assert (len(reason), reason.isprintable()) == (120, True)


async def test_a_sender_that_keeps_failing_is_passed_by_until_one_message_tries_it(world: World, first: Outbox) -> None:
    _fail(world, FIRST, FAILURES_IN_A_ROW - 1)
    first.failure = BUSY_NOW
    await _reported(world)
    await world.deliver()
    first.failure = None
    await _reported(world)
    await world.deliver()
    assert first.sent == []
    world.clock.move(seconds=PROBE_AFTER_MS / SECOND_MS)
    await _reported(world)
    await world.deliver()
    assert len(first.sent) == 1


async def test_where_every_sender_fails_the_first_is_asked_all_the_same(world: World, first: Outbox) -> None:
    for name in (FIRST, SECOND):
        _fail(world, name, FAILURES_IN_A_ROW)
    await _reported(world)
    await world.deliver()
    assert len(first.sent) == 1


async def test_a_sender_without_a_place_is_passed_by_and_all_of_them_make_it_wait(world: World, first: Outbox) -> None:
    places = SenderPlaces(places=1, waiting=0)
    world.ports = replace(world.ports, places=places)
    assert await places.take(FIRST, 0.0)
    await _reported(world)
    assert len(await world.deliver()) == 1
    assert await places.take(SECOND, 0.0)
    await _reported(world)
    [claimed] = await claim_due(world.ports, limit=1)
    result = await deliver_one(world.ports, claimed)
    assert isinstance(result, NotHandedOver)
    assert (result.reason, result.next_step) == (BUSY, None)
    assert result.retry_after_ms is not None
    assert 0 < result.retry_after_ms <= SECOND_MS
    places.leave(FIRST)
    world.clock.move(seconds=1)
    await world.deliver()
    assert [one.delivery_id for one in first.sent] == [claimed.id]
    assert places.has(FIRST)


async def test_a_message_waits_a_little_for_a_place_with_the_only_sender(world: World) -> None:
    places = SenderPlaces(places=1)
    world.ports = replace(world.ports, places=places)
    assert await places.take(OUTBOX, 0.0)
    await _reported(world)
    [claimed] = await claim_due(world.ports, limit=1)
    delivering = asyncio.create_task(deliver_one(world.ports, claimed))
    # One after it in the line is served after it.
    assert (await asyncio.gather(places.take(OUTBOX, 0.0), asyncio.sleep(0)))[0] is False
    places.leave(OUTBOX)
    assert isinstance(await delivering, HandedOver)
    assert places.has(OUTBOX)


async def test_a_country_may_have_an_order_of_its_own(world: World, first: Outbox) -> None:
    routes = Routes(orders={(SHOP, Channel.SMS, None): (FIRST, SECOND), (SHOP, Channel.SMS, "US"): (SECOND,)})
    world.ports = replace(world.ports, routes=routes)
    await _reported(world)
    (envelope,) = await world.deliver()
    assert (envelope.to.reveal(), first.sent) == (PHONE, [])


async def test_a_sender_that_was_taken_out_of_the_settings_is_passed_by(world: World, first: Outbox) -> None:
    first.failure = NEVER
    world.ports = replace(world.ports, senders={SECOND: world.outbox})
    await _reported(world)
    assert len(await world.deliver()) == 1
    world.ports = replace(world.ports, senders={})
    await _reported(world)
    [claimed] = await claim_due(world.ports, limit=1)
    assert await deliver_one(world.ports, claimed) == NotHandedOver(reason=NO_SENDER, retry_after_ms=None)


async def test_a_process_that_stood_still_sends_nothing_of_what_it_had_leased(world: World, first: Outbox) -> None:
    asked = await _reported(world)
    [stale] = await claim_due(world.ports, limit=1)
    world.clock.move(seconds=LEASE_S)
    await deliver_one(world.ports, stale)
    assert first.sent == []
    [again] = await claim_due(world.ports, limit=1)
    assert (again.id, again.tries) == (stale.id, stale.tries + 1)
    await cancel(world.ports, world.shop, challenge_of(asked).id, "abandoned")
    world.clock.move(seconds=LEASE_S)
    await deliver_one(world.ports, again)
    assert (await world.deliver(), first.sent) == ([], [])


async def test_a_route_that_got_shorter_is_asked_from_its_last_sender_on(world: World, first: Outbox) -> None:
    await _reported(world)
    first.failure = NEVER
    assert await deliver_once(world.ports, limit=1) == 1
    routes = Routes(orders={(SHOP, Channel.SMS, None): (SECOND,)})
    world.ports = replace(world.ports, routes=routes)
    assert len(await world.deliver()) == 1


async def test_no_sender_s_words_reach_an_event_as_an_address_or_a_code(world: World, first: Outbox) -> None:
    told = "mailbox ann@example.com refused 918273\0 to +15550100123 <b>\ud800"
    first.failure = world.outbox.failure = DeliveryFailed(told, retryable=False)
    await _reported(world)
    await deliver_once(world.ports, limit=2)
    (failed,) = await world.events(EventType.DELIVERY_FAILED)
    reason = str(failed.data["reason"])
    assert reason.startswith("mailbox ... refused ...")
    assert not any(told in reason for told in ("ann", "918273", "5550100", "\0", "\ud800"))


@pytest.mark.parametrize("message_id", ["", "a\0b", "\ud800", "x" * 201])
async def test_a_provider_s_id_that_no_store_could_keep_is_left_out(
    world: World, first: Outbox, message_id: str
) -> None:
    await _reported(world)
    [claimed] = await claim_due(world.ports, limit=1)
    odd = Handing(message_id)
    world.ports = replace(world.ports, senders={FIRST: odd, SECOND: world.outbox})
    taken = await deliver_one(world.ports, claimed)
    assert isinstance(taken, HandedOver)
    assert taken.provider_message_id is None
    told = Receipt(
        delivery_id=None, provider_message_id=message_id, status=DeliveryStatus.DELIVERED, reason="918273 \ud800"
    )
    assert await report(world.ports, FIRST, told) is Heard.UNKNOWN
    assert await report(world.ports, FIRST, replace(told, delivery_id=claimed.id)) is Heard.NEWS
    assert first.sent == []


async def test_only_a_sender_that_reports_is_waited_for(world: World, first: Outbox) -> None:
    await _reported(world)
    [claimed] = await claim_due(world.ports, limit=1)
    taken = await deliver_one(world.ports, claimed)
    assert isinstance(taken, HandedOver)
    assert (taken.sender, taken.heard, taken.next_step, taken.receipt_within_ms) == (FIRST, True, 1, 45_000)
    first.failure = NEVER
    await _reported(world)
    await deliver_once(world.ports, limit=1)
    [claimed] = await claim_due(world.ports, limit=1)
    taken = await deliver_one(world.ports, claimed)
    assert isinstance(taken, HandedOver)
    assert (taken.sender, taken.heard, taken.next_step, taken.receipt_within_ms) == (SECOND, False, None, None)


async def test_the_provider_is_told_where_to_report_only_where_it_can_call(world: World, first: Outbox) -> None:
    await _reported(world)
    world.ports = replace(world.ports, page_base="http://127.0.0.1:8080")
    await world.deliver()
    world.ports = replace(world.ports, page_base="https://verify.shop.example/deep")
    await _reported(world)
    await world.deliver()
    plain, secure = first.sent
    assert plain.callback_url is None
    assert secure.callback_url == f"https://verify.shop.example/deep/callbacks/first?delivery={secure.delivery_id}"
