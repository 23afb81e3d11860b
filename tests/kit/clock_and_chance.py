"""What a test has to hold still: the time, which stands until it is moved, chance, from a seed, and waiting."""

import asyncio
from collections.abc import Awaitable
from random import Random
from typing import TypeVar

from watchword.domain.instant import Instant, later

Result = TypeVar("Result")


class MovableClock:
    """Stands still until somebody moves it, forwards or back."""

    def __init__(self, at: Instant) -> None:
        self.at = at

    def now(self) -> Instant:
        return self.at

    def move(self, *, seconds: float = 0, hours: float = 0, days: float = 0) -> None:
        self.at = later(self.at, seconds=seconds, hours=hours, days=days)


class SeededEntropy:
    """Draws the same things for the same seed, so that a failing test fails again."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def token(self, length: int) -> bytes:
        return self._random.randbytes(length)

    def below(self, limit: int) -> int:
        return self._random.randrange(limit)

    def fraction(self) -> float:
        return self._random.random()


class HurriedPatience:
    """Waits for what takes long like any other, answers at once what is to come in steps, and counts those."""

    def __init__(self) -> None:
        self.in_steps_s: list[float] = []

    async def within(self, seconds: float, task: Awaitable[Result]) -> Result:
        async with asyncio.timeout(seconds):
            return await task

    async def in_steps(self, seconds: float, task: Awaitable[Result]) -> Result:
        self.in_steps_s.append(seconds)
        return await task
