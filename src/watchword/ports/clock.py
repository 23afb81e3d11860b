"""Where time and randomness come from."""

from typing import Protocol

from watchword.domain.instant import Instant


class Clock(Protocol):
    """Tells the time of this machine; only a store on the same machine may believe it."""

    def now(self) -> Instant:
        """Return the current time, which may step back."""
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
