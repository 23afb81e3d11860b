"""What is told to servers of applications: how it is kept until it is taken, and who makes the calls (I21)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from watchword.domain.event import EventType
from watchword.domain.ids import ApplicationId, EventId
from watchword.domain.instant import Instant
from watchword.domain.webhook import CallResult, Endpoint


class MessageState(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"
    LEASED = "leased"
    """Some worker is calling."""
    DELIVERED = "delivered"
    DEAD = "dead"
    """Given up; it can be sent again at the operator's word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointKey:
    """Which endpoint is meant."""

    application_id: ApplicationId
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedMessage:
    """A message that is to be sent now."""

    to: EndpointKey
    id: EventId
    """The same on every try; a receiver that has seen it has nothing to do."""
    type: EventType
    payload: str = field(repr=False)
    claims: int
    """Names the lease: what became of a try is believed only while it lasts, or if it is good news."""
    failures: int
    """Tries that failed before this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """What a call led to besides its own message's next try."""

    is_given_up: bool = False
    """Whether the message is given up by it."""
    is_disabled: bool = False
    """Whether the endpoint is told nothing more because of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRecord:
    """What is known of one message."""

    id: EventId
    type: EventType
    state: MessageState
    failures: int
    created_at: Instant
    due_at: Instant | None
    done_at: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """What one call came to."""

    message_id: EventId
    at: Instant
    result: CallResult


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRecord:
    """How an endpoint stands."""

    key: EndpointKey
    created_at: Instant
    disabled_at: Instant | None
    disabled_reason: str | None
    failing_since: Instant | None
    """Since when it has taken nothing; None where the last call was taken, or there was none."""
    waiting: int
    dead: int
    oldest_waiting_at: Instant | None
    """When the oldest thing happened that it has not been told."""
    last_attempt: AttemptRecord | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What happened from ``since`` on and before ``until``."""

    since: Instant
    until: Instant


class WebhookStore(Protocol):
    """Keeps messages and what became of them; each operation is one transaction."""

    async def endpoints_with_work(self, keys: Sequence[EndpointKey]) -> Sequence[EndpointKey]:
        """Return those that have not read the whole audit log, or have a message that is due; a new one too."""
        ...

    async def queue_messages(self, key: EndpointKey, types: frozenset[EventType], *, limit: int) -> int:
        """Read on in the audit log and write a message for each event of these types, with the cursor.

        A new endpoint begins now. Return how many events were read: 0 too where somebody else is at it, or where the
        endpoint is disabled.
        """
        ...

    async def claim_messages(self, wanted: Mapping[EndpointKey, int], *, lease_s: int) -> Sequence[ClaimedMessage]:
        """Lease messages that are due, oldest first and at most so many for each endpoint, none of a disabled one."""
        ...

    async def finish_call(
        self, claimed: ClaimedMessage, result: CallResult, *, retry_after_ms: int | None
    ) -> Consequence:
        """Note what a call came to; return what that led to, each with one event.

        Taken: it is delivered. Gone: the endpoint is disabled, and the message waits for its enabling. Else it is tried
        again after ``retry_after_ms``, or given up where that is None; an endpoint that has taken nothing for days
        (``is_past_hope``) is disabled.
        """
        ...

    async def give_back(self, claimed: ClaimedMessage) -> None:
        """End the lease of a message that nobody called about after all."""
        ...

    async def take_back_calls(self) -> None:
        """End every lease at once; only for a process that is the only worker."""
        ...

    async def endpoint_records(self, application_id: ApplicationId) -> Sequence[EndpointRecord]:
        """Return every endpoint that the store knows of an application, by name."""
        ...

    async def message_records(
        self, key: EndpointKey, *, state: MessageState | None, limit: int
    ) -> Sequence[MessageRecord]:
        """Return the newest messages of an endpoint, all or those of one state."""
        ...

    async def attempt_records(self, key: EndpointKey, *, message_id: str | None, limit: int) -> Sequence[AttemptRecord]:
        """Return the newest calls of an endpoint, all or those about one message."""
        ...

    async def send_again(self, key: EndpointKey, message_id: str) -> bool:
        """Let one message be due now with all its tries; return whether it is there."""
        ...

    async def send_dead_again(self, key: EndpointKey) -> int:
        """Let every message that was given up be due now; return how many."""
        ...

    async def send_span_again(
        self, key: EndpointKey, types: frozenset[EventType], span: Span, *, after: int, limit: int
    ) -> tuple[int, int | None]:
        """Let events of a span that come after a number in the log be sent, again or for the first time.

        Return how many, and the number to go on after, or None at the end.
        """
        ...

    async def disable_endpoint(self, key: EndpointKey, reason: str) -> bool:
        """Tell it nothing more; return whether it was told before."""
        ...

    async def enable_endpoint(self, key: EndpointKey) -> bool:
        """Go on from where it stopped; return whether it had stopped."""
        ...


class WebhookCaller(Protocol):
    """Calls servers of applications."""

    async def call(self, endpoint: Endpoint, message_id: str, payload: str) -> CallResult:
        """Sign and post one message; a failure of the world is a result."""
        ...

    async def close(self) -> None:
        """Close the connections that are kept; the next call opens others."""
        ...
