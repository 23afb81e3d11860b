"""Carries out what waits, in groups: a few connections, each with one transaction at a time that many share.

Nothing lingers: a group is whoever waits when a connection is free. A group that cannot be committed is carried out
again without the operation that was to blame, and that one by itself. Once a commit was sent nothing is carried out
again: an operation whose commit may or may not have happened is answered with ``StorageUnavailable``.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from watchword.adapters.postgres.outage import Outage
from watchword.adapters.postgres.pipeline import ConnectionLost, Pipeline, StatementFailed
from watchword.adapters.postgres.prepared_texts import PreparedTexts
from watchword.adapters.postgres.shared_transaction import OperationRaised, SharedTransaction, TimeNotBelieved
from watchword.adapters.postgres.told_time import ToldTime
from watchword.adapters.postgres.waiting_lines import WaitingLines
from watchword.adapters.postgres.waiting_operation import WaitingOperation
from watchword.domain.errors import NOT_BELIEVED, StorageUnavailable
from watchword.domain.instant import Instant
from watchword.ports.clock import Entropy
from watchword.ports.keyring import Keyring

_MOST_CONFLICTS: Final = 3
_MOST_LOSSES: Final = 1
_MOST_REJECTIONS: Final = 3
"""After so many failures of others in its groups an operation gets a transaction to itself."""
_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 2.0
_MOST_DOUBLINGS: Final = 10
_IN_CONFLICT: Final = frozenset({"40001", "40P01"})
"""Serialisation failure and deadlock: the same operation can succeed at once."""
_ON_ANOTHER_CONNECTION: Final = frozenset({"0A000", "25006", "26000"})
"""A plan from before the last migration, a server that writes no longer, a session that is not the one we prepared."""
_STILL_WAITS: Final = "SELECT pid FROM pg_stat_activity WHERE pid = :backend AND wait_event = 'SyncRep'"
_UNKNOWN: Final = "the connection was lost while the operation was committed; whether it happened is not known"


def pause_after(failures: int) -> float:
    """Return how many seconds to wait before the next attempt, twice as long each time up to a bound.

    A server may be away for days: the doubling has to end before the number is too large.
    """
    doubled: float = _FIRST_PAUSE_S * 2.0 ** min(failures, _MOST_DOUBLINGS)
    return min(_LONGEST_PAUSE_S, doubled)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneSettings:
    """How the connections of one kind are used."""

    writes: bool
    connections: int
    patience_s: float
    """How long an operation may wait for its turn, attempts that came to nothing included."""
    answer_limit_s: float
    """How long one exchange may take before its connection is given up."""
    latest: Callable[[], Instant]
    """How late it can be: a database that says it is later is not believed."""


class _Lane:
    """One connection, or the place for one."""

    __slots__ = ("connected_s", "failures", "left_behind", "pipeline")

    def __init__(self) -> None:
        self.pipeline: Pipeline | None = None
        self.left_behind: int | None = None
        """The server's process of a connection that was given up."""
        self.connected_s = 0.0
        self.failures = 0

    @property
    def is_connected(self) -> bool:
        return self.pipeline is not None and not self.pipeline.is_lost

    def close(self) -> None:
        if self.pipeline is not None:
            self.pipeline.close()


class GroupLanes:
    """Some connections of one kind with everybody who waits for them; belongs to one event loop."""

    __slots__ = (
        "_closed",
        "_connect",
        "_entropy",
        "_idle",
        "_is_starting",
        "_keyring",
        "_lines",
        "_loop",
        "_on_committed",
        "_outage",
        "_settings",
        "_texts",
        "_time",
        "_working",
    )

    def __init__(
        self,
        settings: LaneSettings,
        connect: Callable[[], Awaitable[Pipeline]],
        entropy: Entropy,
        keyring: Keyring,
        on_committed: Callable[[WaitingOperation], None],
        outage: Outage,
        time: ToldTime,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._settings = settings
        self._outage = outage
        self._time = time
        self._connect = connect
        self._entropy = entropy
        self._keyring = keyring
        self._on_committed = on_committed
        self._texts = PreparedTexts()
        self._lines = WaitingLines(settings.patience_s, self._wake)
        self._idle = [_Lane() for _ in range(settings.connections)]
        self._working: dict[asyncio.Task[None], _Lane] = {}
        self._is_starting = False
        self._closed = False

    def submit(self, waiting: WaitingOperation) -> None:
        """Have an operation carried out; raises ``StorageUnavailable`` where it would never have its turn."""
        if self._closed:
            raise StorageUnavailable("the store is closed")
        self._lines.add(waiting)

    async def close(self) -> None:
        """Carry out what waits, answer everybody, and let go of every connection."""
        self._closed = True
        while self._working:
            await asyncio.wait(list(self._working))
        self._lines.close()
        for lane in self._idle:
            lane.close()

    # Connections -----------------------------------------------------------------------------------------------------

    def _wake(self) -> None:
        """Have one idle lane look at the lines, one that is connected where there is one."""
        if self._is_starting or not self._idle or not self._lines:
            return
        lane = next((lane for lane in reversed(self._idle) if lane.is_connected), self._idle[-1])
        self._idle.remove(lane)
        self._is_starting = True
        task = asyncio.get_running_loop().create_task(self._work(lane))
        self._working[task] = lane
        task.add_done_callback(self._rest)

    def _rest(self, task: "asyncio.Task[None]") -> None:
        self._idle.append(self._working.pop(task))
        self._wake()

    async def _work(self, lane: _Lane) -> None:
        group: list[WaitingOperation] = []
        waits = False
        try:
            while self._lines:
                pipeline = await self._connected(lane)
                if pipeline is None:
                    continue
                group = self._lines.take(shared=bool(self._idle))
                self._is_starting = False
                self._wake()
                waits = bool(group) and group[0].waits_for_lock
                if group:
                    await self._carry_out(pipeline, group, lane.connected_s)
                if pipeline.is_lost:
                    lane.left_behind = pipeline.backend
                group = []
                if waits:
                    self._lines.waited()
                    waits = False
        finally:
            self._is_starting = False
            if group:
                # Only a cancelled loop gets here with somebody left.
                lane.close()
                self._fail(group, _UNKNOWN)
            if waits:
                self._lines.waited()

    async def _connected(self, lane: _Lane) -> Pipeline | None:
        """Return the connection of a lane; None after an attempt that failed, and a pause."""
        if lane.pipeline is not None and not lane.pipeline.is_lost:
            return lane.pipeline
        self._is_starting = False
        if any(other.is_connected for other in self._idle):
            self._wake()
        try:
            lane.pipeline = await self._connect()
            await self._require_room(lane, lane.pipeline)
        except (ConnectionLost, StatementFailed) as loss:
            self._outage.begin(str(loss), connected_s=None)
            pause_s = pause_after(lane.failures)
            lane.failures += 1
            # Half of it by chance: processes that lost a server together do not come back together.
            await asyncio.sleep(pause_s * (1 + self._entropy.fraction()) / 2)
            return None
        lane.failures = 0
        self._outage.end()
        lane.connected_s = self._loop.time()
        return lane.pipeline

    async def _require_room(self, lane: _Lane, pipeline: Pipeline) -> None:
        """Close the connection and raise ``ConnectionLost`` while the one before it waits for a standby.

        The server ends such a wait for nobody who has gone: with a new commit after each that is given up, all the
        connections that it allows would soon be waiting.
        """
        if lane.left_behind is None:
            return
        prepared, values = self._texts.bind(_STILL_WAITS, {"backend": lane.left_behind})
        position = pipeline.send(prepared, values)
        answers = await pipeline.exchange(self._settings.answer_limit_s)
        if answers.rows(position):
            pipeline.close()
            raise ConnectionLost("a commit waits for a standby")
        lane.left_behind = None

    # One group -------------------------------------------------------------------------------------------------------

    async def _carry_out(self, pipeline: Pipeline, group: list[WaitingOperation], connected_s: float) -> None:
        writes = self._settings.writes
        answered: list[WaitingOperation] = []
        shared = SharedTransaction(
            pipeline, self._texts, self._time, self._entropy, self._keyring, limit_s=self._settings.answer_limit_s
        )
        try:
            shared.begin(group, writes=writes, latest=self._settings.latest())
            await shared.carry_out(
                partial(self._answer_asker, group, answered) if writes else self._hand_over,
                partial(self._part, group),
            )
            is_certain = await shared.commit(waits_for_disk=not all(waiting.soon for waiting in group))
        except ConnectionLost as loss:
            shared.abandon()
            self._outage.begin(str(loss), connected_s=connected_s)
            self._after_loss(group, loss, commit_sent=shared.commit_sent)
        except StatementFailed as failure:
            asker = shared.asker(failure.position)
            await _roll_back(shared)
            self._after_failure(pipeline, group, failure, asker)
        except OperationRaised as raised:
            await _roll_back(shared)
            self._reject(group, raised.operation)
        except TimeNotBelieved as refusal:
            self._time.forget()
            await _roll_back(shared)
            self._fail(group, NOT_BELIEVED, refusal)
        else:
            self._after_commit(group, is_certain=is_certain)
        finally:
            # Not earlier: their owners stay locked as long as the transaction lasts.
            for waiting in answered:
                self._lines.answered(waiting)

    def _answer_asker(
        self, group: list[WaitingOperation], answered: list[WaitingOperation], waiting: WaitingOperation
    ) -> None:
        """Answer at once whoever only asked: what was read is committed already, and the others go on without him.

        But not in a crowd, where he has read what the one before him wrote in the same transaction.
        """
        if waiting.only_asked and not any(other.owner == waiting.owner for other in group if other is not waiting):
            group.remove(waiting)
            answered.append(waiting)
            waiting.deliver()

    def _part(self, group: list[WaitingOperation], absent: Sequence[WaitingOperation]) -> None:
        """Send those whose owners are held elsewhere to wait for them, and keep the others."""
        for waiting in absent:
            group.remove(waiting)
            waiting.waits_for_lock = True
        self._lines.put_back(absent)

    def _after_commit(self, group: Sequence[WaitingOperation], *, is_certain: bool) -> None:
        if not self._settings.writes:
            return
        if not is_certain:
            self._fail(group, _UNKNOWN)
            return
        for waiting in group:
            self._hand_over(waiting)

    def _after_loss(self, group: Sequence[WaitingOperation], loss: ConnectionLost, *, commit_sent: bool) -> None:
        left = self._left(group)
        if commit_sent:
            self._fail(left, _UNKNOWN, loss)
            return
        for waiting in left:
            waiting.losses += 1
        lost = [waiting for waiting in left if waiting.losses > _MOST_LOSSES]
        self._fail(lost, "the connection to the database was lost again", loss)
        self._lines.put_back([waiting for waiting in left if waiting.losses <= _MOST_LOSSES])

    def _after_failure(
        self,
        pipeline: Pipeline,
        group: Sequence[WaitingOperation],
        failure: StatementFailed,
        asker: WaitingOperation | None,
    ) -> None:
        """Begin again with everybody whom the failure of a statement does not settle; nothing was committed."""
        if failure.state in _ON_ANOTHER_CONNECTION:
            pipeline.close()
            self._after_refusal(group, failure)
        elif failure.state in _IN_CONFLICT:
            self._after_conflict(group, failure)
        elif len(group) == 1:
            self._fail(group, f"the operation failed: {failure.state}", failure)
        elif asker is None:
            # A lock that somebody holds, or the commit: each finds out by itself whether it is meant.
            for waiting in self._left(group):
                waiting.goes_alone = True
            self._lines.put_back(self._left(group))
        else:
            self._reject(group, asker)

    def _after_refusal(self, group: Sequence[WaitingOperation], failure: StatementFailed) -> None:
        """Begin again elsewhere; after a migration every connection may have to be made anew before one is good."""
        left = self._left(group)
        for waiting in left:
            waiting.refusals += 1
        most = self._settings.connections + _MOST_LOSSES
        tired = [waiting for waiting in left if waiting.refusals > most]
        self._fail(tired, f"no connection carried the operation out: {failure.state}", failure)
        self._lines.put_back([waiting for waiting in left if waiting.refusals <= most])

    def _after_conflict(self, group: Sequence[WaitingOperation], failure: StatementFailed) -> None:
        left = self._left(group)
        for waiting in left:
            waiting.conflicts += 1
        tired = [waiting for waiting in left if waiting.conflicts > _MOST_CONFLICTS]
        self._fail(tired, f"the operation failed again: {failure.state}", failure)
        self._lines.put_back([waiting for waiting in left if waiting.conflicts <= _MOST_CONFLICTS])

    def _reject(self, group: Sequence[WaitingOperation], culprit: WaitingOperation) -> None:
        """Carry the others out again together and the culprit by himself; alone he is answered with his error."""
        if len(group) == 1:
            self._hand_over(culprit)
            return
        others = [waiting for waiting in self._left(group) if waiting is not culprit]
        for waiting in others:
            waiting.rejections += 1
            waiting.goes_alone = waiting.rejections >= _MOST_REJECTIONS
        culprit.goes_alone = True
        self._lines.put_back([*others, culprit])

    def _left(self, group: Sequence[WaitingOperation]) -> Sequence[WaitingOperation]:
        """Return whom nothing was handed over to: of questions, those that were not answered before."""
        return group if self._settings.writes else [waiting for waiting in group if not waiting.is_done]

    def _hand_over(self, waiting: WaitingOperation) -> None:
        """Answer with what an operation came to; what it rests on is committed, or it left no trace."""
        waiting.deliver()
        if waiting.error is None:
            self._on_committed(waiting)
        self._lines.answered(waiting)

    def _fail(self, group: Sequence[WaitingOperation], reason: str, cause: Exception | None = None) -> None:
        for waiting in group:
            waiting.fail(reason, cause)
            self._lines.answered(waiting)


async def _roll_back(shared: SharedTransaction) -> None:
    try:
        await shared.roll_back()
    except ConnectionLost:
        # Then the server does it.
        return
