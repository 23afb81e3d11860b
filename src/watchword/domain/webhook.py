"""What an application is told by a call to its own server, how often that is tried, and what an answer means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from watchword.domain.event import EventType
from watchword.domain.ids import ApplicationId
from watchword.domain.instant import DAY_MS, SECOND_MS
from watchword.domain.reach import Reach
from watchword.domain.webhook_signature import SigningSecret

PUBLIC_FIELDS: Final[Mapping[EventType, tuple[str, ...]]] = {
    EventType.ACTION_DECIDED: ("action_id", "type", "decision", "lane", "policy_version"),
    EventType.ACTION_DISPUTED: ("action_id",),
    EventType.CHALLENGE_CREATED: ("challenge_id", "action_id", "type", "lane", "decoy", "code_length", "expires_at"),
    EventType.CHALLENGE_APPROVED: ("challenge_id", "action_id", "reason", "contact_id", "device_id"),
    EventType.CHALLENGE_EXHAUSTED: ("challenge_id", "action_id", "reason"),
    EventType.CHALLENGE_EXPIRED: ("challenge_id", "action_id", "reason"),
    EventType.CHALLENGE_CANCELLED: ("challenge_id", "action_id", "reason"),
    EventType.CHALLENGE_DENIED: ("challenge_id", "action_id", "reason"),
    EventType.DELIVERY_SENT: ("delivery_id", "challenge_id", "notice_id", "contact_id", "channel", "sender", "status"),
    EventType.DELIVERY_DELIVERED: (
        *("delivery_id", "challenge_id", "notice_id", "contact_id", "channel", "sender", "status"),
    ),
    EventType.DELIVERY_FAILED: (
        *("delivery_id", "challenge_id", "notice_id", "contact_id", "channel", "sender", "status", "reason"),
    ),
    EventType.GRANT_REDEEMED: ("grant_id", "action_id"),
    EventType.DEVICE_TRUSTED: ("device_id", "action_id"),
    EventType.DEVICE_REVOKED: ("device_id", "reason"),
    EventType.CONTACT_CHANGED: ("contact_id", "change"),
    EventType.USER_LOCKED: ("lane", "challenge_id", "free_at"),
}
"""The types that applications may build upon, with the fields that ``data`` always has; it may have more."""
RETRIES_S: Final = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""How long after the failure before it each try is made, ten in all and over three days (Standard Webhooks 1.0)."""
JITTER: Final = 0.2
"""By how much of itself a wait is lengthened at most, so that what failed together is not tried together."""
CALL_TIMEOUT_S: Final = 20.0
"""Standard Webhooks 1.0: 15 to 30 s."""
ATTEMPTS_KEPT_MS: Final = 30 * DAY_MS
"""How long it is told what became of a message, and how long one can be sent again."""
GIVEN_UP_MS: Final = 60 * DAY_MS
"""When a message is given up that waits for a receiver who is disabled or not declared any more."""
DISABLED_AFTER_MS: Final = 5 * DAY_MS
"""How long an endpoint may take nothing before it is told nothing more: longer than all tries of a message, so that a
weekend without anybody is outlived (Standard Webhooks 1.0 asks for "several days" and names no number; ours)."""
FAILURES_LEAST: Final = 3
"""Tries of one message that failed, before that counts: a first try that fails after a quiet week says little."""
_GONE: Final = 410
_SUCCESS: Final = range(200, 300)


class Verdict(StrEnum):
    """What an answer, or none, means for the message."""

    TAKEN = "taken"
    FAILED = "failed"
    """To be tried again; a redirect is a failure too."""
    GONE = "gone"
    """The receiver wants nothing more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A server of the application that wants to be told."""

    application_id: ApplicationId
    name: str
    """By which the operator knows it; one of its kind in the application."""
    url: str = field(repr=False)
    """May hold a secret of the receiver."""
    types: frozenset[EventType]
    secrets: tuple[SigningSecret, ...]
    """The one that is in force first."""
    reach: Reach


def is_past_hope(failing_since: int | None, failures: int, now: int) -> bool:
    """Whether an endpoint has failed for so long that it is told nothing more."""
    return failing_since is not None and failures >= FAILURES_LEAST and now - failing_since >= DISABLED_AFTER_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResult:
    """What one call came to."""

    status: int | None
    """None if nothing was answered; then ``error`` says why."""
    error: str | None
    took_ms: int
    wait_s: int | None = None
    """What the receiver asks for before the next try (``Retry-After``)."""

    @property
    def verdict(self) -> Verdict:
        """What that means: taken by any 2xx, gone by 410, and else failed."""
        if self.status in _SUCCESS:
            return Verdict.TAKEN
        return Verdict.GONE if self.status == _GONE else Verdict.FAILED


def retry_delay_ms(failures: int, fraction: float, *, wait_s: int | None = None) -> int | None:
    """Return how long to wait after so many failures, or None when the message is given up.

    ``fraction`` in [0, 1) is drawn by the caller. A receiver who asks for a longer wait gets it, up to a day.
    """
    if failures >= len(RETRIES_S):
        return None
    asked_s = min(wait_s or 0, RETRIES_S[-1])
    return int(max(RETRIES_S[failures], asked_s) * SECOND_MS * (1 + JITTER * fraction))
