"""What processes tell each other of the traffic, so that nobody has the allowance of each of them.

What is counted of the last hour and of a day lives in the memory of a process. Where several share the traffic, each
notes here what it counted, and counts what the others noted as if it had come to itself. Only keyed hashes are told.
Whatever a later release tells besides is skipped by an earlier one.
"""

from collections.abc import Iterator, Sequence
from enum import IntEnum
from struct import Struct, pack, unpack_from
from typing import Final

from watchword.domain.instant import Instant

NOTES_MOST: Final = 10_000
"""Notes that wait to be told; what comes beyond is left out. A process makes about three of an action, and tells them
every two seconds: it would have to answer more than 1,500 actions a second."""
NOTHING: Final = (1 << 64) - 1
"""Stands for a number that there is none of; no hash comes to it but by a chance of 1 in 2**64."""
_HEAD: Final = Struct("<BBq")
_NUMBER_BYTES: Final = 8


class Kind(IntEnum):
    """What a note is about; the numbers are stored, and never mean anything else."""

    ACTION = 1
    """An action in the open lane: user, address, network (either may be ``NOTHING``), and the contacts."""
    OWN_ACTION = 2
    """The same in the own lane."""
    ASKED = 3
    """A challenge was started: address."""
    PROVED = 4
    """It was approved: address, and when it was started."""
    CAME = 5
    """The first legitimate action of a user, day and type: day, user, type."""
    TAKEN_BACK = 6
    """The first that was none after all: day, user, type."""
    TAUGHT = 7
    """An address taught the population: address."""


Note = tuple[Kind, Instant, tuple[int, ...]]
"""What happened, when, and the numbers that the kind says."""


class Hearsay:
    """What this process has to tell. Not safe for several threads; pure computation."""

    __slots__ = ("_notes",)

    def __init__(self) -> None:
        self._notes: list[Note] = []

    def note(self, kind: Kind, at: Instant, *numbers: int) -> None:
        """Keep a note until it is told."""
        if len(self._notes) < NOTES_MOST:
            self._notes.append((kind, at, numbers))

    def drain(self) -> Sequence[Note]:
        """Return what was noted since the last time."""
        notes, self._notes = self._notes, []
        return notes

    def give_back(self, notes: Sequence[Note]) -> None:
        """Take back what could not be told, to be drained again."""
        self._notes = [*notes, *self._notes][:NOTES_MOST]


def write_words(notes: Sequence[Note]) -> bytes:
    """Return notes as bytes."""
    return b"".join(
        [_HEAD.pack(kind, len(numbers), at) + pack(f"<{len(numbers)}Q", *numbers) for kind, at, numbers in notes]
    )


def read_words(words: bytes) -> Iterator[Note]:
    """Yield the notes of ``write_words``, but for kinds that this release does not know."""
    place = 0
    while place + _HEAD.size <= len(words):
        kind, count, at = _HEAD.unpack_from(words, place)
        place += _HEAD.size
        if place + count * _NUMBER_BYTES > len(words):
            return
        if kind in _KINDS:
            yield Kind(kind), Instant(at), unpack_from(f"<{count}Q", words, place)
        place += count * _NUMBER_BYTES


_KINDS: Final = frozenset(Kind)
