"""What becomes of what somebody types: reading codes, tries, older codes, and the words after the end."""

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from tests.flow.outside import another
from tests.flow.stranger import CountingStore
from tests.flow.world import EMAIL, PHONE, World, challenge_of, email, phone, rules, usd
from watchword.domain.action import PASSWORD_RESET, PURCHASE, SIGN_IN
from watchword.domain.contact import Channel
from watchword.domain.errors import (
    ChallengeEnded,
    CodeNotSent,
    ContactNotUsable,
    NotFound,
    SendsExhausted,
)
from watchword.domain.grant import Assurance
from watchword.domain.ids import ChallengeId, ContactId
from watchword.flow.cancel import cancel
from watchword.flow.check import Checked, check

if TYPE_CHECKING:
    from watchword.ports.store import Store


@pytest.mark.parametrize(
    "form",
    [
        "{}",
        " {} ",
        "{0:.3} {0[3]}{0[4]}{0[5]}",
        "{0:.3}-{0[3]}{0[4]}{0[5]}",
        "Your code is {}.",
        "{0} or {0}",
        "\u200b{}\u2069",
    ],
)
async def test_a_right_code_counts_however_it_is_typed(world: World, form: str) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    assert (await browser.enter(asked, form.format(await world.code_of(asked)))).outcome == "approved"


async def test_a_whole_pasted_message_holds_the_code(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    (message,) = await world.deliver()
    assert (await browser.enter(asked, message.message.text)).outcome == "approved"


async def test_digits_of_any_script_count(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    arabic = (await world.code_of(asked)).translate({0x30 + digit: 0x660 + digit for digit in range(10)})
    assert (await browser.enter(asked, arabic)).outcome == "approved"


@pytest.mark.parametrize("text", ["", "12345", "1234567", "code", "²²²²²²", "123456 654321", "1" * 2_001, "\x00"])
async def test_a_text_without_one_code_spends_no_try(world: World, text: str) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    await world.deliver()
    for _ in range(7):
        malformed = await browser.enter(asked, text)
        assert (malformed.outcome, malformed.attempts_left) == ("malformed", 5)
    assert (await world.view(asked)).attempts_left == 5


async def test_a_resend_repeats_the_code_and_gives_back_no_try(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    code = await world.code_of(asked)
    await browser.guess(asked, 3)
    world.clock.move(seconds=30)
    await world.send(asked)
    assert await world.code_of(asked) == code
    assert [one.to.reveal() for one in world.outbox.sent] == [PHONE, PHONE]
    assert [one.attempts_left for one in await browser.guess(asked, 2)] == [1, 0]
    assert (await browser.enter(asked, code)).outcome == "exhausted"


@pytest.mark.parametrize(("kind", "counted"), [("right", True), ("wrong", True), ("no code", False)])
async def test_an_attempt_is_one_operation_besides_its_count(world: World, kind: str, counted: bool) -> None:
    asked = await world.browser().report(SIGN_IN)
    code = await world.code_of(asked)
    counting = CountingStore(world.ports.store)
    world.ports = replace(world.ports, store=cast("Store", counting))
    await world.check(challenge_of(asked).id, {"right": code, "wrong": another(code)}.get(kind, kind))
    assert counting.calls == ["spend_attempt", "count_attempt"][: 1 + counted]


async def test_a_grant_is_signed_once_though_its_answer_is_kept_too(world: World) -> None:
    asked = await world.browser().report(SIGN_IN)
    code = await world.code_of(asked)
    kept: list[Checked] = []
    given = await check(world.ports, world.shop, challenge_of(asked).id, code, keep=kept.append)
    assert given.grant is not None
    assert kept == [given]
    assert kept[0] is given


async def test_a_switch_makes_a_new_code_and_kills_the_old_one(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    older = await world.code_of(asked)
    await world.send(asked, challenge_of(asked).options[1].id)
    newer = await world.code_of(asked)
    assert older != newer
    superseded = await browser.enter(asked, older)
    assert (superseded.outcome, superseded.attempts_left, superseded.grant) == ("superseded", 4, None)
    approved = await browser.enter(asked, newer)
    assert approved.outcome == "approved"
    assert (await browser.redeem(asked, approved.grant)).assurance is Assurance.EMAIL_CONTROL


async def test_a_voice_call_is_a_switch_too(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    older = await world.code_of(asked)
    view = await world.send(asked, channel=Channel.VOICE)
    assert view.route is not None
    assert view.route.channel is Channel.VOICE
    newer = await world.code_of(asked)
    assert (await browser.enter(asked, older)).outcome == "superseded"
    approved = await browser.enter(asked, newer)
    assert (await browser.redeem(asked, approved.grant)).assurance is Assurance.SIM_CONTROL


async def test_switching_back_does_not_bring_the_first_code_back(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    first = await world.code_of(asked)
    sms, mail = challenge_of(asked).options
    await world.send(asked, mail.id)
    second = await world.code_of(asked)
    world.clock.move(seconds=60)
    await world.send(asked, sms.id)
    third = await world.code_of(asked)
    assert len({first, second, third}) == 3
    assert [(await browser.enter(asked, code)).outcome for code in (first, second, third)] == [
        "superseded",
        "superseded",
        "approved",
    ]


async def test_the_last_try_may_be_spent_by_an_older_code(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    older = await world.code_of(asked)
    await browser.guess(asked, 4)
    await world.send(asked, challenge_of(asked).options[1].id)
    newer = await world.code_of(asked)
    last = await browser.enter(asked, older)
    assert (last.outcome, last.attempts_left) == ("superseded", 0)
    assert (await browser.enter(asked, newer)).outcome == "exhausted"


async def test_an_older_code_charges_the_user_too(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    older = await world.code_of(asked)
    await world.send(asked, challenge_of(asked).options[1].id)
    await world.code_of(asked)
    for _ in range(4):
        await browser.enter(asked, older)
    await browser.guess(asked, 1)
    assert challenge_of(await world.browser().report(SIGN_IN)).code_length == 8


async def test_the_words_after_the_end(world: World) -> None:
    words = []
    for end in ("approved", "cancelled", "denied", "expired"):
        browser = world.browser()
        asked = await browser.report(SIGN_IN)
        code = await world.code_of(asked)
        match end:
            case "approved":
                await browser.enter(asked, code)
            case "cancelled":
                await cancel(world.ports, world.shop, challenge_of(asked).id, "abandoned")
            case "denied":
                await cancel(world.ports, world.shop, challenge_of(asked).id, "not_me")
            case _:
                world.clock.move(seconds=600)
        words += [(await browser.enter(asked, text)).outcome for text in (code, another(code), "no code")]
    assert words == ["already_approved"] * 3 + ["cancelled"] * 3 + ["denied"] * 3 + ["expired"] * 3


async def test_a_second_right_code_earns_no_second_grant(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    code = await world.code_of(asked)
    first, second = await browser.enter(asked, code), await browser.enter(asked, code)
    assert (first.outcome, second.outcome) == ("approved", "already_approved")
    assert (second.grant, second.device) == (None, None)


async def test_a_final_state_absorbs_every_later_word(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    await browser.enter(asked, await world.code_of(asked))
    challenge_id = challenge_of(asked).id
    assert (await cancel(world.ports, world.shop, challenge_id, "abandoned")).state == "approved"
    world.clock.move(days=1)
    assert (await world.view(asked)).state == "approved"
    with pytest.raises(ChallengeEnded):
        await world.send(asked)


async def test_nothing_can_be_typed_before_something_was_sent(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN, send=False)
    assert (challenge_of(asked).route, challenge_of(asked).delivery_status) == (None, None)
    with pytest.raises(CodeNotSent):
        await browser.enter(asked, "123456")
    await world.send(asked)
    assert (await browser.enter(asked, await world.code_of(asked))).outcome == "approved"


@pytest.mark.parametrize("challenge_id", ["chl_unknown", "chl_0tk2njrp5ceszw58j3n4fjkkhtt8r57cadkpv90", ""])
async def test_a_challenge_of_nobody_is_not_found(world: World, challenge_id: str) -> None:
    with pytest.raises(NotFound):
        await world.check(ChallengeId(challenge_id), "123456")
    with pytest.raises(NotFound):
        await cancel(world.ports, world.shop, ChallengeId(challenge_id), "abandoned")


async def test_only_listed_contacts_and_their_channels_can_be_chosen(world: World) -> None:
    asked = await world.browser().report(SIGN_IN)
    sms, mail = challenge_of(asked).options
    for option_id, channel in ((ContactId("ctc_x"), None), (sms.id, Channel.EMAIL), (mail.id, Channel.SMS)):
        with pytest.raises(ContactNotUsable):
            await world.send(asked, option_id, channel)


async def test_a_channel_alone_finds_the_contact_that_has_it(world: World) -> None:
    asked = await world.browser().report(SIGN_IN)
    view = await world.send(asked, channel=Channel.EMAIL)
    assert view.route is not None
    assert view.route.masked == "a•••@h•••.example"


async def test_switches_count_as_sends(world: World) -> None:
    asked = await world.browser().report(SIGN_IN)
    sms, mail = challenge_of(asked).options
    for option_id, channel in ((sms.id, Channel.VOICE), (mail.id, None)):
        await world.send(asked, option_id, channel)
    world.clock.move(seconds=120)
    await world.send(asked, sms.id, Channel.SMS)
    world.clock.move(seconds=120)
    await world.send(asked, mail.id)
    with pytest.raises(SendsExhausted):
        await world.send(asked, sms.id, Channel.VOICE)


async def test_a_contact_that_is_removed_kills_the_code_that_went_to_it(world: World) -> None:
    """The phone is removed with a proof over the mailbox while a stranger waits for a code over the phone."""
    await world.register(phone(), email(preferred=True))
    owner, stranger = await world.known_browser(), world.browser()
    gone = await world.contact(PHONE)
    removal = await owner.report("account_update", details={"field": "phone", "old_contact": gone.id})
    approved = await owner.enter(removal, await world.code_of(removal))
    asked = await stranger.report(SIGN_IN, conceal=False)
    await world.send(asked, gone.id)
    await world.deliver()
    code = world.outbox.codes_of(challenge_of(asked).id)[-1]
    await world.register(email(preferred=True), grant=approved.grant)
    assert (await stranger.enter(asked, code)).outcome == "cancelled"
    listed = challenge_of(await world.browser().report(SIGN_IN)).options
    world.clock.move(days=3)
    assert gone.id not in {option.id for option in challenge_of(await world.browser().report(SIGN_IN)).options}
    assert len(listed) == 2, "the word of a mailbox alone waits while there is a phone"


async def test_the_code_of_a_challenge_opens_no_other(world: World) -> None:
    browser = world.browser()
    first, second = await browser.report(SIGN_IN), await browser.report(PURCHASE, amount=usd("600.00"))
    code = await world.code_of(first)
    assert (await browser.enter(second, code)).outcome == "incorrect"
    assert rules(first) != rules(second)


async def test_a_reset_in_the_open_lane_needs_eight_digits_and_in_the_own_lane_six(world: World) -> None:
    owner = await world.known_browser()
    for browser, length in ((world.browser(), 8), (owner, 6)):
        asked = await browser.report(PASSWORD_RESET)
        assert challenge_of(asked).code_length == len(await world.code_of(asked)) == length
    assert {one.to.reveal() for one in world.outbox.sent} <= {PHONE, EMAIL}
