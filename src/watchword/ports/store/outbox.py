"""The outbox: what is to leave, who has it, what became of it, and what was heard of it afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from watchword.domain.action import Action
from watchword.domain.challenge import Challenge
from watchword.domain.contact import Channel, Contact
from watchword.domain.ids import DeliveryId
from watchword.domain.instant import Instant
from watchword.domain.message import DeliveryStatus, NoticeKind
from watchword.domain.secret import Secret
from watchword.domain.user import UserRef
from watchword.ports.sender import Receipt

QUEUED_AND_LEASED: Final = "delivery.queued_and_leased"
"""What a process is told of a ``delivery.queued`` whose message it leased as it was written: nobody has to claim it.

In the audit log it is a ``delivery.queued`` like any other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedDelivery:
    """A message that this worker may send now, while its lease lasts."""

    id: DeliveryId
    ref: UserRef
    channel: Channel
    address: Secret
    contact: Contact
    """Whose address it is, as it stood when the message was claimed."""
    locale: str | None
    tries: int
    """Hand-overs tried before this one; with the id it names the lease."""
    step: int
    """Which sender of the route is to be asked, or the first usable one after it."""
    expires_at: Instant
    action: Action | None
    challenge: Challenge | None
    """For a code message: pending and of this generation when it was claimed."""
    code: Secret | None
    notice: NoticeKind | None
    notice_id: str | None
    """Names the notice in its signed link."""
    device_name: str | None
    happened_at: Instant
    leased_until: Instant | None = None
    """From when on another worker may have it; None: it is not leased, but being said in a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """The sender took it."""

    sender: str
    """As the operator named it."""
    provider: str
    provider_message_id: str | None
    status: DeliveryStatus
    """``accepted``, ``sent`` or ``delivered``."""
    heard: bool = False
    """Whether the provider may report on it by that id of his."""
    next_step: int | None = None
    """Where it goes if the provider reports that it did not arrive; None: nowhere."""
    receipt_within_ms: int | None = None
    """How long a receipt is waited for before it goes to ``next_step`` too; None: for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotHandedOver:
    """The sender did not take it."""

    reason: str
    """A word for the operator; holds no address and no code."""
    retry_after_ms: int | None
    """None: this sender is not asked again; without a ``next_step`` the message is reported as failed."""
    status: DeliveryStatus = DeliveryStatus.UNDELIVERED
    """What its failure amounts to; ``bounced`` marks the contact and kills its code."""
    sender: str | None = None
    """Who did not take it."""
    next_step: int | None = None
    """The sender that is asked at once instead."""


class Heard(StrEnum):
    """What a provider's receipt came to."""

    NEWS = "news"
    NOTHING_NEW = "nothing_new"
    UNKNOWN = "unknown"
    """This sender has, or had, no such message."""


class Outbox(Protocol):
    """The part of the store that messages leave by."""

    async def claim_deliveries(
        self, *, limit: int, lease_s: int, notices: int | None = None
    ) -> Sequence[ClaimedDelivery]:
        """Lease messages that are due, oldest first: at most ``limit`` codes, and as many ``notices`` or that number.

        One whose receipt is overdue goes on to its next sender, if it may still leave.
        A code message whose challenge ended or has a newer generation, or whose contact has left, is reported as failed
        instead (I7, I9); so is any message past its time.
        """
        ...

    async def finish_delivery(self, delivery_id: DeliveryId, tries: int, result: HandedOver | NotHandedOver) -> None:
        """Record what became of a leased message: sent, to be tried again or by another sender, or failed.

        With one event, and only while the lease of that many ``tries`` lasts. A message that was handed over and has a
        ``next_step`` goes on there when its receipt says that it did not arrive, or is overdue. A hard bounce marks the
        contact as bounced and kills the live code sent to it.

        Answered before that is on the disk: where the machine ends in that moment the lease ends by itself, and the
        message is handed over once more, as after a crash just before this was said (I9: at least once).
        """
        ...

    async def record_receipt(self, sender: str, receipt: Receipt) -> Heard:
        """Note what a provider reports of a message that this sender handed over, and return what that came to.

        A lower word never overwrites a higher one (accepted, sent, any failure, delivered). A failure sends the message
        on to its next sender, where it has one and may still leave, else it is reported; one by a sender that has it no
        more is nothing, its ``delivered`` counts. A challenge is never touched, but for the code that dies with a
        bounced contact.
        """
        ...

    async def spoken(self, sender: str, delivery_id: DeliveryId) -> ClaimedDelivery | None:
        """Return a code that is being said in a call of this sender, with all that its wording needs.

        None unless it is still the live code of a pending challenge, for a contact that may still carry it.
        """
        ...

    async def take_back_leases(self) -> int:
        """End every lease at once; only for a process that is the only worker. Return how many."""
        ...
