"""What the customer sees: the behaviours B1 to B18 but B17 (``docs/promises.md``), each as a short story."""

from dataclasses import replace

import pytest

from tests.flow.outside import ABROAD, HOME, another, code_in, notice_token_in
from tests.flow.world import (
    BEA,
    EMAIL,
    OTHER_EMAIL,
    OTHER_PHONE,
    PHONE,
    World,
    challenge_of,
    email,
    phone,
    rules,
    usd,
)
from watchword.domain.action import ACCOUNT_UPDATE, PASSWORD_RESET, PURCHASE, SIGN_IN, Decision
from watchword.domain.challenge import ChallengeState
from watchword.domain.contact import Channel
from watchword.domain.device import DeviceState
from watchword.domain.errors import SendsExhausted
from watchword.domain.message import DeliveryStatus
from watchword.flow.cancel import cancel
from watchword.flow.dispute import by_notice, by_reference
from watchword.ports.store.values import OwnersWord


async def test_b1_signing_in_from_a_new_browser_asks_and_from_a_proven_one_does_not(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    assert asked.decision is Decision.CHALLENGE
    assert "new-device" in rules(asked)
    assert (await browser.enter(asked, await world.code_of(asked))).outcome == "approved"
    again = await browser.report(SIGN_IN)
    assert (again.decision, again.challenge) == (Decision.ALLOW, None)
    assert again.grant is not None


@pytest.mark.parametrize("trust", [False, True])
async def test_b2_resetting_the_password_always_asks(world: World, *, trust: bool) -> None:
    browser = await world.known_browser(trust=trust)
    assert (await browser.report(PASSWORD_RESET)).decision is Decision.CHALLENGE
    assert (await browser.report(PASSWORD_RESET, conceal=False)).decision is Decision.CHALLENGE


@pytest.mark.parametrize(
    "details",
    [
        {"field": "email", "new_contact": OTHER_EMAIL},
        {"field": "phone", "new_contact": OTHER_PHONE},
        {"field": "password"},
        {"field": "address"},
    ],
)
async def test_b3_changing_account_data_always_asks_over_an_older_contact(
    world: World, details: dict[str, str]
) -> None:
    browser = await world.known_browser(trust=True)
    asked = await browser.report(ACCOUNT_UPDATE, details=details)
    assert asked.decision is Decision.CHALLENGE
    await world.deliver()
    assert {envelope.to.reveal() for envelope in world.outbox.sent} == {PHONE}


async def test_b3_a_new_contact_gets_a_code_of_its_own_only_to_be_confirmed(world: World) -> None:
    browser = await world.known_browser()
    await world.register(phone(), email(), email(OTHER_EMAIL))
    added = await world.contact(OTHER_EMAIL)
    asked = await browser.confirm(added)
    assert (await browser.enter(asked, await world.code_of(asked))).outcome == "approved"
    assert [one.channel for one in world.outbox.to(OTHER_EMAIL) if one.is_code] == [Channel.EMAIL]
    assert (await world.contact(OTHER_EMAIL)).is_confirmed
    challenged = challenge_of(await browser.report(ACCOUNT_UPDATE))
    assert added.id not in {option.id for option in challenged.options}


async def test_b4_a_purchase_of_high_value_asks_and_its_code_is_bound_to_amount_and_payee(world: World) -> None:
    browser = await world.known_browser(trust=True)
    asked = await browser.report(PURCHASE, amount=usd("500.01"), payee="ACME Cameras")
    assert rules(asked) == ["high-value-purchase"]
    (message,) = await world.deliver()
    assert "500.01" in message.message.text
    assert "ACME Cameras" in message.message.text


async def test_b4_small_purchases_add_up_to_a_high_value(world: World) -> None:
    browser = await world.known_browser()
    for _ in range(2):
        assert (await browser.report(PURCHASE, amount=usd("500.00"))).decision is Decision.ALLOW
    assert rules(await browser.report(PURCHASE, amount=usd("0.01"))) == ["purchase-sum"]


async def test_b4_the_sixth_unproven_purchase_asks_and_a_proof_starts_anew(world: World) -> None:
    browser = await world.known_browser()
    for _ in range(5):
        assert (await browser.report(PURCHASE, amount=usd("1.00"))).decision is Decision.ALLOW
    sixth = await browser.report(PURCHASE, amount=usd("1.00"))
    assert rules(sixth) == ["purchase-count"]
    await browser.enter(sixth, await world.code_of(sixth))
    assert (await browser.report(PURCHASE, amount=usd("1.00"))).decision is Decision.ALLOW


async def test_b4_purchases_are_forgotten_after_their_window(world: World) -> None:
    browser = await world.known_browser()
    for _ in range(5):
        await browser.report(PURCHASE, amount=usd("1.00"))
    world.clock.move(hours=24)
    assert (await browser.report(PURCHASE, amount=usd("1.00"))).decision is Decision.ALLOW


@pytest.mark.parametrize("amount", [None, "other currency"])
async def test_b4_a_purchase_of_unknown_value_counts_as_high(world: World, amount: str | None) -> None:
    browser = await world.known_browser(trust=True)
    money = None if amount is None else replace(usd("1.00"), currency="NOK")
    assert rules(await browser.report(PURCHASE, amount=money)) == ["unknown-value-purchase"]


async def test_b5_a_purchase_from_a_new_device_or_place_asks(world: World) -> None:
    owner = await world.known_browser()
    assert "new-device-purchase" in rules(await world.browser().report(PURCHASE))
    owner.ip = ABROAD
    assert rules(await owner.report(PURCHASE))[0] == "new-place"


async def test_b5_asking_again_does_not_wear_the_question_down(world: World) -> None:
    await world.known_browser()
    thief = world.browser()
    for _ in range(6):
        assert (await thief.report(PURCHASE, amount=usd("5.00"))).decision is Decision.CHALLENGE
        world.clock.move(seconds=400)


async def test_b6_an_ordinary_purchase_does_not_ask(world: World) -> None:
    browser = await world.known_browser()
    bought = await browser.report(PURCHASE)
    assert (bought.decision, rules(bought)) == (Decision.ALLOW, ["ordinary"])
    assert (await world.deliver()) == []


async def test_b7_every_code_is_new_and_goes_to_a_registered_contact(world: World) -> None:
    codes, browser = set(), world.browser()
    for _ in range(5):
        asked = await browser.report(SIGN_IN, summary=f"tell {OTHER_EMAIL}", payee=OTHER_EMAIL)
        codes.add(await world.code_of(asked))
    assert len(codes) == 5
    assert {one.to.reveal() for one in world.outbox.sent} <= {PHONE, EMAIL}


async def test_b7_the_customer_may_prefer_one_of_his_contacts(world: World) -> None:
    await world.register(phone(), email(preferred=True))
    asked = await world.browser().report(SIGN_IN)
    route = challenge_of(asked).route
    assert route is not None
    assert (route.channel, route.masked) == (Channel.EMAIL, "a•••@h•••.example")


@pytest.mark.parametrize(("action_type", "lifetime_s"), [(SIGN_IN, 600), (PURCHASE, 300), (ACCOUNT_UPDATE, 600)])
async def test_b8_a_code_lives_from_the_start_of_its_challenge_across_resends(
    world: World, action_type: str, lifetime_s: int
) -> None:
    browser = world.browser()
    asked = await browser.report(action_type)
    world.clock.move(seconds=lifetime_s - 1)
    await world.send(asked)
    code = await world.code_of(asked)
    world.clock.move(seconds=1)
    assert (await browser.enter(asked, code)).outcome == "expired"


async def test_b8_a_code_still_counts_in_its_last_second(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    code = await world.code_of(asked)
    world.clock.move(seconds=599.999)
    assert (await browser.enter(asked, code)).outcome == "approved"


async def test_b9_the_code_is_typed_on_the_page_that_every_challenge_has(world: World) -> None:
    challenge = challenge_of(await world.browser().report(SIGN_IN))
    assert challenge.url.reveal() == f"https://verify.shop.example/c/{challenge.token.reveal()}"
    (message,) = await world.deliver()
    assert message.message.text.splitlines()[-1] == f"@verify.shop.example #{code_in(message)}"


async def test_b10_a_right_code_lets_the_action_through_once_and_a_confirmation_follows(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(PURCHASE, amount=usd("700.00"))
    approved = await browser.enter(asked, await world.code_of(asked))
    world.outbox.sent.clear()
    assert await world.deliver() == []
    await browser.redeem(asked, approved.grant)
    (confirmation,) = await world.deliver()
    assert (confirmation.to.reveal(), confirmation.is_code) == (EMAIL, False)
    assert "700.00" in confirmation.message.text


async def test_b10_without_an_email_address_the_confirmation_takes_the_proven_channel(world: World) -> None:
    await world.register(phone(OTHER_PHONE), user_id=BEA)
    browser = world.browser(BEA)
    asked = await browser.report(PURCHASE)
    approved = await browser.enter(asked, await world.code_of(asked))
    await browser.redeem(asked, approved.grant)
    (confirmation,) = await world.deliver()
    assert (confirmation.to.reveal(), confirmation.channel) == (OTHER_PHONE, Channel.SMS)


async def test_b10_an_action_that_was_not_asked_is_not_confirmed(world: World) -> None:
    browser = await world.known_browser()
    bought = await browser.report(PURCHASE)
    await browser.redeem(bought, bought.grant)
    assert await world.deliver() == []


async def test_b10_a_reset_is_confirmed_to_every_contact_the_oldest_first(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(PASSWORD_RESET)
    approved = await browser.enter(asked, await world.code_of(asked))
    await browser.redeem(asked, approved.grant)
    assert [one.to.reveal() for one in await world.deliver()] == [PHONE, EMAIL]


async def test_b11_wrong_codes_may_be_tried_again_until_the_fifth_ends_the_action(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    code = await world.code_of(asked)
    tries = await browser.guess(asked, 5)
    assert [(one.outcome, one.attempts_left) for one in tries] == [("incorrect", left) for left in (4, 3, 2, 1, 0)]
    right = await browser.enter(asked, code)
    assert (right.outcome, right.attempts_left, right.grant) == ("exhausted", 0, None)


async def test_b11_the_customer_may_start_over_but_his_failures_add_up(world: World) -> None:
    browser = world.browser()
    first = await browser.report(SIGN_IN)
    await world.deliver()
    await browser.guess(first, 5)
    second = challenge_of(await browser.report(SIGN_IN))
    assert (second.attempts_left, second.code_length) == (5, 8)


async def test_b12_trusting_a_device_makes_the_question_rarer_and_never_ends_it(world: World) -> None:
    browser = await world.known_browser(trust=True)
    for action_type in (PASSWORD_RESET, ACCOUNT_UPDATE):
        assert (await browser.report(action_type)).decision is Decision.CHALLENGE
    assert (await browser.report(PURCHASE, amount=usd("500.01"))).decision is Decision.CHALLENGE


async def test_b13_a_trusted_device_is_not_asked_for_a_new_place_and_a_known_one_is(world: World) -> None:
    trusted, known = await world.known_browser(trust=True), await world.known_browser()
    trusted.ip = known.ip = ABROAD
    assert (await known.report(SIGN_IN)).decision is Decision.CHALLENGE
    assert (await trusted.report(SIGN_IN)).decision is Decision.ALLOW


@pytest.mark.parametrize(
    ("action_type", "amount", "state"),
    [
        (SIGN_IN, None, DeviceState.TRUSTED),
        (PURCHASE, usd("20.00"), DeviceState.TRUSTED),
        (PURCHASE, usd("500.01"), DeviceState.KNOWN),
        (PASSWORD_RESET, None, DeviceState.KNOWN),
        (ACCOUNT_UPDATE, None, DeviceState.KNOWN),
        ("withdrawal", None, DeviceState.KNOWN),
    ],
)
async def test_b13_trust_is_given_only_at_a_sign_in_or_an_ordinary_purchase(
    world: World, action_type: str, amount: object, state: DeviceState
) -> None:
    approved = await world.browser().prove(action_type, trust_device=True, amount=amount)
    assert approved.device is not None
    assert approved.device.state is state


async def test_b13_trust_expires_after_thirty_days_and_knowledge_after_a_hundred_and_eighty(world: World) -> None:
    browser = await world.known_browser(trust=True)
    browser.ip = ABROAD
    world.clock.move(days=29.99)
    assert (await browser.report(SIGN_IN)).decision is Decision.ALLOW
    world.clock.move(days=0.01)
    browser.ip = ABROAD.replace(".7", ".8")
    later = await browser.report(SIGN_IN, ip="198.51.100.1")
    assert rules(later)[0] == "new-place"
    world.clock.move(days=150)
    assert "new-device" in rules(await browser.report(SIGN_IN, ip=HOME))


async def test_b14_no_code_came_so_it_is_sent_again_and_over_another_contact(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    assert challenge_of(asked).delivery_status is DeliveryStatus.QUEUED
    await world.deliver()
    assert (await world.view(asked)).delivery_status is DeliveryStatus.SENT
    world.clock.move(seconds=30)
    await world.send(asked)
    await world.deliver()
    mailbox = challenge_of(asked).options[1]
    await world.send(asked, mailbox.id)
    await world.deliver()
    assert [one.to.reveal() for one in world.outbox.sent] == [PHONE, PHONE, EMAIL]
    assert (await browser.enter(asked, world.outbox.codes_of(challenge_of(asked).id)[-1])).outcome == "approved"


async def test_b14_support_finds_a_challenge_by_the_reference_that_the_message_holds(world: World) -> None:
    asked = await world.browser().report(SIGN_IN)
    reference = challenge_of(asked).reference
    (message,) = await world.deliver()
    assert reference in message.message.text
    found = await world.ports.store.challenge_of_reference(reference)
    assert found is not None
    assert found.id == challenge_of(asked).id


async def test_b15_every_code_says_what_it_approves_and_that_nobody_asks_for_it(world: World) -> None:
    await world.browser().report(PURCHASE, amount=usd("750.00"), payee="ACME Cameras")
    (message,) = await world.deliver()
    text = message.message.text
    assert "750.00" in text
    assert "ACME Cameras" in text
    assert "verify.shop.example/no" in text


async def test_b15_this_was_not_me_works_without_signing_in(world: World) -> None:
    thief = world.browser()
    asked = await thief.report(SIGN_IN)
    code = await world.code_of(asked)
    assert await by_reference(world.ports, challenge_of(asked).reference.lower(), ip=HOME) is OwnersWord.ENDED
    assert (await thief.enter(asked, code)).outcome == "denied"


async def test_b16_contacts_that_grow_stale_are_pointed_out(world: World) -> None:
    browser = await world.known_browser()
    world.clock.move(days=366)
    advice = (await browser.report(PURCHASE)).advice
    assert [one.code for one in advice] == ["contact_stale", "contact_stale"]


async def test_b16_a_single_contact_is_pointed_out(world: World) -> None:
    await world.register(email(OTHER_EMAIL, confirmed=False), user_id=BEA)
    advice = (await world.browser(BEA).report(SIGN_IN)).advice
    assert [one.code for one in advice] == ["contact_unconfirmed", "add_second_contact"]


async def test_b18_an_exhausted_challenge_is_told_to_every_confirmed_contact_once_a_day(world: World) -> None:
    thief, told = world.browser(), []
    for wait_hours in (0, 23.9, 0.1):
        world.clock.move(hours=wait_hours)
        asked = await thief.report(SIGN_IN)
        await world.deliver()
        await thief.guess(asked, 5)
        told.append([one.to.reveal() for one in await world.deliver() if not one.is_code])
    assert told == [[PHONE, EMAIL], [], [PHONE, EMAIL]]


async def test_b18_a_notice_lets_the_owner_say_that_it_was_not_him(world: World) -> None:
    thief = world.browser()
    await thief.prove(SIGN_IN, trust_device=True)
    notice = next(one for one in await world.deliver() if not one.is_code)
    assert await by_notice(world.ports, notice_token_in(notice)) is OwnersWord.DISPUTED
    assert "new-device" in rules(await thief.report(SIGN_IN))


async def test_the_starter_only_ends_his_own_challenge(world: World) -> None:
    browser = await world.known_browser()
    asked = await browser.report(PURCHASE, amount=usd("900.00"))
    code = await world.code_of(asked)
    ended = await cancel(world.ports, world.shop, challenge_of(asked).id, "not_me")
    assert ended.state is ChallengeState.DENIED
    assert (await browser.enter(asked, another(code))).outcome == "denied"
    assert (await browser.report(PURCHASE)).decision is Decision.ALLOW
    assert (await world.user()).disputed_at is None


async def test_sends_end_with_the_fifth(world: World) -> None:
    asked = await world.browser().report(SIGN_IN)
    for wait_s in (30, 60, 120, 120):
        world.clock.move(seconds=wait_s)
        await world.send(asked)
    world.clock.move(seconds=120)
    with pytest.raises(SendsExhausted):
        await world.send(asked)
