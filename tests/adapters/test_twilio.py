"""Twilio: what it is sent, what its answers and errors amount to, and what it is told in a call.

The other side is a server on loopback that answers in the shapes of Twilio's documentation, or worse.
"""

import json
from base64 import b64decode
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode
from xml.etree import ElementTree

import pytest

from tests.adapters.provider_stand_ins import a_text_message, breaking_off, json_answer
from tests.adapters.receiver import Behaviour, Receiver, answering, drop, hang, listening, status
from watchword.adapters.outward import OutwardClient
from watchword.adapters.senders.kind import SenderSurroundings
from watchword.adapters.senders.twilio import TWILIO, TwilioKeys, TwilioSender
from watchword.adapters.senders.twilio_signature import sign_form
from watchword.adapters.system import SystemClock, SystemEntropy
from watchword.domain.contact import Channel
from watchword.domain.errors import DeliveryFailed, ReceiptRefused, StorageUnavailable
from watchword.domain.message import DeliveryStatus, Envelope, RenderedMessage
from watchword.domain.secret import Secret
from watchword.ports.sender import Document, ProviderCall, Receipt, ReceiptReader, Reporting, Speaker, SpokenWords

ACCOUNT = "AC" + "0123456789abcdef" * 2
CALLBACK = "https://verify.shop.example/callbacks/twilio?delivery=dlv_1"
SPEAK = "https://verify.shop.example/callbacks/twilio/speak?delivery=dlv_1"
TOKEN = Secret("the-token")
MESSAGE_SID = "SM" + "0" * 32
CALL_SID = "CA" + "0" * 32
WORDS = SpokenWords(
    message=RenderedMessage(subject=None, text="Code <1>, 2, 3.", html=None, prompt='Shop & "Sons". Press 1.'),
    locale="de",
)


def keys(receiver: Receiver | None = None, **fields: Any) -> TwilioKeys:
    values: dict[str, Any] = {
        "account_sid": ACCOUNT,
        "auth_token": TOKEN,
        "from_number": "+14155550100",
        "caller_number": "+14155552671",
        "whatsapp_number": "+14155552671",
        "whatsapp_templates": {"en": "HX1", "de": "HX2"},
        "api_url": "https://api.twilio.com" if receiver is None else f"http://127.0.0.1:{receiver.port}",
    }
    return TwilioKeys(**(values | fields))


def error_answer(code: int, error: int, more: bytes = b"") -> Behaviour:
    """Give Twilio's form of an error; its message quotes the number, as Twilio's own do."""
    found = {
        "code": error,
        "message": "The number +4915112345678 is no good",
        "more_info": f"https://www.twilio.com/docs/errors/{error}",
        "status": code,
    }
    return json_answer(code, found, more)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with listening(json_answer(201, {"sid": MESSAGE_SID, "status": "queued", "error_code": None})) as receiver:
        yield receiver


@pytest.fixture
def heard() -> list[Receipt]:
    return []


@pytest.fixture
async def sender(receiver: Receiver, heard: list[Receipt]) -> AsyncIterator[TwilioSender]:
    sender = a_sender(keys(receiver), heard)
    yield sender
    await sender.close()


def a_sender(keys: TwilioKeys, heard: list[Receipt] | None = None, *, call_s: float = 5) -> TwilioSender:
    async def hear(receipt: Receipt) -> None:
        if heard is not None:
            heard.append(receipt)

    return TwilioSender(keys, hear, OutwardClient(), call_s=call_s)


def a_message(channel: Channel = Channel.SMS, **fields: Any) -> Envelope:
    return a_text_message(channel, **({"callback_url": CALLBACK} | fields))


def form(receiver: Receiver) -> dict[str, str | list[str]]:
    found = parse_qs(receiver.received[-1].body.decode(), keep_blank_values=True)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def document_of(text: str | bytes) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314 our own document


async def failure(sender: TwilioSender, envelope: Envelope | None = None) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as failed:
        await sender.send(envelope or a_message())
    assert "491511" not in str(failed.value)
    return failed.value


async def test_a_text_message_is_posted_as_twilio_documents_it(sender: TwilioSender, receiver: Receiver) -> None:
    handover = await sender.send(a_message())
    assert (handover.provider, handover.provider_message_id, handover.status) == (
        "twilio",
        MESSAGE_SID,
        DeliveryStatus.ACCEPTED,
    )
    (request,) = receiver.received
    assert request.start == f"POST /2010-04-01/Accounts/{ACCOUNT}/Messages.json HTTP/1.1"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert b64decode(request.headers["authorization"].removeprefix("Basic ")).decode() == f"{ACCOUNT}:the-token"
    assert request.headers["i-twilio-idempotency-token"] == "dlv_1"
    assert form(receiver) == {
        "To": "+4915112345678",
        "From": "+14155550100",
        "Body": "012345 is your Example Shop code to sign in.\n",
        "StatusCallback": CALLBACK,
    }


async def test_a_messaging_service_chooses_the_number_and_an_api_key_signs_in(receiver: Receiver) -> None:
    given = {"messaging_service": "MG1", "from_number": None, "api_key": "SK1", "api_key_secret": Secret("s")}
    sender = a_sender(keys(receiver, **given))
    await sender.send(a_message(callback_url=None))
    await sender.send(a_message(callback_url=None))
    assert b64decode(receiver.received[0].headers["authorization"].removeprefix("Basic ")) == b"SK1:s"
    assert set(form(receiver)) == {"To", "Body", "MessagingServiceSid"}
    assert receiver.connections == 1
    await sender.close()


@pytest.mark.parametrize(("locale", "template"), [("de-AT", "HX2"), ("de", "HX2"), ("fr", "HX1"), ("en", "HX1")])
async def test_whatsapp_takes_a_template_in_the_language_of_the_message(
    sender: TwilioSender, receiver: Receiver, locale: str, template: str
) -> None:
    message = RenderedMessage(subject=None, text="", html=None, variables={"1": "012345", "2": "Sh\u00f6p", "3": "x"})
    await sender.send(a_message(Channel.WHATSAPP, message=message, locale=locale))
    found = form(receiver)
    assert (found["To"], found["From"]) == ("whatsapp:+4915112345678", "whatsapp:+14155552671")
    assert found["ContentSid"] == template
    assert json.loads(str(found["ContentVariables"])) == {"1": "012345", "2": "Shöp", "3": "x"}
    assert "Body" not in found


async def test_a_message_without_a_template_is_refused_before_anybody_is_called(
    sender: TwilioSender, receiver: Receiver
) -> None:
    failed = await failure(sender, a_message(Channel.WHATSAPP))
    assert (failed.retryable, failed.certain) == (False, True)
    assert (await failure(sender, a_message(Channel.EMAIL))).retryable is False
    assert receiver.received == []


async def test_a_call_asks_us_what_to_say_and_names_no_code(sender: TwilioSender, receiver: Receiver) -> None:
    receiver.behaviour = json_answer(201, {"sid": CALL_SID, "status": "queued"})
    handover = await sender.send(a_message(Channel.VOICE))
    assert (handover.provider_message_id, handover.status) == (CALL_SID, DeliveryStatus.ACCEPTED)
    assert receiver.received[0].start.endswith("/Calls.json HTTP/1.1")
    assert form(receiver) == {
        "To": "+4915112345678",
        "From": "+14155552671",
        "Url": SPEAK,
        "Method": "POST",
        "Timeout": "20",
        "StatusCallback": CALLBACK,
        "StatusCallbackMethod": "POST",
        "StatusCallbackEvent": ["ringing", "answered", "completed"],
    }
    assert b"012345" not in receiver.received[0].body


async def test_a_notice_is_said_to_whoever_answers(sender: TwilioSender, receiver: Receiver) -> None:
    receiver.behaviour = json_answer(201, {"sid": CALL_SID, "status": "queued"})
    message = RenderedMessage(subject=None, text="It was <you>.", html=None)
    await sender.send(a_message(Channel.VOICE, is_code=False, message=message))
    found = form(receiver)
    said = [one.text for one in document_of(str(found["Twiml"])).iter("Say")]
    assert (said, "Url" in found) == (["It was <you>."] * 2, False)
    call = a_call({"CallSid": CALL_SID, "CallStatus": "completed"}, url=str(found["StatusCallback"]))
    (receipt,) = await sender.read(call)
    assert (receipt.delivery_id, receipt.status) == ("dlv_1", DeliveryStatus.DELIVERED)


async def test_a_call_needs_an_address_that_twilio_reaches(sender: TwilioSender, receiver: Receiver) -> None:
    failed = await failure(sender, a_message(Channel.VOICE, callback_url=None))
    assert (failed.retryable, receiver.received) == (False, [])


@pytest.mark.parametrize(
    ("code", "error", "detail", "retryable", "amounts_to"),
    [
        (401, 20003, "20003 the credentials were refused", False, DeliveryStatus.UNDELIVERED),
        (400, 21211, "21211 not a number that can be reached", False, DeliveryStatus.UNDELIVERED),
        (400, 21408, "21408 messages to this country are not enabled", False, DeliveryStatus.BLOCKED),
        (400, 21610, "21610 the recipient opted out", False, DeliveryStatus.BLOCKED),
        (400, 21614, "21614 not a mobile number", False, DeliveryStatus.UNDELIVERED),
        (429, 20429, "20429 too many calls at once", True, DeliveryStatus.UNDELIVERED),
        (400, 99999, "the provider answered 400 99999", False, DeliveryStatus.UNDELIVERED),
    ],
)
async def test_an_error_is_told_in_our_words(
    sender: TwilioSender,
    receiver: Receiver,
    code: int,
    error: int,
    detail: str,
    retryable: bool,
    amounts_to: DeliveryStatus,
) -> None:
    receiver.behaviour = error_answer(code, error, b"retry-after: 1\r\n")
    failed = await failure(sender)
    assert (str(failed), failed.retryable, failed.status, failed.certain) == (detail, retryable, amounts_to, True)
    assert failed.retry_after_ms == (None if error == 99999 else 1000)


@pytest.mark.parametrize(
    ("behaviour", "retryable", "certain"),
    [
        (status(429, b"retry-after: 30\r\n"), True, True),
        (status(500), True, False),
        (json_answer(503, {"message": "down"}), True, False),
        (status(403), False, True),
        (status(302, b"location: http://169.254.169.254/\r\n"), False, True),
        (drop, True, False),
        (breaking_off(b"HTTP/1.1 201 Created\r\ncontent-length: 400\r\n\r\n{"), True, False),
        (answering(b"HTTP/1.1 201 Created\r\ncontent-length: 4\r\n\r\n<ht>"), True, False),
        (json_answer(201, ["queued"]), True, False),
        (json_answer(201, {"status": "queued"}), True, False),
        (json_answer(201, {"sid": 5.5, "status": "queued"}), True, False),
        (json_answer(201, {"sid": MESSAGE_SID, "status": "failed"}), True, False),
        (json_answer(201, {"sid": MESSAGE_SID, "status": "failed", "error_code": 30007}), False, True),
        (breaking_off(b"SSH-2.0-OpenSSH\r\n"), True, False),
    ],
)
async def test_whatever_goes_wrong_is_a_failed_hand_over(
    sender: TwilioSender, receiver: Receiver, behaviour: Behaviour, retryable: bool, certain: bool
) -> None:
    receiver.behaviour = behaviour
    failed = await failure(sender)
    assert (failed.retryable, failed.certain) == (retryable, certain)
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    ("code", "header", "after_ms"),
    [
        (429, b"30", 30_000),
        (503, b" 7 ", 7_000),
        (429, b"999999999", 3_600_000),
        (429, b"Wed, 21 Oct 2015 07:28:00 GMT", None),
        (429, b"-1", None),
        (429, b"1.5", None),
    ],
)
async def test_a_provider_may_ask_to_be_left_alone_for_a_while(
    sender: TwilioSender, receiver: Receiver, code: int, header: bytes, after_ms: int | None
) -> None:
    receiver.behaviour = status(code, b"retry-after: %s\r\n" % header)
    assert (await failure(sender)).retry_after_ms == after_ms


async def test_a_provider_that_says_nothing_is_not_waited_for(receiver: Receiver) -> None:
    receiver.behaviour = hang
    sender = a_sender(keys(receiver), call_s=0.05)
    failed = await failure(sender)
    assert (failed.retryable, failed.certain) == (True, False)
    await sender.close()


async def test_nobody_at_the_address_is_certain_not_to_have_the_message(sender: TwilioSender) -> None:
    async with listening() as gone:
        pass
    failed = await failure(a_sender(keys(gone)))
    assert (failed.retryable, failed.certain) == (True, True)


def a_call(
    fields: Sequence[tuple[str, str]] | dict[str, str], *, url: str = CALLBACK, token: Secret = TOKEN
) -> ProviderCall:
    body = urlencode(fields)
    return ProviderCall(
        method="POST",
        url=url,
        headers={
            "content-type": "application/x-www-form-urlencoded",
            "x-twilio-signature": sign_form(token, url, parse_qsl(body, keep_blank_values=True)),
        },
        body=body.encode(),
    )


@pytest.mark.parametrize(
    ("said", "code", "amounts_to", "reason"),
    [
        ("queued", None, DeliveryStatus.ACCEPTED, None),
        ("sending", None, DeliveryStatus.ACCEPTED, None),
        ("sent", None, DeliveryStatus.SENT, None),
        ("delivered", None, DeliveryStatus.DELIVERED, None),
        ("read", None, DeliveryStatus.DELIVERED, None),
        ("undelivered", "30003", DeliveryStatus.UNDELIVERED, "30003 the phone cannot be reached"),
        ("undelivered", "30005", DeliveryStatus.BOUNCED, "30005 the network knows no such number"),
        ("undelivered", "30006", DeliveryStatus.UNDELIVERED, "30006 a landline, or a network that cannot be reached"),
        ("undelivered", "30007", DeliveryStatus.BLOCKED, "30007 filtered as unwanted"),
        ("failed", "12345", DeliveryStatus.UNDELIVERED, "12345"),
        ("failed", None, DeliveryStatus.UNDELIVERED, "failed"),
    ],
)
async def test_a_report_of_a_message_is_read(
    sender: TwilioSender, said: str, code: str | None, amounts_to: DeliveryStatus, reason: str | None
) -> None:
    fields = {"MessageSid": MESSAGE_SID, "MessageStatus": said, "To": "+4915112345678", "AccountSid": ACCOUNT}
    call = a_call(fields | ({} if code is None else {"ErrorCode": code}))
    receipt = Receipt(delivery_id="dlv_1", provider_message_id=MESSAGE_SID, status=amounts_to, reason=reason)  # type: ignore[arg-type]  # an id is a text
    assert list(await sender.read(call)) == [receipt]
    assert list(await sender.read(call)) == [receipt], "the same again says the same"


@pytest.mark.parametrize(
    ("said", "amounts_to", "reason"),
    [
        ("ringing", DeliveryStatus.SENT, None),
        ("in-progress", DeliveryStatus.SENT, None),
        ("completed", DeliveryStatus.UNDELIVERED, "no key was pressed"),
        ("busy", DeliveryStatus.UNDELIVERED, "the line is busy"),
        ("no-answer", DeliveryStatus.UNDELIVERED, "nobody answered"),
        ("failed", DeliveryStatus.UNDELIVERED, "the call could not be made"),
    ],
)
async def test_a_report_of_a_call_is_read(
    sender: TwilioSender, said: str, amounts_to: DeliveryStatus, reason: str | None
) -> None:
    (receipt,) = await sender.read(a_call({"CallSid": CALL_SID, "CallStatus": said}))
    assert (receipt.provider_message_id, receipt.status, receipt.reason) == (CALL_SID, amounts_to, reason)


@pytest.mark.parametrize("fields", [{}, {"MessageStatus": "received"}, {"CallSid": "CA1"}, {"CallStatus": "queued"}])
async def test_what_reports_nothing_is_no_receipt(sender: TwilioSender, fields: dict[str, str]) -> None:
    assert list(await sender.read(a_call(fields or {"SmsSid": "1"}))) == []


async def test_reports_that_twilio_did_not_sign_for_us_are_refused(sender: TwilioSender) -> None:
    fields = {"MessageSid": MESSAGE_SID, "MessageStatus": "delivered"}
    forged = [
        a_call(fields, token=Secret("of another account")),
        replace(a_call(fields), headers={}),
        replace(a_call(fields), url=CALLBACK.replace("dlv_1", "dlv_2")),
        replace(a_call(fields | {"MessageStatus": "failed"}), body=a_call(fields).body),
        a_call(fields, url="https://verify.shop.example/callbacks/twilio"),
        a_call(fields, url=f"{CALLBACK}&delivery=dlv_2"),
    ]
    for call in forged:
        with pytest.raises(ReceiptRefused):
            await sender.read(call)


class TestSpeaking:
    """What is said once the phone was answered."""

    async def ask(self, sender: TwilioSender, words: SpokenWords | None, **fields: str) -> ElementTree.Element:
        async def ask_words() -> SpokenWords | None:
            return words

        call = a_call({"CallSid": CALL_SID, "CallStatus": "in-progress", **fields}, url=SPEAK)
        document: Document = await sender.speak(call, ask_words)
        assert document.media_type == "application/xml"
        return document_of(document.body)

    async def test_without_a_key_it_says_who_calls_and_no_code(
        self, sender: TwilioSender, heard: list[Receipt]
    ) -> None:
        root = await self.ask(sender, WORDS)
        assert [one.tag for one in root] == ["Gather", "Gather", "Hangup"]
        for gather in root.findall("Gather"):
            assert (gather.get("numDigits"), gather.get("input"), gather.get("action")) == ("1", "dtmf", SPEAK)
            assert [(one.text, one.get("language")) for one in gather] == [('Shop & "Sons". Press 1.', "de-DE")]
        assert b"Code" not in ElementTree.tostring(root)
        assert heard == []

    async def test_a_key_brings_the_code_slowly_and_is_the_delivery_of_it(
        self, sender: TwilioSender, heard: list[Receipt]
    ) -> None:
        root = await self.ask(sender, WORDS, Digits="1")
        assert [one.tag for one in root] == ["Pause", "Say", "Hangup"]
        (prosody,) = root.findall("Say/prosody")
        assert (prosody.text, prosody.get("rate")) == ("Code <1>, 2, 3.", "75%")
        assert [(one.delivery_id, one.status) for one in heard] == [("dlv_1", DeliveryStatus.DELIVERED)]

    async def test_a_code_is_said_though_the_key_press_cannot_be_noted(self) -> None:
        async def away(_: Receipt) -> None:
            raise StorageUnavailable

        root = await self.ask(TwilioSender(keys(), away, OutwardClient()), WORDS, Digits="1")
        assert [one.tag for one in root] == ["Pause", "Say", "Hangup"]

    async def test_a_code_that_is_dead_by_then_is_not_said(self, sender: TwilioSender, heard: list[Receipt]) -> None:
        assert [one.tag for one in await self.ask(sender, None, Digits="1")] == ["Hangup"]
        assert heard == []

    async def test_nobody_else_is_told_anything(self, sender: TwilioSender) -> None:
        async def ask_words() -> SpokenWords | None:
            pytest.fail("the words are asked for before it is known who calls")

        call = a_call({"Digits": "1"}, url=SPEAK)
        for forged in (replace(call, body=b"Digits=2"), a_call({"Digits": "1"}, url=SPEAK, token=Secret("another"))):
            with pytest.raises(ReceiptRefused):
                await sender.speak(forged, ask_words)

    @pytest.mark.parametrize(
        ("locale", "tag"),
        [
            ("en", "en-US"),
            ("en-GB", "en-GB"),
            ("zh-Hans", "cmn-CN"),
            ("pt-BR", "pt-BR"),
            ("pt", "pt-PT"),
            ("xx", "en-US"),
        ],
    )
    async def test_the_voice_speaks_the_language_of_the_words(
        self, sender: TwilioSender, locale: str, tag: str
    ) -> None:
        root = await self.ask(sender, replace(WORDS, locale=locale))
        assert {one.get("language") for one in root.iter("Say")} == {tag}


def test_a_sender_of_this_kind_keeps_every_promise() -> None:
    surroundings = SenderSurroundings(
        name="twilio", clock=SystemClock(), entropy=SystemEntropy(), hearing=a_sender(keys())._hearing
    )
    made: object = TWILIO.make(keys(), surroundings)
    assert isinstance(made, ReceiptReader)
    assert isinstance(made, Speaker)
    assert isinstance(made, Reporting)
    assert made.receipt_within_s == 45


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, None),
        ({"api_key": "SK1"}, ("api_key", "an API key and its secret go together")),
        ({"caller_number": "5550100"}, ("caller_number", "is not a telephone number with its country code")),
        ({"whatsapp_templates": {"en": "1"}}, ("whatsapp_templates", "en: is no SID of a content template (HX…)")),
        ({"api_url": "http://api.twilio.com"}, ("api_url", "must be https; http is for loopback only")),
        ({"api_url": "api.twilio.com"}, ("api_url", "is no address such as https://api.example.com")),
    ],
)
def test_settings_that_make_no_sense_are_named(fields: dict[str, Any], problem: tuple[str, str] | None) -> None:
    assert list(TWILIO.problems(keys(**fields))) == ([] if problem is None else [problem])


@pytest.mark.parametrize(
    ("channel", "fields"),
    [
        (Channel.SMS, {"from_number": None}),
        (Channel.VOICE, {"caller_number": None}),
        (Channel.WHATSAPP, {"whatsapp_number": None}),
        (Channel.WHATSAPP, {"whatsapp_templates": {"de": "HX2"}}),
    ],
)
def test_a_channel_needs_what_it_is_sent_from(channel: Channel, fields: dict[str, Any]) -> None:
    assert TWILIO.why_not(keys(), channel) is None
    assert (TWILIO.why_not(keys(**fields), channel) or "").startswith("needs a ")
