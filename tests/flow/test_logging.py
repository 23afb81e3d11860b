"""The audit log (I15): each transition writes one event, and the events alone tell everything again."""

import pytest

from tests.flow.outside import HOME, notice_token_in
from tests.flow.replay import replay
from tests.flow.world import ADA, EMAIL, OTHER_EMAIL, PHONE, SHOP, World, challenge_of, email, phone, usd
from watchword.domain.action import ACCOUNT_UPDATE, PASSWORD_RESET, PURCHASE, SIGN_IN
from watchword.domain.challenge import ChallengeState
from watchword.domain.errors import DeliveryFailed
from watchword.domain.event import EventType
from watchword.domain.ids import UserId
from watchword.flow.cancel import cancel
from watchword.flow.dispute import by_notice, by_reference
from watchword.flow.register import delete_user
from watchword.flow.retain import sweep


async def test_one_way_through_is_told_line_by_line(world: World) -> None:
    before = len(await world.events())
    browser = world.browser()
    asked = await browser.report(PURCHASE, amount=usd("900.00"))
    code = await world.code_of(asked)
    await browser.guess(asked, 1)
    approved = await browser.enter(asked, code, trust_device=True)
    await browser.redeem(asked, approved.grant)
    await world.deliver()
    assert [event.type for event in (await world.events())[before:]] == [
        EventType.ACTION_DECIDED,
        EventType.CHALLENGE_CREATED,
        EventType.DELIVERY_QUEUED,
        EventType.DELIVERY_SENT,
        EventType.CHALLENGE_ATTEMPTED,
        EventType.CHALLENGE_APPROVED,
        EventType.GRANT_ISSUED,
        EventType.DEVICE_KNOWN,
        EventType.GRANT_REDEEMED,
        EventType.DELIVERY_QUEUED,
        EventType.DELIVERY_SENT,
    ]


async def test_questions_write_nothing(world: World) -> None:
    asked = await world.browser().report(SIGN_IN)
    world.clock.move(seconds=600)
    before = await world.events()
    await world.view(asked)
    await world.user()
    await world.ports.store.actions(world.ref(), limit=10, before=None)
    await world.browser().claim(asked)
    assert await world.events() == before


@pytest.mark.parametrize(("first", "swept"), [("an attempt", 0), ("the sweeper", 1)])
async def test_an_expiry_is_written_once_by_whoever_comes_first(world: World, first: str, swept: int) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    world.clock.move(seconds=600)
    assert (await world.view(asked)).state is ChallengeState.EXPIRED
    assert await world.events(EventType.CHALLENGE_EXPIRED) == []
    if first == "an attempt":
        assert (await browser.enter(asked, "123456")).outcome == "expired"
    assert (await sweep(world.ports)).expired == swept
    assert (await browser.enter(asked, "123456")).outcome == "expired"
    assert (await sweep(world.ports)).expired == 0
    assert len(await world.events(EventType.CHALLENGE_EXPIRED)) == 1


async def test_events_hold_no_address_no_code_and_no_name(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(PURCHASE, amount=usd("712.34"), payee="ACME Cameras", details={"colour": "crimson"})
    code = await world.code_of(asked)
    approved = await browser.enter(asked, code)
    await browser.redeem(asked, approved.grant)
    await world.deliver()
    told = " ".join(str(dict(event.data)) for event in await world.events())
    assert asked.action.id in told
    for secret in (PHONE, EMAIL, code, "712.34", "ACME", "crimson", "ada", "Firefox"):
        assert secret not in told, secret


async def test_a_long_life_is_rebuilt_from_its_events(world: World) -> None:
    owner, thief = await world.known_browser(trust=True), world.browser(ip="203.0.113.50")
    await owner.prove(PURCHASE, amount=usd("900.00"))
    await _try_everything(world)
    world.clock.move(hours=1)
    stolen = await thief.report(PURCHASE)
    await thief.enter(stolen, await world.code_of(stolen), trust_device=True)
    await replay(world.ports.store, SHOP, world.shop.limits)
    await by_reference(world.ports, challenge_of(stolen).reference, ip=HOME)
    await replay(world.ports.store, SHOP, world.shop.limits)
    world.clock.move(days=3)
    await owner.prove(PASSWORD_RESET)
    await world.register(phone(), email(OTHER_EMAIL))
    await by_notice(world.ports, notice_token_in((await world.deliver())[-1]))
    await replay(world.ports.store, SHOP, world.shop.limits)
    change = await owner.report(ACCOUNT_UPDATE, details={"field": "email", "new_contact": OTHER_EMAIL})
    approved = await owner.enter(change, await world.code_of(change))
    await world.register(phone(), email(), email(OTHER_EMAIL), grant=approved.grant)
    world.clock.move(days=31)
    await sweep(world.ports)
    await replay(world.ports.store, SHOP, world.shop.limits)
    await delete_user(world.ports, world.shop, ADA)
    told = await replay(world.ports.store, SHOP, world.shop.limits)
    assert len(told.challenges) >= 10
    assert told.contacts == {}


async def _try_everything(world: World) -> None:
    """End challenges in every way, over two contacts, with messages that fail for a while and for good."""
    browser = world.browser()
    for end in ("exhausted", "cancelled", "denied", "expired"):
        asked = await browser.report(SIGN_IN)
        world.outbox.failure = DeliveryFailed("busy", retryable=end != "denied")
        await world.deliver()
        world.outbox.failure = None
        world.clock.move(seconds=70)
        await world.deliver()
        await world.send(asked, challenge_of(asked).options[1].id)
        await world.deliver()
        await browser.guess(asked, 5 if end == "exhausted" else 1)
        if end in ("cancelled", "denied"):
            await cancel(world.ports, world.shop, challenge_of(asked).id, "not_me" if end == "denied" else "abandoned")
        world.clock.move(hours=1)
    for _ in range(3):
        await browser.report(SIGN_IN, send=False)
    await world.browser(UserId("nobody")).report(PASSWORD_RESET)
