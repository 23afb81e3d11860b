"""How hard a password is to guess: zxcvbn, asked so that no request waits for long and none sees another's words."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TypeAlias

from zxcvbn import zxcvbn

from watchword_client.passwords.verdicts import Hint

STRONG_ENOUGH = 3
"""The score from which a password holds against offline guessing (zxcvbn: "safely unguessable")."""
JUDGED_CHARACTERS = 40
"""What is judged of a longer password; the rest can only make it stronger."""
_JUDGED_OF_SIGNS = 20
"""The same where many signs could each stand for a letter: zxcvbn tries all that they could mean together. For all of
its signs that is 0.16 s for 20 characters, 0.75 s for 40, and more than 2 s for the 72 that it would take."""
_SIGNS = frozenset("4@8({[<369!1|0$5+7%2")
"""What zxcvbn takes for a letter in disguise."""
_MANY_SIGNS = 10
"""Different ones: nine have 64 meanings together at most, and all of them 736."""
_OWN_WORDS = 50
_OWN_WORD_CHARACTERS = 100
_SHORTEST_OWN_WORD = 3
"""Shorter pieces are found inside of anything."""

_ONE_AT_A_TIME = Lock()
"""zxcvbn puts the customer's words into a table of its own that all calls share; two at once would mix them up."""

_Part: TypeAlias = Mapping[str, object]
_PATTERNS: Mapping[object, Hint] = {
    "spatial": Hint.KEYBOARD,
    "repeat": Hint.REPEATS,
    "sequence": Hint.SEQUENCES,
    "regex": Hint.DATES,  # the only expression that it knows is that of recent years
    "date": Hint.DATES,
}
_DICTIONARIES: Mapping[object, Hint] = {
    "user_inputs": Hint.OWN_WORDS,
    "passwords": Hint.COMMON_PASSWORD,
    "surnames": Hint.NAMES,
    "male_names": Hint.NAMES,
    "female_names": Hint.NAMES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """How hard a password is to guess, and why it is no harder."""

    score: int
    """From 0 to 4."""
    hints: tuple[Hint, ...]


def strength_of(password: str, own_words: Iterable[str]) -> Strength:
    """Judge a normalised password; ``own_words`` are what an attacker knows about the customer and the store.

    zxcvbn thinks three such words in a row hard to guess, so what is left without them has to hold as well.
    """
    words = _pieces(own_words)
    whole = _judged(password, words)
    rest = _without(password, words)
    if rest == password:
        return whole
    left = _judged(rest, []) if rest else Strength(score=0, hints=())
    if whole.score <= left.score:
        return whole
    return Strength(score=left.score, hints=_with_the_way_out((Hint.OWN_WORDS, *left.hints)))


def _judged(password: str, words: list[str]) -> Strength:
    with _ONE_AT_A_TIME:
        try:
            found = zxcvbn(_part(password), user_inputs=words)
        finally:
            zxcvbn("-", user_inputs=[])  # the shared table would keep this customer's words until the next call
    return Strength(score=found["score"], hints=_hints(found["sequence"]))


def _part(password: str) -> str:
    part = password[:JUDGED_CHARACTERS]
    return part if len(_SIGNS.intersection(part)) < _MANY_SIGNS else part[:_JUDGED_OF_SIGNS]


def _without(password: str, words: list[str]) -> str:
    longest_first = sorted(words, key=len, reverse=True)
    found = "|".join(re.escape(word) for word in longest_first)
    return re.sub(found, "", password, flags=re.IGNORECASE) if found else password


def _pieces(own_words: Iterable[str]) -> list[str]:
    """Return the words and what they are made of: an e-mail address is guessed by its parts."""
    pieces: dict[str, None] = {}
    for given in own_words:
        word = unicodedata.normalize("NFKC", given[:_OWN_WORD_CHARACTERS])
        for piece in (word, *re.split(r"[\W_]+", word)):
            if len(piece) >= _SHORTEST_OWN_WORD:
                pieces.setdefault(piece.lower())
    return list(pieces)[:_OWN_WORDS]


def _hints(parts: Sequence[_Part]) -> tuple[Hint, ...]:
    heaviest_first = sorted(parts, key=lambda part: len(str(part["token"])), reverse=True)
    hints = [hint for part in heaviest_first for hint in _hints_of(part)]
    return _with_the_way_out(hints)


def _with_the_way_out(hints: Iterable[Hint]) -> tuple[Hint, ...]:
    causes = dict.fromkeys(hint for hint in hints if hint is not Hint.ADD_WORDS)
    return (*causes, Hint.ADD_WORDS)


def _hints_of(part: _Part) -> list[Hint]:
    pattern = part["pattern"]
    if pattern != "dictionary":
        return [_PATTERNS[pattern]] if pattern in _PATTERNS else []
    hints = [_DICTIONARIES.get(part["dictionary_name"], Hint.COMMON_WORDS)]
    if part.get("l33t"):
        hints.append(Hint.SUBSTITUTIONS)
    if part.get("reversed"):
        hints.append(Hint.REVERSED)
    return hints
