"""Nobody's money is burnt: a pumped range of numbers, a cap that is reached, numbers that get no message at all."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any, Final, cast

import pytest

from tests.flow.outside import ALL_CHANNELS
from tests.flow.world import ADA, EMAIL, PHONE, SHOP, World, challenge_of, email, phone, rules
from watchword.adapters.letters import CatalogueLetters
from watchword.domain.action import PASSWORD_RESET, Decision
from watchword.domain.contact import Channel, PhoneType, phone_country, phone_type
from watchword.domain.errors import ContactNotUsable, DeliveryFailed, ResendTooSoon, StorageUnavailable
from watchword.domain.event import EventType, data_outside
from watchword.domain.gsm import parts
from watchword.domain.guards import MICROS, Guard, GuardMode, Guards, Tariff
from watchword.domain.ids import UserId
from watchword.domain.instant import read_rfc3339
from watchword.domain.message import DeliveryStatus
from watchword.domain.secret import Secret
from watchword.flow.assess import Assessed
from watchword.flow.guard import CHANNEL_CLOSED, keep_guards
from watchword.ports.guarding import Guarding, GuardStore
from watchword.risk.policy import Policy

PREFIX: Final = "+491511234"
OTHER_PREFIX: Final = "+491601234"
PUMPED: Final = 600
PRICE: Final = MICROS // 10
FIXED: Final = "+493012345678"
UNSHARED: Final = {"prefix_completed_percent": 0, "kept_for_proven_percent": 0}
PREMIUM: Final = "+19005550123"
SATELLITE: Final = "+881612345678"


@pytest.fixture
async def world(policy: Policy, letters: CatalogueLetters) -> AsyncIterator[World]:
    """Gives a shop whose messages cost a tenth of a dollar each, of which fifty dollars a day and country are there."""
    world = a_world(policy, letters)
    yield world
    await world.close()


def a_world(
    policy: Policy, letters: CatalogueLetters, *channels: Channel, applied: Mapping[str, Any] | None = None
) -> World:
    guards = Guards(**({"daily_cap": 50 * MICROS} | dict(applied or {})))
    return World.create(policy, letters=letters, guards=guards, channels=channels or ALL_CHANNELS)


@pytest.fixture
async def texts_and_mail(policy: Policy, letters: CatalogueLetters) -> AsyncIterator[World]:
    world = a_world(policy, letters, Channel.SMS, Channel.EMAIL)
    yield world
    await world.close()


async def start(world: World, number: int, address: str | None = None, **report: Any) -> Assessed:
    """Have a user nobody knew before sign in, whose only contact is a phone of the range."""
    user_id = UserId(f"user-{number}")
    await world.register(phone(address or f"{PREFIX}{number:04d}", confirmed=False), user_id=user_id)
    return await world.browser(user_id, ip=f"192.0.2.{number % 250}").report(**report)


def channel_of(assessed: Assessed) -> Channel | None:
    """Return the channel that the code of an action went over."""
    route = challenge_of(assessed).route
    return None if route is None else route.channel


async def round_of_worker(world: World) -> None:
    """Let what is due leave, and this process learn what is closed."""
    await world.deliver()
    await keep_guards(world.ports)


async def close_range(world: World) -> None:
    """Pump until text messages to the range are closed."""
    for number in range(21):
        await start(world, number)
    await round_of_worker(world)
    assert len(world.outbox.sent) == 20


def left(world: World) -> Counter[Channel]:
    return Counter(envelope.channel for envelope in world.outbox.sent)


def cost_of(world: World) -> int:
    """Return what everything cost that left."""
    sent = world.outbox.sent
    return sum(PRICE * (parts(one.message.text) if one.channel is Channel.SMS else 1) for one in sent)


async def spent(world: World, country: str = "DE") -> int:
    found = {one.country: one.spent for one in await world.ports.guarding.store.spent(SHOP)}
    return found.get(country, 0)


async def test_a_pumping_run_is_stopped_and_everybody_else_goes_on(world: World) -> None:
    """Six hundred starts over one range, none completed: twenty texts, twenty calls, and never an allow."""
    proven = await start(world, 9_000)
    world.clock.move(seconds=30)
    await world.browser(UserId("user-9000")).enter(proven, await world.code_of(proven))
    world.outbox.sent.clear()
    decisions: Counter[Decision] = Counter()
    for number in range(PUMPED):
        decisions[(await start(world, number)).decision] += 1
        if number % 10 == 0:
            await round_of_worker(world)
    await round_of_worker(world)
    assert decisions == {Decision.CHALLENGE: PUMPED}
    assert left(world) == {Channel.SMS: 19, Channel.VOICE: 20}  # the proven one was among the twenty
    assert await spent(world) <= 50 * MICROS
    world.outbox.sent.clear()
    stranger = await start(world, 9_001, f"{OTHER_PREFIX}0001")
    known = await world.browser(UserId("user-9000")).report()
    assert [channel_of(one) for one in (stranger, known)] == [Channel.SMS, Channel.SMS]
    await world.deliver()
    assert left(world) == {Channel.SMS: 2}


async def test_another_channel_is_offered_where_one_is_closed_and_the_answer_says_why(world: World) -> None:
    await close_range(world)
    asked = await start(world, 500)
    (option,) = challenge_of(asked).options
    assert option.channels == (Channel.VOICE,)
    assert rules(asked)[-1] == CHANNEL_CLOSED
    assert f"sms to {PREFIX}… is closed until" in asked.reasons[-1].text
    await world.deliver()
    assert left(world)[Channel.VOICE] == 1


async def test_another_contact_is_offered_where_all_channels_of_one_are_closed(texts_and_mail: World) -> None:
    world = texts_and_mail
    await close_range(world)
    await world.register(phone(f"{PREFIX}7777"), email())
    asked = await world.browser().report()
    assert [option.channels for option in challenge_of(asked).options] == [(Channel.EMAIL,)]
    assert [envelope.to.reveal() for envelope in await world.deliver()] == [EMAIL]


async def test_where_nothing_is_open_the_challenge_says_from_when_it_can_be_sent(texts_and_mail: World) -> None:
    world = texts_and_mail
    await close_range(world)
    asked = await start(world, 500)
    challenge = challenge_of(asked)
    assert (asked.decision, channel_of(asked)) == (Decision.CHALLENGE, None)
    assert challenge.resend_at >= world.clock.now() + 3_600_000
    assert await world.deliver() == []
    with pytest.raises(ResendTooSoon):
        await world.send(asked)


async def test_a_message_that_was_queued_before_the_closure_is_reported_as_blocked(world: World) -> None:
    asked = [await start(world, number) for number in range(21)]
    await world.deliver()
    assert (await world.view(asked[-1])).delivery_status is DeliveryStatus.BLOCKED
    failed = await world.events(EventType.DELIVERY_FAILED)
    assert [event.data["reason"] for event in failed] == [Guard.PREFIX.value]


async def test_a_customer_may_go_on_over_another_channel_after_that(world: World) -> None:
    asked = [await start(world, number) for number in range(21)][-1]
    await round_of_worker(world)
    option = challenge_of(asked).options[0]
    world.clock.move(seconds=31)
    with pytest.raises(ContactNotUsable):
        await world.send(asked, option.id, Channel.SMS)
    await world.send(asked, option.id, Channel.VOICE)
    assert [envelope.channel for envelope in await world.deliver()] == [Channel.VOICE]


async def test_a_concealed_challenge_tells_nothing_of_what_is_closed(texts_and_mail: World) -> None:
    world = texts_and_mail
    await world.register(phone(f"{OTHER_PREFIX}7777"), user_id=ADA)
    open_one = await world.browser().report(PASSWORD_RESET, conceal=True)
    await world.deliver()
    await world.register(phone(f"{PREFIX}7778"), user_id=UserId("dora"))
    world.outbox.sent.clear()
    await close_range(world)
    shut_one = await world.browser(UserId("dora")).report(PASSWORD_RESET, conceal=True)
    assert [envelope for envelope in await world.deliver() if envelope.to.reveal().endswith("7778")] == []
    told, untold = challenge_of(open_one), challenge_of(shut_one)
    assert [option.channels for option in untold.options] == [option.channels for option in told.options]
    assert (untold.route, untold.delivery_status, rules(shut_one)) == (None, told.delivery_status, rules(open_one))
    assert untold.code_length == told.code_length
    world.clock.move(seconds=61)
    await world.send(shut_one)
    assert (await world.view(shut_one)).delivery_status is DeliveryStatus.WITHHELD


async def test_codes_that_come_back_keep_a_range_open(world: World) -> None:
    for number in range(60):
        asked = await start(world, number)
        if number % 4 == 0:
            await world.browser(UserId(f"user-{number}")).enter(asked, await world.code_of(asked))
        await round_of_worker(world)
    assert left(world) == {Channel.SMS: 60}


async def test_a_cap_is_never_exceeded_by_codes(policy: Policy, letters: CatalogueLetters) -> None:
    world = a_world(policy, letters, applied={"daily_cap": 10 * PRICE, **UNSHARED})
    for number in range(40):
        await start(world, number)
        await round_of_worker(world)
    assert 9 * PRICE <= cost_of(world) <= 10 * PRICE
    assert await spent(world) == cost_of(world)
    asked = await start(world, 500)
    assert (asked.decision, channel_of(asked)) == (Decision.CHALLENGE, None)
    assert "the daily cap of 1.00 USD for DE is reached" in asked.reasons[-1].text
    assert channel_of(await start(world, 501, PHONE)) is Channel.SMS
    world.clock.move(days=1)
    assert channel_of(await start(world, 502)) is Channel.SMS
    await world.close()


async def test_strangers_who_fill_the_cap_leave_a_share_to_whoever_was_proven_before_today(
    policy: Policy, letters: CatalogueLetters
) -> None:
    world = a_world(policy, letters, applied={"daily_cap": 20 * PRICE, "prefix_completed_percent": 0})
    await world.register(phone(f"{OTHER_PREFIX}0001"))
    world.clock.move(seconds=1)
    await world.browser().prove()
    world.clock.move(days=1)
    await world.register(phone(f"{OTHER_PREFIX}0002"), user_id=UserId("new"))
    world.clock.move(seconds=1)
    await world.browser(UserId("new")).prove()
    for number in range(40):
        await start(world, number)
        await round_of_worker(world)
    assert await spent(world) <= 16 * PRICE
    stranger = await start(world, 500)
    assert channel_of(stranger) is None
    assert "the rest is kept for contacts proven before" in stranger.reasons[-1].text
    # Proven today is not enough: the number may be one that was brought for it.
    assert channel_of(await world.browser(UserId("new"), ip="192.0.2.251").report()) is None
    before = len(world.outbox.sent)
    ada = await world.browser(ip="192.0.2.252").report()
    assert channel_of(ada) is Channel.SMS
    await round_of_worker(world)
    assert len(world.outbox.sent) == before + 1
    assert await spent(world) <= 20 * PRICE
    await world.close()


async def test_a_long_text_message_is_paid_for_by_its_parts(policy: Policy, letters: CatalogueLetters) -> None:
    world = a_world(policy, letters)
    await start(world, 1)
    await world.deliver()
    await start(world, 2, locale="hi")
    await world.deliver()
    assert await spent(world) == cost_of(world)
    assert cost_of(world) > 2 * PRICE
    await world.close()


async def test_a_notice_leaves_whatever_codes_have_spent(policy: Policy, letters: CatalogueLetters) -> None:
    world = a_world(policy, letters, applied={"daily_cap": 3 * PRICE})
    await world.register(phone(f"{PREFIX}7777"))
    await world.browser().prove()
    await round_of_worker(world)
    world.outbox.sent.clear()
    await world.register(phone(f"{PREFIX}7777"), phone(f"{PREFIX}7778"))
    assert [envelope.is_code for envelope in await world.deliver()] == [False]
    assert await spent(world) > 3 * PRICE
    await world.close()


@pytest.mark.parametrize(
    ("failure", "cost"),
    [
        (DeliveryFailed("never", retryable=False), 0),
        (DeliveryFailed("busy", retryable=True, certain=True), 0),
        (DeliveryFailed("no answer in time", retryable=True), 2 * PRICE),
    ],
)
async def test_what_a_provider_refused_costs_nothing_and_what_he_did_not_answer_does(
    world: World, failure: DeliveryFailed, cost: int
) -> None:
    await start(world, 1)
    world.outbox.failure = failure
    await world.deliver()
    assert await spent(world) == cost


@pytest.mark.parametrize("address", [PREMIUM, SATELLITE, "+18005550123", "+447001234567"])
async def test_numbers_that_cost_the_caller_or_belong_nowhere_get_nothing(world: World, address: str) -> None:
    asked = await start(world, 1, address)
    assert (asked.decision, asked.challenge) == (Decision.DENY, None)
    assert rules(asked)[0] == "no_usable_contact"
    assert "numbers get no message" in asked.reasons[0].text or "numbers of satellite" in asked.reasons[0].text


async def test_a_fixed_line_is_called_and_gets_no_text_message(world: World) -> None:
    assert (phone_type(Secret(FIXED)), phone_country(Secret(FIXED))) == (PhoneType.FIXED, "DE")
    asked = await start(world, 1, FIXED)
    assert [option.channels for option in challenge_of(asked).options] == [(Channel.VOICE,)]
    assert [envelope.channel for envelope in await world.deliver()] == [Channel.VOICE]


async def test_only_countries_that_are_listed_get_codes(policy: Policy, letters: CatalogueLetters) -> None:
    here = Tariff(price=PRICE, countries=frozenset({"DE"}))
    world = a_world(policy, letters, applied={"tariffs": {"sms": here}})
    assert challenge_of(await start(world, 1)).options[0].channels == (Channel.SMS, Channel.VOICE)
    abroad = await start(world, 2, PHONE)
    assert challenge_of(abroad).options[0].channels == (Channel.VOICE,)
    assert "US is not among the countries that sms may go to" in abroad.reasons[-1].text
    await world.close()


async def test_whoever_only_watches_stops_nobody_and_is_told(policy: Policy, letters: CatalogueLetters) -> None:
    nowhere = Tariff(price=PRICE, countries=frozenset({"FR"}))
    world = a_world(
        policy, letters, applied={"mode": GuardMode.MONITOR, "daily_cap": 5 * PRICE, "tariffs": {"sms": nowhere}}
    )
    for number in range(40):
        await start(world, number)
    await world.deliver()
    news = await keep_guards(world.ports)
    await start(world, 500)
    await world.deliver()
    assert left(world) == {Channel.SMS: 41}
    assert {(one.guard, one.place) for one in news.closed} == {(Guard.PREFIX, PREFIX), (Guard.SPENDING, "DE")}
    assert {(one.guard, one.place) for one in news.would_shut} == {(Guard.COUNTRY, "DE")}
    told = await world.events(EventType.GUARD_CLOSED)
    assert [event.data["enforced"] for event in told] == [False, False]
    assert all(read_rfc3339(str(data_outside(event.data)["until"])) == event.data["until"] for event in told)
    assert await keep_guards(world.ports) == type(news)()
    await world.close()


async def test_a_release_reaches_whoever_asks_next(world: World) -> None:
    await close_range(world)
    assert challenge_of(await start(world, 500)).options[0].channels == (Channel.VOICE,)
    await world.ports.guarding.store.release(SHOP, Guard.PREFIX, PREFIX, reason="a concert", cap=0)
    await keep_guards(world.ports)
    assert challenge_of(await start(world, 501)).options[0].channels == (Channel.SMS, Channel.VOICE)


class _Silent:
    """A store of guards that answers nobody."""

    def __getattr__(self, name: str) -> Any:
        raise StorageUnavailable(name)


async def test_nothing_that_costs_money_leaves_while_guards_cannot_count(world: World) -> None:
    await start(world, 1)
    silent = replace(world.ports, guarding=Guarding(store=cast("GuardStore", _Silent())))
    with pytest.raises(StorageUnavailable):
        await replace(world, ports=silent).deliver()
    assert world.outbox.sent == []


async def test_e_mail_asks_no_guard(world: World) -> None:
    await world.register(email())
    await world.browser().report()
    silent = replace(world.ports, guarding=Guarding(store=cast("GuardStore", _Silent())))
    assert [envelope.channel for envelope in await replace(world, ports=silent).deliver()] == [Channel.EMAIL]


async def test_no_store_is_asked_where_no_application_has_a_channel_that_costs_money(world: World) -> None:
    by_mail = {SHOP: replace(world.shop, channels=(Channel.EMAIL,))}
    silent = Guarding(store=cast("GuardStore", _Silent()))
    assert (await keep_guards(replace(world.ports, applications=by_mail, guarding=silent))).closed == ()
    assert set(ALL_CHANNELS) - {Channel.EMAIL}
