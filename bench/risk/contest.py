"""Plays a stream before a contestant: every attempt is rated, then learned, in the order of time.

An attacker takes the place of a real sign-in: at that moment the contestant is also asked what it thinks of him, and
then learns what really happened. So many attackers can be measured in one stream, and none spoils it for the next.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.risk.contestant import Contestant
from bench.risk.happenings import DAY_MS, Happening

WARM_UP_DAYS: Final = 30
"""Learned, but not rated (§5.4)."""
TEST_FROM_DAY: Final = 250
"""The days before it, after the warm-up, are for validation: the thresholds come from there."""
VALIDATE_FROM_DAY: Final = 170


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the contestants are allowed to see."""

    has_tokens: bool
    has_lists: bool = True

    def seen(self, happening: Happening) -> Happening:
        """Return the attempt without what is not to be seen."""
        place = happening.place
        if not self.has_lists:
            place = replace(place, is_hosting=False, is_vpn=False, is_tor=False, is_listed=False)
        return replace(happening, place=place, has_token=happening.has_token and self.has_tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What one contestant thought of one stream, attempt by attempt."""

    score: NDArray[np.float64]
    user: NDArray[np.int64]
    day: NDArray[np.int64]
    depth: NDArray[np.int64]
    """Successful sign-ins that the user had before."""
    attack: NDArray[np.str_]
    """Empty for the user himself."""

    def where(self, chosen: NDArray[np.bool_]) -> "Scores":
        """Return the chosen ones."""
        return Scores(
            score=self.score[chosen],
            user=self.user[chosen],
            day=self.day[chosen],
            depth=self.depth[chosen],
            attack=self.attack[chosen],
        )


Attacks = Mapping[int, Sequence[Happening]]
"""The attackers who take the place of a happening, by its index in the stream."""


def play(contestant: Contestant, happenings: Sequence[Happening], attacks: Attacks, setting: Setting) -> Scores:
    """Return every score from the validation on, of users and of attackers."""
    rows: list[tuple[float, int, int, int, str]] = []
    depths: Counter[int] = Counter()
    start = happenings[0].at
    for index, happening in enumerate(happenings):
        seen = setting.seen(happening)
        day = (happening.at - start) // DAY_MS
        if happening.is_legitimate and day >= VALIDATE_FROM_DAY:
            depth = depths[happening.user]
            rows.append((contestant.score(seen), happening.user, day, depth, ""))
            rows.extend(
                (contestant.score(setting.seen(attack)), happening.user, day, depth, attack.attack)
                for attack in attacks.get(index, ())
            )
        contestant.learn(seen)
        depths[happening.user] += happening.is_legitimate
    return _collected(rows)


def _collected(rows: Sequence[tuple[float, int, int, int, str]]) -> Scores:
    columns = list(zip(*rows, strict=True))
    return Scores(
        score=np.array(columns[0], dtype=np.float64),
        user=np.array(columns[1], dtype=np.int64),
        day=np.array(columns[2], dtype=np.int64),
        depth=np.array(columns[3], dtype=np.int64),
        attack=np.array(columns[4], dtype=np.str_),
    )
