"""What takes part in the measurement: it rates an attempt, then learns from it, in the order of the stream."""

from typing import Protocol

from bench.risk.happenings import Happening


class Contestant(Protocol):
    """One way to tell users from attackers, or several that share what they learn.

    It sees an attempt before it learns from it, and only once.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """Return what the numbers of ``score`` are called."""
        ...

    def score(self, happening: Happening) -> tuple[float, ...]:
        """Return how suspicious the attempt is; only the order of the numbers matters. Teaches nothing."""
        ...

    def learn(self, happening: Happening) -> None:
        """Take note of an attempt that was made, with the wrong password too."""
        ...
