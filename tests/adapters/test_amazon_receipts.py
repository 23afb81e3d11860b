"""What Amazon reports: believed where Amazon signed it for our topic, and said in our words."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.adapters.amazon_endpoint import Answered, endpoint
from tests.adapters.amazon_signed import (
    BOUNCE,
    CERTIFICATE_URL,
    CONFIRM_URL,
    TOPIC,
    Web,
    call,
    certificate,
    confirmation,
    notification,
    signed,
)
from tests.adapters.envelopes import NOON
from tests.adapters.mail_server import LOOPBACK, free_port
from tests.kit.clock_and_chance import MovableClock
from watchword.adapters.senders.amazon_events import read_mail_event, read_text_event
from watchword.adapters.senders.amazon_notifications import (
    CERTIFICATES_KEPT,
    AmazonTopic,
    fetch_from_amazon,
    is_of_amazon_sns,
)
from watchword.adapters.senders.amazon_ses import SesKeys, SesSender
from watchword.adapters.senders.amazon_sms import AmazonSmsKeys, AmazonSmsSender
from watchword.domain.errors import ReceiptRefused, ServiceUnavailable
from watchword.domain.message import DeliveryStatus


@pytest.fixture
def web() -> Web:
    return Web()


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(NOON)


@pytest.fixture
def topic(web: Web, clock: MovableClock) -> AmazonTopic:
    return AmazonTopic(TOPIC, clock, web.fetch)


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("extra", [{}, {"Subject": "Amazon SES Email Event Notification"}], ids=["plain", "subject"])
async def test_what_amazon_signed_is_believed(
    topic: AmazonTopic, web: Web, version: str, extra: dict[str, str]
) -> None:
    given = signed(notification(SignatureVersion=version, **extra))
    assert await topic.read(call(given)) == given["Message"]
    assert web.asked == [CERTIFICATE_URL]


async def test_a_certificate_is_fetched_once(topic: AmazonTopic, web: Web) -> None:
    for _ in range(3):
        await topic.read(call(signed(notification())))
    assert web.asked == [CERTIFICATE_URL]


async def test_a_known_certificate_waits_for_none_that_somebody_has_us_fetch(web: Web, clock: MovableClock) -> None:
    begun, over = asyncio.Event(), asyncio.Event()

    async def fetch(url: str) -> bytes:
        if url == CERTIFICATE_URL:
            return await web.fetch(url)
        begun.set()
        await over.wait()
        raise ReceiptRefused

    topic = AmazonTopic(TOPIC, clock, fetch)
    await topic.read(call(signed(notification())))
    nowhere = signed(notification(SigningCertURL=CERTIFICATE_URL.replace("0123abcd", "ffffffff")))
    hostile = asyncio.create_task(topic.read(call(nowhere)))
    await begun.wait()
    genuine = signed(notification())
    async with asyncio.timeout(5):  # as long as the other is being fetched
        assert await topic.read(call(genuine)) == genuine["Message"]
    over.set()
    with pytest.raises(ReceiptRefused):
        await hostile


async def test_only_so_many_certificates_are_kept(topic: AmazonTopic, web: Web) -> None:
    urls = [CERTIFICATE_URL.replace("0123abcd", f"{number:08x}") for number in range(CERTIFICATES_KEPT + 1)]
    web.pages |= dict.fromkeys(urls, certificate())
    for url in (*urls, urls[-1], urls[0]):
        await topic.read(call(signed(notification(SigningCertURL=url))))
    assert web.asked == [*urls, urls[0]]


Change = Callable[[dict[str, str]], object]


@pytest.mark.parametrize(
    "change",
    [
        lambda given: given | {"Message": json.dumps(BOUNCE | {"eventType": "Delivery"})},
        lambda given: given | {"MessageId": "another"},
        lambda given: given | {"Subject": "added"},
        lambda given: given | {"Timestamp": "2026-11-23T12:00:00.000Z"},
        lambda given: given | {"Type": "UnsubscribeConfirmation"},
        lambda given: given | {"Type": "Nonsense"},
        lambda given: given | {"SignatureVersion": "1"},
        lambda given: given | {"SignatureVersion": "3"},
        lambda given: given | {"Signature": ""},
        lambda given: given | {"Signature": "!"},
        lambda given: {name: value for name, value in given.items() if name != "Signature"},
        lambda given: {name: value for name, value in given.items() if name != "Timestamp"},
        lambda given: {name: value for name, value in given.items() if name != "SigningCertURL"},
        lambda given: signed(given, rsa.generate_private_key(65_537, 2048)),
        lambda _: [],
        lambda _: "text",
        lambda _: b"",
        lambda _: b"\xff",
        lambda _: b"[" * 100_000,
        lambda _: BOUNCE,
    ],
)
async def test_what_amazon_did_not_sign_is_refused(topic: AmazonTopic, change: Change) -> None:
    await topic.read(call(signed(notification())))
    with pytest.raises(ReceiptRefused):
        await topic.read(call(change(signed(notification()))))


async def test_another_topic_is_refused_though_amazon_signed_it_and_nothing_is_fetched_for_it(
    topic: AmazonTopic, web: Web
) -> None:
    for given in (notification, confirmation):
        with pytest.raises(ReceiptRefused):
            await topic.read(call(signed(given(TopicArn=TOPIC.replace("receipts", "thief")))))
    assert web.asked == []


HOSTILE_URLS = [
    "http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123abcd.pem",
    "https://sns.eu-central-1.amazonaws.com.thief.example/SimpleNotificationService-0123abcd.pem",
    "https://thief.example/sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123abcd.pem",
    "https://sns.eu-central-1.amazonaws.com@thief.example/SimpleNotificationService-0123abcd.pem",
    "https://thief@sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123abcd.pem",
    "https://sns.eu-central-1.amazonaws.com:8443/SimpleNotificationService-0123abcd.pem",
    "https://s3.eu-central-1.amazonaws.com/SimpleNotificationService-0123abcd.pem",
    "https://thief.s3.amazonaws.com/SimpleNotificationService-0123abcd.pem",
    "https://snsxeu-central-1.amazonaws.com/SimpleNotificationService-0123abcd.pem",
    "https://sns.eu-central-1.amazonaws.com\n.thief.example/SimpleNotificationService-0123abcd.pem",
    "https://sns..amazonaws.com/SimpleNotificationService-0123abcd.pem",
    "https://sns.amazonaws.com/SimpleNotificationService-0123abcd.pem#",
    "https://[::1]/SimpleNotificationService-0123abcd.pem",
    "https://[broken/SimpleNotificationService-0123abcd.pem",
    "//sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123abcd.pem",
    "file:///etc/passwd",
    "",
]


@pytest.mark.parametrize(
    "url",
    [
        *HOSTILE_URLS,
        "https://sns.eu-central-1.amazonaws.com/other.pem",
        "https://sns.eu-central-1.amazonaws.com/x/SimpleNotificationService-0123abcd.pem",
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-../x.pem",
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123abcd.pem?x=1",
    ],
)
async def test_a_certificate_comes_from_amazon_sns_alone(topic: AmazonTopic, web: Web, url: str) -> None:
    web.pages[url] = certificate()
    with pytest.raises(ReceiptRefused):
        await topic.read(call(signed(notification(SigningCertURL=url))))
    assert web.asked == []


@pytest.mark.parametrize("host", ["sns.us-gov-west-1.amazonaws.com", "sns.cn-north-1.amazonaws.com.cn"])
def test_every_region_of_amazons_is_amazons(host: str) -> None:
    assert is_of_amazon_sns(f"https://{host}/?Action=ConfirmSubscription")


@pytest.mark.parametrize("pem", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"])
async def test_what_is_no_certificate_proves_nothing(topic: AmazonTopic, web: Web, pem: bytes) -> None:
    web.pages[CERTIFICATE_URL] = pem
    with pytest.raises(ReceiptRefused):
        await topic.read(call(signed(notification())))


async def test_a_certificate_ends(topic: AmazonTopic, web: Web, clock: MovableClock) -> None:
    web.pages[CERTIFICATE_URL] = certificate(ends_after=timedelta(days=2_600))
    await topic.read(call(signed(notification())))
    clock.move(days=200)
    with pytest.raises(ReceiptRefused):
        await topic.read(call(signed(notification())))


async def test_amazon_is_asked_to_call_again_while_its_certificate_cannot_be_had(topic: AmazonTopic, web: Web) -> None:
    web.is_away = True
    with pytest.raises(ServiceUnavailable):
        await topic.read(call(signed(notification())))
    web.is_away = False
    assert await topic.read(call(signed(notification()))) is not None


async def test_what_is_fetched_is_what_is_at_the_address() -> None:
    with endpoint() as one:
        one.answers.append(Answered(body=certificate()))
        assert await fetch_from_amazon(f"{one.url}/SimpleNotificationService-1.pem") == certificate()


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (Answered(status=404), ReceiptRefused),
        (Answered(status=302, location="/elsewhere"), ReceiptRefused),
        (Answered(body=b"x" * 20_000), ReceiptRefused),
        (Answered(status=503), ServiceUnavailable),
    ],
    ids=["missing", "elsewhere", "large", "away"],
)
async def test_nothing_else_is_fetched(answer: Answered, refusal: type[Exception]) -> None:
    with endpoint() as one:
        one.answers.append(answer)
        with pytest.raises(refusal):
            await fetch_from_amazon(one.url)
        assert len(one.asked) == 1


async def test_nobody_there_is_asked_again_later() -> None:
    with pytest.raises(ServiceUnavailable):
        await fetch_from_amazon(f"http://{LOOPBACK}:{free_port()}/")


async def test_the_subscription_to_our_topic_is_confirmed(topic: AmazonTopic, web: Web) -> None:
    assert await topic.read(call(signed(confirmation()))) is None
    assert web.asked == [CERTIFICATE_URL, CONFIRM_URL]


async def test_a_subscription_that_amazon_did_not_sign_is_not_confirmed(topic: AmazonTopic, web: Web) -> None:
    with pytest.raises(ReceiptRefused):
        await topic.read(call(signed(confirmation()) | {"Token": "another"}))
    assert CONFIRM_URL not in web.asked


@pytest.mark.parametrize("url", HOSTILE_URLS)
async def test_a_subscription_is_confirmed_with_amazon_alone(topic: AmazonTopic, web: Web, url: str) -> None:
    with pytest.raises(ReceiptRefused):
        await topic.read(call(signed(confirmation(SubscribeURL=url))))
    assert web.asked == [CERTIFICATE_URL]


async def test_the_end_of_a_subscription_is_no_receipt_and_fetches_nothing(topic: AmazonTopic, web: Web) -> None:
    assert await topic.read(call(signed(confirmation(Type="UnsubscribeConfirmation")))) is None
    assert web.asked == [CERTIFICATE_URL]


class NoCalls:
    """Nothing is sent here."""

    async def send(self, operation: str, **parameters: object) -> str:
        raise AssertionError(operation, parameters)

    async def close(self) -> None:
        """Nothing is open."""


async def test_a_sender_reads_what_its_topic_brings(topic: AmazonTopic, clock: MovableClock) -> None:
    mail_keys = SesKeys(region="eu-central-1", from_address="codes@shop.example", topic_arn=TOPIC)
    text = {"eventType": "TEXT_DELIVERED", "messageId": "sms-1", "context": {"delivery": "dlv_8"}}
    [mail] = await SesSender(mail_keys, NoCalls(), topic, clock).read(call(signed(notification())))
    [short] = await AmazonSmsSender(AmazonSmsKeys(region="eu-central-1"), NoCalls(), topic).read(
        call(signed(notification(text)))
    )
    assert (mail.delivery_id, mail.provider_message_id, mail.status) == ("dlv_7", "ses-1", DeliveryStatus.BOUNCED)
    assert (short.delivery_id, short.provider_message_id, short.status) == ("dlv_8", "sms-1", DeliveryStatus.DELIVERED)
    assert await SesSender(mail_keys, NoCalls(), topic, clock).read(call(signed(confirmation()))) == ()


async def test_a_sender_without_a_topic_believes_nobody(clock: MovableClock) -> None:
    mail_keys = SesKeys(region="eu-central-1", from_address="codes@shop.example")
    for sender in (
        SesSender(mail_keys, NoCalls(), None, clock),
        AmazonSmsSender(AmazonSmsKeys(region="eu-central-1"), NoCalls(), None),
    ):
        with pytest.raises(ReceiptRefused):
            await sender.read(call(signed(notification())))


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ({"eventType": "Send"}, "accepted"),
        ({"eventType": "Delivery"}, "delivered"),
        ({"notificationType": "Delivery"}, "delivered"),
        ({"eventType": "DeliveryDelay"}, "sent"),
        ({"eventType": "Reject"}, "blocked"),
        ({"eventType": "Complaint"}, "blocked"),
        ({"eventType": "Rendering Failure"}, "undelivered"),
        ({"eventType": "Bounce", "bounce": {"bounceType": "Permanent", "bounceSubType": "General"}}, "bounced"),
        ({"notificationType": "Bounce", "bounce": {"bounceType": "Permanent", "bounceSubType": "NoEmail"}}, "bounced"),
        ({"eventType": "Bounce", "bounce": {"bounceType": "Permanent", "bounceSubType": "Suppressed"}}, "bounced"),
        (
            {
                "eventType": "Bounce",
                "bounce": {"bounceType": "Permanent", "bounceSubType": "OnAccountSuppressionList"},
            },
            "blocked",
        ),
        ({"eventType": "Bounce", "bounce": {"bounceType": "Transient", "bounceSubType": "MailboxFull"}}, "undelivered"),
        ({"eventType": "Bounce", "bounce": {"bounceType": "Undetermined"}}, "undelivered"),
    ],
)
def test_what_is_reported_of_a_mail_is_said_in_our_words(event: dict[str, Any], status: str) -> None:
    [receipt] = read_mail_event(json.dumps(event | {"mail": {"messageId": "ses-1", "destination": ["a@b.example"]}}))
    assert (receipt.delivery_id, receipt.provider_message_id, receipt.status.value) == (None, "ses-1", status)
    assert receipt.reason is not None
    assert "b.example" not in receipt.reason


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("TEXT_QUEUED", "accepted"),
        ("TEXT_PENDING", "accepted"),
        ("TEXT_SENT", "sent"),
        ("TEXT_SUCCESSFUL", "sent"),
        ("TEXT_DELIVERED", "delivered"),
        ("TEXT_BLOCKED", "blocked"),
        ("TEXT_CARRIER_BLOCKED", "blocked"),
        ("TEXT_PROTECT_BLOCKED", "blocked"),
        ("TEXT_SPAM", "blocked"),
        ("TEXT_INVALID", "bounced"),
        ("TEXT_INVALID_MESSAGE", "undelivered"),
        ("TEXT_UNREACHABLE", "undelivered"),
        ("TEXT_CARRIER_UNREACHABLE", "undelivered"),
        ("TEXT_TTL_EXPIRED", "undelivered"),
        ("TEXT_UNKNOWN", "unknown"),
    ],
)
def test_what_is_reported_of_a_short_message_is_said_in_our_words(kind: str, status: str) -> None:
    event = {
        "eventType": kind,
        "eventVersion": "1.0",
        "isFinal": True,
        "destinationPhoneNumber": "+14155550123",
        "messageId": "sms-1",
        "messageStatusDescription": "About +14155550123",
        "context": {"delivery": "dlv_7"},
        "totalMessageParts": 1,
        "totalMessagePrice": 0.09582,
    }
    [receipt] = read_text_event(json.dumps(event))
    assert (receipt.delivery_id, receipt.status.value, receipt.reason) == ("dlv_7", status, kind)


def test_what_says_nothing_of_the_way_is_no_receipt() -> None:
    for kind in ("Open", "Click", "Subscription", "Something new", "Bounce"):
        assert read_mail_event(json.dumps({"eventType": kind, "mail": {"messageId": "ses-1"}})) == ()
    assert read_mail_event(json.dumps({"mail": {"messageId": "ses-1"}})) == ()
    for kind in ("VOICE_COMPLETED", "TEXT_SOMETHING_NEW"):
        assert read_text_event(json.dumps({"eventType": kind, "messageId": "sms-1"})) == ()


@pytest.mark.parametrize("message", ["", "text", "[]", "{}", '{"eventType": 1}', "[" * 100_000, "\ud800"])
def test_a_message_that_is_not_what_amazon_documents_is_refused(message: str) -> None:
    for read in (read_mail_event, read_text_event):
        with pytest.raises(ReceiptRefused):
            read(message)
