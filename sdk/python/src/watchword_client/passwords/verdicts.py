"""What is said about a new password: values with codes to translate, and English sentences for who needs no other.

None of them holds the password or a part of it, so all can be logged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NoReturn, TypeAlias, assert_never


class Hint(StrEnum):
    """What makes a password easy to guess, or what would make it better."""

    OWN_WORDS = "own_words"
    """It holds words that stand in the account, such as the name or the e-mail address."""
    COMMON_PASSWORD = "common_password"
    COMMON_WORDS = "common_words"
    NAMES = "names"
    SUBSTITUTIONS = "substitutions"
    """Such as ``@`` for ``a``."""
    REVERSED = "reversed"
    KEYBOARD = "keyboard"
    """Keys that lie beside each other."""
    REPEATS = "repeats"
    SEQUENCES = "sequences"
    DATES = "dates"
    ADD_WORDS = "add_words"
    """Always the last one: what helps whatever is wrong."""


def _is_neither(_verdict: object) -> NoReturn:
    """Refuse to be read as yes or no: every verdict but one is a refusal, and all would count as true."""
    raise TypeError("a verdict is neither true nor false: look at its class or at its code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The password may be set: long enough, hard to guess, and on none of the lists that were asked."""

    code: Literal["accepted"] = field(default="accepted", init=False)
    __bool__ = _is_neither


@dataclass(frozen=True, slots=True, kw_only=True)
class NotChecked:
    """All is well as far as could be seen, but a list of breached passwords gave no answer: the application chooses."""

    reason: Literal["no_answer", "unreadable_answer", "unreadable_file"]
    code: Literal["not_checked"] = field(default="not_checked", init=False)
    __bool__ = _is_neither


@dataclass(frozen=True, slots=True, kw_only=True)
class TooShort:
    """It has fewer characters than ``shortest``."""

    shortest: int
    code: Literal["too_short"] = field(default="too_short", init=False)
    __bool__ = _is_neither


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLong:
    """It has more characters than ``longest``."""

    longest: int
    code: Literal["too_long"] = field(default="too_long", init=False)
    __bool__ = _is_neither


@dataclass(frozen=True, slots=True, kw_only=True)
class Breached:
    """It is on a list of passwords that were stolen somewhere, so it is among the first to be tried."""

    times: int | None
    """How often it was seen in breaches, where the list counts."""
    code: Literal["breached"] = field(default="breached", init=False)
    __bool__ = _is_neither


@dataclass(frozen=True, slots=True, kw_only=True)
class TooEasy:
    """It is long enough and yet easy to guess."""

    score: int
    """Of zxcvbn, from 0 to 4."""
    hints: tuple[Hint, ...]
    """The heaviest first; ``ADD_WORDS`` last."""
    code: Literal["too_easy"] = field(default="too_easy", init=False)
    __bool__ = _is_neither


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSeen:
    """One list was asked, and the password is not on it."""

    code: Literal["not_seen"] = field(default="not_seen", init=False)
    __bool__ = _is_neither


Verdict: TypeAlias = Accepted | NotChecked | TooShort | TooLong | Breached | TooEasy
"""What a judge says about a password."""
LookupAnswer: TypeAlias = NotSeen | Breached | NotChecked
"""What one list of breached passwords says."""

_HINTS: Mapping[Hint, str] = {
    Hint.OWN_WORDS: "It holds your name, your address or another word of your account.",
    Hint.COMMON_PASSWORD: "It is much like a password that many people use.",
    Hint.COMMON_WORDS: "It is little more than a common word.",
    Hint.NAMES: "Names are guessed early.",
    Hint.SUBSTITUTIONS: 'Writing "@" for "a" and the like does not help.',
    Hint.REVERSED: "Spelling a word backwards does not help.",
    Hint.KEYBOARD: "Keys that lie beside each other are guessed early.",
    Hint.REPEATS: "What is repeated adds next to nothing.",
    Hint.SEQUENCES: 'Sequences such as "abc" or "6543" are guessed early.',
    Hint.DATES: "Dates and years are guessed early.",
    Hint.ADD_WORDS: "Add a word or two that have nothing to do with each other.",
}


def in_english(verdict: Verdict) -> str:
    """Return what to tell the customer, in one or a few sentences."""
    match verdict:
        case Accepted():
            return "This password can be used."
        case NotChecked():
            return "We could not check just now whether this password is known from breaches. Please try again."
        case TooShort(shortest=shortest):
            return f"Use at least {shortest} characters. A few words in a row are easy to remember."
        case TooLong(longest=longest):
            return f"Use at most {longest} characters."
        case Breached():
            return (
                "This password is on lists of stolen passwords, so it is among the first to be tried. Choose another."
            )
        case TooEasy(hints=hints):
            # The heaviest cause and the way out; the whole list would read like a rebuke.
            told = dict.fromkeys((*hints[:1], Hint.ADD_WORDS))
            return " ".join(("This password is too easy to guess.", *(_HINTS[hint] for hint in told)))
        case _:
            assert_never(verdict)
