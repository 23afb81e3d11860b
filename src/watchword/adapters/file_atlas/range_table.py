"""Tables of address ranges: sets that hold an address or not, and maps that say a text of it.

A table is one sorted row of the numbers at which something changes, so that a question is one bisection and a range
takes a few bytes. Knows nothing of files.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final, Self

from watchword.adapters.file_atlas.address_reading import Address

VERSIONS: Final = {4: 32, 6: 128}
"""The versions of the protocol, and how many bits their addresses have."""
HOST_BITS: Final = 64
"""A range of IPv6 that ends inside of a /64 is rare; without one, the upper half of an address says everything."""
_LOW: Final = (1 << HOST_BITS) - 1

Range = tuple[int, int, int]
"""First address, the one after the last, and the number of what holds there, from 1 on."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Sorted numbers at which something changes, in arrays: a number of Python takes seven times the memory."""

    highs: Sequence[int]
    """The numbers of IPv4; of IPv6 the upper halves."""
    lows: Sequence[int] = ()
    """The lower halves of IPv6; empty where all of them are 0."""
    dropped_bits: int = 0
    """How many bits of an address stand below ``highs``."""

    @classmethod
    def of(cls, numbers: Sequence[int], version: int) -> Self:
        """Return the smallest form of strictly increasing numbers; the end of all addresses needs no place in it."""
        inside = numbers[:-1] if numbers and numbers[-1] == 1 << VERSIONS[version] else numbers
        if version == 4:  # noqa: PLR2004 the version of the protocol
            return cls(array("I", inside))
        highs = array("Q", (number >> HOST_BITS for number in inside))
        lows = array("Q", (number & _LOW for number in inside)) if any(number & _LOW for number in inside) else ()
        return cls(highs, lows, HOST_BITS)

    def numbers(self) -> list[int]:
        """Return the numbers as they were given."""
        lows = self.lows or [0] * len(self.highs)
        return [high << self.dropped_bits | low for high, low in zip(self.highs, lows, strict=True)]

    def place(self, number: int) -> int:
        """Return how many of the changes lie at or before an address."""
        high = number >> self.dropped_bits
        end = bisect_right(self.highs, high)
        if not self.lows:
            return end
        return bisect_right(self.lows, number & _LOW, bisect_left(self.highs, high, 0, end), end)


@dataclass(frozen=True, slots=True)
class AddressSet:
    """Holds addresses or not: the changes go in and out by turns."""

    bounds: Mapping[int, Bounds] = field(default_factory=dict)

    @classmethod
    def of(cls, ranges: Mapping[int, Iterable[tuple[int, int]]]) -> Self:
        """Return the union of ranges, each its first address and the one after its last, by version."""
        flat = {version: flatten((first, end, 1) for first, end in some)[0] for version, some in ranges.items()}
        return cls({version: Bounds.of(numbers, version) for version, numbers in flat.items() if numbers})

    def holds(self, address: Address) -> bool:
        """Whether the address is in the set."""
        bounds = self.bounds.get(address.version)
        return bounds is not None and bounds.place(int(address)) % 2 == 1

    def ranges(self) -> Mapping[int, Sequence[tuple[int, int]]]:
        """Return the ranges that are left after merging, each its first address and the one after its last."""
        found = {}
        for version, bounds in self.bounds.items():
            numbers = bounds.numbers()
            ends = [*numbers[1::2], *([1 << VERSIONS[version]] if len(numbers) % 2 else [])]
            found[version] = list(zip(numbers[::2], ends, strict=True))
        return found

    @property
    def range_count(self) -> int:
        """How many ranges are left after merging."""
        return sum((len(bounds.highs) + 1) // 2 for bounds in self.bounds.values())


@dataclass(frozen=True, slots=True)
class Texts:
    """Many short texts in one piece of memory, by number from 1 on; 0 is none."""

    joined: bytes = b""
    ends: Sequence[int] = ()

    @classmethod
    def of(cls, joined: bytes) -> Self:
        """Return the texts of lines in UTF-8, each ended by a line feed."""
        lengths = (len(line) + 1 for line in joined.split(b"\n")[:-1])
        return cls(joined, array("I", accumulate(lengths)))

    def text(self, number: int) -> str | None:
        """Return one text."""
        if number == 0:
            return None
        start = self.ends[number - 2] if number > 1 else 0
        return self.joined[start : self.ends[number - 1] - 1].decode()


@dataclass(frozen=True, slots=True)
class AddressMap:
    """Says a text of an address, or None."""

    bounds: Mapping[int, Bounds]
    values: Mapping[int, Sequence[int]]
    """By version: the number of the text that holds from each change on; 0 where nothing does."""
    texts: Texts

    @classmethod
    def of(cls, ranges: Mapping[int, Iterable[tuple[int, int, str]]]) -> Self:
        """Return the map of ranges, by version; where they overlap, the one that begins last and is narrowest counts.

        A text must not hold a line feed.
        """
        numbers: dict[str, int] = {}
        bounds, values = {}, {}
        for version, some in ranges.items():
            numbered = ((first, end, numbers.setdefault(text, len(numbers) + 1)) for first, end, text in some)
            changes, held = flatten(numbered)
            bounds[version] = Bounds.of(changes, version)
            values[version] = array("I", held[: len(bounds[version].highs)])
        return cls(bounds, values, Texts.of("".join(f"{text}\n" for text in numbers).encode()))

    def text(self, address: Address) -> str | None:
        """Return what the map says of an address."""
        bounds = self.bounds.get(address.version)
        place = 0 if bounds is None else bounds.place(int(address))
        return self.texts.text(self.values[address.version][place - 1]) if place else None

    @property
    def range_count(self) -> int:
        """How many ranges say something."""
        return sum(1 for values in self.values.values() for value in values if value)


def flatten(ranges: Iterable[Range]) -> tuple[list[int], list[int]]:
    """Return the numbers at which what holds changes, and what holds from each on (0: nothing).

    Of ranges that overlap, the one that begins last holds; of those that begin together, the shortest; of equals, the
    last one given.
    """
    changes: list[int] = []
    held: list[int] = []
    around: list[tuple[int, int]] = []
    """Ends and values of the ranges that the last change lies in, the one that holds last."""

    def change(at: int, value: int) -> None:
        if changes and changes[-1] == at:
            changes.pop()
            held.pop()
        if (held[-1] if held else 0) != value:
            changes.append(at)
            held.append(value)

    def leave_until(limit: int | None) -> None:
        while around and (limit is None or around[-1][0] <= limit):
            end, _ = around.pop()
            while around and around[-1][0] <= end:
                around.pop()
            change(end, around[-1][1] if around else 0)

    for first, end, value in sorted(ranges, key=lambda entry: (entry[0], -entry[1])):
        leave_until(first)
        around.append((end, value))
        change(first, value)
    leave_until(None)
    return changes, held
