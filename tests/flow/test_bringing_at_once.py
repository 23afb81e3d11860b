"""The message of a challenge goes to whoever in this process has hands free, and only once the challenge is written."""

from dataclasses import dataclass, field, replace

import pytest

from tests.flow.ailing_store import ailing
from tests.flow.outside import code_in
from tests.flow.world import PHONE, World, challenge_of
from watchword.domain.action import PASSWORD_RESET, SIGN_IN
from watchword.domain.errors import StorageUnavailable
from watchword.domain.instant import later
from watchword.flow.deliver import EXPIRED, LEASE_ENDED, LEASE_S, deliver_one, give_back
from watchword.ports.sender import Places
from watchword.ports.store.outbox import ClaimedDelivery, NotHandedOver


@dataclass
class Hands:
    """Takes what it is given, and does nothing with it until the test does."""

    free: bool = True
    taken: list[ClaimedDelivery] = field(default_factory=list)

    def has_room(self) -> bool:
        return self.free

    def take(self, claimed: ClaimedDelivery) -> None:
        self.taken.append(claimed)


@pytest.fixture
def hands(world: World) -> Hands:
    """Gives the world somebody who brings its messages."""
    hands = Hands()
    world.ports = replace(world.ports, courier=hands)
    return hands


async def test_the_code_leaves_without_being_claimed(world: World, hands: Hands) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    (message,) = hands.taken
    assert message.leased_until == later(world.clock.now(), seconds=LEASE_S)
    assert await world.deliver() == []
    await deliver_one(world.ports, message)
    (sent,) = world.outbox.sent
    assert sent.to.reveal() == PHONE
    assert (await browser.enter(asked, code_in(sent))).outcome == "approved"


async def test_where_no_hands_are_free_it_waits_to_be_claimed(world: World, hands: Hands) -> None:
    hands.free = False
    await world.browser().report(SIGN_IN)
    assert hands.taken == []
    assert len(await world.deliver()) == 1


@pytest.mark.parametrize("is_done", [False, True], ids=["nothing written", "written"])
async def test_nothing_leaves_of_a_start_whose_commit_is_not_known(
    world: World, hands: Hands, *, is_done: bool
) -> None:
    broken, _ = ailing(world.store, "open_challenge", is_done=is_done)
    world.ports = replace(world.ports, store=broken)
    with pytest.raises(StorageUnavailable):
        await world.browser().report(SIGN_IN)
    assert hands.taken == []
    assert await world.deliver() == []
    world.clock.move(seconds=LEASE_S)
    assert len(await world.deliver()) == int(is_done)


async def test_a_process_that_ends_before_it_hands_over_loses_nothing(world: World, hands: Hands) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    world.clock.move(seconds=LEASE_S)
    (sent,) = await world.deliver()
    assert (await browser.enter(asked, code_in(sent))).outcome == "approved"


async def test_one_that_stood_still_for_so_long_hands_over_nothing(world: World, hands: Hands) -> None:
    asked = await world.browser().report(SIGN_IN)
    world.clock.move(seconds=LEASE_S)
    await deliver_one(world.ports, hands.taken[0])
    assert world.outbox.sent == []
    assert len(await world.deliver()) == len(world.outbox.codes_of(challenge_of(asked).id)) == 1


@dataclass
class StandingStill:
    """Has a place for every message, but the process stands still until it is given."""

    world: World
    places: Places
    seconds: int

    def has(self, sender: str) -> bool:
        return self.places.has(sender)

    async def take(self, sender: str, wait_s: float) -> bool:
        self.world.clock.move(seconds=self.seconds)
        return await self.places.take(sender, wait_s)

    def leave(self, sender: str) -> None:
        self.places.leave(sender)


async def test_one_that_stood_still_before_its_turn_hands_over_no_code_that_is_dead_by_then(
    world: World, hands: Hands
) -> None:
    asked = await world.browser().report(SIGN_IN)
    waiting = replace(world.ports, places=StandingStill(world, world.ports.places, LEASE_S))
    assert await deliver_one(waiting, hands.taken[0]) == NotHandedOver(reason=LEASE_ENDED, retry_after_ms=0)
    assert world.outbox.sent == []
    paid = await world.store.runner.ask(lambda read: read.number("SELECT sum(messages) FROM guard_spending"))
    assert paid == 0, "what was reserved for it is given back"
    assert len(await world.deliver()) == len(world.outbox.codes_of(challenge_of(asked).id)) == 1


async def test_one_whose_time_was_up_before_its_turn_does_not_leave(world: World, hands: Hands) -> None:
    await world.browser().report(SIGN_IN)
    waiting = replace(world.ports, places=StandingStill(world, world.ports.places, 600))
    assert await deliver_one(waiting, hands.taken[0]) == NotHandedOver(reason=EXPIRED, retry_after_ms=None)
    assert world.outbox.sent == await world.deliver() == []


async def test_what_is_given_back_leaves_at_once_with_whoever_claims_it(world: World, hands: Hands) -> None:
    await world.browser().report(SIGN_IN)
    await give_back(world.ports, hands.taken[0])
    assert len(await world.deliver()) == 1


async def test_a_concealed_code_is_claimed_whoever_has_hands_free(world: World, hands: Hands) -> None:
    await world.browser().report(PASSWORD_RESET)
    assert hands.taken == []
    assert len(await world.deliver()) == 1


async def test_a_contact_is_confirmed_the_same_way(world: World, hands: Hands) -> None:
    contact = (await world.user()).contacts[0]
    await world.browser().confirm(contact)
    assert [one.contact.id for one in hands.taken] == [contact.id]


async def test_a_code_that_is_sent_again_is_claimed(world: World, hands: Hands) -> None:
    asked = await world.browser().report(SIGN_IN)
    await deliver_one(world.ports, hands.taken[0])
    world.clock.move(seconds=30)
    await world.send(asked)
    assert len(hands.taken) == 1
    assert len(await world.deliver()) == 1
