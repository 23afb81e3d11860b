"""One level of a memory: a few values with their weights, and one candidate that waits for its confirmation.

A value that was seen on one day only never takes the place of one that is known: it waits, and whoever comes on a
further day takes the place of the lightest. So somebody who gets in once does not push out what the owner uses.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from struct import Struct
from typing import Final, NamedTuple

DAY_UNITS_MOST: Final = 64
"""What one value may gain in a day: the weight of one proven action, in units of 1/64."""
WEIGHT_FORGOTTEN: Final = 0.04
"""Below this a value is forgotten: an action that was only allowed is after five months, a proven one after nine."""
SHELF_ENTRY_BYTES: Final = 15
"""What an entry takes; a shelf takes one byte more."""
_SINGLE: Final = Struct("<f")
_DAYS: Final = 65_536
"""The days that an entry can tell apart: those of 179 years."""
_ENTRY: Final = Struct("<QfHB")
_WAITING: Final = 128
"""Set in the number of a shelf's entries where the last one is its candidate."""


class Entry(NamedTuple):
    """What is remembered of one value."""

    weight: float
    """On the scale of the landmark (``fading``), of single precision."""
    day: int
    """The last day it was seen, counted from 1970, modulo 65,536."""
    gained: int
    """What it gained that day, in units of 1/64."""


def single(number: float) -> float:
    """Return a number as it is after being stored in 32 bits."""
    (stored,) = _SINGLE.unpack(_SINGLE.pack(number))
    return float(stored)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The values of one level."""

    entries: Mapping[int, Entry] = field(default_factory=dict)
    candidate: tuple[int, Entry] | None = None

    def weight(self, value: int) -> float:
        """Return the weight of a value on the scale of the landmark; 0.0 for one that is not here."""
        entry = self.entries.get(value)
        if entry is not None:
            return entry.weight
        if self.candidate is not None and self.candidate[0] == value:
            return self.candidate[1].weight
        return 0.0

    def weight_before(self, value: int, *, day: int, growth: float) -> float:
        """Return the weight of a value without what it gained on a day: what was learned today proves nothing today."""
        entry = self.entries.get(value)
        if entry is None and self.candidate is not None and self.candidate[0] == value:
            entry = self.candidate[1]
        if entry is None or entry.day != day:
            return 0.0 if entry is None else entry.weight
        return max(0.0, entry.weight - entry.gained / DAY_UNITS_MOST * growth)

    def has_told(self, value: int, day: int) -> bool:
        """Return whether a value tells the application's traffic nothing more about this day.

        It was seen that day, or it would come in the place of another that waits since then: whoever shows two values
        in turn, where only one may wait, would make both look like the habit of many. Nor does what gained all that a
        day gives, on a later one.
        """
        entry = self.entries.get(value)
        if entry is None and self.candidate is not None:
            waiting = self.candidate[1]
            if self.candidate[0] != value:
                return not is_later(day, waiting.day)
            entry = waiting
        return entry is not None and (entry.day == day or (is_later(entry.day, day) and entry.gained >= DAY_UNITS_MOST))

    def total(self) -> float:
        """Return the sum of all weights on the scale of the landmark."""
        total = 0.0 if self.candidate is None else self.candidate[1].weight
        for weight, _, _ in self.entries.values():
            total += weight
        return total

    def learn(self, value: int, share: float, *, day: int, growth: float, places: int) -> "Shelf":
        """Return the shelf after a value was seen, with at most the day's gain."""
        known = self.entries.get(value)
        if known is not None:
            again = _seen_again(known, share, day, growth)
            if again is known:
                return self
            return Shelf(entries={**self.entries, value: again}, candidate=self.candidate)
        if self.candidate is not None and self.candidate[0] == value:
            waiting = self.candidate[1]
            again = _seen_again(waiting, share, day, growth)
            if not is_later(day, waiting.day):
                return Shelf(entries=self.entries, candidate=(value, again))
            return Shelf(entries=_placed(self.entries, value, again, places), candidate=None)
        first = _seen_again(Entry(weight=0.0, day=day, gained=0), share, day, growth)
        kept = {v: entry for v, entry in self.entries.items() if entry.weight >= WEIGHT_FORGOTTEN * growth}
        if len(kept) < places:
            return Shelf(entries={**kept, value: first}, candidate=self.candidate)
        if self.candidate is not None and is_later(self.candidate[1].day, day):
            return self  # what comes to count a day later pushes out nothing that came since
        return Shelf(entries=self.entries, candidate=(value, first))

    def take_back(self, value: int, share: float, *, day: int, growth: float, floor: float) -> "Shelf":
        """Return the shelf without this share of a value; below ``floor`` nothing of it is left."""
        entries = dict(self.entries)
        candidate = self.candidate
        if value in entries:
            left = _taken(entries.pop(value), share, day, growth)
            if left.weight >= floor:
                entries[value] = left
        elif candidate is not None and candidate[0] == value:
            left = _taken(candidate[1], share, day, growth)
            candidate = (value, left) if left.weight >= floor else None
        return Shelf(entries=entries, candidate=candidate)


def encode_shelf(shelf: Shelf) -> bytes:
    """Return a shelf as bytes; what follows them does not matter to ``decode_shelf``."""
    packed = [_ENTRY.pack(value, *entry) for value, entry in shelf.entries.items()]
    head = len(packed)
    if shelf.candidate is not None:
        value, entry = shelf.candidate
        packed.append(_ENTRY.pack(value, *entry))
        head = len(packed) | _WAITING
    return b"".join((head.to_bytes(1, "big"), *packed))


def decode_shelf(encoded: bytes, at: int) -> tuple[Shelf, int]:
    """Return the shelf that begins at a place, and where it ends. Raises ``IndexError`` where bytes are missing."""
    head = encoded[at]
    end = at + 1 + (head & ~_WAITING) * _ENTRY.size
    if end > len(encoded):
        raise IndexError
    entries = {
        value: Entry(weight, day, gained) for value, weight, day, gained in _ENTRY.iter_unpack(encoded[at + 1 : end])
    }
    candidate = entries.popitem() if head & _WAITING and entries else None
    return Shelf(entries=entries, candidate=candidate), end


def _seen_again(entry: Entry, share: float, day: int, growth: float) -> Entry:
    """Return the entry with one more share; one of an earlier day counts among those of the last.

    It is the same one where its day gives no more.
    """
    last, gained = (day, 0) if is_later(day, entry.day) else (entry.day, entry.gained)
    units = min(round(share * DAY_UNITS_MOST), DAY_UNITS_MOST - gained)
    if not units and last == entry.day:
        return entry
    return Entry(single(entry.weight + units / DAY_UNITS_MOST * growth), last, gained + units)


def is_later(day: int, other: int) -> bool:
    """Return whether a day is later than another, of days as an entry keeps them."""
    return 0 < (day - other) % _DAYS < _DAYS // 2


def _taken(entry: Entry, share: float, day: int, growth: float) -> Entry:
    units = round(share * DAY_UNITS_MOST)
    gained = max(0, entry.gained - units) if entry.day == day else entry.gained
    weight = single(max(0.0, entry.weight - units / DAY_UNITS_MOST * growth))
    return Entry(weight=weight, day=entry.day, gained=gained)


def _placed(entries: Mapping[int, Entry], value: int, entry: Entry, places: int) -> dict[int, Entry]:
    """Return the entries with one more, in the place of the lightest where there is none free."""
    placed = dict(entries)
    if len(placed) >= places:
        del placed[min(placed, key=lambda known: placed[known].weight)]
    placed[value] = entry
    return placed
