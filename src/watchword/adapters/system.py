"""This machine's clock and random bit generator: the one place where time and randomness are read."""

import asyncio
import math
import os
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from watchword.domain.instant import DAY_MS, MINUTE_MS, Instant
from watchword.ports.clock import Clock

Result = TypeVar("Result")

_NANOSECONDS_PER_MS: Final = 1_000_000
_MS_PER_SECOND: Final = 1_000
_LEAD_MS: Final = 10 * MINUTE_MS
"""So far a database may be ahead of this machine: as long as a code lives, and far more than NTP leaves."""
_LEAP_MS: Final = DAY_MS
"""So far this machine's clock may leap while the process runs: a virtual machine that was halted wakes to a leap."""
_FRACTION_BITS: Final = 53
"""The precision of a double, so that every drawn fraction is exact and below one."""


class SystemClock:
    """Tells the time of this machine."""

    __slots__ = ()

    def now(self) -> Instant:
        """Return the current time, which may step back."""
        return Instant(time.time_ns() // _NANOSECONDS_PER_MS)


class SystemHorizon:
    """Goes by this machine's clock, and while the process runs by how long it has run as well.

    A leap of more than a day is not believed before a restart: whoever restarts it has looked at the clock.
    """

    __slots__ = ("_believed", "_clock", "_elapsed_ms", "_seen_ms")

    def __init__(self, clock: Clock, elapsed_ms: Callable[[], int]) -> None:
        self._clock = clock
        self._elapsed_ms = elapsed_ms
        self._believed = clock.now()
        self._seen_ms = elapsed_ms()

    def latest(self) -> Instant:
        """Return the latest moment that can be the present."""
        now, elapsed_ms = self._clock.now(), self._elapsed_ms()
        most = Instant(self._believed + elapsed_ms - self._seen_ms + _LEAP_MS)
        if now > most:
            return Instant(most + _LEAD_MS)
        self._believed, self._seen_ms = now, elapsed_ms
        return Instant(now + _LEAD_MS)


def elapsed_ms() -> int:
    """Return how long the machine has run, in milliseconds; where the system tells it, with the time it slept."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return round(time.clock_gettime(time.CLOCK_BOOTTIME) * _MS_PER_SECOND)
    return round(time.monotonic() * _MS_PER_SECOND)


class SystemPatience:
    """Waits by the clock of the event loop."""

    __slots__ = ()

    async def within(self, seconds: float, task: Awaitable[Result]) -> Result:
        """Return what a task comes to; it is cancelled, and ``TimeoutError`` raised, where that takes longer."""
        async with asyncio.timeout(seconds):
            return await task

    async def in_steps(self, seconds: float, task: Awaitable[Result]) -> Result:
        """Return or raise what a task comes to, a whole number of so many seconds after it was begun."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        try:
            return await task
        finally:
            # By the clock that the loop's timers go by: any other would leave the difference of both in the answer.
            took_s = loop.time() - began_s
            await asyncio.sleep(math.ceil(took_s / seconds) * seconds - took_s)


class SystemEntropy:
    """Draws from the operating system's generator, directly and by way of ``secrets``."""

    __slots__ = ()

    def token(self, length: int) -> bytes:
        """Return ``length`` random bytes, from where ``secrets.token_bytes`` takes them by three more calls."""
        return os.urandom(length)

    def below(self, limit: int) -> int:
        """Return a uniform integer in [0, limit)."""
        return secrets.randbelow(limit)

    def fraction(self) -> float:
        """Return a uniform number in [0, 1)."""
        return secrets.randbits(_FRACTION_BITS) / (1 << _FRACTION_BITS)
