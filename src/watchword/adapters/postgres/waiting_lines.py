"""Who waits for the database, and who comes next.

Of one owner one operation is in a line or under way at most, and the next one gets its place when that was answered: no
two operations of a transaction change the same user. Whoever waits too long is told so.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from watchword.adapters.postgres.waiting_operation import WaitingOperation
from watchword.domain.errors import StorageUnavailable

_MOST_PER_GROUP: Final = 64
_FEWEST_TO_SHARE: Final = 8
"""A group has costs of its own with each exchange, about those of one more operation: smaller ones cost too much."""
_MOST_WAITING: Final = 10_000
"""Whoever comes after so many would not be answered in time; it also bounds the memory of the lines."""
_LOOK_ROUND_S: Final = 0.5


class WaitingLines:
    """Everybody who waits for connections of one kind; belongs to one event loop."""

    __slots__ = ("_by_owner", "_everybody", "_lines", "_looking", "_loop", "_on_ready", "_patience_s")

    def __init__(self, patience_s: float, on_ready: Callable[[], None]) -> None:
        self._patience_s = patience_s
        self._on_ready = on_ready
        """Called whenever somebody new stands in a line."""
        self._loop = asyncio.get_running_loop()
        self._lines: tuple[deque[WaitingOperation], deque[WaitingOperation]] = (deque(), deque())
        """Operations with an owner, and those without: these may take much longer and make groups of their own."""
        self._by_owner: dict[bytes, deque[WaitingOperation]] = {}
        """Of each owner with an operation in a line or under way: who waits behind it."""
        self._everybody: dict[WaitingOperation, None] = {}
        """All that are not answered, the longest waiting first."""
        self._looking: asyncio.TimerHandle | None = None

    def __bool__(self) -> bool:
        """Whether somebody can begin now."""
        return bool(self._lines[0] or self._lines[1])

    def add(self, waiting: WaitingOperation) -> None:
        """Put an operation at the end of its line; raises ``StorageUnavailable`` where it would never have its turn."""
        if len(self._everybody) >= _MOST_WAITING:
            raise StorageUnavailable("too many operations wait for the database")
        self._everybody[waiting] = None
        if self._looking is None:
            self._look_later()
        owner = waiting.owner
        if owner is not None:
            behind = self._by_owner.get(owner)
            if behind is not None:
                behind.append(waiting)
                return
            self._by_owner[owner] = deque()
        self._line_of(waiting).append(waiting)
        self._on_ready()

    def take(self, *, shared: bool) -> list[WaitingOperation]:
        """Return the next group, out of the line whose first has waited longer; empty where nobody waits any more.

        Where it is ``shared`` with another connection it gets half of a long line: while the database works on the one
        half, this process makes the other ready.
        """
        group: list[WaitingOperation] = []
        heads = [line for line in self._lines if line]
        if not heads:
            return group
        line = min(heads, key=lambda line: line[0].since_s)
        most = max(_FEWEST_TO_SHARE, (len(line) + 1) // 2) if shared else _MOST_PER_GROUP
        while line and len(group) < min(most, _MOST_PER_GROUP) and not (group and line[0].goes_alone):
            waiting = line.popleft()
            if waiting.answer.done():
                self.answered(waiting)
                continue
            waiting.has_begun = True
            group.append(waiting)
            if waiting.goes_alone:
                break
        return group

    def put_back(self, group: Sequence[WaitingOperation]) -> None:
        """Have operations of which nothing was committed begin again, before everybody else."""
        latest_s = self._loop.time() - self._patience_s
        for waiting in reversed(group):
            if waiting.since_s <= latest_s:
                waiting.fail("the operation did not succeed in time")
                self.answered(waiting)
            else:
                waiting.restart()
                self._line_of(waiting).appendleft(waiting)
        self._on_ready()

    def answered(self, waiting: WaitingOperation) -> None:
        """Forget an operation that was in a line or under way, and let the next one of its owner into the line."""
        self._everybody.pop(waiting, None)
        if waiting.owner is None:
            return
        behind = self._by_owner[waiting.owner]
        while behind and behind[0].answer.done():
            self._everybody.pop(behind.popleft(), None)
        if behind:
            self._line_of(waiting).append(behind.popleft())
            self._on_ready()
        else:
            del self._by_owner[waiting.owner]

    def close(self) -> None:
        """Look round no more."""
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def _line_of(self, waiting: WaitingOperation) -> "deque[WaitingOperation]":
        return self._lines[waiting.owner is None]

    def _look_later(self) -> None:
        self._looking = self._loop.call_later(_LOOK_ROUND_S, self._look_round)

    def _look_round(self) -> None:
        """Tell whoever has waited too long: no connection comes, or somebody of his owner does not get on."""
        latest_s = self._loop.time() - self._patience_s
        for waiting in list(self._everybody):
            if waiting.since_s > latest_s:
                break
            if not waiting.has_begun:
                waiting.fail("the database did not take the operation in time")
                del self._everybody[waiting]
        for line in self._lines:
            while line and line[0].answer.done():
                self.answered(line.popleft())
        self._looking = None
        if self._everybody:
            self._look_later()
