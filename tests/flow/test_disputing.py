"""The word "this wasn't me": what it does from the owner, by reference or notice, and how little from the starter."""

import pytest

from tests.flow.outside import ABROAD, HOME, notice_token_in
from tests.flow.world import EMAIL, PHONE, World, challenge_of, rules, usd
from watchword.domain.action import PASSWORD_RESET, PURCHASE, SIGN_IN, Decision
from watchword.domain.errors import GrantRevoked, TooManyTries
from watchword.domain.event import EventType
from watchword.domain.ids import UserId
from watchword.flow.cancel import cancel
from watchword.flow.dispute import by_notice, by_reference, is_notice_token, notice_url
from watchword.ports.store.values import OwnersWord


async def test_the_starters_word_weighs_nothing(world: World) -> None:
    thief = world.browser()
    asked = await thief.report(SIGN_IN)
    assert (await cancel(world.ports, world.shop, challenge_of(asked).id, "not_me")).state == "denied"
    assert (await world.user()).disputed_at is None
    assert await world.events(EventType.ACTION_DISPUTED, EventType.USER_DISPUTED) == []
    record = await world.ports.store.action(world.ref(), asked.action.id)
    assert record is not None
    assert (record.label, record.disputed_at) == (None, None)


async def test_the_starters_word_after_an_approval_takes_nothing_back(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    approved = await browser.enter(asked, await world.code_of(asked))
    assert (await cancel(world.ports, world.shop, challenge_of(asked).id, "not_me")).state == "approved"
    await browser.redeem(asked, approved.grant)


async def test_the_owner_ends_a_pending_challenge_by_its_reference(world: World) -> None:
    asked = await world.browser().report(SIGN_IN)
    spoken = " ".join(challenge_of(asked).reference).lower()
    assert await by_reference(world.ports, spoken, ip=HOME) is OwnersWord.ENDED
    (event,) = await world.events(EventType.CHALLENGE_DENIED)
    assert event.data["challenge_id"] == challenge_of(asked).id
    assert (await world.user()).disputed_at is None


async def test_the_owner_disputes_an_approved_action_by_its_reference(world: World) -> None:
    thief = world.browser()
    asked = await thief.report(PURCHASE, amount=usd("900.00"))
    approved = await thief.enter(asked, await world.code_of(asked))
    assert await by_reference(world.ports, challenge_of(asked).reference, ip=HOME) is OwnersWord.DISPUTED
    assert await by_reference(world.ports, challenge_of(asked).reference, ip=HOME) is OwnersWord.NOTED
    with pytest.raises(GrantRevoked):
        await thief.redeem(asked, approved.grant)
    assert len(await world.events(EventType.ACTION_DISPUTED)) == 1
    assert (await world.user()).disputed_at == world.clock.at
    record = await world.ports.store.action(world.ref(), asked.action.id)
    assert record is not None
    assert record.disputed_at == world.clock.at


@pytest.mark.parametrize("text", ["", "7K2M9QXD", "not a reference", "\x00", "0" * 5_000])
async def test_a_reference_of_nothing_does_nothing(world: World, text: str) -> None:
    before = await world.events()
    assert await by_reference(world.ports, text, ip=HOME) is None
    assert await world.events() == before


async def test_a_challenge_that_ended_by_itself_is_only_noted(world: World) -> None:
    asked = await world.browser().report(SIGN_IN)
    world.clock.move(seconds=600)
    assert await by_reference(world.ports, challenge_of(asked).reference, ip=HOME) is OwnersWord.NOTED
    assert (await world.view(asked)).state == "expired"


async def test_references_are_tried_twenty_times_an_hour_from_one_address(world: World) -> None:
    reference = challenge_of(await world.browser().report(SIGN_IN)).reference
    for _ in range(20):
        await by_reference(world.ports, "7K2M9QXD", ip=ABROAD)
    with pytest.raises(TooManyTries) as refused:
        await by_reference(world.ports, reference, ip=ABROAD)
    assert refused.value.free_at == world.clock.at + 3_600_000
    assert await by_reference(world.ports, reference, ip=HOME) is OwnersWord.ENDED


async def test_the_reference_of_a_decoy_reads_like_any_other(world: World) -> None:
    nobody = UserId("nobody")
    decoy = await world.browser(nobody).report(PASSWORD_RESET)
    assert await by_reference(world.ports, challenge_of(decoy).reference, ip=HOME) is OwnersWord.ENDED
    assert (await world.view(decoy)).state == "denied"


async def test_opening_the_link_of_a_notice_changes_nothing(world: World) -> None:
    await world.browser().prove(SIGN_IN, trust_device=True)
    token = notice_token_in(next(one for one in await world.deliver() if not one.is_code))
    before = await world.events()
    assert is_notice_token(world.ports.keyring, token)
    assert not is_notice_token(world.ports.keyring, token + "0")
    assert not is_notice_token(world.ports.keyring, "")
    assert notice_url(world.ports, token.partition(".")[0]).endswith(f"/no?n={token}")
    assert await world.events() == before


async def test_a_dispute_of_an_exhausted_challenge_takes_nothing(world: World) -> None:
    thief = world.browser()
    asked = await thief.report(SIGN_IN)
    await world.deliver()
    await thief.guess(asked, 5)
    notice = next(one for one in await world.deliver() if not one.is_code)
    assert await by_notice(world.ports, notice_token_in(notice)) is OwnersWord.NOTED
    assert (await world.user()).disputed_at is None


async def test_a_dispute_locks_nobody_out(world: World) -> None:
    world.clock.move(days=4)
    thief = world.browser()
    asked = await thief.report(PASSWORD_RESET)
    await thief.enter(asked, await world.code_of(asked))
    await by_reference(world.ports, challenge_of(asked).reference, ip=HOME)
    owner = world.browser()
    assert (await owner.prove(PASSWORD_RESET)).outcome == "approved"
    assert (await world.user()).disputed_at is None
    assert (await owner.report(PURCHASE)).decision is Decision.ALLOW


async def test_every_type_is_asked_while_a_dispute_stands(world: World) -> None:
    owner = await world.known_browser(trust=True)
    allowed = await owner.report(PURCHASE)
    assert allowed.decision is Decision.ALLOW
    thief = world.browser()
    asked = await thief.report(SIGN_IN)
    await thief.enter(asked, await world.code_of(asked))
    await by_reference(world.ports, challenge_of(asked).reference, ip=HOME)
    for action_type in (SIGN_IN, PURCHASE, "withdrawal"):
        assert "disputed" in rules(await owner.report(action_type))


async def test_the_owner_can_dispute_from_the_confirmation_of_a_redeemed_purchase(world: World) -> None:
    thief = world.browser()
    asked = await thief.report(PURCHASE, amount=usd("900.00"))
    approved = await thief.enter(asked, await world.code_of(asked))
    await thief.redeem(asked, approved.grant)
    (confirmation,) = await world.deliver()
    assert confirmation.to.reveal() in {PHONE, EMAIL}
    assert await by_notice(world.ports, notice_token_in(confirmation)) is OwnersWord.DISPUTED
    grant = await world.ports.store.action(world.ref(), asked.action.id)
    assert grant is not None
    assert grant.grant is not None
    assert grant.grant.state == "redeemed", "what was redeemed stays redeemed; the application hears of the dispute"
