"""Counts different users in bounded memory: exactly while they are few, and within half a percent beyond.

The keys are keyed hashes, so they are spread evenly, and the smallest of them tell how many there are (Bar-Yossef and
others 2002, "Counting distinct elements in a data stream", algorithm 1: the k-th smallest value).
"""

from typing import Final

KEPT: Final = 65_536
"""Keys that the estimate rests on: its standard error is about 1 / sqrt(65,534), 0.4 %."""
_KEYS: Final = float(1 << 64)
"""How many keys of 8 bytes there are."""


class Distinct:
    """Different keys of 8 bytes."""

    __slots__ = ("_highest", "_keys")

    def __init__(self) -> None:
        self._keys: set[bytes] = set()
        self._highest: bytes | None = None
        """The highest key that is kept; None while all are."""

    @property
    def is_exact(self) -> bool:
        """Whether every key was kept."""
        return self._highest is None

    def add(self, key: bytes) -> None:
        """Count a key once."""
        if self._highest is None or key <= self._highest:
            self._keys.add(key)
            self._prune()

    def merge(self, other: "Distinct") -> None:
        """Count the keys of another too."""
        bounds = [bound for bound in (self._highest, other._highest) if bound is not None]  # noqa: SLF001 it is the same class
        self._highest = min(bounds, default=None)
        self._keys |= other._keys  # noqa: SLF001 it is the same class
        if self._highest is not None:
            self._keys = {key for key in self._keys if key <= self._highest}
        self._prune()

    def count(self) -> int:
        """Return how many there are; about, unless ``is_exact``."""
        if self._highest is None:
            return len(self._keys)
        smallest = sorted(self._keys)[:KEPT]
        share = int.from_bytes(smallest[-1], "big") / _KEYS
        return round((len(smallest) - 1) / share)

    def _prune(self) -> None:
        if len(self._keys) > 2 * KEPT:
            smallest = sorted(self._keys)[:KEPT]
            self._keys, self._highest = set(smallest), smallest[-1]
