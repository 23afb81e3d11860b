"""After a password reset: for three days the contact that carried it is not enough for account and high value."""

import pytest

from tests.flow.world import (
    BEA,
    EMAIL,
    OTHER_EMAIL,
    PHONE,
    World,
    challenge_of,
    email,
    phone,
    rules,
    usd,
)
from watchword.domain.action import ACCOUNT_UPDATE, PASSWORD_RESET, PURCHASE, SIGN_IN, Decision
from watchword.domain.errors import ContactNotUsable
from watchword.domain.instant import HOUR_MS, Instant, rfc3339
from watchword.flow.assess import Assessed


async def _reset(world: World, *, concealed: bool = True) -> None:
    await world.browser().prove(PASSWORD_RESET, conceal=concealed)
    await world.deliver()
    world.outbox.sent.clear()


def _listed(asked: Assessed) -> list[str]:
    return [option.masked for option in challenge_of(asked).options]


@pytest.mark.parametrize(("action_type", "amount"), [(ACCOUNT_UPDATE, None), (PURCHASE, "500.01"), (PURCHASE, None)])
async def test_only_another_contact_counts_and_the_answer_says_from_when_all_do(
    world: World, action_type: str, amount: str | None
) -> None:
    await _reset(world)
    free_at = world.clock.at + 72 * HOUR_MS
    asked = await world.browser().report(action_type, amount=None if amount is None else usd(amount))
    assert _listed(asked) == ["a•••@h•••.example"]
    assert challenge_of(asked).others_count_from == free_at
    assert rules(asked)[-1] == "recent_reset"
    assert rfc3339(Instant(free_at)) in asked.reasons[-1].text
    assert [one.to.reveal() for one in await world.deliver()] == [EMAIL]
    with pytest.raises(ContactNotUsable):
        await world.send(asked, (await world.contact(PHONE)).id)


@pytest.mark.parametrize(("action_type", "amount"), [(SIGN_IN, None), (PURCHASE, "20.00"), ("withdrawal", None)])
async def test_other_actions_are_not_concerned(world: World, action_type: str, amount: str | None) -> None:
    await _reset(world)
    asked = await world.browser().report(action_type, amount=None if amount is None else usd(amount))
    assert len(_listed(asked)) == 2
    assert challenge_of(asked).others_count_from is None


async def test_after_three_days_all_contacts_count_again(world: World) -> None:
    await _reset(world)
    world.clock.move(hours=72, seconds=-0.001)
    assert len(_listed(await world.browser().report(ACCOUNT_UPDATE, send=False))) == 1
    world.clock.move(seconds=0.001)
    asked = await world.browser().report(ACCOUNT_UPDATE, send=False)
    assert len(_listed(asked)) == 2
    assert rules(asked) == ["account-update", "asked-until-proven"]


async def test_a_further_reset_neither_prolongs_the_wait_nor_changes_its_contact(world: World) -> None:
    await _reset(world)
    world.clock.move(hours=71)
    asked = await world.browser().report(PASSWORD_RESET, conceal=False)
    await world.send(asked, (await world.contact(EMAIL)).id)
    await world.browser().enter(asked, await world.code_of(asked))
    assert _listed(await world.browser().report(ACCOUNT_UPDATE, send=False)) == ["a•••@h•••.example"]
    world.clock.move(hours=1)
    assert len(_listed(await world.browser().report(ACCOUNT_UPDATE, send=False))) == 2


async def test_a_user_with_one_contact_goes_on_with_it(world: World) -> None:
    await world.register(email(OTHER_EMAIL), user_id=BEA)
    await world.browser(BEA).prove(PASSWORD_RESET)
    asked = await world.browser(BEA).report(ACCOUNT_UPDATE)
    assert asked.decision is Decision.CHALLENGE
    assert challenge_of(asked).others_count_from is None


async def test_an_unconfirmed_contact_is_not_another_one(world: World) -> None:
    await world.register(email(OTHER_EMAIL), phone("+14155550177", confirmed=False), user_id=BEA)
    await world.browser(BEA).prove(PASSWORD_RESET)
    assert _listed(await world.browser(BEA).report(ACCOUNT_UPDATE)) == ["t•••@e•••.example"]


async def test_the_wait_begins_with_the_approval_and_not_with_the_request(world: World) -> None:
    await world.browser().report(PASSWORD_RESET)
    assert len(_listed(await world.browser().report(ACCOUNT_UPDATE))) == 2


async def test_a_known_device_waits_too(world: World) -> None:
    owner = await world.known_browser(trust=True)
    await _reset(world, concealed=False)
    assert _listed(await owner.report(ACCOUNT_UPDATE)) == ["a•••@h•••.example"]
