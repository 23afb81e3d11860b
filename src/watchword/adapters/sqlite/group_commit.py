"""Group commit: operations share one transaction and one COMMIT, and are answered only after it.

Statements run on the event loop (a few microseconds each), the COMMIT with its fsync in a thread. While it runs nobody
else touches the connection; what comes in meanwhile waits and makes the next group. One that fails leaves no trace and
hurts no other (``open_group``). Nothing lingers: a group is whoever waited when the last one ended.

Whoever asked for his answer ``soon`` gets it as soon as his operation was carried out. A group in which nobody waits
for the disk is held open, and ends with the next who does, or after a while.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

import apsw

from watchword.adapters.rows.transaction import Transaction
from watchword.adapters.sqlite.open_group import Entangled, Lost, OpenGroup
from watchword.adapters.sqlite.writing_connection import WritingConnection
from watchword.domain.errors import StorageUnavailable
from watchword.ports.store.values import Lesson

MOST_PER_GROUP: Final = 32
"""Bounds how long the loop is held: an opened challenge is about 0.4 ms of statements, and an fsync less."""
LONGEST_HELD_S: Final = 0.01
"""How long a group stays open in which nobody waits for the disk: so long other processes wait to write."""
Result = TypeVar("Result")
Operation = Callable[[Transaction], Result]


class GroupCommit:
    """Everybody who waits for the writing connection; belongs to one event loop."""

    __slots__ = (
        "_closed",
        "_drain",
        "_held",
        "_is_due",
        "_is_sound",
        "_on_event",
        "_on_lesson",
        "_on_loss",
        "_queue",
        "_settled",
        "_timer",
        "_writing",
    )

    def __init__(
        self,
        writing: WritingConnection,
        *,
        on_event: Callable[[str], None],
        on_lesson: Callable[[Lesson], None],
        on_loss: Callable[[str], None],
    ) -> None:
        self._writing = writing
        self._on_event = on_event
        self._on_lesson = on_lesson
        self._on_loss = on_loss
        self._queue: deque[_Waiting] = deque()
        self._drain: asyncio.Task[None] | None = None
        self._closed = False
        self._held: OpenGroup | None = None
        """The group in which nobody waits for the disk."""
        self._is_due = False
        """Whether it has to end."""
        self._timer: asyncio.TimerHandle | None = None
        self._settled = asyncio.Event()
        """Cleared while a group is committed in which somebody was answered before."""
        self._settled.set()
        self._is_sound = True
        """Whether the last commit succeeded: where it did not, nobody is answered before the next one."""

    async def run(self, operation: Operation[Result], *, soon: bool = False) -> Result:
        """Carry out an operation and return its result: once it is on the disk, or once it was carried out (``soon``).

        Raises what the operation raised (it left no trace then), or ``StorageUnavailable``. Cancelling the caller takes
        back an operation that did not start yet, and no other.
        """
        if self._closed:
            raise StorageUnavailable("the store is closed")
        waiting = _Waiting(operation, asyncio.get_running_loop().create_future(), is_soon=soon)
        if not (soon and self._may_answer_early() and self._is_idle() and self._answer_at_once(waiting)):
            self._queue.append(waiting)
            self._start()
        result: Result = await waiting.answer
        return result

    async def close(self) -> None:
        """Commit what is open, answer everybody, and close the connection."""
        self._closed = True
        self._let_go()
        if self._drain is not None and not self._drain.done():
            await asyncio.wait([self._drain])
        self._writing.close()

    # For those who ask -----------------------------------------------------------------------------------------------

    @property
    def is_held(self) -> bool:
        """Whether somebody was answered whose transaction is open still: this connection alone sees what he wrote."""
        return self._held is not None

    def ask_held(self, question: Operation[Result]) -> Result:
        """Answer a question inside the transaction that is held open; raises ``apsw.Error``."""
        try:
            return question(self._writing.question())
        finally:
            if not self._writing.is_open():
                self._release()
                self._on_loss("a question failed")

    async def settled(self) -> None:
        """Return once every connection sees what was answered, but for what is held."""
        await self._settled.wait()

    async def confirm(self) -> None:
        """Return once the disk has whatever was answered."""
        if self._held is not None:
            await self.run(lambda _: None)
        await self._settled.wait()

    # One group after the other ---------------------------------------------------------------------------------------

    def _is_idle(self) -> bool:
        return self._drain is None or self._drain.done()

    def _start(self) -> None:
        if self._is_idle():
            self._drain = asyncio.get_running_loop().create_task(self._work(), name="commit groups")

    async def _work(self) -> None:
        group: list[_Waiting] = []
        try:
            while self._queue or (self._is_due and self._held is not None):
                group = []
                await self._one_group(group)
        finally:
            # Only a cancelled loop gets here with somebody left: whether their group was committed is not known.
            for waiting in (*group, *self._queue):
                waiting.fail("the store was stopped")

    async def _one_group(self, members: "list[_Waiting]") -> None:
        group: OpenGroup | None = None
        try:
            group = await self._take_up()
            group = await self._carry_out(members, group)
            if self._may_stay_open(members, group):
                self._hold(group)
                _answer(members)
            else:
                self._release()
                await self._end(members, group)
        except (apsw.Error, StorageUnavailable, Lost) as error:
            await self._fail(members, group, error)
        finally:
            self._settled.set()

    async def _take_up(self) -> OpenGroup:
        group = self._held
        if group is None:
            return await self._writing.begin_patiently()
        if self._queue:
            group.transaction.now = self._writing.now()
        return group

    async def _carry_out(self, members: "list[_Waiting]", group: OpenGroup) -> OpenGroup:
        while self._queue and group.count + len(members) < MOST_PER_GROUP:
            members.append(self._queue.popleft())
        try:
            _perform_each(members, group)
        except Entangled:
            await self._writing.roll_back()
            group = await self._writing.begin_patiently(is_careful=True)
            _perform_each(members, group)
        return group

    async def _end(self, members: "list[_Waiting]", group: OpenGroup) -> None:
        """Commit a group and answer; where nothing was written, nothing waits for the disk."""
        if group.has_to_be_kept:
            self._writing.keep_time(group.transaction.now)
            early = [waiting for waiting in members if waiting.is_soon] if self._may_answer_early() else []
            _answer(early)
            group.has_answered = group.has_answered or bool(early)
            if group.has_answered:
                self._settled.clear()
            await self._writing.commit()
            self._is_sound = True
        else:
            self._writing.commit_at_once()
        _answer(members)
        for event_type in group.transaction.events:
            self._on_event(event_type)
        for lesson in group.transaction.lessons:
            self._on_lesson(lesson)

    async def _fail(self, members: "list[_Waiting]", group: OpenGroup | None, error: Exception) -> None:
        if group is not None:
            self._release()
        if self._held is None:
            await self._writing.roll_back()
        reason = str(error) if isinstance(error, StorageUnavailable) else type(error.__cause__ or error).__name__
        if group is None:  # nobody could begin
            members.extend(self._queue)
            self._queue.clear()
        else:
            self._is_sound = False
            if group.has_answered:
                self._on_loss(reason)
        for waiting in members:
            waiting.fail(f"the transaction failed: {reason}")

    # A group that is held open ---------------------------------------------------------------------------------------

    def _may_answer_early(self) -> bool:
        return self._is_sound and not self._closed and self._writing.waits_for_disk

    def _answer_at_once(self, waiting: "_Waiting") -> bool:
        """Carry out an operation in the held group; where that meets any trouble, leave it to the way of the others."""
        held = self._held
        try:
            group = held or self._writing.begin()
            group.transaction.now = self._writing.now()
            _perform_each([waiting], group)
            if group.has_to_be_kept:
                self._hold(group)
            else:
                self._writing.commit_at_once()
        except (apsw.Error, StorageUnavailable, Entangled, Lost) as error:
            if held is None:
                self._writing.roll_back_at_once()
            elif not self._writing.is_open():
                self._release()
                self._on_loss(type(error.__cause__ or error).__name__)
            return False
        waiting.deliver()
        return True

    def _may_stay_open(self, members: "list[_Waiting]", group: OpenGroup) -> bool:
        """Whether nobody waits for the disk; an operation that only asked sees no more than a question does."""
        return (
            group.has_to_be_kept
            and not self._is_due
            and self._may_answer_early()
            and not any(waiting.needs_disk for waiting in members)
        )

    def _hold(self, group: OpenGroup) -> None:
        if self._held is None:
            self._held = group
            group.has_answered = True
            self._timer = asyncio.get_running_loop().call_later(LONGEST_HELD_S, self._let_go)
        if group.count >= MOST_PER_GROUP:
            self._let_go()

    def _let_go(self) -> None:
        """Have the held group committed."""
        if self._held is not None:
            self._is_due = True
            self._start()

    def _release(self) -> None:
        self._held = None
        self._is_due = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _perform_each(members: "Iterable[_Waiting]", group: OpenGroup) -> None:
    for waiting in members:
        if not waiting.answer.cancelled():
            waiting.perform(group)


def _answer(members: "Iterable[_Waiting]") -> None:
    for waiting in members:
        waiting.deliver()


class _Waiting:
    """One caller with his operation, and what it came to before the commit."""

    __slots__ = ("answer", "error", "is_soon", "needs_disk", "operation", "result")

    def __init__(self, operation: Operation[Any], answer: "asyncio.Future[Any]", *, is_soon: bool) -> None:
        self.operation = operation
        self.answer = answer
        self.is_soon = is_soon
        self.needs_disk = not is_soon
        """Whether he can be answered after the commit alone; known once his operation was carried out."""
        self.result: Any = None
        self.error: Exception | None = None

    def perform(self, group: OpenGroup) -> None:
        """Carry out the operation and note what it came to; raises ``Entangled`` and ``Lost``."""
        self.error, self.needs_disk = None, not self.is_soon
        try:
            self.result = group.perform(self.operation)
            self.needs_disk = self.needs_disk and not group.transaction.only_asked
        except Exception as error:
            if isinstance(error, Entangled | Lost):
                raise
            # Whatever else it is, a mistake of ours included, belongs to its caller and not to the rest of the group.
            self.error = _as_outcome(error)

    def deliver(self) -> None:
        """Answer, unless that is done; an error too may rest on what others of the group wrote."""
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
