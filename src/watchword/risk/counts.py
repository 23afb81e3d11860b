"""Counters that fade and that add up over processes.

Each process keeps what the store has and, apart from it, what it counted itself since; the difference is written by
adding, so no process needs to know of another. Knows nothing of what is counted.
"""

from collections.abc import Mapping
from typing import Final

from watchword.domain.instant import Instant
from watchword.risk.fading import growth

KEY_BYTES_MOST: Final = 40
ENTRIES_MOST: Final = 50_000
"""Keys of one table; the lightest beyond are dropped. About 8 MB in memory for a full table."""


class Counts:
    """Numbers by key; the first byte of a key says which table it belongs to.

    Not safe for several threads; pure computation.
    """

    __slots__ = ("_all", "_fresh")

    def __init__(self) -> None:
        self._all: dict[bytes, float] = {}
        self._fresh: dict[bytes, float] = {}

    def __len__(self) -> int:
        return len(self._all)

    def add(self, key: bytes, weight: float, now: Instant) -> None:
        """Count ``weight`` for a key; a negative one takes back."""
        raw = weight * growth(now)
        self._fresh[key] = self._fresh.get(key, 0.0) + raw
        self._all[key] = self._all.get(key, 0.0) + raw

    def get(self, key: bytes, now: Instant) -> float:
        """Return the count of a key as it has faded until now; 0.0 for one never counted, and never less."""
        raw = self.raw(key)
        return raw / growth(now) if raw > 0 else 0.0

    def raw(self, key: bytes) -> float:
        """Return the count of a key on the scale of the landmark, for those who compare counts with each other.

        Never below zero, though more may have been taken back than this process saw counted: a share below zero would
        have no logarithm.
        """
        raw = self._all.get(key, 0.0)
        return raw if raw > 0 else 0.0

    def drain(self) -> Mapping[bytes, float]:
        """Return what was counted since the last time, for the store to add to what it has; it stays visible here."""
        drained, self._fresh = self._fresh, {}
        return drained

    def give_back(self, drained: Mapping[bytes, float]) -> None:
        """Take back what ``drain`` returned and the store did not write, to be drained again."""
        for key, weight in drained.items():
            self._fresh[key] = self._fresh.get(key, 0.0) + weight
            self._all.setdefault(key, self._fresh[key])  # what was absorbed meanwhile does not have it

    def absorb(self, stored: Mapping[bytes, float]) -> None:
        """Replace what the store had by what it has now; what was not drained yet stays on top."""
        self._all = dict(stored)
        for key, weight in self._fresh.items():
            self._all[key] = self._all.get(key, 0.0) + weight

    def prune(self, most: int = ENTRIES_MOST) -> frozenset[bytes]:
        """Drop the lightest keys of every table beyond ``most``, and return them for the store to delete.

        What was not drained yet is kept.
        """
        tables: dict[int, list[bytes]] = {}
        for key in self._all:
            tables.setdefault(key[0], []).append(key)
        dropped: set[bytes] = set()
        for keys in tables.values():
            if len(keys) > most:
                weighed = sorted(keys, key=self.raw)
                dropped.update(key for key in weighed[: len(keys) - most] if key not in self._fresh)
        for key in dropped:
            del self._all[key]
        return frozenset(dropped)
