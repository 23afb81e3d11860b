"""One request for proof, bound to one action: its states, what it shows, and what an attempt on it can come to."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from watchword.domain.action import Action
from watchword.domain.budget import Lane
from watchword.domain.contact import Channel, ContactKind
from watchword.domain.customer_text import CustomerText
from watchword.domain.device import Device
from watchword.domain.grant import Grant
from watchword.domain.ids import ChallengeId, ContactId, DeviceId, Reference
from watchword.domain.instant import MINUTE_MS, Instant
from watchword.domain.message import DeliveryStatus

SHOWN_AFTER_END_MS: Final = 15 * MINUTE_MS
"""How long a challenge's token lives on after its end, so that a page can show how it ended."""


class ChallengeState(StrEnum):
    """The six states; every one but ``pending`` is final and absorbs."""

    PENDING = "pending"
    APPROVED = "approved"
    EXHAUSTED = "exhausted"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    DENIED = "denied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A contact as a challenge lists it, fixed when the challenge opens."""

    id: ContactId
    """What the outside names it by; under ``conceal`` an id of this challenge only."""
    contact_id: ContactId | None
    """The real contact, or None where there is none behind it."""
    kind: ContactKind
    channels: tuple[Channel, ...]
    masked: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where the live code was last sent."""

    option_id: ContactId
    contact_id: ContactId | None
    channel: Channel
    masked: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSend:
    """When a listed contact was last sent to over one channel."""

    option_id: ContactId
    channel: Channel
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One code of a challenge, without the code: what its keyed hash was made with."""

    number: int
    """1 for the first; the highest is the live one."""
    mac_key_id: str
    contact_id: ContactId | None
    """The contact it was made for; None in a decoy."""
    channel: Channel
    """The channel it left by: not always that of the latest route, which a withheld send moves without a new code."""
    is_dead: bool = False
    """Whether its contact left or bounced since, so that no try can succeed with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """A challenge as it stands at one moment; ``state`` already shows an expiry that nobody has written yet."""

    id: ChallengeId
    action: Action
    state: ChallengeState
    end_reason: str | None
    """Why it ended: ``approved``, ``tries``, ``expired``, ``abandoned``, ``not_me``, ``replaced``, ``reset``, …"""
    lane: Lane
    decoy: bool
    reference: Reference
    code_length: int
    generations: tuple[Generation, ...]
    """Oldest first; empty before the first send."""
    bound_digest: str
    options: tuple[Option, ...]
    route: Route | None
    """None before the first send."""
    delivery_status: DeliveryStatus | None
    delivery_updated_at: Instant | None
    delivery_going_on: bool = False
    """Whether the message is on its way by the next sender, after what its status says of the one before."""
    delivery_reported: bool = False
    """Whether a provider had it, so that a failure is what the network says."""
    sends: int
    tries_spent: int
    tries_allowed: int
    high_value: bool
    trust_allowed: bool
    reasons: tuple[CustomerText, ...]
    """Why the customer is asked, in sentences that are worded when he is shown them."""
    confirms: ContactId | None
    """The contact that this challenge does nothing but confirm."""
    device_id: DeviceId | None
    """The device of the action, and after approval the device that is known now."""
    browser: bytes | None
    """Keyed hash of the browser that the page is bound to."""
    created_at: Instant
    expires_at: Instant
    ended_at: Instant | None
    resend_at: Instant
    """When the same contact and channel may be sent to again."""
    others_count_from: Instant | None
    """From when contacts count that a recent reset leaves out now."""
    last_sends: tuple[LastSend, ...] = ()
    """One for each contact and channel that was sent to."""

    @property
    def attempts_left(self) -> int:
        """How many more guesses may be compared."""
        return max(0, self.tries_allowed - self.tries_spent)

    @property
    def was_replaced(self) -> bool:
        """Whether a newer challenge of the same user took its place."""
        return self.state is ChallengeState.CANCELLED and self.end_reason == "replaced"

    def is_shown(self, now: Instant) -> bool:
        """Whether its token opens anything: until its end, and a while after."""
        # An expiry that nobody has written yet has no time of its own: it ended when its time was up.
        ended_at = self.expires_at if self.ended_at is None else self.ended_at
        return self.state is ChallengeState.PENDING or now < ended_at + SHOWN_AFTER_END_MS

    @property
    def is_code_dead(self) -> bool:
        """Whether the code that was sent last can approve nothing any more."""
        return bool(self.generations) and self.generations[-1].is_dead

    def option(self, option_id: ContactId) -> Option | None:
        """Return the listed contact of this id."""
        return next((option for option in self.options if option.id == option_id), None)

    def last_sent_at(self, route: Route) -> Instant | None:
        """Return when this contact and channel was last sent to."""
        same = (one.at for one in self.last_sends if (one.option_id, one.channel) == (route.option_id, route.channel))
        return next(same, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """The code was right: this call, and no other, approved the challenge."""

    attempts_left: int
    grant: Grant | None
    """None for the confirmation of a contact."""
    device: Device | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incorrect:
    """The code was compared and wrong."""

    attempts_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Superseded:
    """An older code of this challenge, or a code after the live one was killed with its contact; it spent a try."""

    attempts_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """The text held no code; nothing was spent."""

    attempts_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetExhausted:
    """The user's lane has no guesses left; nothing was compared and nothing spent."""

    attempts_left: int
    free_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The challenge had ended before; nothing was compared."""

    state: ChallengeState


AttemptOutcome = Approved | Incorrect | Superseded | Malformed | BudgetExhausted | Ended
