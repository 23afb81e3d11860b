"""What is handed to the store and what it answers with."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from watchword.domain.action import Action, Assessment, Decision, Label
from watchword.domain.budget import Lane
from watchword.domain.challenge import Challenge, Option, Route
from watchword.domain.contact import ContactKind
from watchword.domain.customer_text import CustomerText
from watchword.domain.device import Device
from watchword.domain.grant import Grant
from watchword.domain.ids import (
    ApplicationId,
    ChallengeId,
    ContactId,
    DeviceId,
    GrantId,
    Reference,
    UserId,
)
from watchword.domain.instant import Instant
from watchword.domain.limits import Limits
from watchword.domain.secret import Secret
from watchword.domain.user import User, UserRef
from watchword.ports.store.outbox import ClaimedDelivery
from watchword.risk.memory import Contribution, Memory


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """The answer to a call with an idempotency key, kept for 24 hours and stored with the effect of the call."""

    application_id: ApplicationId
    scope: bytes
    """Keyed hash of application, method, path and key."""
    fingerprint: bytes
    """Keyed MAC of the request; never a plain hash, because an attempt has only a million values."""
    status: int
    body: Secret
    """The answer's JSON; the store seals it."""


Outcome = TypeVar("Outcome")
Keep = Callable[[Outcome], KeptAnswer | None]
"""Called inside the operation's transaction with its outcome; what it returns is stored with the effect."""


class AlreadyKept(Exception):
    """Another call with the same idempotency key came first; this operation was rolled back and had no effect."""


class UserGone(Exception):
    """The user was erased since he was read; the operation was rolled back and had no effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCode:
    """A fresh code with its keyed hash; the store seals the code with its challenge."""

    code: Secret
    mac: bytes
    mac_key_id: str
    contact_id: ContactId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """An action that is allowed or denied."""

    action: Action
    assessment: Assessment
    country: str | None
    device_id: DeviceId | None
    lane: Lane
    grant: Grant | None
    """For an allow."""
    retry_at: Instant | None
    """For a deny by a limit."""
    contribution: Contribution | None = None
    """What an allow teaches; a deny teaches nothing and keeps none."""
    registered: bool = False
    """Whether the user was there when this was decided; as in ``Opening``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A challenge about to open, with the action it is bound to."""

    challenge_id: ChallengeId
    action: Action
    assessment: Assessment
    country: str | None
    network: bytes | None
    """Keyed hash of the network it was started from."""
    device_id: DeviceId | None
    """The device whose valid token the action carried."""
    lane: Lane
    decoy: bool
    reference: Reference
    code_length: int
    lifetime_s: int
    bound_digest: str
    options: tuple[Option, ...]
    first_send: "FirstSend | None"
    resend_at: Instant | None
    """Where nothing is sent at first: when a send is possible. None: at once."""
    high_value: bool
    trust_allowed: bool
    reasons: tuple[CustomerText, ...]
    confirms: ContactId | None
    others_count_from: Instant | None
    limits: Limits
    contribution: Contribution | None = None
    """What its approval would teach."""
    registered: bool = False
    """Whether the user was there when this was decided: then nothing is written unless he still is."""
    lease_s: int | None = None
    """How long its message is leased to whoever opens it, to be handed over by him; None: it waits to be claimed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSend:
    """The message a challenge opens with; ``live`` is None in a decoy, which sends nothing."""

    route: Route
    live: LiveCode | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The challenge is open."""

    challenge: Challenge
    first: ClaimedDelivery | None = None
    """Its message, leased to whoever opened it; None where nothing leaves, or it waits to be claimed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartsFull:
    """The user's starts of this type and lane are used up; nothing was written."""

    free_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOrder:
    """A further message for a pending challenge."""

    challenge_id: ChallengeId
    generation: int
    """How many generations the caller saw; another number now is ``Overtaken``."""
    route: Route
    live: LiveCode | None
    """A new code for a switch of contact or channel, or for the first send; None repeats the live one."""
    withheld: bool
    """Concealed and impossible: counted like a send, and nothing leaves."""
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class TooSoon:
    """The same contact and channel was sent to a moment ago."""

    free_at: Instant


class SendRefused(StrEnum):
    """Why a further message was not ordered."""

    SPENT = "spent"
    """All sends of the challenge are used."""
    ENDED = "ended"
    OVERTAKEN = "overtaken"
    """Somebody else made a newer generation in between: read again."""
    UNUSABLE = "unusable"
    """The contact has left, bounced or been disabled since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDraft:
    """A contact as the application lists it."""

    id: ContactId
    """Used only if the address is new to the user."""
    kind: ContactKind
    address: Secret
    confirmed_at: Instant | None
    preferred: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """The whole list of a user's contacts."""

    ref: UserRef
    user_id: UserId
    contacts: tuple[ContactDraft, ...]
    locale: str | None
    grant_id: GrantId | None
    """The grant whose ``account_update`` names exactly this change."""
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """The list is stored."""

    user: User
    created: bool


class GrantProblem(StrEnum):
    """Why a grant was not redeemed, in the order in which they are looked for."""

    INVALID = "invalid"
    MISMATCH = "mismatch"
    ALREADY_REDEEMED = "already_redeemed"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redemption:
    """An attempt to redeem a grant."""

    ref: UserRef
    grant_id: GrantId
    bound_digest: str
    session_id: str | None


class OwnersWord(StrEnum):
    """What "this wasn't me" from the owner came to."""

    ENDED = "ended"
    """The challenge was pending and is denied."""
    DISPUTED = "disputed"
    UNDONE = "undone"
    """A change of contacts without a grant was taken back."""
    NOTED = "noted"
    """There was nothing left to end or to take back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRecord:
    """An action with everything that became of it."""

    action: Action
    assessment: Assessment
    decision: Decision
    challenge: Challenge | None
    grant: Grant | None
    device: Device | None
    label: Label | None
    disputed_at: Instant | None
    retry_at: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeResult:
    """What a back end may claim: the state, and after approval the grant and the device."""

    challenge: Challenge
    grant: Grant | None
    device: Device | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One change of what a user's memory holds, told after its commit so that the ``Population`` can follow.

    * An allow teaches provisionally. 24 hours without a report make it count in full: a read shows it so at once, the
      row follows with the user's next lesson (a few with each) or, after 30 days, with ``sweep``.
    * An approval teaches in full. What is denied, failed, was abandoned or expired never teaches, nor does the
      confirmation of a further contact.
    * A report takes back what the device of the action taught within 30 days, without a device what the action taught,
      and the countries first noted for that: the owner's word (``dispute_challenge``, ``dispute_notice``) for good, the
      label ``fraud`` until the action is labelled ``legitimate``. The starter's word (``end_challenge``) does nothing.
    * While a device has such a label, only a proof teaches from it. A stolen token takes back what its device taught
      without a proof: nobody can say since when it was the thief's. A device that its user removes keeps what it
      taught.
    """

    application_id: ApplicationId
    contribution: Contribution
    memory_before: Memory
    """The user's memory without this contribution, whether it is learned or taken back."""
    share: float
    """How much of it was learned; below zero: taken back; 0.0: only the verdict is new."""
    account_age_days: float
    """From the registration of its user to the action."""
    verdict: Label | None = None
    """What this very action turned out to be, told once: by a label, or as fraud by the owner's dispute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedPolicy:
    """A policy as it was applied, with who, when and why."""

    application_id: ApplicationId
    version: str
    text: str
    applied_at: Instant
    applied_by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A secret key of an application, without the key."""

    id: str
    application_id: ApplicationId
    scopes: frozenset[str]
    created_at: Instant
    revoked_at: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overheard:
    """What another process has told of an application's traffic."""

    number: int
    """In the order of telling; whoever asks again after a moment may be told the same."""
    application_id: ApplicationId
    words: bytes
    """As ``risk.hearsay`` writes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What one sweep did."""

    expired: int
    wiped: int
    forgotten: int
