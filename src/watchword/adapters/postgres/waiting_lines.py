"""Who waits for the database, and who comes next.

Of one owner one operation is in a line or under way, and the next one gets its place when that was answered: no two
operations that are carried out at the same time change the same user. Where many wait for one owner, some of them make
a group, in which they go one after another. Whoever waits too long is told so.
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
_CROWD: Final = 4
"""So many behind an owner's operation are somebody who hammers at a code, and the owner himself may be among them."""
_MOST_OF_A_CROWD: Final = 16
"""They share a commit, which bounds how long a stranger keeps the owner waiting, and take a connection meanwhile."""
_MOST_WAITING: Final = 10_000
"""Whoever comes after so many would not be answered in time; it also bounds the memory of the lines."""
_LOOK_ROUND_S: Final = 0.5


class WaitingLines:
    """Everybody who waits for connections of one kind; belongs to one event loop."""

    __slots__ = ("_by_owner", "_everybody", "_lines", "_looking", "_loop", "_on_ready", "_one_waits", "_patience_s")

    def __init__(self, patience_s: float, on_ready: Callable[[], None]) -> None:
        self._patience_s = patience_s
        self._on_ready = on_ready
        """Called whenever somebody new stands in a line."""
        self._loop = asyncio.get_running_loop()
        self._lines: tuple[deque[WaitingOperation], ...] = (deque(), deque(), deque())
        """Operations with an owner; those without, which may take much longer; and those whose owner is held elsewhere.

        Each makes groups of its own: a group takes as long as whoever takes longest in it.
        """
        self._one_waits = False
        """Whether a group that waits for locks is under way: one connection is enough for that."""
        self._by_owner: dict[bytes, _Owner] = {}
        """Every owner with an operation in a line or under way."""
        self._everybody: dict[WaitingOperation, None] = {}
        """All that are not answered, the longest waiting first."""
        self._looking: asyncio.TimerHandle | None = None

    def __bool__(self) -> bool:
        """Whether somebody can begin now."""
        owned, unowned, held = self._lines
        return bool(owned or unowned or (held and not self._one_waits))

    def add(self, waiting: WaitingOperation) -> None:
        """Put an operation at the end of its line; raises ``StorageUnavailable`` where it would never have its turn."""
        if len(self._everybody) >= _MOST_WAITING:
            raise StorageUnavailable("too many operations wait for the database")
        self._everybody[waiting] = None
        if self._looking is None:
            self._look_later()
        if waiting.owner is not None:
            owner = self._by_owner.get(waiting.owner)
            if owner is not None:
                owner.behind.append(waiting)
                return
            self._by_owner[waiting.owner] = _Owner()
        self._line_of(waiting).append(waiting)
        self._on_ready()

    def take(self, *, shared: bool) -> list[WaitingOperation]:
        """Return the next group, out of the line whose first has waited longest; empty where nobody waits any more.

        Where it is ``shared`` with another connection it gets half of a long line: while the database works on the one
        half, this process makes the other ready.
        """
        line = self._longest_waiting()
        first = None if line is None else self._next_of(line)
        if line is None or first is None:
            return []
        if first.waits_for_lock:
            self._one_waits = True
        if first.goes_alone:
            return [first]
        if self._is_crowded(first):
            return [first, *self._followers_of(first)]
        group = [first]
        most = max(_FEWEST_TO_SHARE, (len(line) + 2) // 2) if shared else _MOST_PER_GROUP
        while line and len(group) < min(most, _MOST_PER_GROUP):
            if line[0].goes_alone or self._is_crowded(line[0]):
                break
            following = self._next_of(line)
            if following is not None:
                group.append(following)
        return group

    def waited(self) -> None:
        """Let the next group wait for locks: the one that did has come to its end."""
        self._one_waits = False
        self._on_ready()

    def put_back(self, group: Sequence[WaitingOperation]) -> None:
        """Have operations of which nothing was committed begin again, before everybody else."""
        latest_s = self._loop.time() - self._patience_s
        firsts: dict[bytes | WaitingOperation, WaitingOperation] = {}
        for waiting in reversed(group):
            if waiting.since_s > latest_s:
                waiting.restart()
                before = firsts.get(waiting.owner or waiting)
                if before is not None and before.owner is not None:
                    self._by_owner[before.owner].put_behind(before)
                firsts[waiting.owner or waiting] = waiting
        for waiting in sorted(firsts.values(), key=lambda waiting: waiting.since_s, reverse=True):
            self._line_of(waiting).appendleft(waiting)
        for waiting in group:
            if waiting.since_s <= latest_s:
                waiting.fail("the operation did not succeed in time")
                self.answered(waiting)
        self._on_ready()

    def answered(self, waiting: WaitingOperation) -> None:
        """Forget an operation that was in a line or under way, and let the next one of its owner into the line."""
        self._everybody.pop(waiting, None)
        if waiting.owner is None:
            return
        owner = self._by_owner[waiting.owner]
        owner.ahead -= 1
        if owner.ahead:
            return
        following = self._first_behind(owner)
        if following is None:
            del self._by_owner[waiting.owner]
        else:
            self._line_of(following).append(following)
            self._on_ready()

    def close(self) -> None:
        """Look round no more."""
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def _longest_waiting(self) -> "deque[WaitingOperation] | None":
        owned, unowned, held = self._lines
        lines = (owned, unowned) if self._one_waits else (owned, unowned, held)
        return min((line for line in lines if line), key=lambda line: line[0].since_s, default=None)

    def _next_of(self, line: "deque[WaitingOperation]") -> WaitingOperation | None:
        """Take the next one out of a line, and forget those on the way who left or were told that it is too late."""
        while line:
            waiting = line.popleft()
            if not waiting.answer.done():
                waiting.has_begun = True
                return waiting
            self.answered(waiting)
        return None

    def _is_crowded(self, waiting: WaitingOperation) -> bool:
        return waiting.owner is not None and len(self._by_owner[waiting.owner].behind) >= _CROWD

    def _followers_of(self, first: WaitingOperation) -> list[WaitingOperation]:
        """Take those who wait behind an operation, up to a number, and up to one that has to go alone."""
        followers: list[WaitingOperation] = []
        owner = None if first.owner is None else self._by_owner[first.owner]
        while owner is not None and len(followers) < _MOST_OF_A_CROWD - 1:
            following = self._first_behind(owner)
            if following is None:
                break
            if following.goes_alone:
                owner.put_behind(following)
                break
            following.has_begun = True
            followers.append(following)
        return followers

    def _first_behind(self, owner: "_Owner") -> WaitingOperation | None:
        while owner.behind:
            following = owner.behind.popleft()
            if not following.answer.done():
                owner.ahead += 1
                return following
            self._everybody.pop(following, None)
        return None

    def _line_of(self, waiting: WaitingOperation) -> "deque[WaitingOperation]":
        owned, unowned, held = self._lines
        if waiting.owner is None:
            return unowned
        return held if waiting.waits_for_lock else owned

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


class _Owner:
    """An owner with operations in a line or under way, and those who wait behind them."""

    __slots__ = ("ahead", "behind")

    def __init__(self) -> None:
        self.ahead = 1
        """How many are in a line or under way: one, or the part of a crowd that makes a group."""
        self.behind: deque[WaitingOperation] = deque()

    def put_behind(self, waiting: WaitingOperation) -> None:
        """Have an operation that was ahead wait behind the others again, as the first."""
        self.ahead -= 1
        self.behind.appendleft(waiting)
