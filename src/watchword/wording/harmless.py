"""Makes somebody else's text fit for a sentence of ours: one line, unable to turn or cover what stands around it."""

import unicodedata
from typing import Final

_MOST_MARKS: Final = 3
"""Marks on one letter: more than any script needs, and too few to build a tower over other lines."""
_TURNING: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of what follows (UAX #9): with them "ot 9.99" can read "99.9 to"."""
_MARKS: Final = frozenset({"Mn", "Me"})
_INVISIBLE: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_ISOLATE: Final = "\u2068"
_ISOLATE_END: Final = "\u2069"


def one_line(text: str) -> str:
    """Return a text in one line, without control characters, towers of marks, and what turns its direction."""
    kept: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in _MARKS else 0
        if character not in _TURNING and marks <= _MOST_MARKS:
            kept.append(" " if category in _INVISIBLE else character)
    return " ".join("".join(kept).split())


def isolated_text(text: str) -> str:
    """Return a text between the marks that keep its direction to itself (UAX #9, FSI and PDI), where no tag can.

    Of nothing it stays nothing.
    """
    return f"{_ISOLATE}{text}{_ISOLATE_END}" if text else ""
