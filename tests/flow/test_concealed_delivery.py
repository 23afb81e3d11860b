"""Concealment where messages go wrong (I17): what guards shut and what bounces tells no stranger of anybody."""

from typing import Final

import pytest

from tests.flow.stranger import Person, Script, answer_or_refusal, transcript_of, work_of
from tests.flow.world import PHONE, World, challenge_of, email, phone
from watchword.adapters.letters import CatalogueLetters
from watchword.domain.action import PASSWORD_RESET, SIGN_IN
from watchword.domain.closures import Closure
from watchword.domain.contact import Channel
from watchword.domain.errors import DeliveryFailed
from watchword.domain.guards import PREFIX_DROPS, Counted, Guard
from watchword.domain.instant import DAY_MS, Instant
from watchword.domain.message import DeliveryStatus
from watchword.risk.policy import Policy

DEAD: Final = DeliveryFailed("550 no such user", retryable=False, status=DeliveryStatus.BOUNCED)
PREMIUM: Final = "+19005550123"
FIXED: Final = "+493012345678"


async def _nobody(_world: World) -> None:
    """Leave the id unknown."""


async def _bounced(world: World, times: int) -> None:
    await world.register()
    world.outbox.failure = DEAD
    for _ in range(times):
        await world.browser(ip=None).report(SIGN_IN)
        await world.deliver()
    world.outbox.failure = None


async def _one_dead(world: World) -> None:
    await _bounced(world, 1)


async def _both_dead(world: World) -> None:
    await _bounced(world, 2)


async def _premium(world: World) -> None:
    await world.register(phone(PREMIUM))


async def _fixed(world: World) -> None:
    await world.register(phone(FIXED), email())


def _close(world: World, guard: Guard, channel: Channel | None, place: str) -> None:
    now = world.clock.now()
    closure = Closure(
        application_id=world.shop.id,
        guard=guard,
        channel=channel,
        place=place,
        closed_at=now,
        closed_until=Instant(now + DAY_MS),
        times=1,
        counted=Counted(sent=20, completed=0),
        spent=1,
        reached=10**12,
    )
    world.ports.guarding.closures.replace([closure])


async def _in_a_closed_range(world: World) -> None:
    await world.register(phone())
    _close(world, Guard.PREFIX, Channel.SMS, PHONE[:-PREFIX_DROPS])


async def _in_a_country_that_cost_enough(world: World) -> None:
    await world.register(phone())
    _close(world, Guard.SPENDING, None, "US")


PEOPLE: Final[dict[str, Person]] = {
    "one dead": _one_dead,
    "both dead": _both_dead,
    "premium number": _premium,
    "fixed line": _fixed,
    "closed range": _in_a_closed_range,
    "cap reached": _in_a_country_that_cost_enough,
}


async def _ask_again_and_again(world: World) -> list[object]:
    """Guess and ask for messages over each way, while everything that leaves bounces, and after that."""
    browser = world.browser()
    asked = await browser.report(PASSWORD_RESET)
    first, second = challenge_of(asked).options
    seen: list[object] = [asked]
    for number, (wait_s, option, channel) in enumerate(
        (
            (0, None, None),
            (30, None, None),
            (60, first.id, None),
            (120, second.id, None),
            (120, first.id, Channel.VOICE),
        )
    ):
        world.clock.move(seconds=wait_s)
        world.outbox.failure = DEAD if number % 2 else None
        seen += [await answer_or_refusal(world.send(asked, option, channel)), await world.view(asked)]
        await world.deliver()
        world.outbox.failure = None
        seen += [await browser.enter(asked, f"0000000{number}"), await world.view(asked)]
    return seen


async def _never_sent(world: World) -> list[object]:
    browser = world.browser()
    asked = await browser.report(PASSWORD_RESET, send=False)
    return [asked, await browser.enter(asked, "00000000"), await answer_or_refusal(world.send(asked))]


@pytest.mark.parametrize("script", [_ask_again_and_again, _never_sent], ids=lambda one: one.__name__.strip("_"))
async def test_nobody_can_tell_an_unknown_user_from_one_who_cannot_be_reached(
    policy: Policy, letters: CatalogueLetters, script: Script
) -> None:
    expected = await transcript_of(policy, letters, _nobody, script)
    for name, person in PEOPLE.items():
        assert await transcript_of(policy, letters, person, script) == expected, name


async def test_the_store_works_as_often_for_one_who_cannot_be_reached(
    policy: Policy, letters: CatalogueLetters
) -> None:
    expected = await work_of(policy, letters, _nobody, _never_sent)
    for name, person in PEOPLE.items():
        assert await work_of(policy, letters, person, _never_sent) == expected, name
