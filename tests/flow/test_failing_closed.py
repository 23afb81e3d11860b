"""A store that does not answer: whatever it fails at, nothing is let through, and nothing is given back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from tests.flow.ailing_store import OPERATIONS, ailing
from tests.flow.outside import ABROAD, HOME
from tests.flow.replay import replay
from tests.flow.world import ADA, SHOP, Browser, World, challenge_of, email, phone, usd
from watchword.domain.action import ACCOUNT_UPDATE, PASSWORD_RESET, PURCHASE, SIGN_IN
from watchword.domain.errors import Refusal, StorageUnavailable
from watchword.domain.ids import GrantId, UserId
from watchword.flow.assess import Assessed
from watchword.flow.cancel import cancel
from watchword.flow.check import Checked
from watchword.flow.dispute import by_owner, by_reference
from watchword.flow.overview import list_own_requests
from watchword.flow.prefer import prefer_contact
from watchword.flow.register import delete_user, put_user, read_user
from watchword.flow.remember import distrust_devices, forget_devices, list_devices, rename_device
from watchword.flow.retain import forget_actions, forget_events, sweep
from watchword.ports.store import Store

NOT_OF_THE_STORY = {
    "grant",
    "events",
    "kept_answer",
    "api_key",
    "api_keys",
    "keep_answer",
    "add_api_key",
    "revoke_api_key",
    "unlock_user",
    "bind_browser",
    "label_action",
    "take_back_leases",
    "reseal",
    "dispute_notice",
    "population",
    "add_to_population",
    "apply_policy",
    "policies",
    "tell",
    "told_by_others",
    "record_receipt",
    "spoken",
}
"""Operations that pages, commands, providers and the idempotency of the API use, and no step of the story below."""
QUESTIONS = {"now", "user", "challenge", "challenge_of_reference", "devices"}
"""Operations that write nothing: whether one was done makes no difference."""


@asynccontextmanager
async def _ill(world: World, broken: str, *, is_done: bool) -> AsyncIterator[World]:
    """Give the same world on a store that fails, and the browsers' words for it."""
    store, ill = ailing(world.ports.store, broken, is_done=is_done)
    healthy = world.ports
    world.ports = replace(world.ports, store=store)
    try:
        yield world
    finally:
        world.ports = healthy
    assert ill.was_reached, f"{broken} is never called here: name it above"


async def _everything(world: World, owner: Browser, asked: Assessed, code: str, healthy: Store) -> None:
    """Do everything that the story can do; whatever is let through is written down."""
    steps = (
        lambda: owner.report(PURCHASE),
        lambda: owner.report(PURCHASE, amount=usd("900.00")),
        lambda: world.browser().report(SIGN_IN),
        lambda: _report_the_unreachable(world),
        lambda: world.browser().report(PASSWORD_RESET),
        lambda: owner.report(ACCOUNT_UPDATE),
        lambda: world.send(asked, challenge_of(asked).options[1].id),
        lambda: owner.enter(asked, code),
        lambda: owner.enter(asked, "no code"),
        lambda: owner.claim(asked),
        lambda: owner.redeem(asked, owner.grants[0]),
        lambda: cancel(world.ports, world.shop, challenge_of(asked).id, "abandoned"),
        lambda: by_reference(world.ports, challenge_of(asked).reference, ip=HOME),
        lambda: world.register(phone(), email()),
        lambda: read_user(world.ports, world.shop, ADA),
        world.deliver,
        lambda: sweep(world.ports),
        lambda: forget_events(world.ports, days=365),
        lambda: forget_actions(world.ports, days=365),
        lambda: list_own_requests(world.ports, world.shop, ADA, limit=10),
        lambda: by_owner(world.ports, world.shop, ADA, asked.action.id),
        lambda: _rename_all(world),
        lambda: distrust_devices(world.ports, world.shop, ADA),
        lambda: _prefer_each(world),
        lambda: forget_devices(world.ports, world.shop, ADA),
        lambda: delete_user(world.ports, world.shop, ADA),
    )
    for step in steps:
        try:
            answer = await step()
        except (StorageUnavailable, Refusal):
            continue
        if isinstance(answer, Assessed | Checked) and answer.grant is not None:
            claims = world.ports.keyring.verify(answer.grant.reveal())
            assert claims is not None
            assert await healthy.grant(GrantId(str(claims["jti"]))) is not None, "let through without a trace"


async def _report_the_unreachable(world: World) -> Assessed:
    """Report an action of somebody who has no contact, which is denied."""
    user_id = UserId("unreachable")
    await put_user(world.ports, world.shop, user_id, (), locale=None, grant=None)
    return await world.browser(user_id).report(SIGN_IN)


async def _rename_all(world: World) -> None:
    for device in await list_devices(world.ports, world.shop, ADA):
        await rename_device(world.ports, world.shop, ADA, device.id, "Kitchen")


async def _prefer_each(world: World) -> None:
    for contact in (await world.user()).contacts:
        await prefer_contact(world.ports, world.shop, ADA, contact.id, preferred=True)


def test_every_operation_is_looked_at() -> None:
    assert set(OPERATIONS) >= NOT_OF_THE_STORY
    assert len(set(OPERATIONS) - NOT_OF_THE_STORY) >= 18


@pytest.mark.parametrize(
    ("broken", "is_done"),
    [(name, False) for name in sorted(set(OPERATIONS) - NOT_OF_THE_STORY)]
    + [(name, True) for name in sorted(set(OPERATIONS) - NOT_OF_THE_STORY - QUESTIONS)],
)
async def test_whatever_fails_the_rest_stays_whole(world: World, broken: str, *, is_done: bool) -> None:
    owner = await world.known_browser(trust=True)
    asked = await owner.report(PURCHASE, amount=usd("700.00"))
    code = await world.code_of(asked)
    healthy = world.ports.store
    async with _ill(world, broken, is_done=is_done):
        await _everything(world, owner, asked, code, healthy)
    await world.deliver()
    await replay(world.ports.store, SHOP, world.shop.limits)


async def test_an_allow_that_could_not_be_written_is_no_allow(world: World) -> None:
    owner = await world.known_browser()
    async with _ill(world, "decide", is_done=False):
        with pytest.raises(StorageUnavailable):
            await owner.report(PURCHASE)


@pytest.mark.parametrize("broken", ["charge_start_addresses", "open_challenge"])
async def test_a_challenge_that_could_not_be_written_is_none_and_sends_nothing(world: World, broken: str) -> None:
    async with _ill(world, broken, is_done=False):
        for action_type in (SIGN_IN, PASSWORD_RESET):
            with pytest.raises(StorageUnavailable):
                await world.browser(ip=ABROAD).report(action_type)
    assert await world.deliver() == []


async def test_a_right_code_whose_approval_was_lost_on_the_way_is_claimed(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    code = await world.code_of(asked)
    async with _ill(world, "spend_attempt", is_done=True):
        with pytest.raises(StorageUnavailable):
            await browser.enter(asked, code)
    assert (await browser.enter(asked, code)).outcome == "already_approved"
    await browser.redeem(asked, (await browser.claim(asked)).grant)


async def test_a_wrong_code_whose_answer_was_lost_is_charged_all_the_same(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    await world.deliver()
    async with _ill(world, "spend_attempt", is_done=True):
        with pytest.raises(StorageUnavailable):
            await browser.guess(asked, 1)
    assert (await world.view(asked)).attempts_left == 4


async def test_a_breaker_that_cannot_count_lets_nothing_through_unheard(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    code = await world.code_of(asked)
    async with _ill(world, "count_attempt", is_done=False):
        with pytest.raises(StorageUnavailable):
            await browser.enter(asked, code)
    await browser.redeem(asked, (await browser.claim(asked)).grant)


async def test_a_message_whose_receipt_was_lost_leaves_again(world: World) -> None:
    asked = await world.browser().report(SIGN_IN)
    async with _ill(world, "finish_delivery", is_done=False):
        with pytest.raises(StorageUnavailable):
            await world.deliver()
    world.clock.move(seconds=30)
    await world.deliver()
    assert len(set(world.outbox.codes_of(challenge_of(asked).id))) == 1
    assert len(world.outbox.sent) == 2
