"""One transaction that several operations go through together, in as many exchanges as the longest of them asks.

Each operation runs in a greenlet until it waits for an answer; when all wait, everything they put down travels at once.
What begins the transaction, locks and tells the time travels with what the operations read first: they wait for it only
where they want to know the time, or to change something.
The lock order is stated here and nowhere else: first the owners, ascending, each by an advisory lock that ends with the
transaction; then rows. A group does not wait for an owner whom somebody else holds, as all would wait with him: such
an operation is left out, and goes with others of its kind in a group that does wait.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from greenlet import getcurrent, greenlet

from watchword.adapters.postgres.pipeline import Answers, Pipeline, StatementFailed
from watchword.adapters.postgres.postgres_statements import PostgresStatements, lock_of
from watchword.adapters.postgres.prepared_texts import Bigints, PreparedTexts
from watchword.adapters.postgres.told_time import ToldTime
from watchword.adapters.postgres.waiting_operation import WaitingOperation
from watchword.adapters.rows.event_rows import carry_out
from watchword.adapters.rows.transaction import Transaction, Value
from watchword.domain.errors import StorageUnavailable
from watchword.domain.instant import Instant
from watchword.ports.clock import Entropy
from watchword.ports.keyring import Keyring

Result = TypeVar("Result")
_HELD_MOST_S: Final = 0.002
"""How long the loop is kept before others get their turn; one operation takes less between two waits."""
_BEGIN_WRITING: Final = "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE"
_BEGIN_READING: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
# An array is unnested in its order, and nothing here could change it: no join, no sorting, no parallel plan.
_LOCK: Final = "SELECT lock, pg_advisory_xact_lock(lock) FROM unnest(:locks) AS lock"
_TRY_LOCK: Final = "SELECT lock FROM unnest(:locks) AS lock WHERE pg_try_advisory_xact_lock(lock)"
_WITHOUT_DISK: Final = "SET LOCAL synchronous_commit TO off"
_NOW: Final = "SELECT watchword_now(:latest) AS now"
_NOTHING: Final[Mapping[str, Value]] = {}


class TimeNotBelieved(Exception):
    """The database says that it is later than it can be."""


class OperationRaised(Exception):
    """An operation raised after it had changed something; the whole transaction has to be rolled back."""

    def __init__(self, operation: WaitingOperation) -> None:
        super().__init__("an operation raised")
        self.operation = operation


class SharedTransaction:
    """A transaction on one connection from its BEGIN to its end; used once."""

    __slots__ = (
        "_answers",
        "_asked_at_ms",
        "_askers",
        "_begun",
        "_ended",
        "_entropy",
        "_held",
        "_home",
        "_is_open",
        "_is_plain",
        "_keyring",
        "_limit_s",
        "_locking",
        "_locks",
        "_members",
        "_now",
        "_pipeline",
        "_queues",
        "_running",
        "_strands",
        "_telling",
        "_texts",
        "_time",
        "_waiting",
        "_writes",
        "commit_sent",
    )

    def __init__(
        self,
        pipeline: Pipeline,
        texts: PreparedTexts,
        time: ToldTime,
        entropy: Entropy,
        keyring: Keyring,
        *,
        limit_s: float,
    ) -> None:
        self._pipeline = pipeline
        self._texts = texts
        self._time = time
        self._entropy = entropy
        self._keyring = keyring
        self._limit_s = limit_s
        self._members: Sequence[WaitingOperation] = ()
        self._running: _Strand | None = None
        self._home: greenlet | None = None
        """Where the loop runs, and whoever waits switches to."""
        self._queues: dict[bytes | WaitingOperation, deque[WaitingOperation]] = {}
        """Of each owner, and of each operation without one: what is still to begin."""
        self._waiting: deque[_Strand] = deque()
        self._begun: list[_Strand] = []
        self._ended: list[_Strand] = []
        """Operations that came to their end before it was known whether they take part."""
        self._strands: list[_Strand] = []
        self._askers: list[WaitingOperation | None] = []
        self._held: dict[bytes, WaitingOperation] = {}
        self._answers: Answers | None = None
        self._now = Instant(0)
        self._writes = False
        self._is_plain = False
        """Whether all are questions of one query: each is a transaction by itself."""
        self._is_open = False
        """Whether it is known who takes part and what time it is."""
        self._locks: dict[bytes, int] = {}
        self._asked_at_ms = 0
        """When the time was asked for."""
        self._locking = self._telling = 0
        """Which of the statements of the first exchange lock owners, and tell the time."""
        self.commit_sent = False
        """Whether the server may have committed."""

    def begin(self, group: Sequence[WaitingOperation], *, writes: bool, latest: Instant) -> None:
        """Begin, lock owners, and ask for the time of the database, which is that of everything in the transaction.

        All of it travels with what the operations ask first. No time after ``latest`` is believed.
        """
        self._members, self._writes = list(group), writes
        self._is_plain = not writes and all(member.is_one_query for member in group)
        if self._is_plain:
            return
        self._held = {member.owner: member for member in group if member.owner is not None}
        self._locks = {owner: lock_of(owner) for owner in self._held}
        self.put(_BEGIN_WRITING if writes else _BEGIN_READING, _NOTHING)
        if self._locks:
            sql = _LOCK if group[0].waits_for_lock else _TRY_LOCK
            self._locking = self.put(sql, {"locks": Bigints.of(sorted(self._locks.values()))})
        self._telling = self.put(_NOW, {"latest": latest})
        self._asked_at_ms = self._time.mark()

    async def carry_out(
        self,
        on_done: Callable[[WaitingOperation], None],
        on_absent: Callable[[Sequence[WaitingOperation]], None],
    ) -> None:
        """Carry out every operation up to its end; ``on_done`` is told of each as it gets there.

        Those of one owner go one after another. ``on_absent`` is told of those whose owner is held elsewhere: nothing
        is kept of them. Raises ``OperationRaised``, ``TimeNotBelieved``, and what ``Pipeline.exchange`` raises.
        """
        self._home = getcurrent()
        for member in self._members:
            self._queues.setdefault(member.owner or member, deque()).append(member)
        ready = deque(self._strand_of(queue.popleft()) for queue in self._queues.values())
        while True:
            await self._advance(ready, on_done)
            if self._is_open and not self._waiting:
                return
            self._answers = await self._exchange()
            if not self._is_open:
                self._open(self._answers, on_absent)
            ready, self._waiting = self._waiting, deque()
            for strand in self._ended:
                ready.extend(self._after(strand, on_done))
            self._ended.clear()

    def _open(self, answers: Answers, on_absent: Callable[[Sequence[WaitingOperation]], None]) -> None:
        """Hear who takes part, and what time it is, which is never before what it was for anybody."""
        self._is_open = True
        if self._is_plain:
            return
        told = answers.rows(self._telling)[0]["now"]
        if told is None:
            raise TimeNotBelieved
        self._now = self._time.hear(Instant(told), self._asked_at_ms)
        locked = {row["lock"] for row in answers.rows(self._locking)} if self._locks else set()
        absent = [member for member in self._members if member.owner and self._locks[member.owner] not in locked]
        if absent:
            self._leave_out(absent)
            on_absent(absent)

    def _leave_out(self, absent: Sequence[WaitingOperation]) -> None:
        """End operations that have only read as yet, whatever they have come to."""
        self.abandon(absent)
        self._waiting = deque(strand for strand in self._waiting if strand.operation not in absent)
        self._ended = [strand for strand in self._ended if strand.operation not in absent]
        for member in absent:
            if member.owner is not None:
                self._held.pop(member.owner, None)

    async def commit(self, *, waits_for_disk: bool) -> bool:
        """Commit; return whether it is certain that it was, and to as many standbys as have to confirm it.

        Without waiting for the disk everybody sees it all the same, and it is on the disk, and with the standbys, with
        the next commit of the server that waits for them: the log is one, and written in its order. Raises
        ``StatementFailed`` where it is certain that it was not committed.
        """
        if self._is_plain:
            return True
        if not waits_for_disk:
            self.put(_WITHOUT_DISK, _NOTHING)
        position = self.put("COMMIT", _NOTHING)
        self.commit_sent = True
        answers = await self._exchange()
        return answers.command(position) == b"COMMIT" and not self._pipeline.warned

    async def roll_back(self) -> None:
        """End every operation where it stands, and the transaction."""
        self.abandon()
        if self._is_plain:
            return
        self.put("ROLLBACK", _NOTHING)
        try:
            await self._exchange()
        except StatementFailed:
            # Something that was put down before the end came was refused, and the server skipped the rest.
            self.put("ROLLBACK", _NOTHING)
            await self._exchange()

    def abandon(self, members: Sequence[WaitingOperation] | None = None) -> None:
        """End these operations where they stand, or all."""
        for strand in self._strands:
            is_meant = members is None or strand.operation in members
            if is_meant and strand.run is not None and not strand.run.dead:
                strand.run.throw()

    def asker(self, position: int) -> WaitingOperation | None:
        """Return whose the statement of the last exchange was."""
        return self._askers[position]

    # What ``PostgresStatements`` asks for, always from within the greenlet of an operation ---------------------------

    def put(self, sql: str, values: Mapping[str, Value]) -> int:
        """Put a statement with the next exchange, and return its position there."""
        prepared, encoded = self._texts.bind(sql, values)
        member = None if self._running is None else self._running.operation
        if member is not None and not member.changed and self._texts.changes(sql):
            if not self._writes:
                raise StorageUnavailable("a question changes nothing")
            self._wait_until_open()
            member.changed = True
        if self._is_plain and self._is_open:
            raise RuntimeError("a question of one query asked another one")
        position = self._pipeline.send(prepared, encoded)
        if position == 0:
            self._askers = []
        self._askers.append(member)
        return position

    def now(self) -> Instant:
        """Return the time of the transaction."""
        if self._is_plain:
            raise RuntimeError("a question of one query asked for the time")
        self._wait_until_open()
        return self._now

    def give_way(self) -> Answers:
        """Let the others go on, and return the answers of the exchange once they are there."""
        self._switch_from(self._here())
        if self._answers is None:
            raise RuntimeError("an operation went on without its answers")
        return self._answers

    def side_by_side(self, tasks: Sequence[Callable[[], Result]]) -> list[Result]:
        """Carry out tasks whose statements travel together, and return what they come to once all are done."""
        # So that their statements keep the order of the tasks, and none goes ahead of another one's change.
        self._wait_until_open()
        strand = self._here()
        begun = [_Strand(strand.operation, task, strand) for task in tasks]
        if not begun:
            return []
        strand.tasks_left = len(begun)
        self._strands += begun
        self._begun += begun
        self._switch_from(strand)
        for task in begun:
            if task.error is not None:
                raise task.error
        return [task.result for task in begun]

    def lay_hold(self, user_keys: Sequence[bytes]) -> Sequence[bytes]:
        """Return those users whom no other operation of the group changes; from now on this one does."""
        member = self._here().operation
        member.holds_others = True
        # The locks of the database are the transaction's, which all operations of the group share.
        holders = [(key, self._held.setdefault(key, member)) for key in user_keys]
        return [key for key, holder in holders if holder is member or member.owner == key]

    def _wait_until_open(self) -> None:
        if not self._is_open:
            self._switch_from(self._here())

    def _here(self) -> "_Strand":
        if self._running is None:
            raise RuntimeError("only an operation that is carried out can ask")
        return self._running

    def _switch_from(self, strand: "_Strand") -> None:
        if strand.run is None or strand.run is not getcurrent() or self._home is None:
            raise RuntimeError("only an operation that is carried out can wait")
        self._home.switch()

    def _strand_of(self, member: WaitingOperation) -> "_Strand":
        statements = PostgresStatements(self)
        now = self._now if self._is_open and not self._is_plain else None
        transaction = Transaction(statements, now, self._entropy, self._keyring, tell_now=self.now)
        member.transaction = transaction
        strand = _Strand(member, partial(carry_out, transaction, member.operation), None)
        self._strands.append(strand)
        return strand

    async def _advance(self, ready: "deque[_Strand]", on_done: Callable[[WaitingOperation], None]) -> None:
        """Let every strand go on to its next wait, or its end."""
        loop = asyncio.get_running_loop()
        since = loop.time()
        while ready:
            strand = ready.popleft()
            self._go_on(strand)
            if strand.is_done and strand.parent is None and not self._is_open:
                self._ended.append(strand)
            elif strand.is_done:
                ready.extend(self._after(strand, on_done))
            elif not strand.tasks_left:
                self._waiting.append(strand)
            ready.extend(self._begun)
            self._begun.clear()
            if loop.time() - since > _HELD_MOST_S:
                await asyncio.sleep(0)
                since = loop.time()

    def _go_on(self, strand: "_Strand") -> None:
        if strand.run is None:
            strand.run = greenlet(_perform, self._home)
        self._running = strand
        try:
            strand.run.switch(strand)
        finally:
            self._running = None

    def _after(self, strand: "_Strand", on_done: Callable[[WaitingOperation], None]) -> "Sequence[_Strand]":
        """Return who can go on now that a strand is done: the one it was a task of, or the next of the same owner."""
        parent = strand.parent
        if parent is not None:
            parent.tasks_left -= 1
            return () if parent.tasks_left else (parent,)
        member = strand.operation
        member.is_done, member.result, member.error = True, strand.result, strand.error
        if member.error is not None and member.changed:
            raise OperationRaised(member)
        on_done(member)
        queue = self._queues[member.owner or member]
        return (self._strand_of(queue.popleft()),) if queue else ()

    async def _exchange(self) -> Answers:
        return await self._pipeline.exchange(self._limit_s)


class _Strand:
    """One line of work in a greenlet: an operation, or one of the tasks that it carries out side by side."""

    __slots__ = ("error", "is_done", "operation", "parent", "result", "run", "task", "tasks_left")

    def __init__(self, operation: WaitingOperation, task: Callable[[], Any], parent: "_Strand | None") -> None:
        self.operation = operation
        self.task = task
        self.parent = parent
        self.tasks_left = 0
        self.run: greenlet | None = None
        self.result: Any = None
        self.error: Exception | None = None
        self.is_done = False


def _perform(strand: _Strand) -> None:
    try:
        strand.result = strand.task()
    except Exception as error:  # noqa: BLE001 whatever it is belongs to its caller, and not to the rest of the group
        strand.error = error
    strand.is_done = True
