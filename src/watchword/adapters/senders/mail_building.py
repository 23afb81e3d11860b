"""Builds an e-mail of a rendered message; nothing in it can add a header, and it can be signed as it stands."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from watchword.domain.errors import DeliveryFailed
from watchword.domain.instant import SECOND_MS, Instant
from watchword.domain.message import Envelope, plain_line

BRAND_AT_MOST: Final = 60
"""Characters of the name in ``From``."""
WIRE_FORMAT: Final = SMTP.clone(cte_type="7bit")
"""No server on the way has to recode it, which would break a signature (RFC 6376 §5.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailHead:
    """In whose name e-mail goes out."""

    from_address: str
    reply_to: str | None


def build_mail(envelope: Envelope, head: MailHead, now: Instant) -> EmailMessage:
    """Return the e-mail; raises ``DeliveryFailed``, not retryable, where an address or a subject is none."""
    mail = EmailMessage(policy=WIRE_FORMAT)
    try:
        _write_head(mail, envelope, head, now)
    except (ValueError, IndexError, HeaderParseError) as error:
        # The address itself would stand in the message of the error, so it is not passed on.
        detail = f"not an address or a subject for e-mail ({type(error).__name__})"
        raise DeliveryFailed(detail, retryable=False) from None
    mail.set_content(envelope.message.text)
    if envelope.message.html is not None:
        mail.add_alternative(envelope.message.html, subtype="html")
    return mail


def message_id_of(envelope: Envelope, head: MailHead) -> str:
    """Return the id of the e-mail, which is the delivery's."""
    return f"<{envelope.delivery_id}@{head.from_address.rpartition('@')[2]}>"


def _write_head(mail: EmailMessage, envelope: Envelope, head: MailHead, now: Instant) -> None:
    """Set the headers; ``ValueError`` where one would hold a line break."""
    sender = Address(addr_spec=head.from_address)
    mail["From"] = Address(plain_line(envelope.brand, BRAND_AT_MOST), sender.username, sender.domain)
    mail["To"] = Address(addr_spec=envelope.to.reveal())
    mail["Subject"] = envelope.message.subject or ""
    if head.reply_to is not None:
        mail["Reply-To"] = Address(addr_spec=head.reply_to)
    mail["Date"] = datetime.fromtimestamp(now // SECOND_MS, UTC)
    # The same for every try, so that a mail program shows a repeated message once, and a bounce names its delivery.
    mail["Message-ID"] = message_id_of(envelope, head)
    # RFC 3834 §5, and what Exchange understands: nobody's automatic answer is wanted.
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    # What the large mailboxes count complaints by: never a person, only what was sent and for whom.
    mail["Feedback-ID"] = f"{'code' if envelope.is_code else 'notice'}:{envelope.application_id}::watchword"
