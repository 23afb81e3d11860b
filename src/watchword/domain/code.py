"""The secret digits of a challenge: how they are made and how what people type is read."""

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from watchword.domain.secret import Secret

LONGEST_INPUT: Final = 2_000
"""Characters of text that an attempt may hold: a pasted message fits."""

_RUN: Final = re.compile(r"[0-9]+")
_JOINED: Final = re.compile(r"[0-9]+(?:[ -][0-9]+)+")


def make_code(length: int, draw_below: Callable[[int], int]) -> Secret:
    """Return a uniformly drawn code; ``draw_below(n)`` gives a uniform integer in [0, n) from an approved generator."""
    return Secret(f"{draw_below(10**length):0{length}d}")


def read_code(text: str, length: int) -> Secret | None:
    """Return the one code of this length in what somebody typed or pasted, or None.

    Two steps: the distinct maximal runs of exactly ``length`` digits; where there is none,
    runs separated by one space or hyphen are joined and looked at again. A digit is a character of category Nd in any
    script. More than one distinct candidate is no code.
    """
    if len(text) > LONGEST_INPUT:
        return None
    plain = "".join(map(_as_ascii, text))
    found = {run for run in _RUN.findall(plain) if len(run) == length}
    if not found:
        joined = (re.sub(r"[ -]", "", run) for run in _JOINED.findall(plain))
        found = {run for run in joined if len(run) == length}
    return Secret(found.pop()) if len(found) == 1 else None


def _as_ascii(character: str) -> str:
    """Return a digit of any script as ASCII, any space or hyphen as a plain one, and drop marks without width."""
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Zs":
        return " "
    if category == "Pd" or character == "\u2212":
        return "-"
    return "" if category == "Cf" else character
