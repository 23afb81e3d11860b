"""One immutable line of the audit log: what happened to which ids, and nothing about the person."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from watchword.domain.ids import USER_KEY_BYTES, ApplicationId, EventId, UserKey
from watchword.domain.instant import Instant, rfc3339


class EventType(StrEnum):
    """Every transition there is; the first group is what applications may build upon."""

    ACTION_DECIDED = "action.decided"
    ACTION_DISPUTED = "action.disputed"
    CHALLENGE_CREATED = "challenge.created"
    CHALLENGE_APPROVED = "challenge.approved"
    CHALLENGE_EXHAUSTED = "challenge.exhausted"
    CHALLENGE_EXPIRED = "challenge.expired"
    CHALLENGE_CANCELLED = "challenge.cancelled"
    CHALLENGE_DENIED = "challenge.denied"
    DELIVERY_SENT = "delivery.sent"
    DELIVERY_DELIVERED = "delivery.delivered"
    DELIVERY_FAILED = "delivery.failed"
    GRANT_REDEEMED = "grant.redeemed"
    DEVICE_TRUSTED = "device.trusted"
    DEVICE_REVOKED = "device.revoked"
    CONTACT_CHANGED = "contact.changed"
    USER_LOCKED = "user.locked"

    ACTION_LABELLED = "action.labelled"
    CHALLENGE_ATTEMPTED = "challenge.attempted"
    """A guess was charged and did not succeed: wrong or superseded."""
    CHALLENGE_BOUND = "challenge.bound"
    """The challenge now belongs to one browser."""
    DELIVERY_QUEUED = "delivery.queued"
    GRANT_ISSUED = "grant.issued"
    GRANT_MISMATCHED = "grant.mismatched"
    GRANT_REVOKED = "grant.revoked"
    DEVICE_KNOWN = "device.known"
    DEVICE_RENAMED = "device.renamed"
    DEVICE_DISTRUSTED = "device.distrusted"
    """The user took his trust back; the device stays known."""
    CONTACT_PREFERRED = "contact.preferred"
    """This contact, or none, is the one that the user prefers now, and no other."""
    CONTACT_CONFIRMED = "contact.confirmed"
    USER_REGISTERED = "user.registered"
    USER_DISPUTED = "user.disputed"
    USER_CLEARED = "user.cleared"
    """A dispute's consequence was taken back by proving an old contact."""
    USER_UNLOCKED = "user.unlocked"
    USER_ERASED = "user.erased"
    MEMORY_TAKEN_BACK = "memory.taken_back"
    """Actions that were reported, or stand beside one that was, count no more in what is remembered of their user."""
    MEMORY_GIVEN_BACK = "memory.given_back"
    """They count again, because the report was withdrawn."""
    POLICY_APPLIED = "policy.applied"
    """Another policy decides from now on; about no user, and without the name of who applied it."""
    GUARD_CLOSED = "guard.closed"
    """A range of numbers, or a country whose cap is reached, gets no code over a channel; about no user."""
    GUARD_RELEASED = "guard.released"
    """The operator opened it again, with his reason."""
    WEBHOOK_FAILED = "webhook.failed"
    """A message to a server of the application is given up; about no user, as the two below."""
    WEBHOOK_DISABLED = "webhook.disabled"
    """A server of the application is told nothing any more: it wished so, or the operator did."""
    WEBHOOK_ENABLED = "webhook.enabled"
    RULE_FAILED = "policy.rule_failed"
    """A rule could not be evaluated: an alert for the operator."""
    ATTACK_SUSPECTED = "user.attack_suspected"
    """Five unproven challenges from different networks."""


_NAMES_OF_TIMES: Final = ("_at", "_from", "until")
"""What the names of times in an event end in."""
NOBODY: Final = UserKey(bytes(USER_KEY_BYTES))
"""The user key of an event that is about no user; that a user's keyed hash is all zeros is one chance in 2**64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened, when, to which ids."""

    id: EventId
    type: EventType
    application_id: ApplicationId
    user_key: UserKey
    at: Instant
    data: Mapping[str, str | int | bool | None]
    """Ids, states and counts only: no address, no amount, no name."""


def data_outside(data: Mapping[str, str | int | bool | None]) -> Mapping[str, str | int | bool | None]:
    """Return the data of an event as others are told it: with times in RFC 3339, which the log has in milliseconds."""
    return {
        name: rfc3339(Instant(value)) if name.endswith(_NAMES_OF_TIMES) and isinstance(value, int) else value
        for name, value in data.items()
    }
