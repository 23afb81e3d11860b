"""Where time and randomness come from."""

from collections.abc import Awaitable
from typing import Protocol, TypeVar

from watchword.domain.instant import Instant

Result = TypeVar("Result")


class Clock(Protocol):
    """Tells the time of this machine; only a store on the same machine may believe it."""

    def now(self) -> Instant:
        """Return the current time, which may step back."""
        ...


class Patience(Protocol):
    """Waits for something: not for ever, or for as long as somebody else would have."""

    async def within(self, seconds: float, task: Awaitable[Result]) -> Result:
        """Return what a task comes to; it is cancelled, and ``TimeoutError`` raised, where that takes longer."""
        ...

    async def in_steps(self, seconds: float, task: Awaitable[Result]) -> Result:
        """Return what a task comes to, or raise what it raises, a whole number of so many seconds after it was begun.

        How long it really took can be told no more exactly than that.
        """
        ...


class Entropy(Protocol):
    """Draws from an approved random bit generator (SP 800-63B-4 §3.2.12)."""

    def token(self, length: int) -> bytes:
        """Return ``length`` random bytes."""
        ...

    def below(self, limit: int) -> int:
        """Return a uniform integer in [0, limit)."""
        ...

    def fraction(self) -> float:
        """Return a uniform number in [0, 1), for jitter."""
        ...
