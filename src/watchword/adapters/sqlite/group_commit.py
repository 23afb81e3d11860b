"""Group commit: operations share one transaction and one COMMIT, and are answered only after it.

Statements run on the event loop (a few microseconds each), the COMMIT with its fsync in a thread. While it runs nobody
else touches the connection; what comes in meanwhile waits and makes the next group. Each operation has a savepoint of
its own, so that a failing one rolls back alone. Nothing lingers: a group is whoever waited when the last one ended.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

import apsw

from watchword.adapters.rows.event_rows import carry_out
from watchword.adapters.rows.transaction import Transaction
from watchword.adapters.sqlite.schema import BUSY_TIMEOUT_MS
from watchword.adapters.sqlite.sqlite_statements import SqliteStatements
from watchword.domain.errors import NOT_BELIEVED, StorageUnavailable
from watchword.domain.instant import Instant
from watchword.ports.clock import Clock, Entropy
from watchword.ports.keyring import Keyring
from watchword.ports.store.values import Lesson

MOST_PER_GROUP: Final = 32
"""Bounds how long the loop is held: an opened challenge is about 0.4 ms of statements, and an fsync less."""
Result = TypeVar("Result")
Operation = Callable[[Transaction], Result]


class GroupCommit:
    """The writing connection with everybody who waits for it; belongs to one event loop."""

    __slots__ = (
        "_clock",
        "_closed",
        "_connection",
        "_drain",
        "_entropy",
        "_highest",
        "_keyring",
        "_latest",
        "_on_event",
        "_on_lesson",
        "_queue",
        "_statements",
        "_threads",
    )

    def __init__(
        self,
        connection: apsw.Connection,
        clock: Clock,
        entropy: Entropy,
        keyring: Keyring,
        *,
        in_memory: bool,
        on_event: Callable[[str], None],
        on_lesson: Callable[[Lesson], None],
        latest: Callable[[], Instant],
    ) -> None:
        self._connection = connection
        self._statements = SqliteStatements(connection)
        self._clock = clock
        self._latest = latest
        self._entropy = entropy
        self._keyring = keyring
        self._on_event = on_event
        self._on_lesson = on_lesson
        self._queue: deque[_Waiting] = deque()
        self._drain: asyncio.Task[None] | None = None
        self._closed = False
        self._highest = Instant(int(connection.execute("SELECT highest FROM clock").get))
        # In memory nothing waits for a disk, and readers share the connection: no thread, no await inside a group.
        self._threads = None if in_memory else ThreadPoolExecutor(1, thread_name_prefix="watchword-commit")

    def now(self) -> Instant:
        """Return the time, never below what was committed or shown before.

        Raises ``StorageUnavailable`` where that is later than it can be; nothing is kept of it then.
        """
        return self._not_before(self._highest)

    def _not_before(self, highest: Instant) -> Instant:
        now = max(highest, self._clock.now())
        if now > self._latest():
            raise StorageUnavailable(NOT_BELIEVED)
        self._highest = now
        return now

    async def run(self, operation: Operation[Result]) -> Result:
        """Carry out an operation and return its result once it is on the disk.

        Raises what the operation raised (it left no trace then), or ``StorageUnavailable``. Cancelling the caller takes
        back an operation that did not start yet, and no other.
        """
        if self._closed:
            raise StorageUnavailable("the store is closed")
        loop = asyncio.get_running_loop()
        waiting = _Waiting(operation, loop.create_future())
        self._queue.append(waiting)
        if self._drain is None or self._drain.done():
            self._drain = loop.create_task(self._work())
        result: Result = await waiting.answer
        return result

    async def close(self) -> None:
        """Commit what is open, answer everybody, and close the connection."""
        self._closed = True
        if self._drain is not None and not self._drain.done():
            await asyncio.wait([self._drain])
        if self._threads is not None:
            self._threads.shutdown(wait=True)
        self._connection.close()

    async def _work(self) -> None:
        group: list[_Waiting] = []
        try:
            while self._queue:
                group = []
                await self._one_group(group)
        finally:
            # Only a cancelled loop gets here with somebody left: whether their group was committed is not known.
            for waiting in (*group, *self._queue):
                waiting.fail("the store was stopped")

    async def _one_group(self, group: "list[_Waiting]") -> None:
        try:
            transaction = await self._begin()
            only_asked = True
            while self._queue and len(group) < MOST_PER_GROUP:
                waiting = self._queue.popleft()
                group.append(waiting)
                if not waiting.answer.cancelled():
                    transaction.only_asked = False
                    self._perform(waiting, transaction)
                    only_asked = only_asked and transaction.only_asked
            await self._end(transaction.now, only_asked=only_asked)
        except (apsw.Error, StorageUnavailable) as error:
            await self._in_thread(self._roll_back)
            said = error if isinstance(error, StorageUnavailable) else type(error).__name__
            for waiting in group or self._queue:
                waiting.fail(f"the transaction failed: {said}")
            if not group:
                self._queue.clear()
        else:
            for waiting in group:
                waiting.deliver()
            for event_type in transaction.events:
                self._on_event(event_type)
            for lesson in transaction.lessons:
                self._on_lesson(lesson)

    def _perform(self, waiting: "_Waiting", transaction: Transaction) -> None:
        connection = self._connection
        connection.execute("SAVEPOINT operation")
        events_before, lessons_before = len(transaction.events), len(transaction.lessons)
        try:
            waiting.result = carry_out(transaction, waiting.operation)
        except Exception as error:
            # Whatever it is, a mistake of ours included, belongs to its caller and not to the rest of the group.
            if not connection.in_transaction:
                # A full disk or the like made SQLite roll everything back: the group is lost, not this operation alone.
                raise apsw.AbortError("the transaction was rolled back") from error
            connection.execute("ROLLBACK TO operation")
            del transaction.events[events_before:]
            del transaction.lessons[lessons_before:]
            waiting.error = _as_outcome(error)
        connection.execute("RELEASE operation")

    async def _begin(self) -> Transaction:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except apsw.BusyError:
            await self._in_thread(self._begin_patiently)
        highest = int(self._connection.execute("SELECT highest FROM clock").get)  # another process may have moved it
        now = self._not_before(Instant(max(highest, self._highest)))
        return Transaction(self._statements, now, self._entropy, self._keyring)

    def _begin_patiently(self) -> None:
        """Wait for another process's short transaction, away from the loop."""
        self._connection.set_busy_timeout(BUSY_TIMEOUT_MS)
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        finally:
            self._connection.set_busy_timeout(0)

    async def _end(self, now: Instant, *, only_asked: bool) -> None:
        """Commit the group; where nothing was written, nothing waits for the disk."""
        if only_asked:
            self._commit()
            return
        self._connection.execute("UPDATE clock SET highest = ?", (now,))
        await self._in_thread(self._commit)

    def _commit(self) -> None:
        self._connection.execute("COMMIT")

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    async def _in_thread(self, step: Callable[[], None]) -> None:
        if self._threads is None:
            step()
        else:
            await asyncio.get_running_loop().run_in_executor(self._threads, step)


class _Waiting:
    """One caller with his operation, and what it came to before the commit."""

    __slots__ = ("answer", "error", "operation", "result")

    def __init__(self, operation: Operation[Any], answer: "asyncio.Future[Any]") -> None:
        self.operation = operation
        self.answer = answer
        self.result: Any = None
        self.error: BaseException | None = None

    def deliver(self) -> None:
        """Answer after the commit: an error too may rest on what others of the group wrote."""
        if self.answer.done():
            return
        if self.error is None:
            self.answer.set_result(self.result)
        else:
            self.answer.set_exception(self.error)

    def fail(self, reason: str) -> None:
        if not self.answer.done():
            self.answer.set_exception(StorageUnavailable(reason))


def _as_outcome(error: Exception) -> Exception:
    if isinstance(error, apsw.Error):
        unavailable = StorageUnavailable(f"the operation failed: {type(error).__name__}")
        unavailable.__cause__ = error
        return unavailable
    return error
