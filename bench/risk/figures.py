"""The figures of one contestant against every attacker, each with all its draws of the bootstrap."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.risk.contest import Scores, Split
from bench.risk.measures import CAUGHT, RATES
from bench.risk.resampling import Interval, Ranked, Weighed, interval, user_weights

Key = tuple[str, str, float]
"""The attacker (empty for the legitimate), what is measured, and at which operating point."""

CHALLENGED_AT = "challenged where so many are caught"
CAUGHT_AT = "caught where so many were meant to be challenged"
"""The threshold comes from the validation time."""
CAUGHT_EVEN = "caught where exactly so many are challenged"
"""The threshold comes from the test itself: only so two models are compared that ask equally often."""
ACHIEVED = "challenged where so many were meant to be"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Every figure of one contestant: the measured value first, then the draws."""

    values: Mapping[Key, NDArray[np.float64]]

    def interval(self, key: Key) -> Interval:
        """Return a figure with its interval; not a number where nothing was measured."""
        drawn = self.values[key]
        return interval(float(drawn[0]), drawn[1:])

    def difference(self, other: "Figures", key: Key) -> Interval:
        """Return by how much this one is above the other, on the same draws."""
        drawn = self.values[key] - other.values[key]
        return interval(float(drawn[0]), drawn[1:])


class Measured:
    """The scores of one contestant, sorted for the bootstrap."""

    __slots__ = ("_attackers", "_test", "_validation")

    def __init__(self, scores: Scores, name: str, places: Mapping[int, int], split: Split) -> None:
        """``places`` numbers the users from 0 on, alike for every contestant."""
        rated = scores.where(scores.depth > 0)
        column, users = rated.of(name), np.array([places[user] for user in rated.user.tolist()], dtype=np.int64)
        legitimate = rated.attack == ""
        validation = legitimate & (rated.day >= split.validation_from) & (rated.day < split.test_from)
        test = legitimate & (rated.day >= split.test_from)
        self._validation = Ranked(column[validation], users[validation])
        self._test = Ranked(column[test], users[test])
        self._attackers = {
            attack: Ranked(column[chosen], users[chosen])
            for attack in sorted(set(rated.attack.tolist()) - {""})
            if (chosen := (rated.attack == attack) & (rated.day >= split.test_from)).any()
        }

    def figures(self, weights: NDArray[np.int64]) -> Iterator[tuple[Key, float]]:
        """Yield every figure with the users weighed so."""
        validation, test = self._validation.weigh(weights), self._test.weigh(weights)
        thresholds = {rate: validation.threshold_at_rate(rate) for rate in RATES}
        for rate, threshold in thresholds.items():
            yield ("", ACHIEVED, rate), test.share_from(threshold)
        for attack, ranked in self._attackers.items():
            attackers = ranked.weigh(weights)
            for rate, threshold in thresholds.items():
                yield (attack, CAUGHT_AT, rate), attackers.share_from(threshold)
                yield (attack, CAUGHT_EVEN, rate), attackers.share_from(test.threshold_at_rate(rate))
            yield from _challenged(attack, attackers, test)


def measure(panels: Mapping[str, tuple[Scores, str]], split: Split, *, draws: int, seed: int) -> dict[str, Figures]:
    """Return the figures of every contestant, by its label; all on the same draws of users."""
    users = sorted({user for scores, _ in panels.values() for user in np.unique(scores.user).tolist()})
    places = {user: place for place, user in enumerate(users)}
    measured = {label: Measured(scores, name, places, split) for label, (scores, name) in panels.items()}
    drawn: dict[str, dict[Key, list[float]]] = {label: {} for label in panels}
    for weights in user_weights(len(users), draws, seed):
        for label, one in measured.items():
            for key, value in one.figures(weights):
                drawn[label].setdefault(key, []).append(value)
    return {
        label: Figures(values={key: np.array(values) for key, values in keyed.items()})
        for label, keyed in drawn.items()
    }


def median_challenged(scores: Scores, name: str, threshold: float, size: int) -> float:
    """Return the median over users of the share of their first ``size`` rated sign-ins that is challenged.

    Only users with so many count. The first sign-in of a user is not among them: nobody can rate that.
    """
    chosen = (scores.attack == "") & (scores.depth > 0) & (scores.depth <= size)
    users, challenged = scores.user[chosen], scores.of(name)[chosen] >= threshold
    _, places, counts = np.unique(users, return_inverse=True, return_counts=True)
    sums = np.bincount(places, weights=challenged)
    full = counts == size
    return float(np.median(sums[full] / size)) if full.any() else float("nan")


def _challenged(attack: str, attackers: Weighed, test: Weighed) -> Iterator[tuple[Key, float]]:
    for caught in CAUGHT:
        share = test.share_from(attackers.threshold_at_caught(caught)) if attackers.sums[-1] else float("nan")
        yield (attack, CHALLENGED_AT, caught), share


def best(candidates: Sequence[str], figures: Mapping[str, Figures], key: Key) -> str:
    """Return whose figure is best: the lowest for challenges of users, the highest for attackers caught."""
    sign = 1 if key[1] == CHALLENGED_AT else -1
    return min(candidates, key=lambda label: sign * float(figures[label].values[key][0]))
