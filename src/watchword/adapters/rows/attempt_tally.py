"""Guesses that were compared at about the same time, counted for the breaker in one statement.

Each is answered once its count can be seen by everybody, as if it had been counted by itself, and without waiting for
the disk: the guess itself is on it already, and a breaker that forgets the last moment before a crash has lost nothing
that would trip it. While one count is on its way the next ones come together: a process that compares a hundred guesses
a second counts them on PostgreSQL in some ten operations. On SQLite a count is on its way only while a group is being
committed; those that come meanwhile would be in one group anyway, and are in one statement so.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from watchword.domain.errors import StorageUnavailable
from watchword.domain.ids import ApplicationId

Counts: TypeAlias = dict[ApplicationId, tuple[int, int]]
"""Of each application: how many guesses were compared, and how many of them were wrong."""


class AttemptTally:
    """Brings guesses together on their way to the store; belongs to one event loop."""

    __slots__ = ("_batch", "_is_busy", "_task", "_write")

    def __init__(self, write: Callable[[Counts], Awaitable[None]]) -> None:
        self._write = write
        self._batch: _Batch | None = None
        """Those who come while another batch is on its way."""
        self._is_busy = False
        self._task: asyncio.Task[None] | None = None  # the loop itself keeps no task from being forgotten

    async def count(self, application_id: ApplicationId, *, wrong: bool) -> None:
        """Count one guess and return once everybody sees it; raises ``StorageUnavailable``."""
        if self._batch is None:
            self._batch = _Batch()
        batch = self._batch
        compared, were_wrong = batch.counts.get(application_id, (0, 0))
        batch.counts[application_id] = compared + 1, were_wrong + wrong
        if not self._is_busy:
            self._is_busy = True
            self._task = asyncio.get_running_loop().create_task(self._work(), name="count attempts")
        await batch.ended.wait()
        if not batch.is_counted:
            raise StorageUnavailable("the guess was not counted") from batch.problem

    async def _work(self) -> None:
        try:
            while (batch := self._batch) is not None:
                self._batch = None
                await self._write_down(batch)
        finally:
            self._is_busy = False

    async def _write_down(self, batch: "_Batch") -> None:
        try:
            await self._write(batch.counts)
            batch.is_counted = True
        except StorageUnavailable as problem:
            batch.problem = problem
        finally:
            batch.ended.set()


class _Batch:
    """What is counted in one operation, and who waits for it."""

    __slots__ = ("counts", "ended", "is_counted", "problem")

    def __init__(self) -> None:
        self.counts: Counts = {}
        self.ended = asyncio.Event()
        self.is_counted = False
        self.problem: StorageUnavailable | None = None
