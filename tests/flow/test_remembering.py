"""Devices: how a browser becomes known and trusted, how its token rotates, and how a stolen copy gives itself away."""

import asyncio

import pytest

from tests.flow.outside import ABROAD, notice_token_in
from tests.flow.world import ADA, BEA, EMAIL, PHONE, Browser, World, phone, rules, usd
from watchword.domain.action import ACCOUNT_UPDATE, PASSWORD_RESET, PURCHASE, SIGN_IN, Decision
from watchword.domain.device import DeviceState
from watchword.domain.errors import NotFound
from watchword.domain.event import EventType
from watchword.domain.secret import Secret
from watchword.flow.dispute import by_notice
from watchword.flow.remember import forget_device, list_devices
from watchword.ports.store.values import OwnersWord


def _copy(browser: Browser) -> Browser:
    """Give a browser with a stolen copy of the cookie as it is now."""
    stolen = browser.world.browser(browser.user_id)
    stolen.token = browser.token
    return stolen


async def _states(world: World) -> list[DeviceState]:
    now = await world.ports.store.now()
    return [
        device.state(now, known_days=180, trusted_days=30)
        for device in await list_devices(world.ports, world.shop, ADA)
    ]


@pytest.mark.parametrize("action_type", [SIGN_IN, PURCHASE, PASSWORD_RESET, ACCOUNT_UPDATE, "withdrawal"])
async def test_every_approval_makes_the_device_known_and_answers_its_token(world: World, action_type: str) -> None:
    browser = world.browser()
    approved = await browser.prove(action_type)
    assert approved.device is not None
    assert approved.device.state is DeviceState.KNOWN
    assert approved.device.token is not None
    assert (await browser.report(SIGN_IN)).decision is Decision.ALLOW


async def test_every_use_answers_a_successor_and_the_old_token_stays_good_until_that_is_shown(world: World) -> None:
    browser = await world.known_browser()
    first = browser.token
    await browser.report(SIGN_IN)
    second = browser.token
    assert first != second
    browser.token = first
    world.clock.move(days=1)
    assert (await browser.report(SIGN_IN)).decision is Decision.ALLOW
    assert browser.token == second, "a lost answer is answered again"


async def test_parallel_uses_get_the_same_successor(world: World) -> None:
    browser = await world.known_browser()
    copies = [_copy(browser) for _ in range(20)]
    answers = await asyncio.gather(*(one.report(SIGN_IN) for one in copies))
    assert {answer.decision for answer in answers} == {Decision.ALLOW}
    assert len({one.token for one in copies}) == 1
    assert await world.events(EventType.DEVICE_REVOKED) == []


async def test_an_old_token_is_good_for_ten_seconds_after_its_successor_was_shown(world: World) -> None:
    browser = await world.known_browser()
    late = _copy(browser)
    await browser.report(SIGN_IN)
    await browser.report(SIGN_IN)
    world.clock.move(seconds=9.999)
    assert (await late.report(SIGN_IN)).decision is Decision.ALLOW
    assert late.token == browser.token


async def test_an_older_token_is_theft_and_the_owner_is_told(world: World) -> None:
    browser = await world.known_browser()
    thief = _copy(browser)
    for _ in range(2):
        await browser.report(SIGN_IN)
    world.clock.move(seconds=10)
    caught = await thief.report(SIGN_IN)
    assert (caught.decision, rules(caught)[:2]) == (Decision.CHALLENGE, ["new-device", "stolen-device"])
    assert caught.device is not None
    assert (caught.device.state, caught.device.token) == (DeviceState.NEW, None)
    notices = [one for one in await world.deliver() if not one.is_code]
    assert [one.to.reveal() for one in notices] == [PHONE, EMAIL]
    (event,) = await world.events(EventType.DEVICE_REVOKED)
    assert event.data["reason"] == "stolen"
    assert "new-device" in rules(await browser.report(SIGN_IN)), "nobody can tell who of the two is the owner"


async def test_a_much_older_token_is_theft_at_once(world: World) -> None:
    browser = await world.known_browser()
    thief = _copy(browser)
    for _ in range(3):
        await browser.report(SIGN_IN)
    assert "stolen-device" in rules(await thief.report(SIGN_IN))


async def test_a_forged_token_is_no_theft(world: World) -> None:
    browser = await world.known_browser()
    for _ in range(3):
        await browser.report(SIGN_IN)
    assert browser.token is not None
    head, device, step, mac = browser.token.reveal().split(".")
    forged = _copy(browser)
    for text in (
        f"{head}.{device}.1.{mac}",
        f"{head}.{device}.{int(step) + 1}.{mac}",
        f"{head}.{device}.{step}.{mac[:-2]}zz",
    ):
        forged.token = Secret(text)
        assert "stolen-device" not in rules(await forged.report(SIGN_IN))
    assert await world.events(EventType.DEVICE_REVOKED) == []


async def _lane(browser: Browser) -> object:
    """Give the lane that a purchase from this browser is counted in."""
    await browser.report(PURCHASE, amount=usd("900.00"), send=False)
    return (await browser.world.events(EventType.CHALLENGE_CREATED))[-1].data["lane"]


async def test_only_the_valid_token_of_a_known_device_counts_in_the_own_lane(world: World) -> None:
    browser = await world.known_browser()
    assert await _lane(browser) == "own"
    await world.register(phone("+14155550177"), user_id=BEA)
    foreign, forged = world.browser(BEA), world.browser()
    foreign.token, forged.token = browser.token, Secret("wd1.nothing.1.nothing")
    assert await _lane(foreign) == "open"
    assert await _lane(forged) == "open"
    assert await _lane(world.browser()) == "open"
    stolen = _copy(browser)
    for _ in range(3):
        await browser.report(SIGN_IN)
    assert await _lane(stolen) == "open"
    assert await _lane(browser) == "open", "revoked with its copy"


async def test_a_device_that_was_proven_too_long_ago_counts_in_the_open_lane(world: World) -> None:
    browser = await world.known_browser()
    world.clock.move(days=180)
    assert await _lane(browser) == "open"


async def test_a_device_that_was_forgotten_is_new(world: World) -> None:
    browser = await world.known_browser()
    (device,) = await list_devices(world.ports, world.shop, ADA)
    await forget_device(world.ports, world.shop, ADA, device.id)
    assert await list_devices(world.ports, world.shop, ADA) == []
    asked = await browser.report(SIGN_IN)
    assert rules(asked) == ["new-device"]
    with pytest.raises(NotFound):
        await forget_device(world.ports, world.shop, ADA, device.id)


async def test_a_known_device_that_is_proven_again_stays_the_same_device(world: World) -> None:
    browser = await world.known_browser()
    await browser.prove(PURCHASE, amount=usd("900.00"))
    (device,) = await list_devices(world.ports, world.shop, ADA)
    assert device.last_proven_at == world.clock.at
    assert (await browser.report(SIGN_IN)).decision is Decision.ALLOW


async def test_use_alone_does_not_keep_a_device_known(world: World) -> None:
    browser = await world.known_browser()
    for _ in range(6):
        assert (await browser.report(SIGN_IN)).decision is Decision.ALLOW
        world.clock.move(days=30)
    assert rules(await browser.report(SIGN_IN)) == ["new-device"]


async def test_the_twenty_first_device_takes_the_place_of_the_one_seen_longest_ago(world: World) -> None:
    browsers = []
    for _ in range(21):
        browsers.append(await world.known_browser())
        world.clock.move(days=1)
    assert len(await list_devices(world.ports, world.shop, ADA)) == 20
    assert "new-device" in rules(await browsers[0].report(SIGN_IN))
    assert (await browsers[1].report(SIGN_IN)).decision is Decision.ALLOW


async def test_trust_is_told_to_the_owner_and_his_word_takes_it_back(world: World) -> None:
    thief = world.browser()
    await thief.prove(SIGN_IN, trust_device=True)
    notices = [one for one in await world.deliver() if not one.is_code]
    assert [one.to.reveal() for one in notices] == [PHONE, EMAIL]
    assert await by_notice(world.ports, notice_token_in(notices[0])) is OwnersWord.DISPUTED
    assert await list_devices(world.ports, world.shop, ADA) == []
    assert {"new-device", "disputed"} <= set(rules(await thief.report(SIGN_IN)))


async def test_a_reset_takes_trust_from_every_device_but_the_one_used(world: World) -> None:
    used, other = await world.known_browser(trust=True), await world.known_browser(trust=True)
    await used.prove(PASSWORD_RESET)
    used.ip = other.ip = ABROAD
    assert sorted(await _states(world)) == [DeviceState.KNOWN, DeviceState.TRUSTED]
    assert rules(await other.report(SIGN_IN))[0] == "new-place"
    assert (await used.report(SIGN_IN)).decision is Decision.ALLOW


async def test_a_reset_from_a_new_browser_leaves_no_device_trusted(world: World) -> None:
    await world.known_browser(trust=True)
    await world.browser().prove(PASSWORD_RESET, trust_device=True)
    assert await _states(world) == [DeviceState.KNOWN, DeviceState.KNOWN]


async def test_trust_that_ran_out_does_not_come_back_with_the_next_proof(world: World) -> None:
    browser = await world.known_browser(trust=True)
    world.clock.move(days=30)
    await browser.prove(PURCHASE, amount=usd("900.00"))
    assert await _states(world) == [DeviceState.KNOWN]
    await browser.prove(PURCHASE, amount=usd("900.00"))
    assert await _states(world) == [DeviceState.KNOWN]


async def test_a_proof_prolongs_trust_that_holds(world: World) -> None:
    browser = await world.known_browser(trust=True)
    world.clock.move(days=29)
    await browser.prove(PURCHASE, amount=usd("900.00"))
    world.clock.move(days=29)
    assert await _states(world) == [DeviceState.TRUSTED]


async def test_a_token_handed_out_at_a_claim_is_the_one_of_the_attempt(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    checked = await browser.enter(asked, await world.code_of(asked), trust_device=True)
    claimed = await browser.claim(asked)
    assert claimed.device == checked.device
    assert claimed.device is not None
    assert claimed.device.state is DeviceState.TRUSTED


async def test_a_challenge_that_failed_makes_no_device_known(world: World) -> None:
    thief = world.browser()
    asked = await thief.report(SIGN_IN)
    await world.deliver()
    await thief.guess(asked, 5)
    assert (await thief.claim(asked)).device is None
    assert await list_devices(world.ports, world.shop, ADA) == []
