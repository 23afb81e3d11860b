"""What is said to the customer: code messages and notices, and what became of a message on its way."""

from dataclasses import dataclass
from enum import StrEnum

from watchword.domain.action import Action
from watchword.domain.contact import Channel
from watchword.domain.ids import ApplicationId, ChallengeId, DeliveryId, Reference
from watchword.domain.instant import Instant
from watchword.domain.secret import Secret


class DeliveryStatus(StrEnum):
    """What is known of a delivery (``api.md``, Actions)."""

    QUEUED = "queued"
    ACCEPTED = "accepted"
    """A provider has taken it."""
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    BOUNCED = "bounced"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"
    WITHHELD = "withheld"
    """All that a concealed challenge ever shows."""


class NoticeKind(StrEnum):
    """Messages without a code (B10, B18, and what ``api.md`` adds)."""

    CONFIRMATION = "confirmation"
    """The action went ahead."""
    CONTACTS_CHANGED = "contacts_changed"
    """The list of contacts was changed without a grant; "this wasn't me" undoes it."""
    CHALLENGE_EXHAUSTED = "challenge_exhausted"
    BUDGET_EXHAUSTED = "budget_exhausted"
    DEVICE_TRUSTED = "device_trusted"
    DEVICE_STOLEN = "device_stolen"
    ATTACK_SUSPECTED = "attack_suspected"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeMessage:
    """A message that carries a code."""

    channel: Channel
    brand: str
    locale: str | None
    code: Secret
    origin_host: str
    """The host of the page where the code is typed: the origin-bound last line of an SMS."""
    action: Action
    reference: Reference
    expires_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message that tells the owner what happened and lets him say that it wasn't him."""

    kind: NoticeKind
    channel: Channel
    brand: str
    locale: str | None
    action: Action | None
    happened_at: Instant
    device_name: str | None
    not_me_url: str
    """A signed link; opening it changes nothing, pressing its button does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedMessage:
    """A message as it leaves: never stored (the inbox of ``dev`` excepted), never logged."""

    subject: str | None
    """None for SMS and voice."""
    text: str
    html: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A rendered message with what a sender needs to hand it over."""

    delivery_id: DeliveryId
    application_id: ApplicationId
    brand: str
    channel: Channel
    to: Secret
    is_code: bool
    challenge_id: ChallengeId | None
    message: RenderedMessage
