"""Hands short messages to AWS End User Messaging (``pinpoint-sms-voice-v2``), and reads what it reports.

Its voice messages begin to speak without a key being pressed, so they carry no code of ours.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Final

from msgspec import Meta, Struct

from watchword.adapters.senders.amazon_events import DELIVERY_TAG, read_text_event
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
from watchword.adapters.senders.kind import ReceiptWithin, SenderKind, SenderSurroundings
from watchword.domain.contact import Channel
from watchword.domain.errors import DeliveryFailed, ReceiptRefused
from watchword.domain.message import DeliveryStatus, Envelope
from watchword.ports.sender import Handover, ProviderCall, Receipt, Sender

PROVIDER: Final = "amazon_sms"
CODE_LIVES_S: Final = 600
"""What Amazon may take to deliver a code; later it is worth nothing (B8)."""
_MaxPrice = Annotated[
    Annotated[str, Meta(pattern=r"^\d{1,2}\.\d{1,5}$")] | None,
    Meta(
        description='The most that one part of a message may cost, in US dollars, such as "0.20"; dearer ones are '
        "refused.",
    ),
]


class AmazonSmsKeys(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """AWS End User Messaging SMS. Credentials are found as Amazon's own tools find them, and never stand here."""

    region: Region
    origination_identity: Annotated[
        Annotated[str, Meta(min_length=1, max_length=256)] | None,
        Meta(
            description="Number, sender id or pool that messages come from, by name, id or ARN; without it Amazon "
            "chooses one of yours.",
        ),
    ] = None
    configuration_set: ConfigurationSet = None
    protect_configuration: Annotated[
        str | None, Meta(description="Protect configuration by its id: countries that Amazon is to refuse.")
    ] = None
    max_price: _MaxPrice = None
    topic_arn: TopicArn = None
    # Amazon warns that a report may take up to 72 hours, and that some countries never report a delivery.
    receipt_within_s: ReceiptWithin = 0
    endpoint_url: EndpointUrl = None


class AmazonSmsSender:
    """Keeps ``ports.sender.Sender``, ``ReceiptReader`` and ``Reporting`` for ``Channel.SMS``."""

    def __init__(self, keys: AmazonSmsKeys, calls: Calls, topic: AmazonTopic | None) -> None:
        self._keys = keys
        self._calls = calls
        self._topic = topic

    @property
    def receipt_within_s(self) -> int | None:
        """After how long without a receipt a message goes to the next sender."""
        return None if self._topic is None else self._keys.receipt_within_s or None

    async def send(self, envelope: Envelope) -> Handover:
        """Hand a short message over; there is no idempotency key, so a repeat may reach the customer twice."""
        if envelope.channel is not Channel.SMS:
            raise DeliveryFailed("AWS End User Messaging carries short messages only", retryable=False)
        keys = self._keys
        chosen = {
            "OriginationIdentity": keys.origination_identity,
            "ConfigurationSetName": keys.configuration_set,
            "ProtectConfigurationId": keys.protect_configuration,
            "MaxPrice": keys.max_price,
            "TimeToLive": CODE_LIVES_S if envelope.is_code else None,
        }
        message_id = await self._calls.send(
            "send_text_message",
            DestinationPhoneNumber=envelope.to.reveal(),
            MessageBody=envelope.message.text,
            MessageType="TRANSACTIONAL",
            Context={DELIVERY_TAG: envelope.delivery_id},
            **{name: value for name, value in chosen.items() if value is not None},
        )
        return Handover(provider=PROVIDER, provider_message_id=message_id, status=DeliveryStatus.ACCEPTED)

    async def read(self, call: ProviderCall) -> Sequence[Receipt]:
        """Return what Amazon reports; raises ``ReceiptRefused`` unless it signed it for our topic."""
        if self._topic is None:
            raise ReceiptRefused
        message = await self._topic.read(call)
        return () if message is None else read_text_event(message)

    async def close(self) -> None:
        """Begin no call any more."""
        await self._calls.close()


def _make(keys: AmazonSmsKeys, surroundings: SenderSurroundings) -> Sender:
    topic = None if keys.topic_arn is None else AmazonTopic(keys.topic_arn, surroundings.clock)
    return AmazonSmsSender(keys, open_calls("pinpoint-sms-voice-v2", keys.region, keys.endpoint_url), topic)


def _problems(keys: AmazonSmsKeys) -> Iterable[tuple[str, str]]:
    yield from place_problems(keys.region, keys.endpoint_url, keys.topic_arn)
    if keys.topic_arn is not None and keys.configuration_set is None:
        yield "topic_arn", "needs configuration_set: only the event destination of one writes to a topic"
    if keys.receipt_within_s and keys.topic_arn is None:
        yield "receipt_within_s", "needs topic_arn: nothing is heard without it"


AMAZON_SMS: Final = SenderKind(
    name="amazon_sms", channels=(Channel.SMS,), keys=AmazonSmsKeys, make=_make, problems=_problems
)
