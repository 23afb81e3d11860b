"""Vonage: what it is sent, what its answers amount to, and whose status calls are believed.

The other side is a server on loopback that answers in the shapes of Vonage's documentation, or worse.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import cache
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from tests.adapters.envelopes import NOON
from tests.adapters.provider_stand_ins import NUMBER, a_text_message, breaking_off, json_answer
from tests.adapters.receiver import Behaviour, Receiver, answering, drop, hang, listening, status
from tests.kit.clock_and_chance import MovableClock, SeededEntropy
from watchword.adapters.outward import OutwardClient
from watchword.adapters.senders.kind import SenderSurroundings
from watchword.adapters.senders.vonage import VONAGE, VonageKeys, VonageSender
from watchword.domain.contact import Channel
from watchword.domain.errors import DeliveryFailed, ReceiptRefused
from watchword.domain.message import DeliveryStatus
from watchword.domain.secret import Secret
from watchword.ports.sender import ProviderCall, Receipt, ReceiptReader, Reporting

APPLICATION = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"
UUID = "bbbbbbbb-bbbb-cccc-dddd-0123456789ab"
SECRET = Secret("a signature secret of an account")
CALLBACK = "https://verify.shop.example/callbacks/vonage?delivery=dlv_1"


@cache
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def keys(receiver: Receiver | None = None, **fields: Any) -> VonageKeys:
    values: dict[str, Any] = {
        "application_id": APPLICATION,
        "private_key": Secret(private_key()),
        "signature_secret": SECRET,
        "from_number": "Example",
        "api_url": "https://api.nexmo.com" if receiver is None else f"http://127.0.0.1:{receiver.port}",
    }
    return VonageKeys(**(values | fields))


def a_sender(keys: VonageKeys, *, call_s: float = 5) -> VonageSender:
    return VonageSender(keys, MovableClock(NOON), SeededEntropy(1), OutwardClient(), call_s=call_s)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with listening(json_answer(202, {"message_uuid": UUID})) as receiver:
        yield receiver


@pytest.fixture
async def sender(receiver: Receiver) -> AsyncIterator[VonageSender]:
    sender = a_sender(keys(receiver))
    yield sender
    await sender.close()


def problem(code: int, error: str) -> Behaviour:
    """Give Vonage's form of an error; its words quote the number, as the real ones may."""
    found = {
        "type": f"https://developer.vonage.com/api-errors/messages#{error}",
        "title": "Invalid params",
        "detail": f"The number {NUMBER} is no good",
        "instance": "bf0ca0bf927b3b52e3cb03217e1a1ddf",
    }
    return json_answer(code, found)


async def failure(sender: VonageSender, channel: Channel = Channel.SMS) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as failed:
        await sender.send(a_text_message(channel, callback_url=CALLBACK))
    assert "491511" not in str(failed.value)
    return failed.value


async def test_a_text_message_is_posted_as_vonage_documents_it(sender: VonageSender, receiver: Receiver) -> None:
    handover = await sender.send(a_text_message(callback_url=CALLBACK))
    assert (handover.provider, handover.provider_message_id, handover.status) == (
        "vonage",
        UUID,
        DeliveryStatus.ACCEPTED,
    )
    (request,) = receiver.received
    assert request.start == "POST /v1/messages HTTP/1.1"
    assert json.loads(request.body) == {
        "channel": "sms",
        "message_type": "text",
        "to": "4915112345678",
        "from": "Example",
        "text": "012345 is your Example Shop code to sign in.\n",
        "client_ref": "dlv_1",
        "webhook_url": CALLBACK,
        "webhook_version": "v1",
    }
    token = request.headers["authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, RSAKey.import_key(private_key()), algorithms=["RS256"]).claims
    noon_s = NOON // 1000
    assert (claims["application_id"], claims["iat"], claims["exp"]) == (APPLICATION, noon_s, noon_s + 300)


async def test_each_call_signs_in_with_a_token_of_its_own(sender: VonageSender, receiver: Receiver) -> None:
    await sender.send(a_text_message())
    await sender.send(a_text_message())
    first, second = (request.headers["authorization"] for request in receiver.received)
    assert first != second
    assert receiver.connections == 1


async def test_without_a_secret_no_report_is_asked_for_and_none_believed(receiver: Receiver) -> None:
    sender = a_sender(keys(receiver, signature_secret=None))
    await sender.send(a_text_message(callback_url=CALLBACK))
    assert "webhook_url" not in json.loads(receiver.received[0].body)
    assert sender.receipt_within_s is None
    with pytest.raises(ReceiptRefused):
        await sender.read(a_report())
    await sender.close()


@pytest.mark.parametrize(
    ("behaviour", "detail", "retryable", "certain", "amounts_to"),
    [
        (problem(422, "1120"), "1120 the sender's name is not allowed there", False, True, DeliveryStatus.BLOCKED),
        (problem(422, "1170"), "1170 not a number that can be reached", False, True, DeliveryStatus.UNDELIVERED),
        (problem(429, "1000"), "1000 too many messages at once", True, True, DeliveryStatus.UNDELIVERED),
        (problem(402, "low-balance"), "low-balance the account has no credit", False, True, DeliveryStatus.UNDELIVERED),
        (problem(422, "7777"), "the provider answered 422 7777", False, True, DeliveryStatus.UNDELIVERED),
        (problem(422, f"{NUMBER}"), "the provider answered 422", False, True, DeliveryStatus.UNDELIVERED),
        (status(401), "the provider answered 401", False, True, DeliveryStatus.UNDELIVERED),
        (status(429, b"retry-after: 9\r\n"), "the provider answered 429", True, True, DeliveryStatus.UNDELIVERED),
        (status(500), "the provider answered 500", True, False, DeliveryStatus.UNDELIVERED),
        (status(307, b"location: /\r\n"), "the provider answered 307", False, True, DeliveryStatus.UNDELIVERED),
        (json_answer(202, {}), "the provider answered without an id", True, False, DeliveryStatus.UNDELIVERED),
        (
            answering(b"HTTP/1.1 202 A\r\ncontent-length: 1\r\n\r\n{"),
            "the provider's answer 202 cannot be read",
            True,
            False,
            DeliveryStatus.UNDELIVERED,
        ),
        (
            breaking_off(b"HTTP/1.1 202 A\r\ncontent-length: 9\r\n\r\n{"),
            "the provider's answer broke off",
            True,
            False,
            DeliveryStatus.UNDELIVERED,
        ),
        (drop, "the provider did not answer (broken_off)", True, False, DeliveryStatus.UNDELIVERED),
    ],
)
async def test_a_failed_hand_over_is_told_in_our_words(
    sender: VonageSender,
    receiver: Receiver,
    behaviour: Behaviour,
    detail: str,
    retryable: bool,
    certain: bool,
    amounts_to: DeliveryStatus,
) -> None:
    receiver.behaviour = behaviour
    failed = await failure(sender)
    assert (str(failed), failed.retryable, failed.certain, failed.status) == (detail, retryable, certain, amounts_to)


async def test_a_provider_that_says_nothing_is_not_waited_for(receiver: Receiver) -> None:
    receiver.behaviour = hang
    sender = a_sender(keys(receiver), call_s=0.05)
    failed = await failure(sender)
    assert (str(failed), failed.certain) == ("the provider did not answer (timed_out)", False)
    await sender.close()


async def test_no_other_channel_is_taken(sender: VonageSender, receiver: Receiver) -> None:
    assert (await failure(sender, Channel.VOICE)).retryable is False
    assert receiver.received == []


def a_report(
    said: object = None, *, secret: Secret = SECRET, claims: dict[str, object] | None = None, alg: str = "HS256"
) -> ProviderCall:
    """Give a status call as Vonage makes it."""
    found = {"message_uuid": UUID, "to": NUMBER[1:], "status": "delivered", "client_ref": "dlv_1", "channel": "sms"}
    body = json.dumps(found | said if isinstance(said, dict) else said or found).encode()
    given = {
        "iat": NOON // 1000,
        "jti": "1",
        "iss": "Vonage",
        "api_key": "abcd1234",
        "application_id": APPLICATION,
        "payload_hash": sha256(body).hexdigest(),
    } | (claims or {})
    token = jwt.encode({"alg": alg}, given, OctKey.import_key(secret.reveal()), algorithms=[alg])
    return ProviderCall(method="POST", url=CALLBACK, headers={"authorization": f"Bearer {token}"}, body=body)


def an_error(code: str) -> dict[str, object]:
    return {"type": f"https://developer.vonage.com/api-errors/messages#{code}", "title": 1000, "detail": NUMBER}


@pytest.mark.parametrize(
    ("said", "amounts_to", "reason"),
    [
        ({"status": "submitted"}, DeliveryStatus.SENT, None),
        ({"status": "delivered"}, DeliveryStatus.DELIVERED, None),
        ({"status": "read"}, DeliveryStatus.DELIVERED, None),
        (
            {"status": "rejected", "error": an_error("1050")},
            DeliveryStatus.BLOCKED,
            "1050 barred at Vonage",
        ),
        ({"status": "undeliverable", "error": an_error("1260")}, DeliveryStatus.UNDELIVERED, "1260"),
        ({"status": "undeliverable", "error": an_error(NUMBER)}, DeliveryStatus.UNDELIVERED, "undeliverable"),
        ({"status": "undeliverable", "error": "?"}, DeliveryStatus.UNDELIVERED, "undeliverable"),
    ],
)
async def test_a_report_is_read(
    sender: VonageSender, said: dict[str, object], amounts_to: DeliveryStatus, reason: str | None
) -> None:
    receipt = Receipt(delivery_id="dlv_1", provider_message_id=UUID, status=amounts_to, reason=reason)  # type: ignore[arg-type]  # an id is a text
    assert list(await sender.read(a_report(said))) == [receipt]


@pytest.mark.parametrize("said", [{"status": "unheard-of"}, {"message_uuid": 5.5, "client_ref": None}])
async def test_what_reports_nothing_is_no_receipt(sender: VonageSender, said: dict[str, object]) -> None:
    assert list(await sender.read(a_report(said))) == []


async def test_reports_that_the_account_did_not_sign_for_us_are_refused(sender: VonageSender) -> None:
    genuine = a_report()
    token = genuine.headers["authorization"]
    forged = [
        a_report(secret=Secret("the signature secret of another")),
        a_report(claims={"application_id": UUID}),
        a_report(claims={"payload_hash": ""}),
        a_report(claims={"payload_hash": sha256(b"else").hexdigest()}),
        a_report(alg="HS512"),
        a_report(["delivered"]),
        replace(genuine, body=genuine.body.replace(b"dlv_1", b"dlv_2")),
        replace(genuine, headers={}),
        replace(genuine, headers={"authorization": token.removeprefix("Bearer ")}),
        replace(genuine, headers={"authorization": f"{token}, {token}"}),
        replace(genuine, headers={"authorization": "Bearer " + token.split(".")[1]}),
        replace(genuine, headers={"authorization": "Bearer é.é.é"}),
    ]
    for call in forged:
        with pytest.raises(ReceiptRefused):
            await sender.read(call)
    assert len(await sender.read(genuine)) == 1


@pytest.mark.parametrize("crit", [None, True, 5, 1.5, [5], [["x"]], {"x": 1}, "x", []])
async def test_a_token_whose_head_is_nonsense_is_refused_as_any_other(sender: VonageSender, crit: object) -> None:
    head = urlsafe_b64encode(json.dumps({"alg": "HS256", "crit": crit}).encode()).decode().rstrip("=")
    with pytest.raises(ReceiptRefused):
        await sender.read(replace(a_report(), headers={"authorization": f"Bearer {head}.e30.x"}))


def test_a_sender_of_this_kind_keeps_every_promise() -> None:
    async def hear(_: Receipt) -> None:
        pytest.fail("nothing is heard otherwise than by a call")

    made: object = VONAGE.make(
        keys(), SenderSurroundings(name="v", clock=MovableClock(NOON), entropy=SeededEntropy(1), hearing=hear)
    )
    assert isinstance(made, ReceiptReader)
    assert isinstance(made, Reporting)
    assert made.receipt_within_s == 45


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, None),
        ({"private_key": Secret("-----BEGIN")}, ("private_key", "is no RSA private key in PEM")),
        ({"signature_secret": Secret("short")}, ("signature_secret", "must have at least 16 characters")),
        ({"api_url": "http://127.0.0.1:8080"}, None),
        ({"api_url": "https://api.nexmo.com:444"}, ("api_url", "must be on port 443 or 8443")),
        ({"api_url": "https://192.168.0.1"}, ("api_url", "is not an address of the public internet")),
        ({"api_url": "http://api.nexmo.com"}, ("api_url", "must be https; http is for loopback only")),
    ],
)
def test_settings_that_make_no_sense_are_named(fields: dict[str, Any], problem: tuple[str, str] | None) -> None:
    assert list(VONAGE.problems(keys(**fields))) == ([] if problem is None else [problem])
