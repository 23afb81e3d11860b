"""Getting the code again, another way, or help: real paths, and the server's time counts."""

from dataclasses import replace

import pytest

from tests.pages.guest import visit
from tests.pages.world import ONE_CAMERA, USER, World, new_world
from watchword.domain.action import PASSWORD_RESET
from watchword.domain.contact import Channel
from watchword.domain.ids import UserId
from watchword.domain.limits import Limits
from watchword.domain.message import DeliveryStatus
from watchword.ports.store.outbox import NotHandedOver

BUTTONS = [
    "Approve 1,299.00 USD",
    "Send it again",
    "Call me on •••• 71 the number ending in 7 1",
    "E-mail to j•••@g•••.example",
]


async def test_every_other_way_is_a_button(world: World) -> None:
    guest = await visit(world.site, (await world.start(**ONE_CAMERA)).url)
    assert [form.button for form in guest.page.forms][:4] == BUTTONS


async def test_asking_too_early_is_answered_with_the_seconds_that_are_left(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    assert "You can ask again in 30 seconds." in guest.page.text
    world.clock.move(seconds=5.5)
    page = await guest.press("Send it again")
    assert (page.status, page.response.headers["retry-after"]) == (429, "25")
    assert "You can ask for another message in 25 seconds." in page.text
    assert (await guest.open(page.links["Open the page again"])).status == 200
    assert (await world.read(challenge.id)).sends == 1


async def test_a_long_wait_is_told_by_the_clock_and_not_in_thousands_of_seconds() -> None:
    world = await new_world(limits=replace(Limits(), sends_per_contact_hour=1))
    guest = await visit(world.site, (await world.start(**ONE_CAMERA)).url)
    world.clock.move(seconds=30)
    page = await guest.press("Send it again")
    assert (page.status, page.response.headers["retry-after"]) == (429, "3570")
    assert "A message can be sent from" in page.text
    assert "seconds" not in page.text
    await world.close()


async def test_the_same_way_again_repeats_the_code(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    code = await world.code()
    world.clock.move(seconds=30)
    page = await guest.press("Send it again")
    assert "We are sending the same code again." in page.text
    assert await world.code() == code
    assert "3 more messages can be sent for this request." in page.text


async def test_another_way_makes_a_new_code_and_the_old_one_is_said_to_be_old(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    old = await world.code()
    page = await guest.press("E-mail to")
    assert "A new code is on its way. Codes from before no longer work." in page.text
    assert "We are sending a code by e-mail to j•••@g•••.example" in page.text
    page = await guest.press("Approve", code=old)
    assert page.alerts == ["That was an older code. Use the one in the latest message. You have 4 tries left."]
    await guest.press("Approve", code=await world.code())
    assert await world.has_grant(challenge.id)


async def test_a_call_is_told_as_a_call(world: World) -> None:
    guest = await visit(world.site, (await world.start(**ONE_CAMERA)).url)
    page = await guest.press("Call me on")
    assert "We are about to call •••• 71" in page.text
    assert "Call me again" in [form.button for form in page.forms]


async def test_when_all_messages_are_used_nothing_more_is_offered(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    resend = guest.page.form("Call me on")
    for button in ("Call me on", "E-mail to", "Text message to", "Call me on"):
        await guest.press(button)
        await guest.open(challenge.url.reveal())
        world.clock.move(seconds=60)
    page = guest.page
    assert [form.button for form in page.forms] == [
        "Approve 1,299.00 USD",
        "This wasn’t me",
        "Cancel and go back to Example Shop",
    ]
    assert "No more messages can be sent for this request." in page.text
    page = await guest.send(resend.action, resend.fields)
    assert page.alerts == ["No more messages can be sent for this request. Use the code you have, or start again."]


@pytest.mark.parametrize(
    "choice",
    [
        {"contact": "ctc_somebody_else", "channel": "sms"},
        {"contact": "ctc_somebody_else"},
        {"channel": "pigeon"},
        {"channel": "SMS"},
        {"contact": "\x00" * 500, "channel": "email"},
    ],
)
async def test_a_way_that_is_not_there_is_refused_and_nothing_is_sent(world: World, choice: dict[str, str]) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    page = await guest.press("Send it again", **choice)
    assert page.alerts == ["We cannot send a code that way now. Choose another way."]
    assert page.title.startswith("Error: ")
    assert (await world.read(challenge.id)).sends == 1


async def test_before_the_first_message_the_page_asks_where_to_send_it(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA, send=False)
    guest = await visit(world.site, challenge.url)
    assert "Where shall we send your code?" in guest.page.text
    ways = ["Text message to •••• 71 the number ending in 7 1", *BUTTONS[2:], "This wasn’t me"]
    assert [form.button for form in guest.page.forms][:4] == ways
    form = guest.page.form("This wasn’t me")
    page = await guest.send(f"/c/{challenge.token.reveal()}", {**form.fields, "code": "123456"})
    assert page.alerts == ["No code was sent yet. Choose where to send it."]
    await guest.press("E-mail to")
    await guest.press("Approve", code=await world.code())
    assert await world.has_grant(challenge.id)


@pytest.mark.parametrize(
    ("retry_after_ms", "said"),
    [(None, "The message could not be delivered. Try another way."), (60_000, "The message is about to leave.")],
)
async def test_the_page_tells_what_is_known_of_the_message(world: World, retry_after_ms: int | None, said: str) -> None:
    challenge = await world.start(**ONE_CAMERA)
    (delivery,) = await world.ports.store.claim_deliveries(limit=1, lease_s=30)
    await world.ports.store.finish_delivery(
        delivery.id, delivery.tries, NotHandedOver(reason="off", retry_after_ms=retry_after_ms)
    )
    guest = await visit(world.site, challenge.url)
    assert said in guest.page.text


async def test_a_sent_message_is_said_to_be_on_its_way(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    await world.messages()
    assert (await world.read(challenge.id)).delivery_status is DeliveryStatus.SENT
    assert "The message is on its way." in (await visit(world.site, challenge.url)).page.text


async def test_the_help_page_has_every_real_path() -> None:
    world = await new_world(support="Write to help@shop.example, we answer within the hour.")
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    page = await guest.open(guest.page.links["More help"])
    assert "Check that •••• 71" in page.text
    assert "Write to help@shop.example, we answer within the hour." in page.text
    assert challenge.reference in page.text
    assert [form.button for form in page.forms][:3] == BUTTONS[1:]
    assert "Choose another contact above." in page.text
    await guest.press("E-mail to")
    assert "We are sending a code by e-mail" in guest.page.text
    assert "the spam or junk folder too" in (await guest.open(guest.page.links["More help"])).text
    await world.close()


async def test_the_help_page_of_an_ended_challenge_says_how_it_ended(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    await guest.press("This wasn’t me")
    assert "Stopped" in (await guest.open(f"{challenge.url.reveal()}/help")).text


async def _concealed(user_id: str) -> list[str]:
    """Walk through a reset for somebody, in a world of its own; return the pages without what names the challenge."""
    world = await new_world()
    challenge = await world.start(type=PASSWORD_RESET, user_id=UserId(user_id))
    guest = await visit(world.site, challenge.url)
    pages = [guest.page, await guest.open(f"{challenge.url.reveal()}/help")]
    pages.append(await guest.press("E-mail to"))
    await guest.open(challenge.url.reveal())
    world.clock.move(seconds=30)
    pages += [await guest.press("E-mail to"), await guest.press("Reset my password", code="00000000")]
    world.clock.move(seconds=60)
    pages += [await guest.press("Text message to"), await guest.press("Send it again")]
    await world.close()
    names = [challenge.token.reveal(), challenge.id, challenge.reference]
    names += [value for page in pages for form in page.forms for key, value in form.fields.items() if key != "channel"]
    texts = [f"{page.status} {page.html}" for page in pages]
    for name in names:
        texts = [text.replace(name, "…") for text in texts]
    return texts


async def test_a_concealed_challenge_looks_the_same_for_somebody_and_for_nobody() -> None:
    known, unknown = await _concealed(USER), await _concealed("nobody")
    assert known == unknown
    assert [text[:3] for text in known] == ["200", "200", "429", "200", "200", "200", "429"]
    assert "If this account exists and can be reached, a code is on its way" in known[0]
    assert "A message can be sent in 30 seconds." in known[0]
    assert "Use a device that you have used with" in known[1]
    assert "If this account can be reached that way, a message is on its way." in known[3]
    assert not any("••• " in text or "g•••" in text for text in known)


async def test_a_concealed_challenge_is_approved_on_its_page(world: World) -> None:
    challenge = await world.start(type=PASSWORD_RESET)
    guest = await visit(world.site, challenge.url)
    await guest.press("Reset my password", code=await world.code())
    assert await world.has_grant(challenge.id)


async def test_only_the_channels_that_are_there_are_offered() -> None:
    world = await new_world(channels=(Channel.EMAIL,))
    guest = await visit(world.site, (await world.start(**ONE_CAMERA)).url)
    assert [form.button for form in guest.page.forms][1:3] == ["Send it again", "This wasn’t me"]
    await world.close()
