"""The operator's own gateway: messages that it can know are ours, and reports that we can know are its own."""

import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.adapters.envelopes import NOON, an_envelope
from tests.adapters.provider_stand_ins import NUMBER, a_text_message, breaking_off, json_answer
from tests.adapters.receiver import Behaviour, Receiver, answering, drop, hang, listening, status
from tests.kit.clock_and_chance import MovableClock, SeededEntropy
from watchword.adapters.outward import OutwardClient
from watchword.adapters.senders.kind import SenderSurroundings
from watchword.adapters.senders.signed_gateway import WEBHOOK, GatewaySender, WebhookKeys
from watchword.domain.contact import Channel
from watchword.domain.errors import DeliveryFailed, ReceiptRefused
from watchword.domain.message import DeliveryStatus, RenderedMessage
from watchword.domain.secret import Secret
from watchword.ports.sender import ProviderCall, Receipt, ReceiptReader, Reporting

SECRET = "whsec_" + b64encode(b"k" * 32).decode()
OLDER = "whsec_" + b64encode(b"o" * 32).decode()
CALLBACK = "https://verify.shop.example/callbacks/gateway?delivery=dlv_1"
NOON_S = NOON // 1000
PRIVATE = "what lies in your own networks needs allow_private = true"


def keys(receiver: Receiver | None = None, **fields: Any) -> WebhookKeys:
    values: dict[str, Any] = {
        "url": "https://gateway.shop.example/messages" if receiver is None else receiver.url("/messages/?a=1"),
        "secret": Secret(SECRET),
        "channels": ["sms", "voice", "email"],
        "allow_private": receiver is not None,
    }
    return WebhookKeys(**(values | fields))


def a_sender(keys: WebhookKeys, *, call_s: float = 5) -> GatewaySender:
    return GatewaySender(keys, MovableClock(NOON), OutwardClient(), call_s=call_s)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with listening(json_answer(200, {"message_id": "m-1", "status": "sent"})) as receiver:
        yield receiver


@pytest.fixture
async def sender(receiver: Receiver) -> AsyncIterator[GatewaySender]:
    sender = a_sender(keys(receiver))
    yield sender
    await sender.close()


def signature(secret: str, message_id: str, sent_at: str, body: bytes) -> str:
    """Sign as the document of Standard Webhooks says, without our own code."""
    key = b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message_id}.{sent_at}.".encode() + body, sha256).digest()
    return f"v1,{b64encode(digest).decode()}"


async def failure(sender: GatewaySender, channel: Channel = Channel.SMS) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as failed:
        await sender.send(a_text_message(channel))
    assert "491511" not in str(failed.value)
    return failed.value


async def test_a_message_is_posted_whole_and_signed(sender: GatewaySender, receiver: Receiver) -> None:
    handover = await sender.send(a_text_message(callback_url=CALLBACK))
    assert (handover.provider, handover.provider_message_id, handover.status) == (
        "webhook",
        "m-1",
        DeliveryStatus.SENT,
    )
    (request,) = receiver.received
    assert request.start == "POST /messages/?a=1 HTTP/1.1"
    assert json.loads(request.body) == {
        "delivery_id": "dlv_1",
        "application_id": "shop",
        "brand": "Example Shop",
        "channel": "sms",
        "to": NUMBER,
        "kind": "code",
        "locale": "de-AT",
        "subject": None,
        "text": "012345 is your Example Shop code to sign in.\n",
        "html": None,
        "prompt": None,
        "variables": None,
        "callback_url": CALLBACK,
    }
    sent_at = request.headers["webhook-timestamp"]
    assert (request.headers["webhook-id"], sent_at) == ("dlv_1", str(NOON_S))
    assert request.headers["webhook-signature"] == signature(SECRET, "dlv_1", sent_at, request.body)


async def test_what_a_channel_needs_goes_along(sender: GatewaySender, receiver: Receiver) -> None:
    spoken = RenderedMessage(subject=None, text="1, 2", html=None, prompt="Press 1.", variables={"1": "12"})
    await sender.send(a_text_message(Channel.VOICE, message=spoken, is_code=False))
    await sender.send(an_envelope())
    call, mail = (json.loads(request.body) for request in receiver.received)
    assert (call["prompt"], call["variables"], call["kind"]) == ("Press 1.", {"1": "12"}, "notice")
    assert (mail["to"], mail["subject"]) == ("ada@home.example", "012345 is your Example Shop code")
    assert mail["html"].startswith("<!DOCTYPE html>")


async def test_with_two_secrets_a_gateway_that_knows_either_is_content(receiver: Receiver) -> None:
    sender = a_sender(keys(receiver, previous_secret=Secret(OLDER)))
    await sender.send(a_text_message())
    (request,) = receiver.received
    given = [signature(secret, "dlv_1", str(NOON_S), request.body) for secret in (SECRET, OLDER)]
    assert request.headers["webhook-signature"].split() == given
    await sender.close()


@pytest.mark.parametrize(
    ("behaviour", "message_id", "amounts_to"),
    [
        (status(204), None, DeliveryStatus.ACCEPTED),
        (json_answer(202, {"message_id": 17}), "17", DeliveryStatus.ACCEPTED),
        (json_answer(200, {"status": "delivered"}), None, DeliveryStatus.DELIVERED),
        (json_answer(200, {"status": "on its way"}), None, DeliveryStatus.ACCEPTED),
    ],
)
async def test_a_gateway_may_say_little(
    sender: GatewaySender, receiver: Receiver, behaviour: Behaviour, message_id: str | None, amounts_to: DeliveryStatus
) -> None:
    receiver.behaviour = behaviour
    handover = await sender.send(a_text_message())
    assert (handover.provider_message_id, handover.status) == (message_id, amounts_to)


@pytest.mark.parametrize(
    ("behaviour", "detail", "retryable", "certain", "amounts_to"),
    [
        (json_answer(200, {"status": "bounced"}), "the gateway answered 200", False, True, DeliveryStatus.BOUNCED),
        (
            json_answer(422, {"status": "blocked", "reason": "E7 filtered"}),
            "the gateway answered 422 E7 filtered",
            False,
            True,
            DeliveryStatus.BLOCKED,
        ),
        (
            json_answer(422, {"reason": f"no such number {NUMBER}"}),
            "the gateway answered 422",
            False,
            True,
            DeliveryStatus.UNDELIVERED,
        ),
        (json_answer(503, {"status": "sent"}), "the gateway answered 503", True, False, DeliveryStatus.UNDELIVERED),
        (json_answer(200, {"status": "unknown"}), "the gateway answered 200", True, False, DeliveryStatus.UNDELIVERED),
        (status(429), "the gateway answered 429", True, True, DeliveryStatus.UNDELIVERED),
        (status(410), "the gateway answered 410", False, True, DeliveryStatus.UNDELIVERED),
        (status(302, b"location: http://127.0.0.1/\r\n"), "the gateway answered 302", False, True, None),
        (drop, "the provider did not answer (broken_off)", True, False, None),
        (
            breaking_off(b"HTTP/1.1 200 A\r\ncontent-length: 9\r\n\r\n{"),
            "the provider's answer broke off",
            True,
            False,
            None,
        ),
        (
            answering(b"HTTP/1.1 200 A\r\ncontent-length: 2\r\n\r\nok"),
            "the provider's answer 200 cannot be read",
            True,
            False,
            None,
        ),
    ],
)
async def test_a_failed_hand_over_is_told_in_our_words(
    sender: GatewaySender,
    receiver: Receiver,
    behaviour: Behaviour,
    detail: str,
    retryable: bool,
    certain: bool,
    amounts_to: DeliveryStatus | None,
) -> None:
    receiver.behaviour = behaviour
    failed = await failure(sender)
    assert (str(failed), failed.retryable, failed.certain) == (detail, retryable, certain)
    assert failed.status == (amounts_to or DeliveryStatus.UNDELIVERED)


async def test_a_gateway_that_says_nothing_is_not_waited_for(receiver: Receiver) -> None:
    receiver.behaviour = hang
    sender = a_sender(keys(receiver), call_s=0.05)
    assert str(await failure(sender)) == "the provider did not answer (timed_out)"
    await sender.close()


async def test_an_address_inside_is_called_only_where_the_operator_says_so(receiver: Receiver) -> None:
    sender = a_sender(keys(receiver, url=receiver.url(scheme="https"), allow_private=False))
    failed = await failure(sender)
    assert (str(failed), failed.retryable, failed.certain) == (
        "the provider did not answer (address_refused)",
        False,
        True,
    )
    assert receiver.connections == 0


async def test_a_channel_that_is_not_listed_is_not_taken(sender: GatewaySender, receiver: Receiver) -> None:
    assert (await failure(sender, Channel.WHATSAPP)).retryable is False
    assert receiver.received == []


def a_report(said: object, *, secret: str = SECRET, at_s: int = NOON_S) -> ProviderCall:
    body = json.dumps(said).encode()
    headers = {
        "webhook-id": "r-1",
        "webhook-timestamp": str(at_s),
        "webhook-signature": signature(secret, "r-1", str(at_s), body),
    }
    return ProviderCall(method="POST", url=CALLBACK, headers=headers, body=body)


DELIVERED = {"delivery_id": "dlv_1", "message_id": "m-1", "status": "delivered"}


async def test_a_report_is_read(sender: GatewaySender) -> None:
    (receipt,) = await sender.read(a_report({**DELIVERED, "status": "undelivered", "reason": "30003: phone is off"}))
    assert (receipt.delivery_id, receipt.provider_message_id) == ("dlv_1", "m-1")
    assert (receipt.status, receipt.reason) == (DeliveryStatus.UNDELIVERED, "30003: phone is off")


async def test_several_receipts_come_in_one_report_and_those_that_say_nothing_are_left_out(
    sender: GatewaySender,
) -> None:
    listed = [
        DELIVERED,
        {"message_id": "m-2", "status": "sent", "reason": "code 123456"},
        {"delivery_id": "dlv_3", "status": "queued"},
        {"delivery_id": "dlv_3", "status": "withheld"},
        {"status": "sent"},
        {"delivery_id": "x" * 300, "status": "sent"},
    ]
    receipts = await sender.read(a_report({"receipts": listed}))
    assert [(one.delivery_id, one.provider_message_id, one.status, one.reason) for one in receipts] == [
        ("dlv_1", "m-1", DeliveryStatus.DELIVERED, None),
        (None, "m-2", DeliveryStatus.SENT, None),
    ]


async def test_a_status_that_nobody_understands_is_logged_once_and_nothing_else_of_it(
    sender: GatewaySender, receiver: Receiver
) -> None:
    receiver.behaviour = json_answer(200, {"status": "on its way"})
    words = ["en-route", "en-route", "queued", "sent to +4915112345678", "\u202eevil", "x" * 41, "delivered", *"abcdef"]
    many = [{"message_id": "m-1", "status": word} for word in [*words, *(f"made up {one}" for one in range(99))]]
    with capture_logs() as logged:
        await sender.send(a_text_message())
        await sender.read(a_report({"receipts": many}))
    told = [one["word"] for one in logged if one["event"] == "sender.unknown_status"]
    assert told[:4] == ["on its way", "en-route", "queued", "unreadable"]
    assert (len(told), len(set(told))) == (20, 20)
    assert "4915112345678" not in str(logged)


async def test_during_a_rotation_a_report_may_be_signed_with_either_secret(receiver: Receiver) -> None:
    sender = a_sender(keys(receiver, previous_secret=Secret(OLDER)))
    assert len(await sender.read(a_report(DELIVERED, secret=OLDER))) == 1
    both = a_report(DELIVERED)
    given = f"v1a,zzz v1,zzz {both.headers['webhook-signature']}"
    assert len(await sender.read(replace(both, headers={**both.headers, "webhook-signature": given}))) == 1


async def test_reports_that_nobody_signed_with_our_secret_or_not_now_are_refused(sender: GatewaySender) -> None:
    genuine = a_report(DELIVERED)
    forged = [
        a_report(DELIVERED, secret=OLDER),
        a_report(DELIVERED, at_s=NOON_S - 301),
        a_report(DELIVERED, at_s=NOON_S + 301),
        a_report("delivered"),
        a_report({"receipts": "delivered"}),
        a_report({"receipts": ["delivered"]}),
        replace(genuine, body=genuine.body.replace(b"dlv_1", b"dlv_2")),
        replace(genuine, headers={}),
        *(replace(genuine, headers={**genuine.headers, name: ""}) for name in genuine.headers),
        replace(genuine, headers={**genuine.headers, "webhook-id": "r-2"}),
        replace(genuine, headers={**genuine.headers, "webhook-timestamp": f"0{NOON_S}"}),
        replace(genuine, headers={**genuine.headers, "webhook-timestamp": "é"}),
        replace(genuine, headers={**genuine.headers, "webhook-signature": "v1,é"}),
        replace(
            genuine,
            headers={**genuine.headers, "webhook-signature": genuine.headers["webhook-signature"].removeprefix("v1,")},
        ),
    ]
    for call in forged:
        with pytest.raises(ReceiptRefused):
            await sender.read(call)
    assert len(await sender.read(a_report(DELIVERED, at_s=NOON_S - 300))) == 1


def test_a_sender_of_this_kind_keeps_every_promise() -> None:
    async def hear(_: Receipt) -> None:
        pytest.fail("nothing is heard otherwise than by a call")

    around = SenderSurroundings(name="w", clock=MovableClock(NOON), entropy=SeededEntropy(1), hearing=hear)
    made: object = WEBHOOK.make(keys(receipt_within_s=20), around)
    assert isinstance(made, ReceiptReader)
    assert isinstance(made, Reporting)
    assert made.receipt_within_s == 20
    assert a_sender(keys()).receipt_within_s is None


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, None),
        ({"url": "http://10.0.0.1/x", "allow_private": True}, None),
        ({"url": "http://10.0.0.1/x"}, ("url", f"must be https; {PRIVATE}")),
        ({"url": "https://gateway.shop.example:9443/x"}, ("url", f"must be on port 443 or 8443; {PRIVATE}")),
        ({"url": "https://10.0.0.1/x"}, ("url", f"is not an address of the public internet; {PRIVATE}")),
        ({"url": "https://10.0.0.1:9443/x", "allow_private": True}, None),
        ({"url": "gateway"}, ("url", "is no address such as https://gateway.example.com/messages")),
        ({"secret": Secret("whsec_c2hvcnQ=")}, ("secret", "must be whsec_ and base64 of 24 to 64 bytes")),
        ({"previous_secret": Secret("x")}, ("previous_secret", "must be whsec_ and base64 of 24 to 64 bytes")),
        ({"channels": ["sms", "fax"]}, ("channels", "fax: must be of sms, voice, whatsapp, email")),
        ({"channels": []}, ("channels", "must name at least one channel")),
    ],
)
def test_settings_that_make_no_sense_are_named(fields: dict[str, Any], problem: tuple[str, str] | None) -> None:
    assert list(WEBHOOK.problems(keys(**fields))) == ([] if problem is None else [problem])


def test_it_takes_the_channels_that_it_lists() -> None:
    assert WEBHOOK.why_not(keys(), Channel.SMS) is None
    assert WEBHOOK.why_not(keys(), Channel.WHATSAPP) == "does not list it under channels"
