"""What addresses are charged for, outside the shard of any user, and what the charges of a start come to."""

from collections.abc import Sequence
from dataclasses import dataclass

from watchword.domain.budget import Budget, Lane, Window
from watchword.domain.ids import ApplicationId
from watchword.domain.instant import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressCharge:
    """One charge to an address."""

    budget: Budget
    subject: bytes
    """The keyed hash of the address."""
    windows: tuple[Window, ...]
    """What has to have room over both lanes."""
    open_windows: tuple[Window, ...] = ()
    """What has to have room over the open lane besides, for a charge in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartAddresses:
    """What a start charges to addresses."""

    application_id: ApplicationId
    ip: AddressCharge | None
    """Where it comes from; None where that does not count."""
    contacts: Sequence[AddressCharge]
    """Who its first message could go to, the best one first."""
    lane: Lane
    call: bytes | None = None
    """The call that it came with: what was charged for the same one is not charged again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartCharged:
    """The IP address was charged, where there is one, and the first contact with room, where there are any."""

    contact: int | None
    """The place of that contact in the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IpFull:
    """Nothing was charged: the IP address has no room until ``free_at``."""

    free_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactsFull:
    """The IP address was charged, where there is one; of the contacts none has room until ``free_at``."""

    free_at: Instant
