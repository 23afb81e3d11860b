"""What an open page is told while it waits: the truth about the message, and nothing about a concealed one."""

from dataclasses import replace

import pytest

from tests.kit.languages import LANGUAGES
from tests.pages.guest import visit
from tests.pages.world import ONE_CAMERA, USER, World, new_world
from watchword.domain.action import PASSWORD_RESET
from watchword.domain.closures import Closure
from watchword.domain.contact import Channel
from watchword.domain.guards import Counted, Guard
from watchword.domain.instant import DAY_MS, Instant
from watchword.domain.message import DeliveryStatus
from watchword.flow.cancel import cancel
from watchword.flow.show import ChallengeView
from watchword.pages.hosted import create_page_routes
from watchword.ports.sender import Receipt
from watchword.ports.store.outbox import HandedOver, Heard, NotHandedOver


async def _live(world: World, challenge: ChallengeView) -> dict[str, object]:
    guest = await visit(world.site, challenge.url)
    response = await guest.client.get(f"{challenge.url.reveal()}/live")
    assert response.headers["cache-control"] == "no-store"
    news: dict[str, object] = response.json()
    return news


async def test_a_message_is_followed_on_its_way(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    assert await _live(world, challenge) == {
        "state": "pending",
        "takes_code": True,
        "sent_key": "sending.sms",
        "sent": "We are sending a code by text message to \u2068••••\u00a071\u2069.",
        "delivery": "The message is about to leave.",
        "time": "2026-11-03T10:00:00Z",
        "failed": False,
        "settled": False,
    }
    await world.messages()
    news = await _live(world, challenge)
    assert news["delivery"] == "The message is on its way."
    assert news["sent"] == "We sent a code by text message to \u2068••••\u00a071\u2069."


async def test_a_message_that_did_not_arrive_is_the_last_news(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    (message,) = await world.store.claim_deliveries(limit=1, lease_s=30)
    await world.store.finish_delivery(message.id, message.tries, NotHandedOver(reason="gone", retry_after_ms=None))
    news = await _live(world, challenge)
    assert (news["failed"], news["settled"]) == (True, True)
    assert news["delivery"] == "The message could not be delivered. Try another way."


async def test_the_end_of_a_challenge_is_told(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    await cancel(world.ports, world.application, challenge.id, "abandoned")
    assert (await _live(world, challenge))["state"] == "cancelled"


@pytest.mark.parametrize("user_id", [USER, "nobody"])
async def test_nothing_is_told_of_a_concealed_message(world: World, user_id: str) -> None:
    challenge = await world.start(type=PASSWORD_RESET, user_id=user_id, conceal=True)
    await world.messages()
    news = await _live(world, challenge)
    assert (news["delivery"], news["failed"], news["settled"]) == (None, False, False)


async def test_the_page_asks_whether_or_not_it_is_concealed_and_knows_when_its_message_is_settled(world: World) -> None:
    for report in (ONE_CAMERA, {"type": PASSWORD_RESET, "conceal": True}):
        challenge = await world.start(**report)
        html = (await visit(world.site, challenge.url)).page.html
        assert f'data-live="/c/{challenge.token.reveal()}/live">' in html
        assert DeliveryStatus.WITHHELD not in html
    challenge = await world.start(**ONE_CAMERA)
    for message in await world.store.claim_deliveries(limit=100, lease_s=30):
        await world.store.finish_delivery(message.id, message.tries, NotHandedOver(reason="gone", retry_after_ms=None))
    assert "data-settled" in (await visit(world.site, challenge.url)).page.html


async def test_the_tries_that_are_left_are_told_again_after_a_reload(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    assert "tries left" not in guest.page.text
    await world.messages()
    assert "You have 4 tries left." in (await guest.press("Approve", code="000000")).text
    again = await guest.open(challenge.url.reveal())
    assert ("You have 4 tries left." in again.text, again.alerts) == (True, [])


async def test_only_where_there_is_a_local_inbox_the_page_leads_there(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    assert "/dev/inbox" not in (await visit(world.site, challenge.url)).page.html
    world.site.router.routes[:] = create_page_routes(world.ports, LANGUAGES, has_inbox=True)
    assert (await visit(world.site, challenge.url)).page.links["read the message in the local inbox"] == "/dev/inbox"


_TAKEN = HandedOver(
    sender="first", provider="gateway", provider_message_id="m-1", status=DeliveryStatus.SENT, heard=True, next_step=1
)
_LATER = "We are trying another way; the code stays the same."


async def _reported(
    world: World, status: DeliveryStatus, *, next_step: int | None, taken: HandedOver = _TAKEN
) -> ChallengeView:
    """Start a challenge whose message was taken, and about which the network has said this."""
    challenge = await world.start(**ONE_CAMERA)
    (message,) = await world.store.claim_deliveries(limit=1, lease_s=30)
    await world.store.finish_delivery(message.id, message.tries, replace(taken, next_step=next_step))
    receipt = Receipt(delivery_id=message.id, provider_message_id="m-1", status=status, reason="30005")
    if status is not taken.status:
        assert await world.store.record_receipt("first", receipt) is Heard.NEWS
    return challenge


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (DeliveryStatus.UNDELIVERED, f"Your network reports that the message could not be delivered. {_LATER}"),
        (DeliveryStatus.BLOCKED, f"Your network reports that the message could not be delivered. {_LATER}"),
        (
            DeliveryStatus.UNKNOWN,
            "We have not heard whether the message arrived. We are sending it another way; the code stays the same.",
        ),
    ],
)
async def test_while_another_sender_is_asked_the_page_says_so_and_looks_on(
    world: World, status: DeliveryStatus, sentence: str
) -> None:
    challenge = await _reported(world, status, next_step=1)
    news = await _live(world, challenge)
    assert (news["delivery"], news["failed"], news["settled"]) == (sentence, False, False)
    page = (await visit(world.site, challenge.url)).page
    assert sentence in page.text
    assert "data-settled" not in page.html
    await world.messages()
    assert (await _live(world, challenge))["delivery"] == "The message is on its way."


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (DeliveryStatus.UNDELIVERED, "Your network reports that the message could not be delivered. Try another way."),
        (DeliveryStatus.BOUNCED, "This number cannot be reached. Try another way."),
    ],
)
async def test_what_the_network_reports_last_is_said_first(world: World, status: DeliveryStatus, sentence: str) -> None:
    challenge = await _reported(world, status, next_step=None)
    news = await _live(world, challenge)
    assert (news["delivery"], news["failed"], news["settled"]) == (sentence, True, True)
    assert sentence in (await visit(world.site, challenge.url)).page.text


async def test_nothing_more_is_offered_to_an_address_that_is_dead(world: World) -> None:
    challenge = await _reported(world, DeliveryStatus.BOUNCED, next_step=None)
    page = (await visit(world.site, challenge.url)).page
    assert "E-mail to" in page.text
    assert [label for label in ("Send it again", "Call me") if label in page.text] == []


async def test_a_code_that_bounced_is_asked_for_no_more_and_the_page_leads_to_a_new_one(world: World) -> None:
    challenge = await _reported(world, DeliveryStatus.BOUNCED, next_step=None)
    assert (await _live(world, challenge))["takes_code"] is False
    guest = await visit(world.site, challenge.url)
    assert guest.page.html.count('autocomplete="one-time-code"') == 0
    assert "Where shall we send a new code?" in guest.page.text
    assert [form.button for form in guest.page.forms][:2] == ["E-mail to j•••@g•••.example", "This wasn’t me"]
    page = await guest.press("E-mail to")
    assert page.form("Approve").controls["code"]["autocomplete"] == "one-time-code"
    assert (await _live(world, challenge))["takes_code"] is True
    await guest.press("Approve", code=await world.code())
    assert await world.has_grant(challenge.id)


async def test_where_nothing_is_left_after_a_bounce_the_page_says_so_once() -> None:
    world = await new_world(channels=(Channel.SMS, Channel.VOICE))
    challenge = await _reported(world, DeliveryStatus.BOUNCED, next_step=None)
    page = (await visit(world.site, challenge.url)).page
    assert "No code can be sent for this request. Start again from Example Shop, or contact support." in page.text
    assert "more messages can be sent" not in page.text
    assert [form.button for form in page.forms][:1] == ["This wasn’t me"]
    await world.close()


async def test_a_bounce_after_the_arrival_says_nothing_good_of_the_message_any_more(world: World) -> None:
    challenge = await _reported(world, DeliveryStatus.DELIVERED, next_step=None)
    assert "The message was delivered at" in (await visit(world.site, challenge.url)).page.text
    late = Receipt(delivery_id=None, provider_message_id="m-1", status=DeliveryStatus.BOUNCED, reason="550")
    assert await world.store.record_receipt("first", late) is Heard.NEWS
    page = (await visit(world.site, challenge.url)).page
    assert "Where shall we send a new code?" in page.text
    assert "delivered" not in page.text
    assert "code" not in page.forms[0].controls


_SENT = "We sent a code by text message to •••• 71"
_FAILED = "did not arrive. If you have no code, look below for another way."


@pytest.mark.parametrize(
    ("status", "next_step", "said", "unsaid"),
    [
        (DeliveryStatus.ACCEPTED, None, _SENT, "We are sending"),
        (DeliveryStatus.DELIVERED, None, _SENT, "We are sending"),
        (DeliveryStatus.UNKNOWN, None, _SENT, "We are sending"),
        (DeliveryStatus.UNDELIVERED, 1, "We are sending a code by text message to •••• 71", "We sent a code"),
        (DeliveryStatus.UNDELIVERED, None, _FAILED, "We sent a code"),
        (DeliveryStatus.BLOCKED, None, _FAILED, "We sent a code"),
    ],
)
async def test_where_the_code_went_is_true_whatever_became_of_it(
    world: World, status: DeliveryStatus, next_step: int | None, said: str, unsaid: str
) -> None:
    taken = replace(_TAKEN, status=DeliveryStatus.ACCEPTED) if status is DeliveryStatus.ACCEPTED else _TAKEN
    challenge = await _reported(world, status, next_step=next_step, taken=taken)
    guest = await visit(world.site, challenge.url)
    assert said in guest.page.text
    assert unsaid not in guest.page.text
    assert "code" in guest.page.form("Approve").controls


async def test_a_call_that_is_over_is_told_in_the_past(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    await guest.press("Call me on")
    for message in await world.store.claim_deliveries(limit=9, lease_s=30):
        await world.store.finish_delivery(message.id, message.tries, _TAKEN)
    assert "We are calling •••• 71" in (await guest.open(challenge.url.reveal())).text
    done = Receipt(delivery_id=None, provider_message_id="m-1", status=DeliveryStatus.DELIVERED, reason=None)
    await world.store.record_receipt("first", done)
    assert "We called •••• 71" in (await guest.open(challenge.url.reveal())).text


async def test_what_a_guard_blocked_is_not_said_to_have_been_on_its_way(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    (message,) = await world.store.claim_deliveries(limit=1, lease_s=30)
    blocked = NotHandedOver(reason="spending_cap", retry_after_ms=None, status=DeliveryStatus.BLOCKED)
    await world.store.finish_delivery(message.id, message.tries, blocked)
    page = (await visit(world.site, challenge.url)).page
    assert "The message could not be delivered. Try another way." in page.text
    assert "on its way" not in page.text


async def test_while_every_channel_is_closed_for_longer_than_the_challenge_lives_no_button_is_shown() -> None:
    world = await new_world(channels=(Channel.SMS, Channel.VOICE))
    now = world.clock.now()
    closure = Closure(
        application_id=world.application.id,
        guard=Guard.SPENDING,
        channel=None,
        place="US",
        closed_at=now,
        closed_until=Instant(now + DAY_MS),
        times=1,
        counted=Counted(sent=0, completed=0),
        spent=1,
        reached=10**12,
    )
    world.ports.guarding.closures.replace([closure])
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    for page in (guest.page, await guest.open(f"{challenge.url.reveal()}/help")):
        assert "A message can be sent from November 4" in page.text
        assert [form.button for form in page.forms] == ["This wasn’t me", "Cancel and go back to Example Shop"]
    ends = "No code can be sent before this request ends. Start again later from Example Shop, or contact support."
    assert ends in guest.page.text or ends in (await guest.open(challenge.url.reveal())).text
    await world.close()


async def test_what_could_be_sent_only_after_the_end_is_not_offered(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    guest = await visit(world.site, challenge.url)
    world.clock.move(seconds=270)
    await guest.press("Send it again")
    world.clock.move(seconds=1)
    await guest.press("E-mail to")
    buttons = [form.button.split(" •")[0] for form in (await guest.open(challenge.url.reveal())).forms]
    assert buttons[1:3] == ["Call me on", "This wasn’t me"]


async def test_a_message_that_its_first_sender_refused_is_on_its_way_by_another(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    (message,) = await world.store.claim_deliveries(limit=1, lease_s=30)
    refused = NotHandedOver(reason="no", retry_after_ms=None, sender="first", next_step=1)
    await world.store.finish_delivery(message.id, message.tries, refused)
    assert (await _live(world, challenge))["delivery"] == f"The message did not get through. {_LATER}"
