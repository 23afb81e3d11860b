"""What was found out about an action besides what it says and what the store knows of its user."""

from dataclasses import dataclass
from typing import Final

from watchword.domain.atlas_facts import NO_AGENT, AgentFacts, NetworkFacts
from watchword.domain.budget import Lane
from watchword.domain.contact import PhoneType
from watchword.domain.device import DeviceState
from watchword.domain.instant import Instant
from watchword.risk.signals.signal_fields import UNLIMITED
from watchword.risk.traits import UNKNOWN_TRAITS, Traits
from watchword.risk.velocity import Rates

UNCOUNTED: Final = Rates(
    user=0.0, address=None, network=None, contact=0.0, users_at_address=None, unproven_at_address=None
)
"""Nothing is known of what happened lately."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFacts:
    """Facts about one action. Whatever is left out is the least that can be known."""

    device_state: DeviceState = DeviceState.NEW
    device_stolen: bool = False
    device_since: Instant | None = None
    """When the device was first seen whose valid token came with the action."""
    lane: Lane = Lane.OPEN
    network: NetworkFacts | None = None
    """None: the action names no address."""
    agent: AgentFacts = NO_AGENT
    traits: Traits = UNKNOWN_TRAITS
    travelled_km: float | None = None
    """Between the country of the last place and this one; None where it is not known."""
    rates: Rates = UNCOUNTED
    mail_is_disposable: bool = True
    """Whether a contact is a throw-away mailbox."""
    phone_types: tuple[PhoneType, ...] = ()
    amount_ratio: float = UNLIMITED
    """The amount in what the user usually spends."""
    payee: int | None = None
    """Keyed hash; None where the action names no payee."""
    payee_reports: float = 0.0
    """Actions with this payee that were reported as fraud, as they have faded."""
    threshold: float = 0.7
    """``risk.threshold``, which follows a challenge budget where the application has one."""
