"""Whether a sender is worth asking now, from what became of its last messages."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from watchword.domain.instant import MINUTE_MS, SECOND_MS, Instant

FAILURES_IN_A_ROW: Final = 5
"""After so many a sender is asked no more for a while."""
WINDOW_MS: Final = MINUTE_MS
SAMPLE_LEAST: Final = 10
"""Fewer messages within the window say nothing about their share of failures."""
FAILED_SHARE: Final = 0.5
PROBE_AFTER_MS: Final = 30 * SECOND_MS
"""So long after it opened, one message tries whether the sender works again; the others go on passing it by."""


@dataclass(slots=True)
class Circuit:
    """What one process knows of one sender."""

    _in_a_row: int = 0
    _recent: deque[tuple[Instant, bool]] = field(default_factory=deque)
    _opened_at: Instant | None = None
    _probing: bool = False

    def is_open(self, now: Instant) -> bool:
        """Whether the sender failed so much that it is to be passed by, or one message is already trying it."""
        if self._opened_at is None:
            return False
        # The time may have been set back: then a sender is not passed by until the clock has made up for it.
        return self._probing or abs(now - self._opened_at) < PROBE_AFTER_MS

    def begin(self, now: Instant) -> None:
        """Note that a message is being handed over; where the time has come it is the one that tries."""
        if self._opened_at is not None and not self.is_open(now):
            self._probing = True

    def end(self, now: Instant, *, worked: bool | None) -> None:
        """Note what became of a hand-over; None: nothing that says anything of the sender."""
        if worked is None:
            self._probing = False
            return
        if self._opened_at is not None and worked:
            self._close()
        self._in_a_row = 0 if worked else self._in_a_row + 1
        self._recent.append((now, worked))
        while self._recent and abs(now - self._recent[0][0]) >= WINDOW_MS:
            self._recent.popleft()
        if not worked and (self._opened_at is not None or self._is_failing()):
            self._opened_at = now
            self._probing = False

    def _close(self) -> None:
        self._opened_at = None
        self._probing = False
        self._recent.clear()

    def _is_failing(self) -> bool:
        failed = sum(not worked for _, worked in self._recent)
        is_enough = len(self._recent) >= SAMPLE_LEAST and failed > FAILED_SHARE * len(self._recent)
        return self._in_a_row >= FAILURES_IN_A_ROW or is_enough


@dataclass(slots=True)
class Circuits:
    """What one process knows of all of its senders, by their names."""

    _known: dict[str, Circuit] = field(default_factory=dict)

    def of(self, sender: str) -> Circuit:
        """Return what is known of a sender; a new one is trusted."""
        known = self._known.get(sender)
        if known is None:
            known = self._known[sender] = Circuit()
        return known
