"""The worker: delivers messages as they come and keeps house, until it is told to stop.

One task per duty. A duty that fails because the world does (the store is away) tries again after a pause; nothing that
it had leased is lost, because leases end by themselves.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog

from watchword.bootstrap.key_source import KeyWatch
from watchword.domain.errors import StorageUnavailable
from watchword.flow.deliver import claim_due, deliver_one
from watchword.flow.retain import reseal, sweep
from watchword.ports import Ports
from watchword.ports.store.values import NotHandedOver

DELIVERY_PAUSE_S: Final = 0.1
"""How long an idle worker waits before it looks again: the longest a message waits for nothing."""
SWEEP_PAUSE_S: Final = 10.0
"""``architecture.md``, Time: expiries are written by the sweeper every 10 s."""
FAILURE_PAUSE_S: Final = 2.0
BATCH: Final = 32
"""Messages handed over at the same time."""
CLOSING_S: Final = 10.0
"""How long a message on its way may take to arrive when the process stops; then its lease ends by itself."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Worker:
    """Runs the duties of one process."""

    ports: Ports
    alone: bool
    """Whether this is the only worker there can be (SQLite): it takes back every lease when it starts."""
    key_watch: KeyWatch
    _stopping: asyncio.Event | None = None
    _duties: tuple[asyncio.Task[None], ...] = ()

    async def start(self) -> None:
        """Begin to work."""
        if self.alone:
            await self.ports.store.take_back_leases()
        self._stopping = asyncio.Event()
        self._duties = (
            asyncio.create_task(self._repeat(self._deliver, DELIVERY_PAUSE_S), name="deliver"),
            asyncio.create_task(self._repeat(self._keep_house, SWEEP_PAUSE_S), name="keep house"),
        )

    async def stop(self) -> None:
        """Finish what is on its way, and stop; what takes longer than ``CLOSING_S`` is left to its lease."""
        if self._stopping is None:
            return
        self._stopping.set()
        _, late = await asyncio.wait(self._duties, timeout=CLOSING_S)
        for duty in late:
            duty.cancel()
        await asyncio.gather(*self._duties, return_exceptions=True)

    async def _repeat(self, duty: Callable[[], Awaitable[bool]], pause_s: float) -> None:
        stopping = self._stopping
        if stopping is None:
            raise RuntimeError("the worker was not started")
        while not stopping.is_set():
            try:
                wait_s = 0.0 if await duty() else pause_s
            except StorageUnavailable:
                _log.warning("worker.storage_unavailable")
                wait_s = FAILURE_PAUSE_S
            except Exception:
                # The outermost place: a defect in one round must not end all deliveries, and must be seen.
                _log.exception("worker.round_failed")
                wait_s = FAILURE_PAUSE_S
            if wait_s:
                await _sleep(stopping, wait_s)

    async def _deliver(self) -> bool:
        claimed = await claim_due(self.ports, limit=BATCH)
        results = await asyncio.gather(*(deliver_one(self.ports, one) for one in claimed), return_exceptions=True)
        for one, result in zip(claimed, results, strict=True):
            if isinstance(result, BaseException):
                # It comes back when its lease ends; the error may quote the message, so only its kind is told.
                _log.error("worker.delivery_failed", delivery_id=one.id, error=type(result).__name__)
            elif isinstance(result, NotHandedOver):
                _log.warning("worker.not_handed_over", delivery_id=one.id, reason=result.reason)
        return bool(claimed)

    async def _keep_house(self) -> bool:
        if self.key_watch.look():
            _log.info("worker.keys_adopted", resealed=await reseal(self.ports))
        swept = await sweep(self.ports)
        if swept.expired or swept.wiped or swept.forgotten:
            _log.info("worker.swept", expired=swept.expired, wiped=swept.wiped, forgotten=swept.forgotten)
        return False


async def _sleep(stopping: asyncio.Event, seconds: float) -> None:
    """Wait, but not beyond the order to stop."""
    try:
        await asyncio.wait_for(stopping.wait(), timeout=seconds)
    except TimeoutError:
        return
