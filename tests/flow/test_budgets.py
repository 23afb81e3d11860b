"""Budgets and their two lanes: what a user's wrong guesses, starts and sends add up to, and who pays for whose."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.flow.outside import another
from tests.flow.world import BEA, EMAIL, PHONE, Browser, World, a_shop, challenge_of, email, phone, rules, usd
from watchword.adapters.letters import CatalogueLetters
from watchword.domain.action import PASSWORD_RESET, PURCHASE, SIGN_IN, Decision
from watchword.domain.contact import Channel
from watchword.domain.errors import ResendTooSoon, TooManyChallenges
from watchword.domain.event import EventType
from watchword.domain.ids import UserId
from watchword.domain.instant import Instant
from watchword.domain.limits import Limits
from watchword.flow.assess import Assessed
from watchword.flow.cancel import cancel
from watchword.flow.check import Checked
from watchword.risk.policy import Policy


@pytest.fixture
async def roomy(policy: Policy, letters: CatalogueLetters) -> AsyncIterator[World]:
    """Gives a world in which nothing but the guesses of a user is scarce."""
    limits = Limits(
        starts_per_hour=1_000,
        sends_per_contact_hour=1_000,
        sends_per_contact_day=1_000,
        open_lane_sends_per_contact_hour=1_000,
        open_lane_sends_per_contact_day=1_000,
    )
    world = World.create(policy, letters=letters, limits=limits)
    await world.register()
    yield world
    await world.close()


async def _burn(browser: Browser, guesses: int, action_type: str = SIGN_IN) -> list[Checked]:
    """Guess wrongly, starting over whenever a challenge is exhausted."""
    done: list[Checked] = []
    while len(done) < guesses:
        asked = await browser.report(action_type, amount=usd("900.00") if action_type == PURCHASE else None)
        if asked.challenge is None:
            break
        await browser.world.deliver()
        done += await browser.guess(asked, min(5, guesses - len(done)))
    return done


def _outcomes(done: list[Checked]) -> set[str]:
    return {one.outcome for one in done}


async def test_the_open_lane_ends_after_forty_wrong_guesses_over_all_challenges(roomy: World) -> None:
    stranger = roomy.browser()
    assert _outcomes(await _burn(stranger, 40)) == {"incorrect"}
    denied = await stranger.report(SIGN_IN)
    assert (denied.decision, rules(denied)[0], denied.challenge, denied.grant) == (
        Decision.DENY,
        "user_locked",
        None,
        None,
    )
    assert denied.retry_after_s == 30 * 86_400


async def test_a_challenge_that_was_open_before_answers_budget_exhausted_and_compares_nothing(roomy: World) -> None:
    stranger = roomy.browser()
    asked = await stranger.report(PURCHASE)
    code = await roomy.code_of(asked)
    assert len(await _burn(roomy.browser(), 40)) == 40
    stopped = await stranger.enter(asked, code)
    assert (stopped.outcome, stopped.attempts_left, stopped.retry_after_s) == ("budget_exhausted", 5, 30 * 86_400)
    assert (await roomy.view(asked)).attempts_left == 5


async def test_the_owner_on_a_known_device_goes_on_when_a_stranger_burned_the_open_lane(roomy: World) -> None:
    owner = await roomy.known_browser()
    await _burn(roomy.browser(), 40)
    assert (await owner.report(PURCHASE)).decision is Decision.ALLOW
    asked = await owner.report(PURCHASE, amount=usd("900.00"))
    assert (await owner.enter(asked, await roomy.code_of(asked))).outcome == "approved"


async def test_both_lanes_together_end_at_fifty(roomy: World) -> None:
    owner = await roomy.known_browser(trust=True)
    await _burn(roomy.browser(), 40)
    assert len(await _burn(owner, 10, PURCHASE)) == 10
    denied = await owner.report(PURCHASE, amount=usd("900.00"))
    assert (denied.decision, rules(denied)[0]) == (Decision.DENY, "user_locked")
    assert (await owner.report(PURCHASE)).decision is Decision.ALLOW


async def test_the_own_lane_alone_may_use_all_fifty(roomy: World) -> None:
    owner = await roomy.known_browser()
    assert len(await _burn(owner, 60, PURCHASE)) == 50


async def test_fifty_successes_lock_nobody(roomy: World) -> None:
    for _ in range(50):
        assert (await roomy.browser().prove(SIGN_IN)).outcome == "approved"
    assert (await roomy.user()).locked_until is None
    assert (await roomy.browser().report(SIGN_IN)).decision is Decision.CHALLENGE


async def test_a_success_does_not_give_wrong_guesses_back(roomy: World) -> None:
    stranger = roomy.browser()
    for _ in range(9):
        asked = await stranger.report(SIGN_IN)
        code = await roomy.code_of(asked)
        await stranger.guess(asked, 4)
        await stranger.enter(asked, code)
        stranger.token = None
    assert sum(one.outcome == "incorrect" for one in await _burn(stranger, 10)) == 4


async def test_the_budget_holds_across_resends_switches_and_cancelled_challenges(roomy: World) -> None:
    stranger, compared = roomy.browser(), 0
    while (asked := await stranger.report(SIGN_IN)).challenge is not None:
        compared += await _one_winding_challenge(stranger, asked)
        assert compared <= 40
    assert compared == 40


async def _one_winding_challenge(stranger: Browser, asked: Assessed) -> int:
    """Guess twice before and twice after a switch and a resend, and give up; give how many guesses were compared."""
    world, done = stranger.world, list[Checked]()
    await world.deliver()
    done += await stranger.guess(asked, 1)
    await world.send(asked, challenge_of(asked).options[1].id)
    await world.deliver()
    done += await stranger.guess(asked, 1)
    world.clock.move(seconds=120)
    await world.send(asked)
    await world.deliver()
    done += await stranger.guess(asked, 2)
    await cancel(world.ports, world.shop, challenge_of(asked).id, "abandoned")
    return sum(one.outcome == "incorrect" for one in done)


async def test_guesses_are_forgotten_one_by_one_thirty_days_later(roomy: World) -> None:
    stranger = roomy.browser()
    await _burn(stranger, 20)
    roomy.clock.move(days=10)
    await _burn(stranger, 20)
    roomy.clock.move(days=20, seconds=-0.001)
    assert rules(await stranger.report(SIGN_IN))[0] == "user_locked"
    roomy.clock.move(seconds=0.001)
    assert len(await _burn(stranger, 40)) == 20


async def test_an_operator_unlocks_a_user_with_a_reason_and_an_event(roomy: World) -> None:
    await _burn(roomy.browser(), 40)
    assert (await roomy.user()).locked_until is not None
    assert await roomy.ports.store.unlock_user(roomy.ref(), reason="called from a known number")
    assert (await roomy.user()).locked_until is None
    (event,) = await roomy.events(EventType.USER_UNLOCKED)
    assert event.data["reason"] == "called from a known number"
    assert len(await _burn(roomy.browser(), 40)) == 40


async def test_a_used_up_budget_is_told_once_to_every_confirmed_contact(roomy: World) -> None:
    await _burn(roomy.browser(), 40)
    await roomy.deliver()
    told = [one for one in roomy.outbox.sent if not one.is_code]
    assert [one.to.reveal() for one in told] == [PHONE, EMAIL] * 2
    assert len(await roomy.events(EventType.USER_LOCKED)) == 1
    assert len({one.message.text.splitlines()[0] for one in told[::2]}) == 2, "one about the codes, one about the lock"


async def test_codes_grow_after_five_failures(roomy: World) -> None:
    await _burn(roomy.browser(), 4)
    assert challenge_of(await roomy.browser().report(SIGN_IN)).code_length == 6
    await _burn(roomy.browser(), 1)
    longer = await roomy.browser().report(SIGN_IN)
    assert challenge_of(longer).code_length == 8
    assert len(await roomy.code_of(longer)) == 8


async def test_the_breaker_lengthens_everybodys_codes_and_closes_again(roomy: World) -> None:
    roomy.shop = replace(roomy.shop, limits=replace(roomy.shop.limits, breaker_least_attempts=20))
    for number in range(4):
        user_id = UserId(f"user {number}")
        await roomy.register(email(f"user{number}@home.example"), user_id=user_id)
        await _burn(roomy.browser(user_id), 5)
    bystander = UserId("bystander")
    await roomy.register(email("by@home.example"), user_id=bystander)
    assert challenge_of(await roomy.browser(bystander).report(SIGN_IN)).code_length == 8
    roomy.clock.move(seconds=600)
    assert challenge_of(await roomy.browser(bystander).report(SIGN_IN)).code_length == 6


async def test_ten_starts_an_hour_for_each_type_and_lane(world: World) -> None:
    owner = await world.known_browser()
    world.clock.move(hours=1)
    strangers = [world.browser() for _ in range(10)]
    for stranger in strangers:
        await stranger.report(SIGN_IN, send=False)
    with pytest.raises(TooManyChallenges) as refused:
        await world.browser().report(SIGN_IN, send=False)
    assert refused.value.free_at == world.clock.at + 3_600_000
    assert (await world.browser().report(PASSWORD_RESET)).decision is Decision.CHALLENGE
    assert (await owner.report(SIGN_IN, ip="203.0.113.9")).decision is Decision.CHALLENGE
    world.clock.move(hours=1)
    assert (await world.browser().report(SIGN_IN, send=False)).decision is Decision.CHALLENGE


async def test_starts_that_are_allowed_are_not_counted(world: World) -> None:
    owner = await world.known_browser()
    for _ in range(30):
        assert (await owner.report(SIGN_IN)).decision is Decision.ALLOW


async def test_a_hundred_starts_an_hour_from_one_address_over_all_users(world: World) -> None:
    for number in range(100):
        await world.browser(UserId(f"nobody {number}")).report(PASSWORD_RESET, send=False)
    with pytest.raises(TooManyChallenges):
        await world.browser(UserId("one more")).report(PASSWORD_RESET, send=False)
    neighbour = world.browser(UserId("one more"), ip="192.0.2.11")
    assert (await neighbour.report(PASSWORD_RESET, send=False)).decision is Decision.CHALLENGE


async def test_a_whole_ipv6_network_counts_as_one_address(world: World) -> None:
    world.shop = a_shop(limits=Limits(starts_per_ip_hour=5))
    for number in range(5):
        browser = world.browser(UserId(f"nobody {number}"), ip=f"2001:db8::{number:x}")
        await browser.report(PASSWORD_RESET, send=False)
    with pytest.raises(TooManyChallenges):
        await world.browser(UserId("one more"), ip="2001:db8::ffff").report(PASSWORD_RESET, send=False)


async def test_the_address_limit_does_not_concern_a_known_device(world: World) -> None:
    owner = await world.known_browser()
    world.shop = a_shop(limits=Limits(starts_per_ip_hour=5))
    for number in range(4):
        await world.browser(UserId(f"nobody {number}")).report(PASSWORD_RESET, send=False)
    with pytest.raises(TooManyChallenges):
        await world.browser().report(PASSWORD_RESET)
    assert (await owner.report(PURCHASE, amount=usd("900.00"))).decision is Decision.CHALLENGE


async def test_the_open_lane_sends_five_messages_an_hour_to_one_contact_and_then_takes_the_next(world: World) -> None:
    for _ in range(10):
        await world.browser().report(SIGN_IN)
        await world.deliver()
    assert [one.to.reveal() for one in world.outbox.sent if one.is_code] == [PHONE] * 5 + [EMAIL] * 5


async def test_where_no_contact_can_be_sent_to_the_answer_says_from_when(world: World) -> None:
    for _ in range(10):
        await world.browser().report(SIGN_IN)
        world.clock.move(seconds=1)
    asked = challenge_of(await world.browser().report(PURCHASE))
    assert (asked.route, asked.delivery_status) == (None, None)
    assert asked.resend_at == world.clock.at - 10_000 + 3_600_000


async def test_a_challenge_that_could_not_send_sends_when_there_is_room(world: World) -> None:
    await world.register(phone(), user_id=BEA)
    for _ in range(5):
        await world.browser(BEA).report(SIGN_IN)
    world.clock.move(hours=1, seconds=-60)
    browser = world.browser(BEA)
    asked = await browser.report(SIGN_IN)
    with pytest.raises(ResendTooSoon):
        await world.send(asked)
    world.clock.move(seconds=60)
    await world.send(asked)
    assert (await browser.enter(asked, await world.code_of(asked))).outcome == "approved"


async def test_the_owner_still_gets_messages_when_strangers_used_up_theirs(world: World) -> None:
    owner = await world.known_browser()
    for _ in range(9):
        await world.browser().report(SIGN_IN)
    await world.deliver()
    world.outbox.sent.clear()
    await owner.report(PURCHASE, amount=usd("900.00"))
    assert [one.to.reveal() for one in await world.deliver()] == [PHONE]


async def test_all_lanes_together_send_eight_an_hour_and_fifteen_a_day(world: World) -> None:
    owner, sent = await world.known_browser(), list[int]()
    await world.register(phone(), email())
    for _ in range(3):
        for _ in range(10):
            await owner.report(PURCHASE, amount=usd("900.00"))
            await world.deliver()
        sent.append(len([one for one in world.outbox.to(PHONE) if one.is_code]) - sum(sent))
        world.clock.move(hours=1)
    assert sent == [7, 7, 0], "one of the eight and of the fifteen was for the sign-in that made the device known"


async def test_sends_are_counted_on_the_canonical_address(world: World) -> None:
    for number in range(5):
        user_id = UserId(f"user {number}")
        await world.register(email(f"A.d.a+{number}@gmail.com"), user_id=user_id)
        await world.browser(user_id).report(SIGN_IN)
    await world.register(email("ada@googlemail.com"), user_id=(last := UserId("last")))
    assert challenge_of(await world.browser(last).report(SIGN_IN)).route is None


async def test_notices_are_not_counted_as_sends_of_codes(world: World) -> None:
    for _ in range(5):
        asked = await world.browser().report(SIGN_IN)
        await world.deliver()
        await world.browser().guess(asked, 5)
    assert [one.channel for one in await world.deliver()] == []
    notices = [one for one in world.outbox.sent if not one.is_code]
    assert {one.to.reveal() for one in notices} == {PHONE, EMAIL}


async def test_a_sixth_challenge_replaces_the_oldest_of_its_lane_and_never_one_of_the_owner(world: World) -> None:
    owner = await world.known_browser()
    own = [await owner.report(PURCHASE, amount=usd("900.00")) for _ in range(3)]
    stranger = world.browser()
    first, second, third = [await stranger.report(SIGN_IN) for _ in range(3)]
    assert [(await world.view(one)).state for one in (first, second, third)] == ["cancelled", "pending", "pending"]
    assert [(await world.view(one)).state for one in own] == ["pending"] * 3
    code = (await world.deliver())[0]
    assert code.is_code
    fourth = await owner.report(PURCHASE, amount=usd("901.00"))
    assert [(await world.view(one)).state for one in (*own, fourth)] == ["cancelled", *["pending"] * 3]


async def test_a_challenge_of_the_same_type_is_replaced_first(world: World) -> None:
    stranger = world.browser()
    reset, sign_in = await stranger.report(PASSWORD_RESET), await stranger.report(SIGN_IN)
    await stranger.report(SIGN_IN)
    assert [(await world.view(one)).state for one in (reset, sign_in)] == ["pending", "cancelled"]
    await stranger.report(PURCHASE)
    assert (await world.view(reset)).state == "cancelled"


async def test_a_replaced_challenge_says_cancelled_and_takes_no_code(world: World) -> None:
    stranger = world.browser()
    first = await stranger.report(SIGN_IN)
    code = await world.code_of(first)
    for _ in range(2):
        await stranger.report(SIGN_IN)
    assert (await stranger.enter(first, code)).outcome == "cancelled"
    assert (await stranger.enter(first, another(code))).outcome == "cancelled"


async def test_a_switch_does_not_wait_but_the_same_contact_and_channel_does(world: World) -> None:
    asked = await world.browser().report(SIGN_IN)
    sms, mail = challenge_of(asked).options
    await world.send(asked, sms.id, Channel.VOICE)
    await world.send(asked, mail.id)
    with pytest.raises(ResendTooSoon):
        await world.send(asked, sms.id, Channel.SMS)
    with pytest.raises(ResendTooSoon):
        await world.send(asked, mail.id)


async def test_impatience_does_not_use_up_the_sends_of_a_contact(world: World) -> None:
    asked = await world.browser().report(SIGN_IN)
    sms, mail = challenge_of(asked).options
    await world.send(asked, mail.id)
    for _ in range(10):
        with pytest.raises(ResendTooSoon):
            await world.send(asked, sms.id)
    world.clock.move(seconds=60)
    assert (await world.send(asked, sms.id)).route is not None


@pytest.mark.parametrize("switches", [0, 1])
async def test_each_further_send_waits_longer(world: World, switches: int) -> None:
    asked = await world.browser().report(SIGN_IN)
    waits = []
    for _ in range(switches):
        await world.send(asked, challenge_of(asked).options[1].id)
    for _ in range(4 - switches):
        at = world.clock.at
        resend_at = (await world.view(asked)).resend_at
        world.clock.at = Instant(resend_at - 1)
        with pytest.raises(ResendTooSoon) as refused:
            await world.send(asked)
        assert refused.value.free_at == resend_at
        world.clock.at = resend_at
        await world.send(asked)
        waits.append((resend_at - at) // 1_000)
    assert waits == [30, 60, 120, 120][switches:]
