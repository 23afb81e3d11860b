"""Whether a password may be set: its length, the lists of breached ones, and how hard it is to guess, in this order.

The rules are those of NIST SP 800-63B-4, section 3.1.1.2: a least length, every character of Unicode counted as one
after NFKC, nothing known from breaches or made of the account's own words, and no rule about kinds of characters.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from anyio import to_thread

from watchword_client.passwords.breached import BreachedPasswords, WidelyUsed
from watchword_client.passwords.range_lookup import AsyncRangeLookup, RangeLookup
from watchword_client.passwords.strength import STRONG_ENOUGH, strength_of
from watchword_client.passwords.verdicts import (
    Accepted,
    Breached,
    LookupAnswer,
    NotChecked,
    TooEasy,
    TooLong,
    TooShort,
    Verdict,
)

_SHORTEST_OF_ALL = 8
_LONGEST_AT_LEAST = 64
LONGEST = 256
"""Characters, unless an application says otherwise; some end keeps the work bounded."""
_SHRINKS_AT_MOST = 4
"""NFKC makes one character of four at most, as of the parts of U+1F82; a text that is longer still is not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthRule:
    """How many characters a password has; refuses numbers that SP 800-63B-4, section 3.1.1.2, does not allow."""

    shortest: int
    """At least 8; at least 15 where the password is all that is asked for."""
    longest: int = LONGEST
    """At least 64."""

    def __post_init__(self) -> None:
        if self.shortest < _SHORTEST_OF_ALL:
            raise ValueError(f"shortest is at least {_SHORTEST_OF_ALL} (SP 800-63B-4, section 3.1.1.2)")
        if self.longest < max(_LONGEST_AT_LEAST, self.shortest):
            raise ValueError(f"longest is at least {_LONGEST_AT_LEAST} (SP 800-63B-4, section 3.1.1.2)")

    def objection(self, password: str) -> TooShort | TooLong | None:
        """Return what is wrong with the length of a password as it was entered."""
        if self.is_passed_by(password):
            return TooLong(longest=self.longest)
        return TooShort(shortest=self.shortest) if len(normalised(password)) < self.shortest else None

    def is_passed_by(self, password: str) -> bool:
        """Say whether a password as it was entered is too long; bounded work, however long it is."""
        return len(password) > self.longest * _SHRINKS_AT_MOST or len(normalised(password)) > self.longest


ALONE = LengthRule(shortest=15)
"""For a password that is used alone, be it only on a known device."""
ONE_OF_TWO_FACTORS = LengthRule(shortest=8)
"""For a password that is never used without a second factor."""


def normalised(password: str) -> str:
    """Return the form that is judged and hashed: the same keys give the same text on every system."""
    return unicodedata.normalize("NFKC", password)


class PasswordJudge:
    """Judges new passwords; for code that waits. Takes some ten milliseconds, and 0.2 s for the strangest ones.

    Without ``breached`` the short list that comes along is asked; give ``[WidelyUsed(), BreachedFile(path)]`` for all
    that are known. Without ``lookup`` nothing leaves the machine.
    """

    def __init__(
        self,
        *,
        lengths: LengthRule = ALONE,
        breached: Sequence[BreachedPasswords] | None = None,
        lookup: RangeLookup | None = None,
        least_score: int = STRONG_ENOUGH,
    ) -> None:
        self._rules = _Rules(lengths=lengths, breached=_lists(breached), least_score=least_score)
        self._lookup = lookup

    def judge(self, password: str, own_words: Iterable[str] = ()) -> Verdict:
        """Say whether a password may be set.

        ``own_words`` are what stands in the account and what the store is called: name, e-mail address, user name.
        """
        verdict = self._rules.judge(password, tuple(own_words))
        if self._lookup is None or not isinstance(verdict, Accepted | NotChecked):
            return verdict
        return _with(verdict, self._lookup.look_up(normalised(password)))


class AsyncPasswordJudge:
    """Judges new passwords in a thread; for asyncio and Trio. Takes what ``PasswordJudge`` takes."""

    def __init__(
        self,
        *,
        lengths: LengthRule = ALONE,
        breached: Sequence[BreachedPasswords] | None = None,
        lookup: AsyncRangeLookup | None = None,
        least_score: int = STRONG_ENOUGH,
    ) -> None:
        self._rules = _Rules(lengths=lengths, breached=_lists(breached), least_score=least_score)
        self._lookup = lookup

    async def judge(self, password: str, own_words: Iterable[str] = ()) -> Verdict:
        """Say whether a password may be set; see ``PasswordJudge.judge``."""
        verdict = await to_thread.run_sync(self._rules.judge, password, tuple(own_words))
        if self._lookup is None or not isinstance(verdict, Accepted | NotChecked):
            return verdict
        return _with(verdict, await self._lookup.look_up(normalised(password)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    """What both judges go by, as far as it can be told on this machine."""

    lengths: LengthRule
    breached: tuple[BreachedPasswords, ...]
    least_score: int

    def __post_init__(self) -> None:
        if not 1 <= self.least_score <= 4:  # noqa: PLR2004 - the scores of zxcvbn; at 0 everything would pass
            raise ValueError("least_score is from 1 to 4")

    def judge(self, password: str, own_words: Sequence[str]) -> Verdict:
        objection = self.lengths.objection(password)
        if objection is not None:
            return objection
        judged = normalised(password)
        answers = [known.look_up(judged) for known in self.breached]
        for answer in answers:
            if isinstance(answer, Breached):
                return answer
        strength = strength_of(judged, own_words)
        if strength.score < self.least_score:
            return TooEasy(score=strength.score, hints=strength.hints)
        return next((answer for answer in answers if isinstance(answer, NotChecked)), Accepted())


def _lists(breached: Sequence[BreachedPasswords] | None) -> tuple[BreachedPasswords, ...]:
    return (WidelyUsed(),) if breached is None else tuple(breached)


def _with(verdict: Accepted | NotChecked, answer: LookupAnswer) -> Verdict:
    """Return a verdict after one more list was asked."""
    return answer if isinstance(answer, Breached | NotChecked) else verdict
