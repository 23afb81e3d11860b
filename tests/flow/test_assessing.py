"""What is decided about an action, and why: the lines of the default policy on real facts, and what is refused."""

from asyncio import gather
from dataclasses import replace
from typing import Any

import pytest

from tests.flow.outside import ABROAD
from tests.flow.world import (
    ADA,
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
from tests.kit.default_policy import text_of_the_default_policy
from watchword.adapters.letters import CatalogueLetters
from watchword.domain.action import ACCOUNT_UPDATE, PASSWORD_RESET, PURCHASE, SIGN_IN, Decision
from watchword.domain.customer_text import CatalogueSentence
from watchword.domain.device import DeviceState
from watchword.domain.errors import (
    ContactNotUsable,
    InvalidField,
    Refusal,
    ReturnUrlNotAllowed,
    UnknownActionType,
    UnknownUser,
)
from watchword.domain.event import EventType
from watchword.domain.grant import Assurance
from watchword.domain.ids import UserId
from watchword.domain.secret import Secret
from watchword.flow.register import put_user
from watchword.risk.policy import Policy, load_policy, new_environment


@pytest.fixture(scope="module")
def generous() -> Policy:
    """Gives the default policy with a rule that lets withdrawals pass."""
    text = text_of_the_default_policy().replace(
        'actions = ["sign_in", "purchase"]\nthen = "allow"',
        'actions = ["sign_in", "purchase", "withdrawal"]\nthen = "allow"',
    )
    assert '"withdrawal"' in text
    return load_policy(text, source_name="x", action_types=("withdrawal",), environment=new_environment())


async def test_an_unknown_user_is_refused_and_nothing_is_written(world: World) -> None:
    before = await world.events()
    with pytest.raises(UnknownUser):
        await world.browser(UserId("nobody")).report(SIGN_IN)
    assert await world.events() == before


async def test_an_undeclared_type_is_refused_and_a_declared_one_without_a_rule_is_asked(world: World) -> None:
    browser = await world.known_browser()
    with pytest.raises(UnknownActionType):
        await browser.report("transfer")
    asked = await browser.report("withdrawal")
    assert (asked.decision, rules(asked)) == (Decision.CHALLENGE, ["no_rule"])


@pytest.mark.parametrize("action_type", [SIGN_IN, PASSWORD_RESET])
async def test_a_return_address_that_is_not_listed_is_refused(world: World, action_type: str) -> None:
    browser = world.browser()
    with pytest.raises(ReturnUrlNotAllowed):
        await browser.report(action_type, return_url="https://shop.example/back?next=evil")
    asked = await browser.report(action_type, return_url="https://shop.example/back")
    assert asked.action.return_url == "https://shop.example/back"


@pytest.mark.parametrize(
    ("details", "pointer"),
    [
        ({}, "/details/field"),
        ({"field": "name"}, "/details/field"),
        ({"field": 1}, "/details/field"),
        ({"field": "email"}, "/details"),
        ({"field": "email", "new_contact": PHONE}, "/details/new_contact"),
        ({"field": "phone", "new_contact": EMAIL}, "/details/new_contact"),
        ({"field": "phone", "new_contact": True}, "/details/new_contact"),
        ({"field": "phone", "old_contact": PHONE}, "/details/old_contact"),
        ({"field": "phone", "old_contact": 5}, "/details/old_contact"),
    ],
)
async def test_an_account_update_that_does_not_name_its_change_is_refused(
    world: World, details: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InvalidField) as refused:
        await world.browser().report(ACCOUNT_UPDATE, details=details)
    assert refused.value.pointer == pointer


@pytest.mark.parametrize("field", ["email", "phone"])
async def test_no_code_is_asked_for_the_removal_of_a_contact_that_is_not_there(world: World, field: str) -> None:
    await world.register(phone(OTHER_PHONE), user_id=BEA)
    others = {"email": (await world.contact(PHONE)).id, "phone": (await world.contact(OTHER_PHONE, BEA)).id}
    details = {"field": field, "old_contact": others[field]}
    with pytest.raises(InvalidField) as refused:
        await world.browser().report(ACCOUNT_UPDATE, details=details)
    assert refused.value.pointer == "/details/old_contact"
    concealed = await world.browser(UserId("nobody")).report(ACCOUNT_UPDATE, details=details, conceal=True)
    assert concealed.challenge is not None


async def test_a_password_reset_is_concealed_unless_the_application_says_otherwise(world: World) -> None:
    hidden = await world.browser().report(PASSWORD_RESET)
    open_one = await world.browser().report(PASSWORD_RESET, conceal=False)
    assert (hidden.action.conceal, rules(hidden), hidden.terms) == (True, ["concealed"], ())
    assert (open_one.action.conceal, rules(open_one)[0]) == (False, "password-reset")
    assert open_one.terms
    with pytest.raises(UnknownUser):
        await world.browser(UserId("nobody")).report(PASSWORD_RESET, conceal=False)


async def test_every_challenge_has_a_reason_for_the_customer(world: World) -> None:
    asked = await world.browser().report(PURCHASE, amount=usd("900.00"))
    result = await world.ports.store.challenge(challenge_of(asked).id)
    assert result is not None
    assert result.challenge.reasons[0] == CatalogueSentence(key="new_device_purchase")
    assert len(result.challenge.reasons) == len(rules(asked))


async def test_all_rules_that_match_are_named(world: World) -> None:
    asked = await world.browser(ip=None).report(PURCHASE, amount=None)
    assert rules(asked) == ["new-device-purchase", "new-place", "unknown-value-purchase", "suspicious"]


async def test_an_address_that_was_never_seen_counts_as_a_new_place(world: World) -> None:
    browser = await world.known_browser()
    assert rules(await browser.report(SIGN_IN, ip=None))[0] == "new-place"
    assert rules(await browser.report(SIGN_IN, ip="8.8.8.8"))[0] == "new-place"


async def test_a_place_is_known_once_an_action_from_there_was_approved(world: World) -> None:
    browser = await world.known_browser()
    asked = await browser.report(SIGN_IN, ip=ABROAD)
    assert rules(asked)[0] == "new-place"
    assert rules(await browser.report(SIGN_IN, ip=ABROAD))[0] == "new-place", "asking alone makes no place known"
    await browser.enter(asked, await world.code_of(asked))
    assert (await browser.report(SIGN_IN, ip=ABROAD)).decision is Decision.ALLOW


async def test_an_allowed_action_carries_a_grant_that_proves_nothing(world: World) -> None:
    browser = await world.known_browser()
    allowed = await browser.report(SIGN_IN)
    assert allowed.challenge is None
    assert (await browser.redeem(allowed, allowed.grant)).assurance is Assurance.NONE


async def test_a_user_without_a_usable_contact_is_denied_where_he_would_be_asked(world: World) -> None:
    browser = await world.known_browser()
    await put_user(world.ports, world.shop, ADA, (), locale=None, grant=None)
    world.clock.move(days=3)
    denied = await browser.report(PURCHASE, amount=usd("900.00"))
    assert (denied.decision, rules(denied)[0], denied.challenge, denied.grant, denied.retry_after_s) == (
        Decision.DENY,
        "no_usable_contact",
        None,
        None,
        None,
    )
    assert (await browser.report(PURCHASE)).decision is Decision.ALLOW


async def test_a_denied_answer_says_when_a_waiting_contact_will_count(world: World) -> None:
    await world.register(email(), user_id=BEA)
    world.clock.move(hours=1)
    await put_user(world.ports, world.shop, BEA, (), locale=None, grant=None)
    world.clock.move(hours=71)
    await world.register(email(OTHER_EMAIL), user_id=BEA)
    world.clock.move(hours=1)
    denied = await world.browser(BEA).report(SIGN_IN)
    assert (denied.decision, rules(denied)[0], denied.retry_after_s) == (Decision.DENY, "no_usable_contact", 71 * 3_600)


async def test_an_unconfirmed_contact_carries_a_sign_in_only_while_there_is_no_confirmed_one(world: World) -> None:
    await world.register(email(confirmed=False), user_id=BEA)
    browser = world.browser(BEA)
    denied = await browser.report(PASSWORD_RESET, conceal=False)
    assert (denied.decision, rules(denied)[0]) == (Decision.DENY, "no_usable_contact")
    assert (await browser.prove(SIGN_IN)).outcome == "approved"
    assert (await browser.report(PASSWORD_RESET, conceal=False)).decision is Decision.CHALLENGE
    await world.register(email(), phone(confirmed=False))
    listed = challenge_of(await world.browser().report(SIGN_IN)).options
    assert EMAIL not in [option.masked for option in listed]
    assert len(listed) == 2


async def test_an_abandoned_challenge_is_asked_again_for_a_day_and_only_from_devices_not_known(
    generous: Policy, letters: CatalogueLetters
) -> None:
    world = World.create(generous, letters=letters)
    await world.register()
    owner = await world.known_browser()
    thief = world.browser()
    assert (await thief.report("withdrawal")).decision is Decision.ALLOW
    reset = await thief.report("withdrawal", conceal=True)
    assert reset.decision is Decision.CHALLENGE
    assert rules(await thief.report("withdrawal")) == ["asked-until-proven"]
    assert (await owner.report("withdrawal")).decision is Decision.ALLOW
    world.clock.move(hours=23.99)
    assert rules(await thief.report("withdrawal")) == ["asked-until-proven"]
    world.clock.move(hours=24)
    assert (await thief.report("withdrawal")).decision is Decision.ALLOW
    await world.close()


async def test_five_unproven_networks_make_every_type_asked_in_the_open_lane_and_tell_the_owner_once(
    generous: Policy, letters: CatalogueLetters
) -> None:
    world = World.create(generous, letters=letters)
    await world.register()
    owner = await world.known_browser()
    for number in range(4):
        await world.browser(ip=f"10.0.{number}.1").report(PASSWORD_RESET, send=False)
        await world.browser(ip=f"10.0.{number}.2").report(PASSWORD_RESET, send=False)
    assert (await world.browser().report("withdrawal")).decision is Decision.ALLOW
    for number in (4, 5):
        await world.browser(ip=f"10.0.{number}.1").report(PURCHASE, send=False)
    assert rules(await world.browser().report("withdrawal")) == ["attack-suspected"]
    assert (await owner.report("withdrawal")).decision is Decision.ALLOW
    notices = [one for one in await world.deliver() if not one.is_code]
    assert [one.to.reveal() for one in notices] == [PHONE, EMAIL]
    assert len(await world.events(EventType.ATTACK_SUSPECTED)) == 1
    world.clock.move(hours=24)
    assert (await world.browser().report("withdrawal")).decision is Decision.ALLOW
    await world.close()


async def test_the_confirmation_of_a_contact_counts_as_no_proof_of_anything_else(world: World) -> None:
    """A thief with the session adds an address of his own and confirms it: place and sums stay as they were."""
    browser = await world.known_browser()
    for _ in range(5):
        await browser.report(PURCHASE, amount=usd("1.00"))
    await world.register(phone(), email(), email(OTHER_EMAIL))
    thief = world.browser(ip=ABROAD)
    thief.token = browser.token
    asked = await thief.confirm(await world.contact(OTHER_EMAIL))
    confirmed = await thief.enter(asked, await world.code_of(asked))
    assert (confirmed.outcome, confirmed.grant) == ("approved", None)
    assert rules(await thief.report(PURCHASE, amount=usd("1.00")))[:2] == ["new-place", "purchase-count"]


async def test_a_confirmation_from_a_new_browser_makes_no_device_known_unless_it_is_the_first(world: World) -> None:
    await world.register(phone(), email(), email(OTHER_EMAIL))
    thief = world.browser()
    asked = await thief.confirm(await world.contact(OTHER_EMAIL))
    confirmed = await thief.enter(asked, await world.code_of(asked))
    assert (confirmed.outcome, confirmed.device) == ("approved", None)
    await world.register(email(OTHER_EMAIL, confirmed=False), user_id=BEA)
    first = world.browser(BEA)
    asked = await first.confirm(await world.contact(OTHER_EMAIL, BEA))
    confirmed = await first.enter(asked, await world.code_of(asked))
    assert confirmed.device is not None
    assert confirmed.device.state is DeviceState.KNOWN
    assert (await first.report(SIGN_IN)).decision is Decision.ALLOW


async def test_a_confirmation_of_a_contact_of_somebody_else_is_refused(world: World) -> None:
    await world.register(email(OTHER_EMAIL, confirmed=False), user_id=BEA)
    with pytest.raises(ContactNotUsable):
        await world.browser().confirm(await world.contact(OTHER_EMAIL, BEA))
    with pytest.raises(UnknownUser):
        await world.browser(UserId("nobody")).confirm(await world.contact(EMAIL))


async def test_the_device_token_of_another_user_counts_as_none(world: World) -> None:
    await world.register(email(OTHER_EMAIL), user_id=BEA)
    owner = await world.known_browser()
    stranger = world.browser(BEA)
    stranger.token = owner.token
    asked = await stranger.report(SIGN_IN)
    assert "new-device" in rules(asked)
    assert asked.device is not None
    assert (asked.device.id, asked.device.state) == (None, DeviceState.NEW)


@pytest.mark.parametrize("token", ["", "wd1", "wd1.x.1.y", "wd1...", "\x00", "wd1." + "a" * 300])
async def test_anything_that_is_no_device_token_counts_as_none(world: World, token: str) -> None:
    browser = await world.known_browser()
    browser.token = Secret(token)
    assert "new-device" in rules(await browser.report(SIGN_IN))


async def test_a_disputed_user_is_asked_everywhere_until_he_proves_an_old_contact(world: World) -> None:
    world.clock.move(days=4)
    owner, thief = await world.known_browser(), world.browser()
    asked = await thief.report(SIGN_IN)
    await thief.enter(asked, await world.code_of(asked))
    await world.ports.store.dispute_challenge(challenge_of(asked).id)
    questioned = await owner.report(PURCHASE)
    assert rules(questioned) == ["disputed"]
    await owner.enter(questioned, await world.code_of(questioned))
    assert (await owner.report(PURCHASE)).decision is Decision.ALLOW
    assert len(await world.events(EventType.USER_CLEARED)) == 1


async def test_a_fresh_contact_does_not_take_a_dispute_back(world: World) -> None:
    """Two days after his registration nothing of Ada's is old enough to speak for her."""
    owner, thief = await world.known_browser(), world.browser()
    asked = await thief.report(SIGN_IN)
    await thief.enter(asked, await world.code_of(asked))
    await world.ports.store.dispute_challenge(challenge_of(asked).id)
    world.clock.move(days=2)
    assert (await owner.prove(PURCHASE)).outcome == "approved"
    assert "disputed" in rules(await owner.report(PURCHASE))
    world.clock.move(days=1)
    assert (await owner.prove(PURCHASE)).outcome == "approved"
    assert (await owner.report(PURCHASE)).decision is Decision.ALLOW


async def test_an_erroneous_rule_asks_and_is_reported(policy: Policy, letters: CatalogueLetters) -> None:
    text = (
        text_of_the_default_policy()
        + '\n[[rule]]\nname = "odd"\nwhen = "details.items > 3"\nthen = "challenge"\ntext = "x"\ncustomer_text = "x"\n'
    )
    strange = load_policy(text, source_name="x", action_types=("withdrawal",), environment=policy.environment)
    world = World.create(strange, letters=letters)
    await world.register()
    browser = world.browser()
    await browser.prove(SIGN_IN, details={"items": 1})
    assert rules(await browser.report(PURCHASE)) == ["rule_error"]
    assert (await browser.report(PURCHASE, details={"items": 1})).decision is Decision.ALLOW
    assert [event.data["rule"] for event in await world.events(EventType.RULE_FAILED)] == ["odd"]
    await world.close()


async def test_a_denying_rule_denies_for_good_and_opens_nothing(policy: Policy, letters: CatalogueLetters) -> None:
    barring = replace(policy, rules=tuple(replace(rule, then=Decision.DENY) for rule in policy.rules))
    world = World.create(barring, letters=letters)
    await world.register()
    denied = await world.browser().report(SIGN_IN)
    assert (denied.decision, denied.challenge, denied.grant) == (Decision.DENY, None, None)
    assert await world.deliver() == []
    hidden = await world.browser().report(PASSWORD_RESET)
    assert hidden.decision is Decision.CHALLENGE
    assert await world.deliver() == []
    await world.close()


async def test_a_refused_report_changes_nothing(world: World) -> None:
    before = await world.events()
    for fields in ({"action_type": "transfer"}, {"return_url": "https://evil.example/"}):
        with pytest.raises(Refusal):
            await world.browser().report(**{"action_type": SIGN_IN} | fields)
    assert await world.events() == before


async def test_purchases_at_the_very_same_moment_add_up_like_any_others(world: World) -> None:
    browser = await world.known_browser()
    asked = await gather(*[browser.report(PURCHASE, amount=usd("400.00"), send=False) for _ in range(10)])
    assert [one.decision for one in asked].count(Decision.ALLOW) == 2  # 800 of 1,000; a third would be above
