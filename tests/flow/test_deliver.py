"""Delivery: what leaves and says what, what is tried again and when, and that one message never holds up another."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import pytest

from tests.flow.outside import Outbox, notice_token_in
from tests.flow.world import (
    BEA,
    EMAIL,
    OTHER_EMAIL,
    OTHER_PHONE,
    OUTBOX,
    PHONE,
    SHOP,
    World,
    challenge_of,
    email,
    phone,
    usd,
)
from watchword.adapters.letters import CatalogueLetters
from watchword.domain.app_bound import parse_app_bound
from watchword.domain.contact import Channel
from watchword.domain.errors import DeliveryFailed
from watchword.domain.event import Event, EventType
from watchword.domain.ids import DeliveryId
from watchword.domain.message import CodeMessage, DeliveryStatus, Envelope, Notice, RenderedMessage
from watchword.domain.origin_bound import parse_origin_bound
from watchword.flow.deliver import EXPIRED, LEASE_S, NO_SENDER, WORDING_FAILED, claim_due, deliver_once, deliver_one
from watchword.flow.dispute import by_notice
from watchword.ports.sender import Handover, Sender
from watchword.ports.store.outbox import HandedOver, NotHandedOver
from watchword.ports.store.values import OwnersWord

BUSY: Final = DeliveryFailed("busy", retryable=True)
REFUSED: Final = DeliveryFailed("refused", retryable=False)


class WordlessFor:
    """Words messages for every channel but one."""

    def __init__(self, letters: CatalogueLetters, channel: Channel) -> None:
        self._letters, self._channel = letters, channel

    def code(self, message: CodeMessage) -> RenderedMessage:
        if message.channel is self._channel:
            raise ValueError(f"no words for {message.code.reveal()}")
        return self._letters.code(message)

    def notice(self, notice: Notice) -> RenderedMessage:
        return self._letters.notice(notice)


class RefusedFor:
    """Takes messages for every address but one."""

    def __init__(self, outbox: Outbox, address: str, failure: DeliveryFailed) -> None:
        self._outbox, self._address, self._failure = outbox, address, failure

    async def send(self, envelope: Envelope) -> Handover:
        if envelope.to.reveal() == self._address:
            raise self._failure
        return await self._outbox.send(envelope)


class ChosenFraction:
    """Draws the end of every span that is asked for, and the rest as before."""

    def __init__(self, world: World, fraction: float) -> None:
        self._entropy, self._fraction = world.ports.entropy, fraction

    def token(self, length: int) -> bytes:
        return self._entropy.token(length)

    def below(self, limit: int) -> int:
        return self._entropy.below(limit)

    def fraction(self) -> float:
        return self._fraction


def senders(sender: Sender) -> Mapping[str, Sender]:
    return {OUTBOX: sender}


async def last_event(world: World, event_type: EventType) -> Event:
    return (await world.events(event_type))[-1]


async def test_a_code_leaves_for_its_contact_and_is_noted_as_sent(world: World) -> None:
    assessed = await world.browser().report()
    assert await deliver_once(world.ports, limit=10) == 1
    [envelope] = world.outbox.sent
    challenge = challenge_of(assessed)
    assert (envelope.to.reveal(), envelope.channel, envelope.is_code) == (PHONE, Channel.SMS, True)
    assert (envelope.challenge_id, envelope.brand, envelope.application_id) == (challenge.id, "Shop", SHOP)
    assert challenge.reference in envelope.message.text
    assert (await world.view(assessed)).delivery_status is DeliveryStatus.SENT
    sent = await last_event(world, EventType.DELIVERY_SENT)
    assert (sent.data["delivery_id"], sent.data["provider"]) == (envelope.delivery_id, "outbox")


async def test_nothing_is_left_to_do_afterwards(world: World) -> None:
    await world.browser().report()
    assert await deliver_once(world.ports, limit=10) == 1
    assert await deliver_once(world.ports, limit=10) == 0


async def test_a_round_works_on_no_more_than_its_limit(world: World) -> None:
    for _ in range(2):
        await world.browser().report()
    assert await deliver_once(world.ports, limit=1) == 1
    assert len(world.outbox.sent) == 1


@pytest.mark.parametrize(
    ("page_base", "host", "not_me_at"),
    [
        ("https://verify.shop.example", "verify.shop.example", "verify.shop.example/no"),
        ("https://Shop.example/verify", "shop.example", "Shop.example/verify/no"),
        ("http://127.0.0.1:8080", "127.0.0.1", "127.0.0.1:8080/no"),
        ("http://[::1]:8080", "[::1]", "[::1]:8080/no"),
    ],
)
async def test_a_text_message_binds_its_code_to_the_host_of_the_page(
    world: World, page_base: str, host: str, not_me_at: str
) -> None:
    await world.browser().report()
    await deliver_once(replace(world.ports, page_base=page_base), limit=10)
    [envelope] = world.outbox.sent
    bound = parse_origin_bound(envelope.message.text)
    assert bound is not None
    assert bound.host == host
    assert f" at {not_me_at}\n" in envelope.message.text


async def test_an_application_with_a_page_of_its_own_has_its_codes_bound_to_that(world: World) -> None:
    await world.browser().report()
    shop = world.ports.applications[SHOP]
    applications = {**world.ports.applications, SHOP: replace(shop, code_host="www.shop.example")}
    await deliver_once(replace(world.ports, applications=applications), limit=10)
    bound = parse_origin_bound(world.outbox.sent[0].message.text)
    assert bound is not None
    assert bound.host == "www.shop.example"


async def test_an_application_that_is_an_app_has_its_codes_end_with_its_hash(world: World) -> None:
    await world.browser().report()
    shop = world.ports.applications[SHOP]
    applications = {**world.ports.applications, SHOP: replace(shop, android_app_hash="FA+9qCX9VSu")}
    await deliver_once(replace(world.ports, applications=applications), limit=10)
    text = world.outbox.sent[0].message.text
    bound = parse_app_bound(text)
    assert bound is not None
    assert bound.app_hash == "FA+9qCX9VSu"
    assert text.startswith(bound.code.reveal())


async def test_a_repeated_message_says_how_long_the_code_is_still_valid(world: World) -> None:
    assessed = await world.browser().report()
    await world.deliver()
    world.clock.move(seconds=241)
    await world.send(assessed)
    [repeated] = await world.deliver()
    assert "Valid 10 minutes." in world.outbox.sent[0].message.text
    assert "Valid 6 minutes." in repeated.message.text


async def test_a_notice_leaves_with_a_link_that_lets_its_owner_say_no(world: World) -> None:
    browser = world.browser()
    assessed = await browser.report("purchase", amount=usd("900.00"), payee="ACME")
    checked = await browser.enter(assessed, await world.code_of(assessed))
    world.outbox.sent.clear()
    await browser.redeem(assessed, checked.grant)
    [notice] = await world.deliver()
    assert (notice.is_code, notice.challenge_id, notice.to.reveal()) == (False, None, EMAIL)
    assert notice.message.subject == 'Shop: Your purchase of 900.00 USD from "ACME" was approved'
    assert "Device: Firefox on Linux, Norway" in notice.message.text
    assert await by_notice(world.ports, notice_token_in(notice)) is OwnersWord.DISPUTED


async def test_a_refusal_for_good_is_reported_at_once(world: World) -> None:
    assessed = await world.browser().report()
    world.outbox.failure = REFUSED
    await world.deliver()
    assert (await world.view(assessed)).delivery_status is DeliveryStatus.UNDELIVERED
    failed = await last_event(world, EventType.DELIVERY_FAILED)
    assert failed.data["reason"] == "refused"
    world.outbox.failure = None
    world.clock.move(seconds=120)
    assert await world.deliver() == []


async def test_a_failure_that_may_pass_is_tried_again_with_the_same_delivery(world: World) -> None:
    await world.browser().report()
    [claimed] = await claim_due(world.ports, limit=1)
    world.outbox.failure = BUSY
    await deliver_one(world.ports, claimed)
    assert await world.events(EventType.DELIVERY_FAILED) == []
    world.outbox.failure = None
    world.clock.move(seconds=2)
    [envelope] = await world.deliver()
    assert envelope.delivery_id == claimed.id


@pytest.mark.parametrize(("fraction", "share"), [(0.0, 0.0), (0.5, 0.5), (0.999_999, 1.0)])
async def test_the_wait_is_a_drawn_part_of_a_span_that_doubles_up_to_a_minute(
    world: World, fraction: float, share: float
) -> None:
    await world.browser().report()
    world.outbox.failure = BUSY
    ports = replace(world.ports, entropy=ChosenFraction(world, fraction))
    waits_ms: list[int | None] = []
    for _ in range(8):
        [claimed] = await claim_due(ports, limit=1)
        result = await deliver_one(ports, claimed)
        assert isinstance(result, NotHandedOver)
        waits_ms.append(result.retry_after_ms)
        world.clock.move(seconds=60)
    spans_ms = [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]
    assert waits_ms == pytest.approx([share * span for span in spans_ms], abs=1)


@pytest.mark.parametrize(("after_ms", "wait_ms"), [(30_000, 31_000), (3_600_000, None)])
async def test_a_provider_that_asks_to_be_left_alone_is_asked_no_sooner(
    world: World, after_ms: int, wait_ms: int | None
) -> None:
    await world.browser().report()
    world.outbox.failure = DeliveryFailed("429", retryable=True, certain=True, retry_after_ms=after_ms)
    ports = replace(world.ports, entropy=ChosenFraction(world, 0.5))
    [claimed] = await claim_due(ports, limit=1)
    result = await deliver_one(ports, claimed)
    assert isinstance(result, NotHandedOver)
    assert result.retry_after_ms == wait_ms, "later than the code lives is never"


async def test_a_message_is_given_up_when_the_next_try_would_come_too_late(world: World) -> None:
    assessed = await world.browser().report()
    world.outbox.failure = BUSY
    rounds = 0
    while not await world.events(EventType.DELIVERY_FAILED):
        await deliver_once(world.ports, limit=1)
        world.clock.move(seconds=30)
        rounds += 1
    assert 10 <= rounds <= 20
    assert (await world.view(assessed)).delivery_status is DeliveryStatus.UNDELIVERED


async def test_a_message_whose_time_ran_out_in_the_hands_of_the_worker_does_not_leave(world: World) -> None:
    await world.browser().report()
    [claimed] = await claim_due(world.ports, limit=1)
    world.clock.move(seconds=600)
    assert await deliver_one(world.ports, claimed) == NotHandedOver(reason=EXPIRED, retry_after_ms=None)
    assert world.outbox.sent == []


async def test_a_message_without_words_fails_for_good_and_says_nothing_of_itself(
    world: World, letters: CatalogueLetters
) -> None:
    await world.browser().report()
    ports = replace(world.ports, letters=WordlessFor(letters, Channel.SMS))
    [claimed] = await claim_due(ports, limit=1)
    assert await deliver_one(ports, claimed) == NotHandedOver(reason=WORDING_FAILED, retry_after_ms=None)
    failed = await last_event(world, EventType.DELIVERY_FAILED)
    assert failed.data["reason"] == WORDING_FAILED


async def test_a_message_that_would_not_parse_back_does_not_leave(world: World) -> None:
    await world.browser().report()
    ports = replace(world.ports, page_base="https://")
    [claimed] = await claim_due(ports, limit=1)
    assert await deliver_one(ports, claimed) == NotHandedOver(reason=WORDING_FAILED, retry_after_ms=None)
    assert world.outbox.sent == []


async def two_users(world: World) -> None:
    """Queue a text message for Ada and an e-mail for Bea."""
    await world.register(email(OTHER_EMAIL, preferred=True), phone(OTHER_PHONE), user_id=BEA)
    await world.browser().report()
    await world.browser(BEA).report()


async def test_a_message_without_words_does_not_stop_another(world: World, letters: CatalogueLetters) -> None:
    await two_users(world)
    await deliver_once(replace(world.ports, letters=WordlessFor(letters, Channel.SMS)), limit=10)
    assert [envelope.to.reveal() for envelope in world.outbox.sent] == [OTHER_EMAIL]


@pytest.mark.parametrize("failure", [BUSY, REFUSED], ids=["for now", "for good"])
async def test_a_message_that_is_refused_does_not_stop_another(world: World, failure: DeliveryFailed) -> None:
    await two_users(world)
    ports = replace(world.ports, senders=senders(RefusedFor(world.outbox, PHONE, failure)))
    await deliver_once(ports, limit=2)
    assert [envelope.to.reveal() for envelope in world.outbox.sent] == [OTHER_EMAIL]


async def test_a_message_without_a_sender_fails_for_good(world: World) -> None:
    await world.browser().report()
    [claimed] = await claim_due(world.ports, limit=1)
    result = await deliver_one(replace(world.ports, senders={}), claimed)
    assert result == NotHandedOver(reason=NO_SENDER, retry_after_ms=None)


async def test_a_message_of_an_application_that_is_gone_fails_for_good(world: World) -> None:
    await world.browser().report()
    [claimed] = await claim_due(world.ports, limit=1)
    result = await deliver_one(replace(world.ports, applications={}), claimed)
    assert result == NotHandedOver(reason=NO_SENDER, retry_after_ms=None)


async def test_a_message_left_by_a_worker_that_died_comes_back_when_its_lease_ends(world: World) -> None:
    await world.browser().report()
    [left] = await claim_due(world.ports, limit=1)
    world.clock.move(seconds=LEASE_S - 1)
    assert await world.deliver() == []
    world.clock.move(seconds=1)
    [envelope] = await world.deliver()
    assert envelope.delivery_id == left.id


async def test_a_worker_that_died_after_sending_sends_again_under_the_same_delivery(world: World) -> None:
    await world.browser().report()
    [claimed] = await claim_due(world.ports, limit=1)
    await deliver_one(world.ports, claimed)
    assert await deliver_one(world.ports, claimed) == HandedOver(
        sender="outbox", provider="outbox", provider_message_id=claimed.id, status=DeliveryStatus.SENT
    )
    assert delivery_ids(world) == [claimed.id, claimed.id]
    assert len(await world.events(EventType.DELIVERY_SENT)) == 1


def delivery_ids(world: World) -> list[DeliveryId]:
    return [envelope.delivery_id for envelope in world.outbox.sent]


async def test_a_switch_of_contact_keeps_the_old_message_from_leaving(world: World) -> None:
    assessed = await world.browser().report()
    mailbox = await world.contact(EMAIL)
    await world.send(assessed, mailbox.id, Channel.EMAIL)
    assert [envelope.to.reveal() for envelope in await world.deliver()] == [EMAIL]
