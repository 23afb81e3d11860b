"""The alphabet of text messages and what they cost: how many parts a telephone network makes of one.

A message in the default alphabet has 160 units, or 153 in each part of a longer one; one foreign character turns the
whole message into UCS-2 with 70, or 67 (3GPP TS 23.038 §6.2.1; TS 23.040 §9.2.3.24.1).
"""

import unicodedata
from typing import Final

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("\f^{}\\[~]|€")
"""Each takes two units: an escape and itself."""
_ALPHABET: Final = _BASIC | _EXTENDED
_SIMILAR: Final = (
    dict.fromkeys("‐‑‒–—―−", "-")
    | dict.fromkeys("‘’‚‛′´`", "'")
    | dict.fromkeys("“”„‟«»″", '"')
    | {"…": "...", "•": "-", "ł": "l", "Ł": "L", "ı": "i", "đ": "d", "Đ": "D", "œ": "oe", "Œ": "OE", "ħ": "h", "Ħ": "H"}
    | {"þ": "th", "Þ": "Th", "ð": "d", "Ð": "D", "ŋ": "n", "×": "x"}
)
"""What reads the same in the default alphabet and has no decomposition to get there."""
_GSM_ALONE: Final = 160
_GSM_EACH: Final = 153
_UCS2_ALONE: Final = 70
_UCS2_EACH: Final = 67


def is_gsm(text: str) -> bool:
    """Whether the default alphabet holds every character."""
    return _ALPHABET.issuperset(text)


def fold(text: str) -> str:
    """Return text with every character replaced that has a look-alike in the default alphabet; others stay."""
    return text if is_gsm(text) else "".join(map(_folded, text))


def parts(text: str) -> int:
    """Return how many parts a message takes; an escape pair and a surrogate pair are never torn apart."""
    if is_gsm(text):
        if len(text) + sum(map(text.count, _EXTENDED)) <= _GSM_ALONE:
            return 1
        return _packed([2 if character in _EXTENDED else 1 for character in text], _GSM_ALONE, _GSM_EACH)
    return _packed([2 if character > "\uffff" else 1 for character in text], _UCS2_ALONE, _UCS2_EACH)


def _folded(character: str) -> str:
    if is_gsm(character):
        return character
    if character.isspace():
        return " "
    if character in _SIMILAR:
        return _SIMILAR[character]
    stem = unicodedata.normalize("NFD", character)[0]
    return stem if is_gsm(stem) else character


def _packed(sizes: list[int], alone: int, each: int) -> int:
    if sum(sizes) <= alone:
        return 1
    count, used = 1, 0
    for size in sizes:
        if used + size > each:
            count, used = count + 1, 0
        used += size
    return count
