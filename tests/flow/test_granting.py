"""Grants: what is claimed, what it is bound to, how it is redeemed once, and what makes it void."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.flow.outside import notice_token_in
from tests.flow.world import ADA, BEA, EMAIL, OTHER_EMAIL, World, a_shop, challenge_of, email, phone, usd
from watchword.domain.action import ACCOUNT_UPDATE, PASSWORD_RESET, PURCHASE, SIGN_IN
from watchword.domain.errors import (
    GrantAlreadyRedeemed,
    GrantExpired,
    GrantInvalid,
    GrantMismatch,
    GrantRevoked,
    NotFound,
    Refusal,
    SessionMismatch,
)
from watchword.domain.event import EventType
from watchword.domain.grant import Assurance
from watchword.domain.ids import ApplicationId, UserId
from watchword.domain.secret import Secret
from watchword.flow.claim import claim
from watchword.flow.dispute import by_notice
from watchword.flow.redeem import redeem
from watchword.flow.register import delete_user

BOUGHT: dict[str, Any] = {
    "amount": usd("1299.00"),
    "payee": "ACME Cameras",
    "details": {"items": 1, "gift": True, "colour": "red"},
}


async def test_claiming_again_gives_the_same_answer_while_the_grant_is_unredeemed(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    before = await browser.claim(asked)
    assert (before.state, before.grant, before.device) == ("pending", None, None)
    approved = await browser.enter(asked, await world.code_of(asked))
    first, second = await browser.claim(asked), await browser.claim(asked)
    assert first == second
    assert first.grant == approved.grant
    assert first.device == approved.device
    await browser.redeem(asked, first.grant)
    assert (await browser.claim(asked)).grant is None


async def test_an_expired_grant_is_not_handed_out(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    await browser.enter(asked, await world.code_of(asked))
    world.clock.move(seconds=300)
    assert (await browser.claim(asked)).grant is None


@pytest.mark.parametrize("session_id", [None, "s-2", ""])
async def test_only_the_session_that_was_named_may_claim_and_redeem(world: World, session_id: str | None) -> None:
    browser = world.browser()
    browser.session_id = "s-1"
    asked = await browser.report(SIGN_IN)
    await browser.enter(asked, await world.code_of(asked))
    with pytest.raises(SessionMismatch):
        await claim(world.ports, world.shop, challenge_of(asked).id, session_id)
    grant = (await browser.claim(asked)).grant
    with pytest.raises(GrantMismatch):
        await browser.redeem(asked, grant, session_id=session_id)
    assert (await browser.redeem(asked, grant)).action_id == asked.action.id


async def test_an_action_without_a_session_is_claimed_and_redeemed_in_any(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    await browser.enter(asked, await world.code_of(asked))
    claimed = await claim(world.ports, world.shop, challenge_of(asked).id, "s-9")
    assert (await browser.redeem(asked, claimed.grant, session_id="s-8")).assurance is Assurance.SIM_CONTROL


@pytest.mark.parametrize(
    "change",
    [
        {"type": SIGN_IN},
        {"user_id": UserId("eve")},
        {"amount": usd("1299.01")},
        {"amount": replace(usd("1299.00"), currency="EUR")},
        {"amount": None},
        {"payee": "ACME cameras"},
        {"payee": ""},
        {"payee": None},
        {"details": {}},
        {"details": {"items": 2, "gift": True, "colour": "red"}},
        {"details": {"items": "1", "gift": True, "colour": "red"}},
        {"details": {"items": True, "gift": 1, "colour": "red"}},
        {"details": {"items": 1, "gift": True, "colour": "red", "more": ""}},
        {"details": {"items": 1, "gift": True, "colour": "Red"}},
    ],
    ids=str,
)
async def test_a_grant_is_for_the_identical_fields_only_and_a_mismatch_does_not_use_it_up(
    world: World, change: dict[str, Any]
) -> None:
    browser = world.browser()
    approved = await browser.prove(PURCHASE, **BOUGHT)
    asked = await browser.report(PURCHASE, **BOUGHT)
    with pytest.raises(GrantMismatch):
        await browser.redeem(asked, approved.grant, **change)
    assert len(await world.events(EventType.GRANT_MISMATCHED)) == 1
    await browser.redeem(asked, approved.grant)


@pytest.mark.parametrize("value", ["1299", "1299.0", "1299.00"])
async def test_amounts_compare_as_numbers(world: World, value: str) -> None:
    browser = world.browser()
    approved = await browser.prove(PURCHASE, **BOUGHT)
    asked = await browser.report(PURCHASE, **BOUGHT)
    await browser.redeem(asked, approved.grant, amount=replace(usd("0"), value=Decimal(value)))


async def test_the_order_of_details_and_the_words_of_the_application_do_not_matter(world: World) -> None:
    browser = world.browser()
    approved = await browser.prove(PURCHASE, **BOUGHT, summary="1 item")
    asked = await browser.report(PURCHASE, **BOUGHT, summary="something else")
    await browser.redeem(asked, approved.grant, details=dict(reversed(BOUGHT["details"].items())))


async def test_a_grant_is_redeemed_once_also_by_fifty_at_once(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(PURCHASE, **BOUGHT)
    approved = await browser.enter(asked, await world.code_of(asked))
    answers = await asyncio.gather(*(browser.redeem(asked, approved.grant) for _ in range(50)), return_exceptions=True)
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 1
    assert sum(isinstance(answer, GrantAlreadyRedeemed) for answer in answers) == 49
    assert len(await world.events(EventType.GRANT_REDEEMED)) == 1


async def test_refusals_come_in_their_order(world: World) -> None:
    """Not ours, then for something else, then used, then too late, then taken back."""
    browser = world.browser()
    asked = await browser.report(PURCHASE, **BOUGHT)
    approved = await browser.enter(asked, await world.code_of(asked))
    assert await _refusal(browser.redeem(asked, Secret("eyJhbGciOiJub25lIn0.e30."), payee=None)) is GrantInvalid
    await browser.redeem(asked, approved.grant)
    assert await _refusal(browser.redeem(asked, approved.grant, payee=None)) is GrantMismatch
    world.clock.move(days=1)
    assert await _refusal(browser.redeem(asked, approved.grant)) is GrantAlreadyRedeemed
    again = await browser.report(PURCHASE, **BOUGHT)
    fresh = await browser.enter(again, await world.code_of(again))
    await world.ports.store.dispute_challenge(challenge_of(again).id)
    assert await _refusal(browser.redeem(again, fresh.grant)) is GrantRevoked
    assert await _refusal(browser.redeem(again, fresh.grant, payee=None)) is GrantMismatch
    world.clock.move(seconds=300)
    assert await _refusal(browser.redeem(again, fresh.grant)) is GrantExpired


async def test_a_grant_lives_for_five_minutes(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    approved = await browser.enter(asked, await world.code_of(asked))
    world.clock.move(seconds=299.999)
    await browser.redeem(asked, approved.grant)
    allowed = await browser.report(SIGN_IN)
    world.clock.move(seconds=300)
    assert await _refusal(browser.redeem(allowed, allowed.grant)) is GrantExpired


async def test_the_grant_of_another_application_or_issuer_is_invalid(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    approved = await browser.enter(asked, await world.code_of(asked))
    assert approved.grant is not None
    others = (a_shop(id=ApplicationId("other")), a_shop(issuer="https://verify.shop.example"))
    for other in others:
        call = redeem(world.ports, other, approved.grant.reveal(), None, asked.action.bound)
        assert await _refusal(call) is GrantInvalid
    with pytest.raises(NotFound):
        await claim(world.ports, others[0], challenge_of(asked).id, None)


@pytest.mark.parametrize("claim_name", ["iss", "aud", "jti"])
async def test_a_grant_that_we_signed_for_something_else_is_invalid(world: World, claim_name: str) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    approved = await browser.enter(asked, await world.code_of(asked))
    assert approved.grant is not None
    claims = dict(world.ports.keyring.verify(approved.grant.reveal()) or {})
    altered = world.ports.keyring.sign({**claims, claim_name: "other"})
    assert await _refusal(browser.redeem(asked, altered)) is GrantInvalid
    await browser.redeem(asked, world.ports.keyring.sign(claims))


async def test_a_grant_says_what_it_is_for_and_nothing_that_could_be_guessed(world: World) -> None:
    browser = world.browser()
    approved = await browser.prove(PURCHASE, **BOUGHT)
    assert approved.grant is not None
    claims = world.ports.keyring.verify(approved.grant.reveal())
    assert claims is not None
    assert {"iss": claims["iss"], "aud": claims["aud"], "sub": claims["sub"]} == {
        "iss": "https://verify.shop.example/test",
        "aud": "shop",
        "sub": "ada",
    }
    assert (claims["assurance"], claims["amr"], claims["livemode"]) == ("sim_control", ["otp", "sms"], False)
    assert claims["exp"] == int(str(claims["iat"])) + 300
    assert "1299" not in str(claims)


async def test_a_confirmation_of_a_contact_earns_no_grant(world: World) -> None:
    await world.register(email(OTHER_EMAIL, confirmed=False), user_id=BEA)
    browser = world.browser(BEA)
    asked = await browser.confirm(await world.contact(OTHER_EMAIL, BEA))
    assert (await browser.enter(asked, await world.code_of(asked))).grant is None
    assert (await browser.claim(asked)).grant is None


async def test_a_reset_voids_every_other_grant_and_challenge(world: World) -> None:
    owner = await world.known_browser()
    allowed, pending = await owner.report(PURCHASE), await owner.report(PURCHASE, amount=usd("900.00"))
    code = await world.code_of(pending)
    reset = await world.browser().report(PASSWORD_RESET)
    approved = await world.browser().enter(reset, await world.code_of(reset))
    assert await _refusal(owner.redeem(allowed, allowed.grant)) is GrantRevoked
    assert (await owner.enter(pending, code)).outcome == "cancelled"
    await owner.redeem(reset, approved.grant)


async def test_a_contact_change_voids_every_other_grant_and_challenge(world: World) -> None:
    owner = await world.known_browser()
    allowed, pending = await owner.report(PURCHASE), await owner.report(PURCHASE, amount=usd("900.00"))
    code = await world.code_of(pending)
    change = await owner.report(ACCOUNT_UPDATE, details={"field": "email", "new_contact": OTHER_EMAIL})
    approved = await owner.enter(change, await world.code_of(change))
    await world.register(phone(), email(), email(OTHER_EMAIL), grant=approved.grant)
    assert await _refusal(owner.redeem(allowed, allowed.grant)) is GrantRevoked
    assert (await owner.enter(pending, code)).outcome == "cancelled"
    assert await _refusal(owner.redeem(change, approved.grant)) is GrantAlreadyRedeemed


async def test_a_dispute_voids_every_grant_and_challenge(world: World) -> None:
    owner, thief = await world.known_browser(), world.browser()
    allowed, pending = await owner.report(PURCHASE), await owner.report(PURCHASE, amount=usd("900.00"))
    await world.deliver()
    world.outbox.sent.clear()
    stolen = await thief.report(SIGN_IN)
    approved = await thief.enter(stolen, await world.code_of(stolen), trust_device=True)
    notice = next(one for one in await world.deliver() if not one.is_code)
    await by_notice(world.ports, notice_token_in(notice))
    assert await _refusal(owner.redeem(allowed, allowed.grant)) is GrantRevoked
    assert await _refusal(thief.redeem(stolen, approved.grant)) is GrantRevoked
    assert (await world.view(pending)).state == "cancelled"


async def test_an_erasure_voids_every_grant_and_challenge(world: World) -> None:
    owner = await world.known_browser()
    allowed, pending = await owner.report(PURCHASE), await owner.report(PURCHASE, amount=usd("900.00"))
    await delete_user(world.ports, world.shop, ADA)
    assert await _refusal(owner.redeem(allowed, allowed.grant)) in {GrantRevoked, GrantInvalid, GrantMismatch}
    with pytest.raises(NotFound):
        await owner.enter(pending, "123456")
    assert await world.deliver() == []
    assert world.outbox.to(EMAIL) == []


async def _refusal(call: Any) -> type[Refusal] | None:
    try:
        await call
    except Refusal as refusal:
        return type(refusal)
    return None
