"""Hands e-mail to Amazon SES (API version 2), and reads what it reports through Amazon SNS."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Final

from msgspec import Meta, Struct

from watchword.adapters.senders.amazon_events import DELIVERY_TAG, read_mail_event
from watchword.adapters.senders.amazon_keys import (
    Calls,
    ConfigurationSet,
    EndpointUrl,
    Region,
    TopicArn,
    open_calls,
    place_problems,
)
from watchword.adapters.senders.amazon_notifications import AmazonTopic
from watchword.adapters.senders.kind import SenderKind, SenderSurroundings
from watchword.adapters.senders.mail_building import MailHead, build_mail
from watchword.domain.contact import Channel, ContactKind, read_address
from watchword.domain.errors import DeliveryFailed, ReceiptRefused
from watchword.domain.message import DeliveryStatus, Envelope
from watchword.ports.clock import Clock
from watchword.ports.sender import Handover, ProviderCall, Receipt, Sender

PROVIDER: Final = "amazon_ses"


class SesKeys(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Amazon SES. Credentials are found as Amazon's own tools find them, and never stand in this file."""

    region: Region
    from_address: Annotated[str, Meta(description="Address in `From`, verified with SES by itself or by its domain.")]
    reply_to: Annotated[
        str | None, Meta(description="Address in `Reply-To`; somebody should read it, though a reply never counts.")
    ] = None
    configuration_set: ConfigurationSet = None
    topic_arn: TopicArn = None
    endpoint_url: EndpointUrl = None


class SesSender:
    """Keeps ``ports.sender.Sender`` and ``ReceiptReader`` for ``Channel.EMAIL``."""

    def __init__(self, keys: SesKeys, calls: Calls, topic: AmazonTopic | None, clock: Clock) -> None:
        self._keys = keys
        self._calls = calls
        self._topic = topic
        self._clock = clock

    async def send(self, envelope: Envelope) -> Handover:
        """Hand an e-mail over; SES knows no idempotency key, so a repeat may reach the customer twice."""
        if envelope.channel is not Channel.EMAIL:
            raise DeliveryFailed("Amazon SES carries e-mail only", retryable=False)
        head = MailHead(from_address=self._keys.from_address, reply_to=self._keys.reply_to)
        mail = build_mail(envelope, head, self._clock.now())
        message_id = await self._calls.send(
            "send_email",
            FromEmailAddress=self._keys.from_address,
            Destination={"ToAddresses": [envelope.to.reveal()]},
            Content={"Raw": {"Data": mail}},
            EmailTags=[{"Name": DELIVERY_TAG, "Value": envelope.delivery_id}],
            **({} if self._keys.configuration_set is None else {"ConfigurationSetName": self._keys.configuration_set}),
        )
        return Handover(provider=PROVIDER, provider_message_id=message_id, status=DeliveryStatus.ACCEPTED)

    async def read(self, call: ProviderCall) -> Sequence[Receipt]:
        """Return what Amazon reports; raises ``ReceiptRefused`` unless it signed it for our topic."""
        if self._topic is None:
            raise ReceiptRefused
        message = await self._topic.read(call)
        return () if message is None else read_mail_event(message)

    async def close(self) -> None:
        """Begin no call any more."""
        await self._calls.close()


def _make(keys: SesKeys, surroundings: SenderSurroundings) -> Sender:
    topic = None if keys.topic_arn is None else AmazonTopic(keys.topic_arn, surroundings.clock)
    return SesSender(keys, open_calls("sesv2", keys.region, keys.endpoint_url), topic, surroundings.clock)


def _problems(keys: SesKeys) -> Iterable[tuple[str, str]]:
    yield from place_problems(keys.region, keys.endpoint_url, keys.topic_arn)
    for key, address in (("from_address", keys.from_address), ("reply_to", keys.reply_to)):
        if address is not None and read_address(ContactKind.EMAIL, address) is None:
            yield key, "is not an e-mail address"


AMAZON_SES: Final = SenderKind(
    name="amazon_ses", channels=(Channel.EMAIL,), keys=SesKeys, make=_make, problems=_problems
)
