"""What an open page is told while it waits: the truth about the message, and nothing about a concealed one."""

from dataclasses import replace

import pytest

from tests.kit.languages import LANGUAGES
from tests.pages.guest import visit
from tests.pages.world import ONE_CAMERA, USER, World
from watchword.domain.action import PASSWORD_RESET
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
        "delivery": "The message is about to leave.",
        "time": "2026-11-03T10:00:00Z",
        "failed": False,
        "settled": False,
    }
    await world.messages()
    assert (await _live(world, challenge))["delivery"] == "The message is on its way."


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


async def _reported(world: World, status: DeliveryStatus, *, next_step: int | None) -> ChallengeView:
    """Start a challenge whose message was taken, and about which the network has said this."""
    challenge = await world.start(**ONE_CAMERA)
    (message,) = await world.store.claim_deliveries(limit=1, lease_s=30)
    await world.store.finish_delivery(message.id, message.tries, replace(_TAKEN, next_step=next_step))
    receipt = Receipt(delivery_id=message.id, provider_message_id="m-1", status=status, reason="30005")
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


async def test_a_message_that_its_first_sender_refused_is_on_its_way_by_another(world: World) -> None:
    challenge = await world.start(**ONE_CAMERA)
    (message,) = await world.store.claim_deliveries(limit=1, lease_s=30)
    refused = NotHandedOver(reason="no", retry_after_ms=None, sender="first", next_step=1)
    await world.store.finish_delivery(message.id, message.tries, refused)
    assert (await _live(world, challenge))["delivery"] == f"The message did not get through. {_LATER}"
