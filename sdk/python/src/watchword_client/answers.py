"""What Watchword answers, as immutable values; secrets in them do not show in a ``repr``.

The words in ``state``, ``outcome``, ``status`` and ``code`` fields are plain texts, so that a newer server can add
one; the enumerations here hold those of version 1 and compare equal to the texts. ``Decision`` alone is closed: a
decision that this client does not know is an error, and never an allow.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, Literal, NoReturn, TypeVar

from watchword_client.values import BoundFields, Detail, Money

Item = TypeVar("Item")


class Decision(StrEnum):
    """Whether the action may go ahead."""

    ALLOW = "allow"
    CHALLENGE = "challenge"
    DENY = "deny"


class ChallengeState(StrEnum):
    """The states of a challenge in version 1; all but ``pending`` are ends."""

    PENDING = "pending"
    APPROVED = "approved"
    EXHAUSTED = "exhausted"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    DENIED = "denied"


class Outcome(StrEnum):
    """What an attempt came to, in version 1."""

    APPROVED = "approved"
    INCORRECT = "incorrect"
    MALFORMED = "malformed"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    EXHAUSTED = "exhausted"
    CANCELLED = "cancelled"
    DENIED = "denied"
    ALREADY_APPROVED = "already_approved"
    BUDGET_EXHAUSTED = "budget_exhausted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a decision came out as it did."""

    rule: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskTerm:
    """What one signal adds to the score."""

    signal: str
    nats: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """The score, from 0 to 1, and what it is made of."""

    score: float | None
    terms: tuple[RiskTerm, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeContact:
    """A contact that a code may be sent to."""

    id: str
    channels: tuple[str, ...]
    masked: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SentTo:
    """Where the newest code went."""

    contact_id: str
    channel: str
    masked: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How the newest message is doing."""

    status: str | None
    """``None`` before the first send."""
    updated_at: datetime | None
    going_on: bool
    """Whether it is on its way by a further sender after what ``status`` says, with the same code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """One request for proof."""

    id: str
    state: str
    token: str | None = field(repr=False)
    """For a page or the web component of this one challenge; ``None`` where the answer leaves it out."""
    url: str | None = field(repr=False)
    """The hosted entry page; send the customer there with a 303."""
    reference: str
    contacts: tuple[ChallengeContact, ...]
    sent_to: SentTo | None
    delivery: Delivery | None
    code_length: int
    attempts_left: int
    expires_at: datetime
    resend_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceInfo:
    """A browser or app instance of one user."""

    id: str | None
    state: str
    """``new``, ``known`` or ``trusted``."""
    token: str | None = field(repr=False)
    """The value to set now in a ``__Host-``, HttpOnly, Secure cookie; ``None``: keep the present one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDevice:
    """A device in the list of those that a user has proven."""

    id: str
    name: str | None
    """What it looks like, such as ``Firefox on Linux``."""
    state: str
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    last_proven_at: datetime | None
    trusted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Something the application could do for this user, such as asking to refresh a contact."""

    code: str
    contact_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """The answer to an action: ``decision`` says how to go on.

    ``allow`` comes with a ``grant`` to redeem, ``challenge`` with a ``challenge`` to pass, ``deny`` with neither.
    """

    id: str
    decision: Decision
    reasons: tuple[Reason, ...]
    risk: Risk | None
    challenge: Challenge | None
    device: DeviceInfo | None
    advice: tuple[Advice, ...]
    grant: str | None = field(repr=False)
    retry_after: int | None
    """Seconds until a denied action can be tried again, where a limit denied it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnavailableDeny:
    """The answer to an action when Watchword could not be asked and the store chose ``deny``."""

    reason: str
    retry_after: int | None
    decision: Literal[Decision.DENY] = Decision.DENY


@dataclass(frozen=True, slots=True, kw_only=True)
class UnavailableAllow:
    """The answer to an action when Watchword could not be asked and the store chose to bear the risk of ``allow``.

    Nothing was proven and nothing was recorded: there is no decision, no grant and nothing to redeem here, and it is
    neither true nor false, so that it cannot slip through as an approval. Look for the type.
    """

    reason: str
    retry_after: int | None

    def __bool__(self) -> NoReturn:
        """Refuse to be read as yes or no."""
        raise TypeError("UnavailableAllow is not an approval: test its type with isinstance")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedAction:
    """An action as it was reported, what was decided, and what became of it."""

    id: str
    type: str
    user_id: str
    session_id: str | None
    amount: Money | None
    payee: str | None
    details: Mapping[str, Detail] = field(repr=False)
    created_at: datetime
    decision: Decision
    reasons: tuple[Reason, ...]
    risk: Risk | None
    challenge: Challenge | None
    label: str | None
    """What feedback said of it."""
    disputed_at: datetime | None
    """When its owner said "this wasn't me"."""

    @property
    def bound(self) -> BoundFields:
        """The fields that its grant is bound to."""
        return BoundFields(
            type=self.type, user_id=self.user_id, amount=self.amount, payee=self.payee, details=self.details
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptOutcome:
    """What came of typing a code."""

    outcome: str
    attempts_left: int | None
    retry_after: int | None
    grant: str | None = field(repr=False)
    device: DeviceInfo | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The result of a challenge, as the back end fetches it after the hosted page."""

    state: str
    grant: str | None = field(repr=False)
    device: DeviceInfo | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redemption:
    """The one redemption of a grant: the action may go ahead now."""

    id: str
    action_id: str
    challenge_id: str | None
    assurance: str
    """``sim_control``, ``whatsapp_control``, ``email_control`` or ``none`` (an allow)."""
    redeemed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UserContact:
    """A contact of a user, masked."""

    id: str
    channel_type: str
    masked: str
    state: str | None
    """``confirmed``, ``stale``, ``unconfirmed``, ``waiting``, ``leaving``, ``bounced`` or ``disabled``."""
    added_at: datetime | None
    confirmed_at: datetime | None
    last_proven_at: datetime | None
    usable: bool
    """Whether it may carry a challenge now."""
    usable_from: datetime | None
    leaves_at: datetime | None
    """When it stops counting, for one that was left out of the list without a grant."""
    preferred: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user as Watchword knows him."""

    id: str
    locale: str | None
    contacts: tuple[UserContact, ...]
    locked_until: datetime | None
    """Until when devices that are not known get no more tries."""
    disputed_at: datetime | None
    """Since when he is challenged everywhere, after a dispute."""
    created_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSentTo:
    """Where the newest code of a request went; for the eyes of its owner alone."""

    contact_id: str
    channel: str
    masked: str | None
    """``None`` where a concealed request went to a contact that is not listed any more."""
    status: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GenuineRequest:
    """A request that really was made; a message whose reference is not among them is a fake."""

    action_id: str
    """Names the request: ``users.dispute_request`` takes it."""
    challenge_id: str | None
    """``None`` for an action that was refused outright, as is the reference."""
    reference: str | None
    type: str
    field: str | None
    """What an ``account_update`` would change."""
    amount: Money | None
    payee: str | None
    state: str
    """A state of ``ChallengeState``, or ``refused``."""
    device: str | None
    country: str | None
    sent_to: RequestSentTo | None
    """``None`` where no code left."""
    can_be_denied: bool
    """Whether the owner's "this wasn't me" would end it."""
    can_be_disputed: bool
    """Whether the owner's "this wasn't me" would dispute what it approved."""
    created_at: datetime
    expires_at: datetime | None
    ended_at: datetime | None
    disputed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeOutcome:
    """What the owner's "this wasn't me" came to."""

    action_id: str
    outcome: str
    """``ended``, ``disputed``, or ``noted`` where there was nothing left to end or to take back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewLink:
    """A link to a user's own view; redirect him there at once, and do not mail or keep it."""

    url: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the audit log."""

    id: str
    type: str
    created_at: datetime
    data: Mapping[str, object] = field(repr=False)
    cursor: str = field(repr=False)
    """Asks for what happened after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item]):
    """A part of a list; ``next_cursor`` asks for the part behind it and is ``None`` at the end."""

    data: tuple[Item, ...]
    next_cursor: str | None
