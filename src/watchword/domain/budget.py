"""Budgets and their two lanes: how much may still happen, and to whom it is charged."""

from dataclasses import dataclass
from enum import StrEnum

from watchword.domain.instant import Instant


class Lane(StrEnum):
    """Who a charge belongs to, so that a stranger cannot spend the owner's tries (``docs/concepts.md``, Two lanes)."""

    OWN = "own"
    """The action carried a valid token of a known device."""
    OPEN = "open"
    """Everybody else."""


class Budget(StrEnum):
    """What is counted; each charge is one row with its time, so every window rolls exactly."""

    FAILURES = "failures"
    """Wrong guesses of a user."""
    STARTS = "starts"
    """Challenged actions of a user, by action type."""
    CONTACT_SENDS = "contact_sends"
    """Messages with a code to one canonical address, over all users and challenges of an application."""
    IP_STARTS = "ip_starts"
    """Challenged starts from one IPv4 address or IPv6 /64."""
    REFERENCE_TRIES = "reference_tries"
    """References typed at ``/no`` from one address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """At most ``most`` charges in any span of ``length_s`` seconds."""

    most: int
    length_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Charged:
    """The charge was taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Full:
    """Nothing was charged: a window is full until ``free_at``."""

    free_at: Instant
