"""Two applications on one store (I19): the same ids mean different people, and nothing of one reaches the other."""

from dataclasses import replace

import pytest

from tests.flow.outside import another
from tests.flow.world import ADA, EMAIL, OUTBOX, PHONE, SHOP, World, a_shop, challenge_of, rules
from watchword.domain.action import SIGN_IN, Decision
from watchword.domain.contact import Channel
from watchword.domain.errors import NotFound, UnknownUser
from watchword.domain.event import EventType
from watchword.domain.ids import ApplicationId
from watchword.domain.routes import Routes
from watchword.flow.cancel import cancel
from watchword.flow.claim import claim
from watchword.flow.order import send
from watchword.flow.register import delete_user
from watchword.flow.remember import forget_device, list_devices
from watchword.risk.traffic import Traffic

CAFE = ApplicationId("cafe")


@pytest.fixture
async def cafe(world: World) -> World:
    """Gives a second application on the same store, with a customer of the same id and contacts."""
    application = a_shop(id=CAFE, name="Cafe", issuer="https://verify.shop.example/cafe")
    world.ports = replace(
        world.ports,
        applications={SHOP: world.shop, CAFE: application},
        policies={SHOP: world.ports.policies[SHOP], CAFE: world.ports.policies[SHOP]},
        traffic={SHOP: world.ports.traffic[SHOP], CAFE: Traffic()},
        routes=Routes(orders={(one, channel, None): (OUTBOX,) for one in (SHOP, CAFE) for channel in Channel}),
    )
    other = World(ports=world.ports, store=world.store, clock=world.clock, outbox=world.outbox, shop=application)
    await other.register()
    return other


async def test_a_challenge_of_one_does_not_exist_for_the_other(world: World, cafe: World) -> None:
    asked = await world.browser().report(SIGN_IN)
    challenge_id = challenge_of(asked).id
    code = await world.code_of(asked)
    with pytest.raises(NotFound):
        await cafe.check(challenge_id, code)
    with pytest.raises(NotFound):
        await send(cafe.ports, cafe.shop, challenge_id, None, None)
    with pytest.raises(NotFound):
        await cancel(cafe.ports, cafe.shop, challenge_id, "abandoned")
    with pytest.raises(NotFound):
        await claim(cafe.ports, cafe.shop, challenge_id, None)
    assert (await world.browser().enter(asked, code)).outcome == "approved"


async def test_an_attempt_of_one_leaves_no_trace_in_the_other_not_even_of_its_time(world: World, cafe: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    code = await world.code_of(asked)
    world.clock.move(seconds=600)
    for typed in (code, another(code), "no code"):
        with pytest.raises(NotFound):
            await cafe.check(challenge_of(asked).id, typed)
    assert await world.events(EventType.CHALLENGE_EXPIRED) == []
    assert (await browser.enter(asked, "no code")).outcome == "expired"
    assert len(await world.events(EventType.CHALLENGE_EXPIRED)) == 1


async def test_wrong_guesses_starts_and_sends_of_one_cost_the_other_nothing(world: World, cafe: World) -> None:
    stranger = world.browser()
    for _ in range(8):
        asked = await stranger.report(SIGN_IN)
        await stranger.guess(asked, 5)
    assert rules(await stranger.report(SIGN_IN))[0] == "user_locked"
    fresh = challenge_of(await cafe.browser().report(SIGN_IN))
    assert (fresh.code_length, fresh.attempts_left) == (6, 5)
    assert fresh.route is not None
    assert fresh.route.channel is Channel.SMS


async def test_a_device_of_one_is_new_to_the_other_and_no_theft(world: World, cafe: World) -> None:
    owner = await world.known_browser()
    visitor = cafe.browser()
    for _ in range(3):
        visitor.token = owner.token
        asked = await visitor.report(SIGN_IN)
        assert "new-device" in rules(asked)
        assert "stolen-device" not in rules(asked)
    assert (await owner.report(SIGN_IN)).decision is Decision.ALLOW
    (device,) = await list_devices(world.ports, world.shop, ADA)
    assert await list_devices(cafe.ports, cafe.shop, ADA) == []
    with pytest.raises(NotFound):
        await forget_device(cafe.ports, cafe.shop, ADA, device.id)


async def test_erasing_a_person_in_one_leaves_the_other_alone(world: World, cafe: World) -> None:
    owner = await world.known_browser()
    await delete_user(cafe.ports, cafe.shop, ADA)
    with pytest.raises(UnknownUser):
        await cafe.user()
    assert {contact.address.reveal() for contact in (await world.user()).contacts} == {PHONE, EMAIL}
    assert (await owner.report(SIGN_IN)).decision is Decision.ALLOW


async def test_each_reads_its_own_events(world: World, cafe: World) -> None:
    await world.browser().report(SIGN_IN)
    shop_users = {event.user_key for _, event in await world.store.events(SHOP, limit=100, after=0)}
    cafe_users = {event.user_key for _, event in await world.store.events(CAFE, limit=100, after=0)}
    assert shop_users == {world.ref().key}
    assert cafe_users == {cafe.ref().key}
    assert shop_users != cafe_users


async def test_a_code_of_one_opens_nothing_in_the_other(world: World, cafe: World) -> None:
    ours, theirs = await world.browser().report(SIGN_IN), await cafe.browser().report(SIGN_IN)
    code = await world.code_of(ours)
    their_code = cafe.outbox.codes_of(challenge_of(theirs).id)[-1]
    typed = code if code != their_code else another(code)
    assert (await cafe.check(challenge_of(theirs).id, typed)).outcome == "incorrect"
