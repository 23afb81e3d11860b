"""What the store knows about a user at the moment an action is assessed."""

from dataclasses import dataclass
from decimal import Decimal

from watchword.domain.ids import ContactId
from watchword.domain.instant import Instant
from watchword.domain.user import User
from watchword.risk.memory import NO_MEMORY, Memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One consistent read, for one action type, lane and currency; it changes nothing."""

    now: Instant
    """The store's time; everything below is as of now."""
    user: User | None
    """None for a user that was never registered or was erased."""
    failures: int
    """Wrong guesses within the window, both lanes."""
    lane_free_at: Instant | None
    """When the lane's failure budget frees; None while it has guesses left."""
    starts_free_at: Instant | None
    """When this type may be started again in this lane; None for now."""
    unproven_same_type: bool
    """A challenge of this type within the window is not approved; seen from the own lane, one of that lane."""
    unproven_networks: int
    """Different networks that unproven challenges of any type came from within the window; seen from the own lane,
    those of that lane."""
    purchase_count: int
    """Purchases allowed without proof within the window and since the last proof."""
    purchase_sum: Decimal
    """Their sum in the currency of this action."""
    countries_seen: frozenset[str]
    """Countries in which actions of this user were approved or allowed."""
    last_seen_at: Instant | None
    reset_at: Instant | None
    """When a password reset was last approved, if within the wait and not prolonged by a further one."""
    reset_contact_id: ContactId | None
    breaker_open: bool
    """The application sees too many wrong guesses: codes get longer."""
    memory: Memory = NO_MEMORY
    """What was learned of the user, what is a day old counted in full; of somebody who is not registered nothing."""
    memory_is_lost: bool = False
    """There is a memory and it cannot be read: nobody can rate what the user does, until a proof begins a new one."""
    registered_at: Instant | None = None
    changed_at: Instant | None = None
    """When a reset or account update was last approved or the contacts last changed; None for never."""
    last_country: str | None = None
    """The country that an action of this user was last approved or allowed from."""
    last_country_at: Instant | None = None
    """When that was: before ``last_seen_at``, where later actions came without a country."""
