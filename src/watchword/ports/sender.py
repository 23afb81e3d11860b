"""How a message leaves."""

from dataclasses import dataclass
from typing import Protocol

from watchword.domain.message import DeliveryStatus, Envelope


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """A provider took the message."""

    provider: str
    provider_message_id: str | None
    status: DeliveryStatus
    """``accepted``, ``sent`` or ``delivered``: what the provider's word amounts to."""


class Sender(Protocol):
    """One way out for one or more channels."""

    async def send(self, envelope: Envelope) -> Handover:
        """Hand the message over.

        Raises ``DeliveryFailed``, retryable or not; a repeat of the same delivery id may reach the customer twice.
        """
        ...
