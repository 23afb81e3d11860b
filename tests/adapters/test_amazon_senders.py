"""Messages handed to Amazon: to moto's server where it knows the service, else to an endpoint that answers as told."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from email import message_from_string
from email.policy import default as modern
from typing import Any
from urllib.parse import parse_qs

import boto3
import msgspec
import pytest
from moto.server import ThreadedMotoServer
from moto.ses.models import ses_backends
from moto.sns.models import sns_backends

from tests.adapters.amazon_endpoint import Answered, Endpoint, endpoint, refusal, refusal_of_sns
from tests.adapters.envelopes import NOON, an_envelope
from tests.adapters.mail_server import LOOPBACK, free_port
from tests.kit.clock_and_chance import MovableClock, SeededEntropy
from watchword.adapters.senders import amazon_calls
from watchword.adapters.senders.amazon_ses import AMAZON_SES
from watchword.adapters.senders.amazon_sms import AMAZON_SMS
from watchword.adapters.senders.amazon_sns import AMAZON_SNS
from watchword.adapters.senders.kind import Closing, SenderKind, SenderSurroundings
from watchword.domain.contact import Channel
from watchword.domain.errors import ConfigurationError, DeliveryFailed
from watchword.domain.message import DeliveryStatus, Envelope
from watchword.ports.sender import Receipt, Sender

REGION = "eu-central-1"
ACCOUNT = "123456789012"
"""Everybody's at moto's server."""
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:receipts"
UNDELIVERED, BLOCKED = DeliveryStatus.UNDELIVERED, DeliveryStatus.BLOCKED
KINDS: dict[str, SenderKind[Any]] = {kind.name: kind for kind in (AMAZON_SES, AMAZON_SMS, AMAZON_SNS)}


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(LOOPBACK, 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def amazon() -> Iterator[Endpoint]:
    with endpoint() as one:
        yield one


@pytest.fixture(scope="module")
def lasting() -> Iterator[Endpoint]:
    with endpoint() as one:
        yield one


@pytest.fixture(scope="module")
def made(lasting: Endpoint) -> Mapping[str, Sender]:
    """One sender of each kind: Amazon's library takes a third of a second to open a service."""
    return {name: make(name, lasting.url) for name in KINDS}


async def deaf(_: Receipt) -> None:
    """Amazon reports by calls."""


def make(name: str, url: str, **fields: Any) -> Sender:
    kind = KINDS[name]
    values = {"region": REGION, "endpoint_url": url}
    if name == "amazon_ses":
        values["from_address"] = "codes@shop.example"
    keys = msgspec.convert(values | fields, kind.keys)
    assert list(kind.problems(keys)) == []
    return kind.make(
        keys, SenderSurroundings(name="amazon", clock=MovableClock(NOON), entropy=SeededEntropy(1), hearing=deaf)
    )


@pytest.fixture
async def open_senders() -> AsyncIterator[list[Sender]]:
    senders: list[Sender] = []
    yield senders
    for sender in senders:
        assert isinstance(sender, Closing)
        await sender.close()


def a_text(**fields: Any) -> Envelope:
    values: dict[str, Any] = {"channel": Channel.SMS, "to": "+14155550123", "subject": None, "html": None}
    return an_envelope(**(values | fields))


def taken_by(name: str, **fields: Any) -> Envelope:
    return an_envelope(**fields) if name == "amazon_ses" else a_text(**fields)


async def test_a_short_message_reaches_amazon_sns(moto: str, open_senders: list[Sender]) -> None:
    sender = make("amazon_sns", moto, sender_id="Shop")
    open_senders.append(sender)
    handover = await sender.send(a_text(text="012345 is your code.\n@shop.example #012345"))
    taken = sns_backends[ACCOUNT][REGION].sms_messages
    assert handover.provider_message_id is not None
    assert taken[handover.provider_message_id] == ("+14155550123", "012345 is your code.\n@shop.example #012345")
    assert (handover.provider, handover.status) == ("amazon_sns", DeliveryStatus.ACCEPTED)


async def test_a_number_that_amazon_sns_does_not_know_is_refused_for_good(
    moto: str, open_senders: list[Sender]
) -> None:
    sender = make("amazon_sns", moto)
    open_senders.append(sender)
    with pytest.raises(DeliveryFailed, match="InvalidParameter") as failure:
        await sender.send(a_text(to="0123"))
    assert not failure.value.retryable
    assert "0123" not in str(failure.value)


async def test_a_mail_reaches_amazon_ses_once_its_sender_is_verified(moto: str, open_senders: list[Sender]) -> None:
    sender = make("amazon_ses", moto, reply_to="help@shop.example")
    open_senders.append(sender)
    with pytest.raises(DeliveryFailed, match="MessageRejected") as failure:
        await sender.send(an_envelope())
    assert (failure.value.retryable, failure.value.status) == (False, BLOCKED)
    client = boto3.client("sesv2", region_name=REGION, endpoint_url=moto)
    client.create_email_identity(EmailIdentity="codes@shop.example")
    client.close()
    handover = await sender.send(an_envelope())
    taken = ses_backends[ACCOUNT][REGION].sent_messages[-1]
    mail = message_from_string(taken.raw_data, policy=modern)
    assert (taken.id, set(taken.destinations)) == (handover.provider_message_id, {"ada@home.example"})
    assert (mail["From"], mail["Reply-To"]) == ("Example Shop <codes@shop.example>", "help@shop.example")
    assert (mail["Auto-Submitted"], mail["Subject"]) == ("auto-generated", "012345 is your Example Shop code")


async def test_our_id_travels_with_a_mail(amazon: Endpoint, open_senders: list[Sender]) -> None:
    sender = make("amazon_ses", amazon.url, configuration_set="codes")
    open_senders.append(sender)
    await sender.send(an_envelope(delivery_id="dlv_7", brand="Łódź"))
    fields = amazon.asked[0].fields
    assert fields["EmailTags"] == [{"Name": "delivery", "Value": "dlv_7"}]
    assert fields["ConfigurationSetName"] == "codes"
    assert fields["FromEmailAddress"] == "codes@shop.example"


async def test_a_short_message_reaches_end_user_messaging_with_our_id(
    amazon: Endpoint, open_senders: list[Sender]
) -> None:
    sender = make(
        "amazon_sms", amazon.url, origination_identity="ExampleShop", configuration_set="codes", max_price="0.20"
    )
    open_senders.append(sender)
    handover = await sender.send(a_text(text="012345 is your code.", delivery_id="dlv_7"))
    [asked] = amazon.asked
    assert asked.target == "PinpointSMSVoiceV2.SendTextMessage"
    assert asked.fields == {
        "DestinationPhoneNumber": "+14155550123",
        "OriginationIdentity": "ExampleShop",
        "MessageBody": "012345 is your code.",
        "MessageType": "TRANSACTIONAL",
        "ConfigurationSetName": "codes",
        "MaxPrice": "0.20",
        "TimeToLive": 600,
        "Context": {"delivery": "dlv_7"},
    }
    assert (handover.provider_message_id, handover.status) == ("amazon-1", DeliveryStatus.ACCEPTED)


async def test_a_notice_may_arrive_late(amazon: Endpoint, open_senders: list[Sender]) -> None:
    sender = make("amazon_sms", amazon.url)
    open_senders.append(sender)
    await sender.send(a_text(is_code=False))
    assert "TimeToLive" not in amazon.asked[0].fields


async def test_a_sender_id_and_a_number_reach_amazon_sns(amazon: Endpoint, open_senders: list[Sender]) -> None:
    sender = make("amazon_sns", amazon.url, sender_id="Shop", origination_number="+4930123456")
    open_senders.append(sender)
    body = "<PublishResponse><PublishResult><MessageId>sns-1</MessageId></PublishResult></PublishResponse>"
    amazon.answers.append(Answered(body=body.encode()))
    await sender.send(a_text())
    asked = {name: values[0] for name, values in parse_qs(amazon.asked[0].body.decode()).items()}
    given = {
        asked[f"MessageAttributes.entry.{n}.Name"]: asked[f"MessageAttributes.entry.{n}.Value.StringValue"]
        for n in (1, 2, 3)
    }
    assert given == {
        "AWS.SNS.SMS.SMSType": "Transactional",
        "AWS.SNS.SMS.SenderID": "Shop",
        "AWS.MM.SMS.OriginationNumber": "+4930123456",
    }


@pytest.mark.parametrize(
    ("name", "answer", "retryable", "status"),
    [
        ("amazon_sms", refusal("ThrottlingException"), True, UNDELIVERED),
        ("amazon_sms", refusal("InternalServerException", status=500), True, UNDELIVERED),
        ("amazon_sms", refusal("ExpiredTokenException"), True, UNDELIVERED),
        ("amazon_sms", refusal("AccessDeniedException"), True, UNDELIVERED),
        ("amazon_sms", refusal("AccessDeniedException", Reason="ACCOUNT_DISABLED"), False, UNDELIVERED),
        ("amazon_sms", refusal("ValidationException", Reason="INVALID_PARAMETER"), False, UNDELIVERED),
        ("amazon_sms", refusal("ValidationException", Reason="DESTINATION_COUNTRY_BLOCKED"), False, BLOCKED),
        ("amazon_sms", refusal("ConflictException", Reason="DESTINATION_PHONE_NUMBER_OPTED_OUT"), False, BLOCKED),
        (
            "amazon_sms",
            refusal("ServiceQuotaExceededException", Reason="MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT"),
            False,
            UNDELIVERED,
        ),
        ("amazon_ses", refusal("TooManyRequestsException", status=429), True, UNDELIVERED),
        ("amazon_ses", refusal("MessageRejected"), False, BLOCKED),
        ("amazon_ses", refusal("MailFromDomainNotVerifiedException"), False, UNDELIVERED),
        ("amazon_ses", refusal("SendingPausedException"), False, UNDELIVERED),
        ("amazon_ses", refusal("AccountSuspendedException"), False, UNDELIVERED),
        ("amazon_ses", refusal("BadRequestException"), False, UNDELIVERED),
        ("amazon_ses", Answered(status=503, body=b"<html>busy</html>"), True, UNDELIVERED),
        ("amazon_sns", refusal_of_sns("Throttled", status=429), True, UNDELIVERED),
        ("amazon_sns", refusal_of_sns("Throttling"), True, UNDELIVERED),
        ("amazon_sns", refusal_of_sns("OptedOut"), False, BLOCKED),
        ("amazon_sns", refusal_of_sns("InvalidParameter"), False, UNDELIVERED),
        ("amazon_sns", refusal_of_sns("InternalFailure", status=500), True, UNDELIVERED),
        ("amazon_sns", refusal_of_sns("InvalidClientTokenId", status=403), True, UNDELIVERED),
    ],
    ids=lambda value: value.error or value.body.decode()[100:140] if isinstance(value, Answered) else None,
)
async def test_a_refusal_is_said_in_our_words_without_amazons(
    lasting: Endpoint,
    made: Mapping[str, Sender],
    name: str,
    answer: Answered,
    status: DeliveryStatus,
    *,
    retryable: bool,
) -> None:
    lasting.asked.clear()
    lasting.answers.append(answer)
    with pytest.raises(DeliveryFailed) as failure:
        await made[name].send(taken_by(name))
    assert (failure.value.retryable, failure.value.status) == (retryable, status)
    assert failure.value.certain is (answer.status < 500)
    assert "4155550123" not in str(failure.value)
    assert len(lasting.asked) == 1


@pytest.mark.parametrize("body", [b"", b"<", b"{}", b"[]", b"\xff", b'{"MessageId": null}', b"<a></a>", b"[" * 5_000])
@pytest.mark.parametrize("name", list(KINDS))
async def test_an_answer_that_nobody_can_read_is_tried_again(
    lasting: Endpoint, made: Mapping[str, Sender], name: str, body: bytes
) -> None:
    lasting.answers.append(Answered(body=body))
    with pytest.raises(DeliveryFailed) as failure:
        await made[name].send(taken_by(name))
    assert (failure.value.retryable, failure.value.certain) == (True, False)


async def test_nobody_there_is_tried_again(open_senders: list[Sender]) -> None:
    sender = make("amazon_sms", f"http://{LOOPBACK}:{free_port()}")
    open_senders.append(sender)
    with pytest.raises(DeliveryFailed, match="EndpointConnectionError") as failure:
        await sender.send(a_text())
    assert (failure.value.retryable, failure.value.certain) == (True, True)


async def test_a_process_without_credentials_tries_again(
    amazon: Endpoint, open_senders: list[Sender], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    sender = make("amazon_sms", amazon.url)
    open_senders.append(sender)
    with pytest.raises(DeliveryFailed, match="NoCredentialsError") as failure:
        await sender.send(a_text())
    assert failure.value.retryable


async def test_an_amazon_that_hangs_is_tried_again_and_holds_nobody_up(
    amazon: Endpoint, open_senders: list[Sender], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(amazon_calls, "CALL_S", 0.1)
    amazon.held = threading.Event()
    sender = make("amazon_sms", amazon.url)
    open_senders.append(sender)
    with pytest.raises(DeliveryFailed, match="in time") as failure:
        await sender.send(a_text())
    assert (failure.value.retryable, failure.value.certain) == (True, False)
    amazon.held.set()


async def test_more_messages_than_threads_all_arrive(amazon: Endpoint, open_senders: list[Sender]) -> None:
    sender = make("amazon_sms", amazon.url)
    open_senders.append(sender)
    many = 2 * amazon_calls.THREADS
    await asyncio.gather(*(sender.send(a_text(delivery_id=f"dlv_{number}")) for number in range(many)))
    assert {asked.fields["Context"]["delivery"] for asked in amazon.asked} == {f"dlv_{n}" for n in range(many)}


@pytest.mark.parametrize("name", list(KINDS))
async def test_another_channel_is_refused_for_good(open_senders: list[Sender], name: str) -> None:
    sender = make(name, f"http://{LOOPBACK}:1")
    open_senders.append(sender)
    other = a_text() if name == "amazon_ses" else an_envelope()
    with pytest.raises(DeliveryFailed, match="only") as failure:
        await sender.send(other)
    assert not failure.value.retryable


@pytest.mark.parametrize("name", list(KINDS))
def test_the_extra_is_named_where_the_library_is_missing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delitem(sys.modules, "watchword.adapters.senders.amazon_calls", raising=False)
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(ConfigurationError, match=r"needs boto3.*pip install 'watchword\[aws\]'"):
        make(name, "https://amazon.example")


@pytest.mark.parametrize(
    ("name", "fields", "wrong"),
    [
        ("amazon_sns", {"region": "Frankfurt"}, "region"),
        ("amazon_sns", {"endpoint_url": "http://amazon.example"}, "endpoint_url"),
        ("amazon_sns", {"endpoint_url": "https://user@amazon.example"}, "endpoint_url"),
        ("amazon_sns", {"sender_id": "12345"}, "sender_id"),
        ("amazon_sns", {"sender_id": "TwelveLetter"}, "sender_id"),
        ("amazon_sns", {"origination_number": "Shop"}, "origination_number"),
        ("amazon_sms", {"topic_arn": TOPIC}, "topic_arn"),
        ("amazon_sms", {"configuration_set": "codes", "topic_arn": "receipts"}, "topic_arn"),
        ("amazon_ses", {"from_address": "Shop"}, "from_address"),
        ("amazon_ses", {"from_address": "codes@shop.example", "reply_to": "nobody"}, "reply_to"),
    ],
)
def test_settings_that_cannot_work_are_named(name: str, fields: dict[str, str], wrong: str) -> None:
    kind = KINDS[name]
    values = {"region": REGION} | ({"from_address": "codes@shop.example"} if name == "amazon_ses" else {}) | fields
    assert [key for key, _ in kind.problems(msgspec.convert(values, kind.keys))] == [wrong]
