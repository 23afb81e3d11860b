"""What a database last said of the time, and what it would say a moment later; shared by all connections to it."""

from collections.abc import Callable
from typing import Final

from watchword.domain.instant import SECOND_MS, Instant

_GOOD_FOR_MS: Final = SECOND_MS
"""So long what was told is gone by: whoever only wants to know the time need not ask for it several times a second."""
_ROUNDED_MS: Final = 1
"""Two readings of a clock in whole milliseconds are at most that much nearer to each other than they seem."""


class ToldTime:
    """The time of one database, which never goes back for those who ask here."""

    __slots__ = ("_elapsed_ms", "_highest", "_told", "_told_at_ms")

    def __init__(self, elapsed_ms: Callable[[], int] | None) -> None:
        self._elapsed_ms = elapsed_ms
        """How long this machine has run, which no setting of its clock changes; None: nothing is told without asking.

        Not the time of the loop, which stands still while the loop works.
        """
        self._highest = Instant(0)
        self._told: Instant | None = None
        self._told_at_ms = 0

    def mark(self) -> int:
        """Return the moment of a question, which ``is_old`` and ``hear`` are told with its answer."""
        return 0 if self._elapsed_ms is None else self._elapsed_ms()

    def is_old(self, asked_at_ms: int) -> bool:
        """Whether an answer that just came may be of no use: a process that was stopped finds it however late it is."""
        return self._elapsed_ms is not None and self._elapsed_ms() - asked_at_ms > _GOOD_FOR_MS

    def hear(self, told: Instant, asked_at_ms: int) -> Instant:
        """Take note of what the database just said, and return what the time is: never before what was said before."""
        self._highest = max(self._highest, told)
        if self._elapsed_ms is not None and not self.is_old(asked_at_ms):
            # Read after the answer came, which it took a while for: what is told by it is late, and never early.
            self._told, self._told_at_ms = told, self._elapsed_ms()
        return self._highest

    def forget(self) -> None:
        """Have the database asked again, because it says what cannot be."""
        self._told = None

    def tell(self, latest: Instant) -> Instant | None:
        """Return the time by what was told a moment ago; None where that is too long ago or leads beyond ``latest``."""
        if self._told is None or self._elapsed_ms is None:
            return None
        since_ms = self._elapsed_ms() - self._told_at_ms
        now = max(self._highest, Instant(self._told + since_ms - _ROUNDED_MS))
        if since_ms > _GOOD_FOR_MS or now > latest:
            return None
        self._highest = now
        return now
