"""The worker: delivers messages as they come and keeps house, until it is told to stop.

One task per duty. A duty that fails because the world does (the store is away) tries again after a pause; nothing that
it had leased is lost, because leases end by themselves.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

import structlog

from watchword.adapters.places import PLACES, WAITING
from watchword.adapters.senders.kind import Listening
from watchword.bootstrap.announcing import ANNOUNCE_PAUSE_S, Announcing
from watchword.bootstrap.key_source import KeyWatch
from watchword.bootstrap.policy_watch import PolicyWatch
from watchword.domain.errors import StorageUnavailable
from watchword.flow.deliver import claim_due, deliver_one, give_back, pass_by
from watchword.flow.guard import keep_guards, sent_everywhere
from watchword.flow.learn import count_proven, prune_traffic, read_traffic, write_traffic
from watchword.flow.retain import ACTIONS_AT_ONCE, BATCH, ROUNDS_AT_MOST, forget_actions, forget_events, reseal, sweep
from watchword.flow.tell import Ear, listen, tell_others
from watchword.ports import Ports
from watchword.ports.store.outbox import ClaimedDelivery, NotHandedOver
from watchword.risk.hearsay import read_words

DELIVERY_PAUSE_S: Final = 0.1
"""How long an idle worker waits before it looks again; what its own process queued it is told of at once."""
UPKEEP_PAUSE_S: Final = 10.0
"""How often keys and policies are looked at, and what is over is swept: often enough that a sealed code is wiped within
a minute of its end (I14)."""
FORGETTING_PAUSE_S: Final = 3_600.0
"""How often the past is forgotten: by the day would do."""
FAILURE_PAUSE_S: Final = 2.0
AT_ONCE: Final = 2 * (PLACES + WAITING)
"""Codes in the hands of this process; one that hangs takes one of them, and a sender at most half."""
NOTICES_AT_ONCE: Final = PLACES // 2
"""Notices beside them: a thousand that come at once leave half of a sender's places to the codes."""
TRAFFIC_PAUSE_S: Final = 5.0
"""How often what was counted of the traffic is written: a crash loses no more than that, and nobody's memory."""
GUARD_PAUSE_S: Final = 1.0
"""How often a process asks what guards keep closed, and writes which codes came back over what costs money."""
TELLING_PAUSE_S: Final = 2.0
"""How often processes tell each other what came to them, and listen: what one has counted all know after twice that."""
AT_A_TIME: Final = 500
"""Notes of others that are counted without a pause: a millisecond or two."""
_TELLER_BYTES: Final = 8
TRAFFIC_ROUNDS: Final = 60
"""After so many of these rounds what has become too large is pruned, and what other processes counted is read."""
CLOSING_S: Final = 10.0
"""How long a message on its way may take to arrive when the process stops; then it is given back."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Worker:
    """Runs the duties of one process."""

    ports: Ports
    alone: bool
    """Whether this is the only worker there can be (SQLite): it takes back every lease when it starts."""
    key_watch: KeyWatch
    policy_watch: PolicyWatch
    tidy: Callable[[], object]
    """What else is to be forgotten with every round of upkeep."""
    retention_days: int
    """The age at which events and actions are forgotten."""
    announcing: Announcing | None = None
    """What tells servers of applications; None where there are none."""
    delivers: bool = True
    """Whether it hands over messages and sweeps; what its own process has to know it keeps up in any case."""
    _stopping: asyncio.Event | None = None
    _duties: tuple[asyncio.Task[None], ...] = ()
    _traffic_rounds: int = 0
    _ear: Ear | None = None
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by whoever queued a message, so that it leaves at once."""
    _codes: set[asyncio.Task[None]] = field(default_factory=set)
    """Those on their way."""
    _notices: set[asyncio.Task[None]] = field(default_factory=set)
    _has_caught_up: bool = False
    """Whether the last look found fewer codes that are due than it had room for: no older one waits for hands."""

    async def start(self) -> None:
        """Begin to work."""
        if self.alone:
            await self.ports.store.take_back_leases()
            if self.announcing is not None:
                await self.announcing.take_back()
        await read_traffic(self.ports)
        for application in self.ports.applications.values():
            if everywhere := sent_everywhere(application):
                _log.warning("guard.every_country", application=application.id, channels=everywhere)
        await self._keep_guards()
        self._stopping = asyncio.Event()
        duties = [
            (self._keep_up, UPKEEP_PAUSE_S, "keep up"),
            (self._keep_traffic, TRAFFIC_PAUSE_S, "keep traffic"),
            (self._keep_guards, GUARD_PAUSE_S, "keep guards"),
        ]
        if not self.alone:
            self._ear = Ear(teller=self.ports.entropy.token(_TELLER_BYTES))
            duties.append((self._keep_in_touch, TELLING_PAUSE_S, "keep in touch"))
        if self.delivers:
            duties += [
                (self._deliver, DELIVERY_PAUSE_S, "deliver"),
                (self._sweep, UPKEEP_PAUSE_S, "sweep"),
                (self._forget, FORGETTING_PAUSE_S, "forget"),
            ]
            for sender in self.ports.senders.values():
                if isinstance(sender, Listening):
                    await sender.listen()
            if self.announcing is not None:
                duties.append((self.announcing.round, ANNOUNCE_PAUSE_S, "announce"))
        self._duties = tuple(
            asyncio.create_task(self._repeat(duty, pause_s, is_called=duty == self._deliver), name=name)
            for duty, pause_s, name in duties
        )

    def has_room(self) -> bool:
        """Whether a code that is queued now would begin to leave at once; never where this process does not deliver."""
        is_stopping = self._stopping is None or self._stopping.is_set()
        return self._has_caught_up and not is_stopping and len(self._codes) < AT_ONCE

    def take(self, claimed: ClaimedDelivery) -> None:
        """Begin to hand over a message that this process has leased, as if it had been claimed."""
        self._begin(claimed)

    async def stop(self) -> None:
        """Finish what is on its way, and stop; what takes longer than ``CLOSING_S`` is given back for others to do."""
        if self._stopping is None:
            return
        self._stopping.set()
        self.bell.set()
        # The duties first: as long as one runs, something more can be begun.
        await _end(set(self._duties))
        await _end(self._codes | self._notices)
        if self.announcing is not None:
            await self.announcing.stop(CLOSING_S)
        try:
            await count_proven(self.ports)
            await write_traffic(self.ports)
            await keep_guards(self.ports)
            if self._ear is not None:
                await tell_others(self.ports, self._ear.teller)
        except StorageUnavailable:
            _log.warning("worker.traffic_not_written")

    async def _repeat(self, duty: Callable[[], Awaitable[bool]], pause_s: float, *, is_called: bool) -> None:
        stopping = self._stopping
        if stopping is None:
            raise RuntimeError("the worker was not started")
        while not stopping.is_set():
            try:
                wait_s = 0.0 if await duty() else pause_s
            except StorageUnavailable:
                _log.warning("worker.storage_unavailable")
                wait_s = FAILURE_PAUSE_S
            except Exception as error:
                # The outermost place: a defect in one round must not end all deliveries, and must be seen. Only where
                # it was, never what it says: the error may quote a code or an address.
                places = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
                _log.error("worker.round_failed", error=type(error).__name__, places=places)
                wait_s = FAILURE_PAUSE_S
            if wait_s:
                # Only an idle worker comes when it is called: one that failed lets the world recover first.
                await _sleep(self.bell if is_called and wait_s == pause_s else stopping, wait_s)

    async def _deliver(self) -> bool:
        """Begin what is due and there is room for. Return whether there was anything."""
        self.bell.clear()
        # Those that were taken as they were written may be more than there are places.
        codes, notices = max(0, AT_ONCE - len(self._codes)), NOTICES_AT_ONCE - len(self._notices)
        if codes <= 0 and notices <= 0:
            self._has_caught_up = False
            return False
        claimed = await claim_due(self.ports, limit=codes, notices=notices)
        self._has_caught_up = sum(one.notice is None for one in claimed) < codes
        for one in claimed:
            self._begin(one)
        return bool(claimed)

    def _begin(self, claimed: ClaimedDelivery) -> None:
        lane = self._codes if claimed.notice is None else self._notices
        task = asyncio.create_task(self._hand_over(claimed), name="hand over")
        lane.add(task)
        task.add_done_callback(self._leave)

    def _leave(self, task: "asyncio.Task[None]") -> None:
        """Give the place of a message back; where there was none left, the next one is begun at once."""
        was_full = len(self._codes) >= AT_ONCE or len(self._notices) >= NOTICES_AT_ONCE
        self._codes.discard(task)
        self._notices.discard(task)
        if was_full:
            self.bell.set()

    async def _hand_over(self, claimed: ClaimedDelivery) -> None:
        try:
            result = await deliver_one(self.ports, claimed)
        except asyncio.CancelledError:
            with suppress(StorageUnavailable):  # then its lease ends by itself
                await give_back(self.ports, claimed)
            raise
        except StorageUnavailable as error:
            # It comes back when its lease ends: perhaps it has left, and only that could not be written.
            _log.error("worker.delivery_failed", delivery_id=claimed.id, error=type(error).__name__)
            return
        except Exception as error:
            # A sender broke that may come from anywhere. The error may quote the message, so only its kind is told.
            _log.error("worker.delivery_failed", delivery_id=claimed.id, error=type(error).__name__)
            with suppress(StorageUnavailable):  # then its lease ends by itself
                await pass_by(self.ports, claimed)
            return
        if isinstance(result, NotHandedOver):
            _log.warning("worker.not_handed_over", delivery_id=claimed.id, sender=result.sender, reason=result.reason)

    async def _keep_up(self) -> bool:
        """Take up keys and policies that others changed."""
        if self.key_watch.look():
            _log.info("worker.keys_adopted", resealed=await reseal(self.ports))
        await self.policy_watch.look(self.ports.store)
        self.tidy()
        return False

    async def _sweep(self) -> bool:
        swept = await sweep(self.ports)
        if swept.expired or swept.wiped or swept.forgotten:
            _log.info("worker.swept", expired=swept.expired, wiped=swept.wiped, forgotten=swept.forgotten)
        # A little at a time: a whole day's actions at once would be felt. Where there are more, this goes on at once.
        forgotten = await forget_actions(self.ports, days=self.retention_days)
        if forgotten:
            _log.info("worker.actions_forgotten", forgotten=forgotten)
        return forgotten >= ACTIONS_AT_ONCE * ROUNDS_AT_MOST

    async def _forget(self) -> bool:
        """Forget what the audit log keeps no longer. Return whether there may be more of it."""
        forgotten = await forget_events(self.ports, days=self.retention_days)
        if forgotten:
            _log.info("worker.events_forgotten", forgotten=forgotten)
        return forgotten >= BATCH * ROUNDS_AT_MOST

    async def _keep_traffic(self) -> bool:
        await count_proven(self.ports)
        await write_traffic(self.ports)
        self._traffic_rounds += 1
        if self._traffic_rounds % TRAFFIC_ROUNDS == 0:
            prune_traffic(self.ports)
            if not self.alone:
                await read_traffic(self.ports)
        return False

    async def _keep_guards(self) -> bool:
        news = await keep_guards(self.ports)
        for closure in news.closed:
            application = self.ports.applications.get(closure.application_id)
            if application is not None:
                guards = application.guards
                _log.warning("guard.closed", why=closure.shut(guards).text, mode=guards.mode.value)
        for would_shut in news.would_shut:
            _log.warning("guard.would_refuse", guard=would_shut.guard, channel=would_shut.channel, to=would_shut.place)
        return False

    async def _keep_in_touch(self) -> bool:
        if self._ear is None:
            return False
        await tell_others(self.ports, self._ear.teller)
        for told in await listen(self.ports, self._ear):
            traffic = self.ports.traffic.get(told.application_id)
            notes = read_words(told.words)
            while traffic is not None and (some := list(islice(notes, AT_A_TIME))):
                traffic.hear(some)
                await asyncio.sleep(0)
        return False


async def _end(tasks: set[asyncio.Task[None]]) -> None:
    """Wait for tasks to end, and make those end that take too long."""
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=CLOSING_S)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)


async def _sleep(call: asyncio.Event, seconds: float) -> None:
    """Wait, but not beyond a call, such as the order to stop."""
    try:
        await asyncio.wait_for(call.wait(), timeout=seconds)
    except TimeoutError:
        return
