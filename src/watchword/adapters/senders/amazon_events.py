"""Reads what Amazon reports of mails (SES) and of short messages (End User Messaging) as receipts.

The delivery's id is what we put beside the message when we handed it over; without it, Amazon's own id says which
message is meant.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from watchword.domain.errors import ReceiptRefused
from watchword.domain.ids import DeliveryId
from watchword.domain.message import DeliveryStatus
from watchword.ports.sender import Receipt

DELIVERY_TAG: Final = "delivery"
"""Under this name our id travels, as a tag of SES and as a key of the context of End User Messaging."""
REASON_AT_MOST: Final = 120
_Word = Annotated[str, Meta(max_length=64)]
_TEXTS: Final[Mapping[str, DeliveryStatus]] = {
    "TEXT_QUEUED": DeliveryStatus.ACCEPTED,
    "TEXT_PENDING": DeliveryStatus.ACCEPTED,
    "TEXT_SENT": DeliveryStatus.SENT,
    "TEXT_SUCCESSFUL": DeliveryStatus.SENT,
    "TEXT_DELIVERED": DeliveryStatus.DELIVERED,
    "TEXT_BLOCKED": DeliveryStatus.BLOCKED,
    "TEXT_CARRIER_BLOCKED": DeliveryStatus.BLOCKED,
    "TEXT_PROTECT_BLOCKED": DeliveryStatus.BLOCKED,
    "TEXT_SPAM": DeliveryStatus.BLOCKED,
    "TEXT_INVALID": DeliveryStatus.BOUNCED,
    "TEXT_INVALID_MESSAGE": DeliveryStatus.UNDELIVERED,
    "TEXT_CARRIER_UNREACHABLE": DeliveryStatus.UNDELIVERED,
    "TEXT_UNREACHABLE": DeliveryStatus.UNDELIVERED,
    "TEXT_TTL_EXPIRED": DeliveryStatus.UNDELIVERED,
    "TEXT_UNKNOWN": DeliveryStatus.UNKNOWN,
}
"""AWS End User Messaging SMS user guide, "Event types". Successful is what a carrier took: in some countries there is
never more. Invalid is a number that does not exist."""
_MAILS: Final[Mapping[str, DeliveryStatus]] = {
    "Send": DeliveryStatus.ACCEPTED,
    "DeliveryDelay": DeliveryStatus.SENT,
    "Delivery": DeliveryStatus.DELIVERED,
    "Reject": DeliveryStatus.BLOCKED,
    "Complaint": DeliveryStatus.BLOCKED,
    "Rendering Failure": DeliveryStatus.UNDELIVERED,
}
"""Amazon SES developer guide, "Contents of event data". A bounce is judged by its kind; opening and clicking are no
business of ours."""


class _TextEvent(Struct, rename="camel"):
    event_type: _Word
    message_id: _Word
    message_status: _Word = ""
    context: dict[str, str] | None = None


class _Bounce(Struct, rename="camel"):
    bounce_type: _Word
    bounce_sub_type: _Word = ""


class _Mail(Struct, rename="camel"):
    message_id: Annotated[str, Meta(max_length=128)]
    tags: dict[str, list[str]] | None = None


class _MailEvent(Struct, rename="camel"):
    mail: _Mail
    event_type: _Word | None = None
    notification_type: _Word | None = None
    """Its name where the identity reports, and not a configuration set."""
    bounce: _Bounce | None = None


def read_text_event(message: str) -> Sequence[Receipt]:
    """Return what End User Messaging reports, nothing of an event that is not about a message; ``ReceiptRefused``."""
    try:
        event = msgspec.json.decode(message, type=_TextEvent)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ReceiptRefused from error
    status = _TEXTS.get(event.event_type)
    if status is None:
        return ()
    delivery_id = (event.context or {}).get(DELIVERY_TAG)
    return (_receipt(delivery_id, event.message_id, status, event.event_type),)


def read_mail_event(message: str) -> Sequence[Receipt]:
    """Return what SES reports, nothing of an event that says nothing of the way; raises ``ReceiptRefused``."""
    try:
        event = msgspec.json.decode(message, type=_MailEvent)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ReceiptRefused from error
    kind = event.event_type or event.notification_type or ""
    reason, status = (kind, _MAILS.get(kind)) if kind != "Bounce" or event.bounce is None else _bounced(event.bounce)
    if status is None:
        return ()
    tags = (event.mail.tags or {}).get(DELIVERY_TAG, [])
    return (_receipt(tags[0] if tags else None, event.mail.message_id, status, reason),)


def _bounced(bounce: _Bounce) -> tuple[str, DeliveryStatus]:
    """Return reason and status: only a permanent bounce says that the address is dead.

    Amazon's own list of addresses that it does not write to is no word of the mailbox.
    """
    reason = f"Bounce {bounce.bounce_type} {bounce.bounce_sub_type}".strip()
    if bounce.bounce_type != "Permanent":
        return reason, DeliveryStatus.UNDELIVERED
    is_listed = bounce.bounce_sub_type == "OnAccountSuppressionList"
    return reason, DeliveryStatus.BLOCKED if is_listed else DeliveryStatus.BOUNCED


def _receipt(delivery_id: str | None, message_id: str, status: DeliveryStatus, reason: str) -> Receipt:
    return Receipt(
        delivery_id=None if delivery_id is None else DeliveryId(delivery_id),
        provider_message_id=message_id,
        status=status,
        reason="".join(one for one in reason if one.isprintable())[:REASON_AT_MOST],
    )
