"""Announce: an application's servers are told what happened, at least once or visibly not (I21).

Nothing of it happens where things happen: each server reads the audit log behind a cursor of its own, and what it is to
be told waits in the store until it was taken.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from watchword.domain.webhook import CALL_TIMEOUT_S, CallResult, Endpoint, retry_delay_ms
from watchword.ports.clock import Entropy
from watchword.ports.webhooks import ClaimedMessage, Consequence, EndpointKey, WebhookCaller, WebhookStore

EVENTS_AT_ONCE: Final = 200
"""Events that one transaction reads on: a few milliseconds."""
LEASE_S: Final = round(3 * CALL_TIMEOUT_S)
"""Longer than a call and the writing of its result, so that nobody else makes the same call meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """What one call came to, and what that led to."""

    result: CallResult
    consequence: Consequence


def key_of(endpoint: Endpoint) -> EndpointKey:
    """Return what the store knows an endpoint by."""
    return EndpointKey(application_id=endpoint.application_id, name=endpoint.name)


async def read_on(hooks: WebhookStore, endpoints: Iterable[Endpoint]) -> bool:
    """Write messages about what happened since; return whether there may be more."""
    counts = [
        await hooks.queue_messages(key_of(endpoint), endpoint.types, limit=EVENTS_AT_ONCE) for endpoint in endpoints
    ]
    return EVENTS_AT_ONCE in counts


async def claim_messages(hooks: WebhookStore, room: Mapping[EndpointKey, int]) -> tuple[ClaimedMessage, ...]:
    """Lease what is due, as much for each endpoint as there is room for."""
    wanted = {key: count for key, count in room.items() if count > 0}
    return tuple(await hooks.claim_messages(wanted, lease_s=LEASE_S)) if wanted else ()


async def call_one(
    hooks: WebhookStore, caller: WebhookCaller, entropy: Entropy, endpoint: Endpoint, claimed: ClaimedMessage
) -> Called:
    """Make one call and note what came of it."""
    result = await caller.call(endpoint, claimed.id, claimed.payload)
    retry_after_ms = retry_delay_ms(claimed.failures + 1, entropy.fraction(), wait_s=result.wait_s)
    consequence = await hooks.finish_call(claimed, result, retry_after_ms=retry_after_ms)
    return Called(result=result, consequence=consequence)
