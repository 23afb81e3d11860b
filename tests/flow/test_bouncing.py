"""Contacts that cannot be reached: their code dies, the application is told, and another one carries on (B16)."""

import pytest

from tests.flow.replay import replay
from tests.flow.world import EMAIL, PHONE, SHOP, World, challenge_of
from watchword.domain.action import PURCHASE, SIGN_IN
from watchword.domain.challenge import ChallengeState
from watchword.domain.errors import ContactNotUsable, DeliveryFailed
from watchword.domain.event import EventType
from watchword.domain.message import DeliveryStatus
from watchword.flow.assess import Assessed

DEAD = DeliveryFailed("550 no such user", retryable=False, status=DeliveryStatus.BOUNCED)


async def _bounced(world: World) -> Assessed:
    """Report a sign-in whose code bounces."""
    asked = await world.browser().report(SIGN_IN)
    world.outbox.failure = DEAD
    await world.deliver()
    world.outbox.failure = None
    return asked


async def test_a_challenge_goes_on_with_another_contact(world: World) -> None:
    asked = await _bounced(world)
    view = await world.view(asked)
    assert (view.state, view.delivery_status) == (ChallengeState.PENDING, DeliveryStatus.BOUNCED)
    (other,) = [option for option in view.options if option.channels[0].kind is not view.options[0].channels[0].kind]
    await world.send(asked, other.id)
    (sent,) = await world.deliver()
    assert sent.to.reveal() == EMAIL
    checked = await world.check(challenge_of(asked).id, world.outbox.codes_of(challenge_of(asked).id)[-1])
    assert checked.outcome == "approved"


async def test_a_bounced_contact_is_sent_nothing_more_and_the_application_is_advised(world: World) -> None:
    asked = await _bounced(world)
    world.clock.move(seconds=120)
    with pytest.raises(ContactNotUsable):
        await world.send(asked)
    again = await world.browser().report(SIGN_IN)
    (sent,) = await world.deliver()
    assert sent.to.reveal() == EMAIL
    assert "contact_bounced" in [one.code for one in (await world.browser().report(PURCHASE)).advice]
    assert challenge_of(again).id == sent.challenge_id


async def test_a_code_that_comes_back_from_it_makes_it_count_again(world: World) -> None:
    await _bounced(world)
    user = await world.user()
    (bounced,) = [contact for contact in user.contacts if contact.bounced_at is not None]
    world.clock.move(seconds=1)
    browser = world.browser()
    asked = await browser.confirm(bounced)
    (sent,) = await world.deliver()
    assert sent.to.reveal() == PHONE
    checked = await browser.enter(asked, world.outbox.codes_of(challenge_of(asked).id)[-1])
    assert checked.outcome == "approved"
    assert [contact.bounced_at for contact in (await world.user()).contacts] == [None, None]
    changes = [event.data["change"] for event in await world.events(EventType.CONTACT_CHANGED)]
    assert changes == ["added", "added", "bounced", "reached"]
    assert (await replay(world.store, SHOP, world.shop.limits)).contacts


async def test_one_that_bounces_again_is_not_sent_to_a_third_time(world: World) -> None:
    await _bounced(world)
    (bounced,) = [contact for contact in (await world.user()).contacts if contact.bounced_at is not None]
    world.clock.move(seconds=1)
    asked = await world.browser().confirm(bounced)
    world.outbox.failure = DEAD
    await world.deliver()
    world.outbox.failure = None
    world.clock.move(seconds=120)
    with pytest.raises(ContactNotUsable):
        await world.send(asked)
