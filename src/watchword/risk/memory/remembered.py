"""The memory of one user, and what can be asked of it."""

from dataclasses import dataclass
from struct import Struct, error
from typing import Final

from watchword.domain.instant import Instant
from watchword.risk.fading import growth
from watchword.risk.memory.shelf import WEIGHT_FORGOTTEN, Shelf, decode_shelf, encode_shelf
from watchword.risk.memory.spending import NOTHING_SPENT, Spending, decode_spending, encode_spending
from watchword.risk.traits import Level

PLACES: Final = (6, 8, 10, 4, 5, 8, 8)
"""How many values each level holds, by ``Level``. The addresses of a telephone change often; kinds are five in all."""
HOUR_BINS: Final = 12
"""Bins of two hours of the day, in UTC."""
MEMORY_BYTES_MOST: Final = 1_200
"""959 for the levels, the hours and the head, and at most ``SPENDING_BYTES_MOST`` for amounts and payees."""
_VERSION: Final = 1
_HEAD: Final = Struct(f"<Bff{HOUR_BINS}f")


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is remembered of one user. Its numbers are on the scale of the landmark; whoever asks names the time."""

    shelves: tuple[Shelf, ...] = (Shelf(),) * len(PLACES)
    """One for each ``Level``."""
    weight_learned: float = 0.0
    """Sum of the shares of all contributions."""
    weight_with_token: float = 0.0
    """Of those that came with a valid device token."""
    hours: tuple[float, ...] = (0.0,) * HOUR_BINS
    spending: Spending = NOTHING_SPENT

    def events(self, now: Instant) -> float:
        """Return how many proven actions the memory rests on, as they have faded until now."""
        return self.weight_learned / growth(now)

    def tokens(self, now: Instant) -> float:
        """Return how many of them came with a valid device token."""
        return self.weight_with_token / growth(now)

    def weight(self, level: Level, value: int | None, now: Instant) -> float:
        """Return how often a value was seen, as it has faded until now; 0.0 for one that was not, or is not known."""
        if value is None:
            return 0.0
        weight = self.shelves[level].weight(value) / growth(now)
        return weight if weight >= WEIGHT_FORGOTTEN else 0.0

    def knows(self, level: Level, value: int | None, now: Instant) -> bool:
        """Return whether a value was seen and is not forgotten."""
        return self.weight(level, value, now) > 0

    def encode(self) -> bytes:
        """Return the memory as at most 1,200 bytes."""
        head = _HEAD.pack(_VERSION, self.weight_learned, self.weight_with_token, *self.hours)
        return b"".join((head, *map(encode_shelf, self.shelves), encode_spending(self.spending)))


NO_MEMORY: Final = Memory()
"""Of a user about whom nothing was learned."""


def decode_memory(encoded: bytes) -> Memory:
    """Return what was encoded. Raises ``ValueError`` for bytes that are no memory."""
    try:
        version, learned, with_token, *hours = _HEAD.unpack_from(encoded)
        if version != _VERSION:
            raise ValueError("a memory of another version")
        at, shelves = _HEAD.size, []
        for _ in PLACES:
            shelf, at = decode_shelf(encoded, at)
            shelves.append(shelf)
    except (error, IndexError) as cause:
        raise ValueError("these bytes are no memory") from cause
    return Memory(
        shelves=tuple(shelves),
        weight_learned=learned,
        weight_with_token=with_token,
        hours=tuple(hours),
        spending=decode_spending(encoded[at:]),
    )
