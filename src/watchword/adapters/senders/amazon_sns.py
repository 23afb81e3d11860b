"""Hands short messages to Amazon SNS, which reports nothing of them to us: it writes to a log of Amazon's alone."""

import re
from collections.abc import Iterable
from typing import Annotated, Final

from msgspec import Meta, Struct

from watchword.adapters.senders.amazon_keys import Calls, EndpointUrl, Region, open_calls, place_problems
from watchword.adapters.senders.kind import SenderKind, SenderSurroundings
from watchword.domain.contact import Channel
from watchword.domain.errors import DeliveryFailed
from watchword.domain.message import DeliveryStatus, Envelope
from watchword.ports.sender import Handover, Sender

PROVIDER: Final = "amazon_sns"
_SENDER_ID: Final = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9-]{1,11}")
_NUMBER: Final = re.compile(r"\+?\d{5,14}")
"""Amazon SNS developer guide, "Publishing a message": sender id and origination number."""


class SnsKeys(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Amazon SNS, without receipts; `amazon_sms` has them. Credentials are found as Amazon's own tools find them."""

    region: Region
    sender_id: Annotated[
        str | None, Meta(description="Name that messages come from, up to 11 letters, digits and hyphens.")
    ] = None
    origination_number: Annotated[str | None, Meta(description="Number that messages come from.")] = None
    endpoint_url: EndpointUrl = None


class SnsSender:
    """Keeps ``ports.sender.Sender`` for ``Channel.SMS``."""

    def __init__(self, keys: SnsKeys, calls: Calls) -> None:
        self._keys = keys
        self._calls = calls

    async def send(self, envelope: Envelope) -> Handover:
        """Hand a short message over; there is no idempotency key, so a repeat may reach the customer twice."""
        if envelope.channel is not Channel.SMS:
            raise DeliveryFailed("Amazon SNS carries short messages only", retryable=False)
        attributes = {
            "AWS.SNS.SMS.SMSType": "Transactional",
            "AWS.SNS.SMS.SenderID": self._keys.sender_id,
            "AWS.MM.SMS.OriginationNumber": self._keys.origination_number,
        }
        message_id = await self._calls.send(
            "publish",
            PhoneNumber=envelope.to.reveal(),
            Message=envelope.message.text,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
                if value is not None
            },
        )
        return Handover(provider=PROVIDER, provider_message_id=message_id, status=DeliveryStatus.ACCEPTED)

    async def close(self) -> None:
        """Begin no call any more."""
        await self._calls.close()


def _make(keys: SnsKeys, _: SenderSurroundings) -> Sender:
    return SnsSender(keys, open_calls("sns", keys.region, keys.endpoint_url))


def _problems(keys: SnsKeys) -> Iterable[tuple[str, str]]:
    yield from place_problems(keys.region, keys.endpoint_url, None)
    if keys.sender_id is not None and not _SENDER_ID.fullmatch(keys.sender_id):
        yield "sender_id", "is not up to 11 letters, digits and hyphens with at least one letter"
    if keys.origination_number is not None and not _NUMBER.fullmatch(keys.origination_number):
        yield "origination_number", "is no number of 5 to 14 digits"


AMAZON_SNS: Final = SenderKind(name="amazon_sns", channels=(Channel.SMS,), keys=SnsKeys, make=_make, problems=_problems)
