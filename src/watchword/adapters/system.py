"""This machine's clock and random bit generator: the one place where time and randomness are read."""

import asyncio
import secrets
import time
from collections.abc import Awaitable
from typing import Final, TypeVar

from watchword.domain.instant import Instant

Result = TypeVar("Result")

_NANOSECONDS_PER_MS: Final = 1_000_000
_FRACTION_BITS: Final = 53
"""The precision of a double, so that every drawn fraction is exact and below one."""


class SystemClock:
    """Tells the time of this machine."""

    __slots__ = ()

    def now(self) -> Instant:
        """Return the current time, which may step back."""
        return Instant(time.time_ns() // _NANOSECONDS_PER_MS)


class SystemPatience:
    """Waits by the clock of the event loop."""

    __slots__ = ()

    async def within(self, seconds: float, task: Awaitable[Result]) -> Result:
        """Return what a task comes to; it is cancelled, and ``TimeoutError`` raised, where that takes longer."""
        async with asyncio.timeout(seconds):
            return await task


class SystemEntropy:
    """Draws from the operating system's generator by way of ``secrets``."""

    __slots__ = ()

    def token(self, length: int) -> bytes:
        """Return ``length`` random bytes."""
        return secrets.token_bytes(length)

    def below(self, limit: int) -> int:
        """Return a uniform integer in [0, limit)."""
        return secrets.randbelow(limit)

    def fraction(self) -> float:
        """Return a uniform number in [0, 1)."""
        return secrets.randbits(_FRACTION_BITS) / (1 << _FRACTION_BITS)
