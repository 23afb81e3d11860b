"""Where providers call: only what is signed is taken, nothing is told, and a call says a code only while it is live."""

from dataclasses import replace
from typing import Any

import pytest
from httpx2 import Response

from tests.api.world import ADDRESS_BASE, SHOP, World
from tests.flow.ailing_store import ailing
from tests.kit.gateway import GatewaySender, path_of, receipts, sign
from watchword.domain.contact import Channel
from watchword.domain.message import DeliveryStatus, Envelope, written
from watchword.domain.routes import Place, Routes
from watchword.flow.deliver import deliver_once
from watchword.ports.sender import Handover, speak_url


class Kept:
    """Keeps what it is given instead of handing it on; its provider calls as the gateway does."""

    def __init__(self) -> None:
        gateway = GatewaySender("http://127.0.0.1:1")
        self.read, self.speak = gateway.read, gateway.speak
        self.sent: list[Envelope] = []

    async def send(self, envelope: Envelope) -> Handover:
        self.sent.append(envelope)
        return Handover(provider="gateway", provider_message_id=None, status=DeliveryStatus.ACCEPTED)


class Silent:
    """A sender whose provider never calls."""

    async def send(self, envelope: Envelope) -> Handover:
        raise NotImplementedError(envelope.delivery_id)


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def served(world: World, kept: Kept) -> World:
    """Gives the API with a gateway for text messages and calls."""
    orders: dict[Place, tuple[str, ...]] = {(SHOP, one, None): ("gateway",) for one in (Channel.SMS, Channel.VOICE)}
    world.ports = replace(
        world.ports,
        senders={"gateway": kept, "silent": Silent()},
        routes=Routes(orders=orders, receipt_within_s={"gateway": 45}),
    )
    return world.beside()


async def _sent(served: World, kept: Kept) -> tuple[dict[str, Any], Envelope, str]:
    await served.register()
    action = await served.act()
    await deliver_once(served.ports, limit=1)
    [envelope] = kept.sent
    assert envelope.callback_url is not None
    return action["challenge"], envelope, envelope.callback_url


async def _call(served: World, url: str, body: bytes, *, signed: bool = True) -> Response:
    headers = sign(url, body) if signed else {}
    async with served.client("") as client:
        return await client.post(path_of(url), content=body, headers=headers)


async def _delivery(served: World, challenge: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = (await served.get(f"/v1/challenges/{challenge['id']}")).json()["delivery"]
    return answer


async def test_a_signed_receipt_is_taken_and_nothing_is_told(served: World, kept: Kept) -> None:
    challenge, envelope, url = await _sent(served, kept)
    assert (await _delivery(served, challenge))["status"] == "accepted"
    answer = await _call(served, url, receipts((envelope.delivery_id, "delivered", "")))
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await _delivery(served, challenge))["status"] == "delivered"
    assert (await served.get(f"/v1/challenges/{challenge['id']}")).json()["state"] == "pending"


async def test_a_receipt_that_is_not_the_provider_s_changes_nothing(served: World, kept: Kept) -> None:
    challenge, envelope, url = await _sent(served, kept)
    told = receipts((envelope.delivery_id, "undelivered", "30005"))
    assert (await _call(served, url, told, signed=False)).status_code == 403
    elsewhere = url.replace("shop.example", "else.example")
    async with served.client("") as client:
        answer = await client.post(path_of(url), content=told, headers=sign(elsewhere, told))
    assert (answer.status_code, answer.content) == (403, b"")
    assert (await _delivery(served, challenge))["status"] == "accepted"


@pytest.mark.parametrize("delivery", [None, "dlv_unknown", "nonsense", "dlv_" + "0" * 40])
async def test_a_receipt_for_nobody_is_answered_alike(served: World, delivery: str | None) -> None:
    url = f"{ADDRESS_BASE}/callbacks/gateway?delivery=dlv_x"
    assert (await _call(served, url, receipts((delivery, "delivered", "")))).status_code == 204


async def test_a_failure_without_another_sender_is_told_as_it_is(served: World, kept: Kept) -> None:
    challenge, envelope, url = await _sent(served, kept)
    await _call(served, url, receipts((envelope.delivery_id, "undelivered", "30005 unknown handset")))
    delivery = await _delivery(served, challenge)
    assert (delivery["status"], delivery["going_on"]) == ("undelivered", False)
    events = (await served.get("/v1/events")).json()["data"]
    (failed,) = [event for event in events if event["type"] == "delivery.failed"]
    assert (failed["data"]["reason"], failed["data"]["sender"]) == ("30005 unknown handset", "gateway")


async def test_a_failure_with_another_sender_goes_on(served: World, kept: Kept) -> None:
    orders: dict[Place, tuple[str, ...]] = {(SHOP, Channel.SMS, None): ("gateway", "again")}
    served.ports = replace(
        served.ports, senders={"gateway": kept, "again": Kept()}, routes=replace(served.ports.routes, orders=orders)
    )
    served = served.beside()
    challenge, envelope, url = await _sent(served, kept)
    await _call(served, url, receipts((envelope.delivery_id, "undelivered", "30005")))
    delivery = await _delivery(served, challenge)
    assert (delivery["status"], delivery["going_on"]) == ("undelivered", True)


@pytest.mark.parametrize("path", ["/callbacks/nobody", "/callbacks/silent", "/callbacks/silent/speak?delivery=dlv_x"])
async def test_there_is_nothing_where_no_sender_is_called(served: World, path: str) -> None:
    assert (await _call(served, f"{ADDRESS_BASE}{path}", b"[]")).status_code == 404


async def test_a_call_is_read_to_sixty_four_kibibytes(served: World) -> None:
    url = f"{ADDRESS_BASE}/callbacks/gateway"
    assert (await _call(served, url, b" " * 65_537)).status_code == 413
    assert (await _call(served, url, b"[]" + b" " * 65_534)).status_code == 204


async def test_a_provider_is_asked_to_come_again_while_the_store_is_away(served: World, kept: Kept) -> None:
    _, envelope, url = await _sent(served, kept)
    store, _ = ailing(served.ports.store, "record_receipt", is_done=False)
    served.ports = replace(served.ports, store=store)
    served = served.beside()
    answer = await _call(served, url, receipts((envelope.delivery_id, "delivered", "")))
    assert answer.status_code == 503


async def _called(served: World, kept: Kept) -> tuple[dict[str, Any], str, str]:
    """Have a code read out, and give the challenge, its code and where the provider asks what to say."""
    await served.register(email=False)
    challenge = (await served.act(send=False))["challenge"]
    order = {"contact_id": challenge["contacts"][0]["id"], "channel": "voice"}
    answer = await served.post(f"/v1/challenges/{challenge['id']}/deliveries", order)
    assert answer.status_code == 202, answer.text
    await deliver_once(served.ports, limit=1)
    [envelope] = kept.sent
    assert envelope.callback_url is not None
    code = "".join(one for one in written(envelope.message.text) if one.isdigit())[:6]
    return challenge, code, speak_url(envelope.callback_url)


async def test_a_call_says_the_code_only_after_a_key_was_pressed(served: World, kept: Kept) -> None:
    _, code, url = await _called(served, kept)
    first = await _call(served, url, b"")
    assert (first.status_code, first.headers["cache-control"]) == (200, "no-store")
    assert code not in written(first.text)
    assert code in written((await _call(served, url, b"digits=1")).text)
    assert (await _call(served, url, b"digits=1", signed=False)).status_code == 403
    assert code not in url


async def test_a_call_says_no_code_that_is_not_live_any_more(served: World, kept: Kept) -> None:
    challenge, code, url = await _called(served, kept)
    answer = await served.post(f"/v1/challenges/{challenge['id']}/attempts", {"code": code})
    assert answer.json()["outcome"] == "approved"
    assert (await _call(served, url, b"digits=1")).text == "good-bye"


async def test_a_call_says_nothing_of_a_text_message(served: World, kept: Kept) -> None:
    _, _, url = await _sent(served, kept)
    assert (await _call(served, speak_url(url), b"digits=1")).text == "good-bye"
    assert (await _call(served, f"{ADDRESS_BASE}/callbacks/gateway/speak", b"digits=1")).text == "good-bye"
