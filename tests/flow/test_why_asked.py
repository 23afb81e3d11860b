"""Why a customer is asked: the sentences that a challenge keeps for the page, not worded yet."""

import pytest

from tests.flow.world import ADA, EMAIL, World, challenge_of, rules
from watchword.domain.action import PASSWORD_RESET
from watchword.domain.customer_text import CatalogueSentence, CustomerText
from watchword.domain.ids import UserId
from watchword.flow.assess import Assessed


async def _told(world: World, asked: Assessed) -> tuple[CustomerText, ...]:
    found = await world.ports.store.challenge(challenge_of(asked).id)
    assert found is not None
    return found.challenge.reasons


@pytest.mark.parametrize("user_id", [ADA, UserId("nobody")])
async def test_a_concealed_challenge_tells_only_what_holds_for_everybody(world: World, user_id: UserId) -> None:
    asked = await world.browser().report("withdrawal")
    assert "no_rule" in rules(asked)
    concealed = await world.browser(user_id).report("withdrawal", conceal=True)
    assert await _told(world, concealed) == (CatalogueSentence(key="concealed"),)


async def test_a_confirmation_says_that_it_is_one(world: World) -> None:
    asked = await world.browser().confirm(await world.contact(EMAIL))
    assert await _told(world, asked) == (CatalogueSentence(key="contact_confirmation"),)


async def test_a_challenge_after_a_reset_says_why_some_contacts_do_not_count(world: World) -> None:
    browser = world.browser()
    await browser.prove(PASSWORD_RESET)
    asked = await browser.report("account_update", details={"field": "password"})
    assert (await _told(world, asked))[-1] == CatalogueSentence(key="recent_reset")
