"""What a worker does so that applications are told: reads on, and keeps a few calls to each endpoint under way."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

import structlog

from watchword.adapters.outward import OutwardClient
from watchword.adapters.rows.endpoint_rows import ASKED_TO_STOP, KEPT_FAILING
from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.rows.webhook_store import RowWebhookStore
from watchword.adapters.system import SystemClock, elapsed_ms
from watchword.adapters.webhook_calls import SignedCaller
from watchword.config.settings import Settings
from watchword.domain.errors import StorageUnavailable
from watchword.domain.webhook import Endpoint, Verdict
from watchword.flow.announce import call_one, claim_messages, key_of, read_on
from watchword.ports.clock import Entropy
from watchword.ports.webhooks import ClaimedMessage, EndpointKey, WebhookCaller, WebhookStore

CALLS_AT_ONCE: Final = 8
"""Calls of one process to one endpoint: one that hangs takes its own places and nobody else's."""
ANNOUNCE_PAUSE_S: Final = 1.0
"""How often the audit log is looked at: what happened is told about so much later."""
ROOM_PAUSE_S: Final = 0.5
"""How long a round waits for a place to become free, where all that is due has none."""

_log = structlog.get_logger(__name__)


class Announcing:
    """Tells the endpoints of one process; belongs to one event loop."""

    def __init__(
        self,
        endpoints: Mapping[EndpointKey, Endpoint],
        *,
        hooks: WebhookStore,
        caller: WebhookCaller,
        entropy: Entropy,
    ) -> None:
        self._endpoints = endpoints
        self._hooks = hooks
        self._caller = caller
        self._entropy = entropy
        self._under_way: defaultdict[EndpointKey, set[asyncio.Task[None]]] = defaultdict(set)

    async def take_back(self) -> None:
        """End the leases of a process that died; only for one that is alone."""
        if self._endpoints:
            await self._hooks.take_back_calls()

    async def round(self) -> bool:
        """Read on and begin what is due; return whether there may be more to do at once."""
        if not self._endpoints:
            return False
        busy = await self._hooks.endpoints_with_work(tuple(self._endpoints))
        may_be_more = await read_on(self._hooks, [self._endpoints[key] for key in busy])
        claimed = await claim_messages(self._hooks, {key: CALLS_AT_ONCE - len(self._under_way[key]) for key in busy})
        for one in claimed:
            task = asyncio.create_task(self._call(one), name="call")
            self._under_way[one.to].add(task)
            task.add_done_callback(self._under_way[one.to].discard)
        return may_be_more or bool(claimed) or await self._found_room(busy)

    async def stop(self, patience_s: float) -> None:
        """Let calls that are under way end; what takes longer is given back for others to do."""
        tasks = {task for of_endpoint in self._under_way.values() for task in of_endpoint}
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=patience_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._caller.close()

    async def _found_room(self, busy: Sequence[EndpointKey]) -> bool:
        """Wait a moment for the end of a call, where something is due that had no place."""
        waiting_for = [task for key in busy for task in self._under_way[key]]
        if not waiting_for:
            return False
        ended, _ = await asyncio.wait(waiting_for, timeout=ROOM_PAUSE_S, return_when=asyncio.FIRST_COMPLETED)
        return bool(ended)

    async def _call(self, claimed: ClaimedMessage) -> None:
        endpoint = self._endpoints[claimed.to]
        try:
            called = await call_one(self._hooks, self._caller, self._entropy, endpoint, claimed)
        except asyncio.CancelledError:
            with suppress(StorageUnavailable):  # then its lease ends by itself
                await self._hooks.give_back(claimed)
            raise
        except StorageUnavailable:
            _log.warning("webhooks.result_not_written", endpoint=endpoint.name, message_id=claimed.id)
            return
        except Exception as error:
            # It comes back when its lease ends; the error may quote the address, so only its kind is told.
            _log.error(
                "webhooks.call_failed", endpoint=endpoint.name, message_id=claimed.id, error=type(error).__name__
            )
            return
        told = {
            "application": endpoint.application_id,
            "endpoint": endpoint.name,
            "message_id": claimed.id,
            "status": called.result.status,
            "error": called.result.error,
        }
        if called.consequence.is_disabled:
            reason = ASKED_TO_STOP if called.result.verdict is Verdict.GONE else KEPT_FAILING
            _log.error("webhooks.endpoint_disabled", reason=reason, **told)
        if called.consequence.is_given_up:
            _log.error("webhooks.given_up", **told)
        elif called.result.verdict is Verdict.FAILED:
            _log.warning("webhooks.not_taken", failures=claimed.failures + 1, **told)


def announcing_of(settings: Settings, store: RowStore, entropy: Entropy) -> Announcing | None:
    """Return what tells the endpoints that are declared, or None where there are none."""
    declared = [endpoint for one in settings.applications for endpoint in one.webhooks]
    if not declared:
        return None
    return Announcing(
        {key_of(endpoint): endpoint for endpoint in declared},
        hooks=RowWebhookStore(store.runner),
        caller=SignedCaller(OutwardClient(), SystemClock(), elapsed_ms),
        entropy=entropy,
    )
