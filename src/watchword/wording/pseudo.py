"""English as no language writes it: what a page shows without marks and brackets was never in the catalogue.

Each sentence is about a third longer, as a translation into German or Finnish is, and ends where its bracket does, so
that a test sees what was cut off or put together of pieces.
"""

import re
from collections.abc import Mapping
from typing import Final

_MARKED: Final = str.maketrans("aceginoruyAEINOUYCS", "áçéğíñóřúýÁÉÍÑÓÚÝÇŠ")
_PIECE: Final = re.compile(r"(\{[^{}]*\})")
_PADDING: Final = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
_LONGER_BY: Final = 0.35


def pseudo_texts(english: Mapping[str, str]) -> Mapping[str, str]:
    """Return every sentence with marks on its letters, in brackets and longer; placeholders stay."""
    return {key: pseudo(text) for key, text in english.items()}


def pseudo(text: str) -> str:
    """Return one sentence so changed."""
    marked = "".join(piece if piece.startswith("{") else piece.translate(_MARKED) for piece in _PIECE.split(text))
    padding: list[str] = []
    while len(" ".join(padding)) < len(text) * _LONGER_BY:
        padding.append(_PADDING[len(padding) % len(_PADDING)])
    return f"[{' '.join((marked, *padding))}]"
