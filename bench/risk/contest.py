"""Plays a stream before a contestant: every attempt is rated, then learned, in the order of time.

An attacker takes the place of a real sign-in: at that moment the contestant is also asked what it thinks of him, and
then learns what really happened. So many attackers can be measured in one stream, and none spoils it for the next.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.risk.contestant import Contestant
from bench.risk.happenings import DAY_MS, Happening


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The parts of a stream, by day: learned only, rated too, for the thresholds, and for the test."""

    rated_from: int = 30
    """The warm-up before it is learned, but not rated."""
    validation_from: int = 170
    """Thresholds come from the legitimate sign-ins from here to the test."""
    test_from: int = 250


SPLIT: Final = Split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the contestants are allowed to see."""

    has_tokens: bool

    def seen(self, happening: Happening) -> Happening:
        """Return the attempt without what is not to be seen."""
        return happening if self.has_tokens or not happening.has_token else replace(happening, has_token=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What one contestant thought of one stream, attempt by attempt."""

    names: tuple[str, ...]
    score: NDArray[np.float64]
    """A row for each attempt, a column for each name."""
    user: NDArray[np.int64]
    day: NDArray[np.int64]
    depth: NDArray[np.int64]
    """Successful sign-ins that the user had before."""
    attack: NDArray[np.str_]
    """Empty for the user himself."""

    def where(self, chosen: NDArray[np.bool_]) -> "Scores":
        """Return the chosen attempts."""
        return Scores(
            names=self.names,
            score=self.score[chosen],
            user=self.user[chosen],
            day=self.day[chosen],
            depth=self.depth[chosen],
            attack=self.attack[chosen],
        )

    def of(self, name: str) -> NDArray[np.float64]:
        """Return one column."""
        column: NDArray[np.float64] = self.score[:, self.names.index(name)]
        return column


Attacks = Mapping[int, Sequence[Happening]]
"""The attackers who take the place of a happening, by its index in the stream."""


def play(
    contestant: Contestant, happenings: Sequence[Happening], attacks: Attacks, setting: Setting, split: Split = SPLIT
) -> Scores:
    """Return every score after the warm-up, of users and of attackers.

    An attempt of the stream itself that is labelled as an attack and successful is rated as one, and never learned.
    """
    rows = _Rows()
    depths: Counter[int] = Counter()
    start = happenings[0].at
    for index, happening in enumerate(happenings):
        seen = setting.seen(happening)
        day = (happening.at - start) // DAY_MS
        depth = depths[happening.user]
        if happening.is_successful and day >= split.rated_from:
            rows.add(contestant.score(seen), day, depth, happening)
            for attack in attacks.get(index, ()):
                rows.add(contestant.score(setting.seen(attack)), day, depth, attack)
        if happening.is_legitimate or not happening.is_successful:
            contestant.learn(seen)
            depths[happening.user] += happening.is_successful
    return rows.collected(contestant.names)


def play_live(contestant: Contestant, happenings: Sequence[Happening], setting: Setting, threshold: float) -> Scores:
    """Return the scores of the attackers in a stream where they really act.

    What is below the threshold goes through and is learned like a user's own sign-in; what is not, is challenged and
    teaches nothing. The first name of the contestant decides.
    """
    rows = _Rows()
    depths: Counter[int] = Counter()
    start = happenings[0].at
    for happening in happenings:
        seen = setting.seen(happening)
        passes = True
        if happening.attack and happening.is_successful:
            scores = contestant.score(seen)
            passes = scores[0] < threshold
            rows.add(scores, (happening.at - start) // DAY_MS, depths[happening.user], happening)
        if passes:
            contestant.learn(seen)
            depths[happening.user] += happening.is_legitimate
    return rows.collected(contestant.names)


class _Rows:
    """Collects scores."""

    __slots__ = ("_attacks", "_days", "_depths", "_scores", "_users")

    def __init__(self) -> None:
        self._scores: list[tuple[float, ...]] = []
        self._users: list[int] = []
        self._days: list[int] = []
        self._depths: list[int] = []
        self._attacks: list[str] = []

    def add(self, scores: tuple[float, ...], day: int, depth: int, happening: Happening) -> None:
        self._scores.append(scores)
        self._users.append(happening.user)
        self._days.append(day)
        self._depths.append(depth)
        self._attacks.append(happening.attack)

    def collected(self, names: tuple[str, ...]) -> Scores:
        return Scores(
            names=names,
            score=np.array(self._scores, dtype=np.float64).reshape(-1, len(names)),
            user=np.array(self._users, dtype=np.int64),
            day=np.array(self._days, dtype=np.int64),
            depth=np.array(self._depths, dtype=np.int64),
            attack=np.array(self._attacks, dtype=np.str_),
        )


def together(parts: Iterable[Scores]) -> Scores:
    """Return the scores of several streams as one, their users told apart. Raises ``ValueError`` for other names."""
    all_parts = list(parts)
    if len({part.names for part in all_parts}) != 1:
        raise ValueError("only what carries the same names can be put together")
    users = [part.user + number * 10_000_000 for number, part in enumerate(all_parts)]
    return Scores(
        names=all_parts[0].names,
        score=np.concatenate([part.score for part in all_parts]),
        user=np.concatenate(users),
        day=np.concatenate([part.day for part in all_parts]),
        depth=np.concatenate([part.depth for part in all_parts]),
        attack=np.concatenate([part.attack for part in all_parts]),
    )
