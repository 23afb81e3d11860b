"""What the owner is told without having asked (B10, B18): which notices there are, to whom they go, and how often."""

from collections.abc import Awaitable, Callable

import pytest

from tests.flow.outside import notice_token_in
from tests.flow.world import BEA, EMAIL, OTHER_EMAIL, OTHER_PHONE, PHONE, Browser, World, email, phone, usd
from watchword.domain.action import ACCOUNT_UPDATE, PASSWORD_RESET, PURCHASE, SIGN_IN
from watchword.domain.message import Envelope
from watchword.flow.dispute import is_notice_token

Happening = Callable[[Browser], Awaitable[None]]


async def _exhaust(browser: Browser) -> None:
    asked = await browser.report(SIGN_IN)
    await browser.world.deliver()
    await browser.guess(asked, 5)


async def _trust(browser: Browser) -> None:
    await browser.world.browser(browser.user_id).prove(SIGN_IN, trust_device=True)


async def _steal(browser: Browser) -> None:
    owner = await browser.world.known_browser(browser.user_id)
    copy = browser.world.browser(browser.user_id)
    copy.token = owner.token
    for _ in range(3):
        await owner.report(SIGN_IN)
    await copy.report(SIGN_IN)


async def _notices(world: World) -> list[Envelope]:
    await world.deliver()
    told = [one for one in world.outbox.sent if not one.is_code]
    world.outbox.sent.clear()
    return told


@pytest.mark.parametrize("happens", [_exhaust, _trust, _steal], ids=lambda happens: happens.__name__.strip("_"))
async def test_each_kind_is_told_once_a_day_with_a_link_that_says_no(world: World, happens: Happening) -> None:
    told = []
    for _ in range(3):
        await happens(world.browser())
        told.append(await _notices(world))
        world.clock.move(hours=12)
    assert [[one.to.reveal() for one in notices] for notices in told] == [[PHONE, EMAIL], [], [PHONE, EMAIL]]
    assert is_notice_token(world.ports.keyring, notice_token_in(told[0][0]))


async def test_one_kind_does_not_silence_another(world: World) -> None:
    told = []
    for happens in (_exhaust, _trust, _steal):
        await happens(world.browser())
        told += await _notices(world)
    assert [one.to.reveal() for one in told] == [PHONE, EMAIL] * 3
    assert len({one.message.subject for one in told[1::2]}) == 3


async def test_only_confirmed_contacts_are_told(world: World) -> None:
    await world.register(email(OTHER_EMAIL), phone(OTHER_PHONE, confirmed=False), user_id=BEA)
    await _exhaust(world.browser(BEA))
    assert [one.to.reveal() for one in await _notices(world)] == [OTHER_EMAIL]


async def test_notices_leave_also_where_codes_may_not(world: World) -> None:
    browser = world.browser()
    asked = [await browser.report(SIGN_IN) for _ in range(10)]
    await world.deliver()
    full = await browser.report(PURCHASE)
    assert full.challenge is not None
    assert full.challenge.route is None
    await browser.guess(asked[-1], 5)
    assert [one.to.reveal() for one in await _notices(world)] == [PHONE, EMAIL]


async def test_an_account_update_is_confirmed_to_everybody_and_a_purchase_once(world: World) -> None:
    for action_type, expected in ((ACCOUNT_UPDATE, [PHONE, EMAIL]), (PURCHASE, [EMAIL]), (SIGN_IN, [EMAIL])):
        fresh = world.browser()
        amount = usd("900.00") if action_type == PURCHASE else None
        asked = await fresh.report(action_type, amount=amount)
        approved = await fresh.enter(asked, await world.code_of(asked))
        assert await _notices(world) == []
        await fresh.redeem(asked, approved.grant)
        assert [one.to.reveal() for one in await _notices(world)] == expected


async def test_a_reset_is_confirmed_also_to_the_contact_that_did_not_carry_it(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(PASSWORD_RESET, conceal=False)
    approved = await browser.enter(asked, await world.code_of(asked))
    world.outbox.sent.clear()
    await browser.redeem(asked, approved.grant)
    assert [one.to.reveal() for one in await _notices(world)] == [PHONE, EMAIL]
