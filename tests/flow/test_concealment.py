"""Concealment (I17): what a stranger sees of a password reset is the same, whoever the account belongs to.

Each test lets one script of calls run against shops in which the same user id stands for very different people, and
compares everything that was answered, apart from ids, tokens, references and links, whose form is compared instead.
"""

from dataclasses import replace
from typing import Any, Final, cast

import pytest

from tests.flow.outside import another, notice_token_in
from tests.flow.stranger import Person, Script, answer_or_refusal, transcript_of, work_of
from tests.flow.world import PHONE, World, challenge_of, email, phone, usd
from tests.kit.clock_and_chance import HurriedPatience
from watchword.adapters.letters import CatalogueLetters
from watchword.domain.action import ACCOUNT_UPDATE, PASSWORD_RESET, PURCHASE, SIGN_IN, Decision
from watchword.domain.contact import Channel
from watchword.domain.ids import ContactId
from watchword.flow.cancel import cancel
from watchword.flow.dispute import by_notice
from watchword.flow.issue import CONCEALED_STEP_S
from watchword.flow.order import send
from watchword.ports.keyring import Keyring, Purpose
from watchword.ports.store.values import OwnersWord
from watchword.risk.policy import Policy


async def _nobody(_world: World) -> None:
    """Leave the id unknown."""


async def _both(world: World) -> None:
    await world.register()


async def _mailbox_first(world: World) -> None:
    await world.register(phone(), email(preferred=True))


async def _phone_only(world: World) -> None:
    await world.register(phone())


async def _mailbox_only(world: World) -> None:
    await world.register(email())


async def _unconfirmed(world: World) -> None:
    await world.register(phone(confirmed=False), email(confirmed=False))


async def _emptied(world: World) -> None:
    await world.register()
    await world.ports.store.erase_user(world.ref())


async def _locked(world: World) -> None:
    """Spend the open lane without a challenge of the type that is asked for later."""
    await world.register()
    browser = world.browser(ip=None)
    for _ in range(8):
        await browser.guess(await browser.report(SIGN_IN, send=False, conceal=True), 5)
    world.clock.move(hours=1)


async def _flooded(world: World) -> None:
    """Use up what the open lane may send to both contacts."""
    await world.register()
    for _ in range(10):
        await world.browser(ip=None).report(SIGN_IN)


async def _disputed(world: World) -> None:
    await world.register()
    asked = await world.browser(ip=None).report(SIGN_IN)
    await world.browser().enter(asked, await world.code_of(asked))
    await world.ports.store.dispute_challenge(challenge_of(asked).id)


async def _reset_lately(world: World) -> None:
    """Have a contact that is not enough for an account update, and a reason that would say so."""
    await world.register()
    await world.browser(ip=None).prove(PASSWORD_RESET)
    world.clock.move(hours=1)


PEOPLE: Final = {
    "both": _both,
    "mailbox first": _mailbox_first,
    "phone only": _phone_only,
    "mailbox only": _mailbox_only,
    "unconfirmed": _unconfirmed,
    "erased": _emptied,
    "locked": _locked,
    "flooded": _flooded,
    "disputed": _disputed,
    "reset lately": _reset_lately,
}


async def _tries_to_the_end(world: World) -> list[object]:
    """Wrong codes, texts that are none, and what is answered after the last try."""
    browser = world.browser()
    asked = await browser.report(PASSWORD_RESET)
    seen: list[object] = [asked]
    for text in (
        "00000000",
        "no code",
        "1234",
        "00000001",
        "0" * 2_001,
        "00000002",
        "00000003",
        "00000004",
        "1",
        "00000005",
    ):
        seen += [await browser.enter(asked, text), await world.view(asked)]
    return [*seen, await answer_or_refusal(world.send(asked)), await browser.claim(asked)]


async def _resends(world: World) -> list[object]:
    """Every way to ask for another message, at once and after each wait."""
    asked = await world.browser().report(PASSWORD_RESET)
    first, second = challenge_of(asked).options
    seen: list[object] = [asked]
    for wait_s, option, channel in (
        (0, None, None),
        (0, first.id, None),
        (0, second.id, None),
        (0, first.id, Channel.VOICE),
        (29.999, None, None),
        (0.001, second.id, None),
        (0, first.id, None),
        (59, second.id, None),
        (1, first.id, Channel.VOICE),
        (120, None, None),
        (120, second.id, Channel.EMAIL),
        (120, first.id, None),
    ):
        world.clock.move(seconds=wait_s)
        seen += [await answer_or_refusal(world.send(asked, option, channel)), await world.view(asked)]
    return seen


async def _mistakes(world: World) -> list[object]:
    asked = await world.browser().report(PASSWORD_RESET)
    world.clock.move(seconds=30)
    first, second = challenge_of(asked).options
    return [
        await answer_or_refusal(world.send(asked, ContactId("ctc_nothing"))),
        await answer_or_refusal(world.send(asked, first.id, Channel.EMAIL)),
        await answer_or_refusal(world.send(asked, second.id, Channel.SMS)),
        await answer_or_refusal(world.send(asked, None, Channel.EMAIL)),
        await world.view(asked),
    ]


async def _not_sent(world: World) -> list[object]:
    browser = world.browser()
    asked = await browser.report(PASSWORD_RESET, send=False)
    seen: list[object] = [asked, await browser.enter(asked, "00000000")]
    for option in (None, *(option.id for option in challenge_of(asked).options)):
        seen += [await answer_or_refusal(world.send(asked, option)), await world.view(asked)]
    return seen


async def _starts(world: World) -> list[object]:
    """Start until the user's limit, from one address and from many."""
    browsers = [world.browser(ip=f"198.51.100.{number}") for number in range(12)]
    seen = [await answer_or_refusal(browser.report(PASSWORD_RESET)) for browser in browsers]
    world.clock.move(hours=1)
    return [*seen, await answer_or_refusal(world.browser().report(PASSWORD_RESET))]


async def _ends(world: World) -> list[object]:
    browser = world.browser()
    abandoned, expired = await browser.report(PASSWORD_RESET), await browser.report(PASSWORD_RESET)
    cancelled = await cancel(world.ports, world.shop, challenge_of(abandoned).id, "abandoned")
    world.clock.move(seconds=600)
    return [
        cancelled,
        await browser.enter(abandoned, "00000000"),
        await world.view(expired),
        await browser.enter(expired, "00000000"),
        await browser.claim(expired),
        await answer_or_refusal(world.send(expired)),
    ]


async def _other_types(world: World) -> list[object]:
    """What is concealed by wish, with all that its challenge shows and a wrong code."""
    browser = world.browser()
    asked = [
        await browser.report("withdrawal", conceal=True),
        await browser.report(PURCHASE, conceal=True, amount=usd("900.00")),
        await browser.report(ACCOUNT_UPDATE, conceal=True),
    ]
    return [*asked, *[await world.view(one) for one in asked], *[await browser.enter(one, "00000000") for one in asked]]


SCRIPTS: Final = (_tries_to_the_end, _resends, _mistakes, _not_sent, _starts, _ends, _other_types)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__.strip("_"))
async def test_nobody_can_tell_an_unknown_user_from_any_other(
    policy: Policy, letters: CatalogueLetters, script: Script
) -> None:
    expected = await transcript_of(policy, letters, _nobody, script)
    for name, person in PEOPLE.items():
        assert await transcript_of(policy, letters, person, script) == expected, name


async def test_spending_the_open_lane_shows_nowhere(policy: Policy, letters: CatalogueLetters) -> None:
    async def forty_guesses_and_more(world: World) -> list[object]:
        browser, seen = world.browser(), list[object]()
        for number in range(12):
            asked = await browser.report(PASSWORD_RESET, ip=f"198.51.100.{number}")
            seen += [asked, *[await browser.enter(asked, "00000000") for _ in range(6)]]
            world.clock.move(hours=1)
        return seen

    transcripts = [
        await transcript_of(policy, letters, who, forty_guesses_and_more) for who in (_nobody, _both, _locked)
    ]
    assert transcripts[0] == transcripts[1] == transcripts[2]


async def test_a_denying_rule_shows_nowhere_either(policy: Policy, letters: CatalogueLetters) -> None:
    barring = replace(policy, rules=tuple(replace(rule, then=Decision.DENY) for rule in policy.rules))
    expected = await transcript_of(policy, letters, _nobody, _tries_to_the_end)
    assert await transcript_of(barring, letters, _both, _tries_to_the_end) == expected


@pytest.mark.parametrize(
    "script", [_tries_to_the_end, _resends, _starts], ids=lambda script: script.__name__.strip("_")
)
async def test_the_store_works_as_often_for_an_unknown_user_as_for_any_other(
    policy: Policy, letters: CatalogueLetters, script: Script
) -> None:
    """Each operation that writes is a commit to the disk, long enough to be measured from far away."""
    expected = await work_of(policy, letters, _nobody, script)
    for name in ("phone only", "mailbox only", "both", "unconfirmed", "erased", "locked"):
        assert await work_of(policy, letters, PEOPLE[name], script) == expected, name


class _CountingKeyring:
    """Passes every call on to a real keyring and counts the keyed hashes of codes."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self.codes_hashed = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._keyring, name)

    def mac(self, purpose: Purpose, *parts: bytes, key_id: str | None = None) -> bytes:
        self.codes_hashed += purpose is Purpose.CODE
        return self._keyring.mac(purpose, *parts, key_id=key_id)


@pytest.mark.parametrize("person", [_nobody, _both, _locked], ids=lambda person: person.__name__.strip("_"))
async def test_a_guess_is_hashed_once_whether_or_not_there_is_a_code(
    policy: Policy, letters: CatalogueLetters, person: Person
) -> None:
    world = World.create(policy, letters=letters)
    await person(world)
    asked = await world.browser().report(PASSWORD_RESET)
    counting = _CountingKeyring(world.ports.keyring)
    world.ports = replace(world.ports, keyring=cast("Keyring", counting))
    assert (await world.check(challenge_of(asked).id, "00000000")).outcome == "incorrect"
    assert counting.codes_hashed == 1
    await world.close()


async def test_the_owner_gets_his_code_all_the_same_and_goes_on_with_it(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(PASSWORD_RESET)
    assert challenge_of(asked).route is None
    approved = await browser.enter(asked, await world.code_of(asked))
    assert approved.outcome == "approved"
    assert (await browser.redeem(asked, approved.grant)).action_id == asked.action.id


async def test_the_options_lead_to_the_best_contact_of_their_kind(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(PASSWORD_RESET)
    world.clock.move(seconds=30)
    await world.deliver()
    await world.send(asked, challenge_of(asked).options[1].id)
    await world.deliver()
    assert [one.to.reveal() for one in world.outbox.sent] == [PHONE, "ada@home.example"]
    codes = world.outbox.codes_of(challenge_of(asked).id)
    assert (await browser.enter(asked, codes[-1])).outcome == "approved"


async def test_a_code_still_counts_after_a_later_send_was_silently_left_out(world: World) -> None:
    await world.register(phone(), email())
    browser = world.browser()
    for _ in range(4):
        await browser.report(SIGN_IN)
    asked = await browser.report(PASSWORD_RESET)
    code = await world.code_of(asked)
    world.clock.move(seconds=30)
    await world.send(asked)
    assert (await world.deliver()) == []
    assert (await browser.enter(asked, code)).outcome == "approved"


async def test_a_send_that_was_left_out_can_be_made_once_its_contact_has_room(world: World) -> None:
    """The phone has its code; the mailbox is full when it is asked for, and has room two minutes later."""
    browser = world.browser()
    await world.register(phone(), email(preferred=True))
    for _ in range(5):
        await browser.report(SIGN_IN)
    world.clock.move(hours=1, seconds=-60)
    asked = await browser.report(PASSWORD_RESET)
    await world.code_of(asked)
    world.clock.move(seconds=30)
    await world.send(asked, challenge_of(asked).options[1].id)
    assert await world.deliver() == []
    world.clock.move(seconds=60)
    await world.send(asked)
    (message,) = await world.deliver()
    assert message.channel is Channel.EMAIL
    assert (await browser.enter(asked, await world.code_of(asked))).outcome == "approved"


async def test_a_code_that_was_killed_on_its_way_shows_nowhere(world: World) -> None:
    """Found by a simulated life: the owner takes a contact back that has just carried a stranger's code."""
    await world.register(phone(), email(), email("new@home.example", preferred=True))
    undo = notice_token_in((await world.deliver())[0])
    added = world.browser()
    asked = await added.confirm(await world.contact("new@home.example"))
    await added.enter(asked, await world.code_of(asked))
    world.clock.move(days=4)
    stranger = world.browser()
    asked = await stranger.report(PASSWORD_RESET)
    code = await world.code_of(asked)
    assert [one.to.reveal() for one in world.outbox.sent][-1] == "new@home.example"
    assert await by_notice(world.ports, undo) is OwnersWord.UNDONE
    wrong = await stranger.enter(asked, another(code))
    assert (wrong.outcome, wrong.attempts_left) == ("incorrect", 4)


async def test_a_guess_beyond_the_budget_is_not_compared(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(PASSWORD_RESET)
    code = await world.code_of(asked)
    other = world.browser(ip=None)
    for _ in range(8):
        await other.guess(await other.report(SIGN_IN, send=False, conceal=True), 5)
    right = await browser.enter(asked, code)
    assert (right.outcome, right.attempts_left) == ("incorrect", 4)


async def test_a_known_device_is_told_no_more_than_a_stranger_but_gets_a_short_code(world: World) -> None:
    browser = await world.known_browser()
    asked = await browser.report(PASSWORD_RESET)
    challenge = challenge_of(asked)
    assert (challenge.code_length, challenge.route, len(challenge.options)) == (6, None, 2)
    assert asked.advice == ()
    stranger = challenge_of(await world.browser().report(PASSWORD_RESET))
    assert stranger.code_length == 8


async def test_any_action_can_be_concealed_and_then_always_asks(world: World) -> None:
    browser = await world.known_browser()
    assert (await browser.report(SIGN_IN)).decision is Decision.ALLOW
    hidden = await browser.report(SIGN_IN, conceal=True)
    assert (hidden.decision, hidden.score, hidden.terms) == (Decision.CHALLENGE, 0.0, ())


async def _steps_of(world: World, *, conceal: bool) -> list[float]:
    """Ask for a reset and for a further message, and return in which steps of time the answers came."""
    patience = HurriedPatience()
    world = replace(world, ports=replace(world.ports, patience=patience))
    opened = challenge_of(await world.browser().report(PASSWORD_RESET, conceal=conceal))
    world.clock.move(seconds=60)
    await send(world.ports, world.shop, opened.id, None, None)
    return patience.in_steps_s


@pytest.mark.parametrize("person", [_nobody, _both], ids=lambda person: person.__name__.strip("_"))
async def test_whatever_is_concealed_is_answered_in_steps_of_time(world: World, person: Person) -> None:
    await person(world)
    assert await _steps_of(world, conceal=True) == [CONCEALED_STEP_S] * 2


async def test_whatever_is_not_concealed_is_answered_at_once(world: World) -> None:
    await world.register()
    assert await _steps_of(world, conceal=False) == []
