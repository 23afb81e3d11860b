"""Looks for fingerprints: whether a classifier can tell simulated attackers from users by anything but their kind.

Compared are attackers and real sign-ins from a new address, matched by country and by whether they came through
hosting: both belong to the kind of the attacker. Nothing that depends on the victim's own history is looked at: to
differ there is what an attacker does. The target is an area under the curve of at most .55.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.risk.attackers import (
    BORROWED,
    INSIDER,
    NAIVE,
    RESIDENTIAL,
    STOLEN_TOKEN,
    TAKEOVER,
    TAKEOVER_ABROAD,
    TARGETED,
    VPN,
)
from bench.risk.boosting import out_of_sample_scores
from bench.risk.contest import SPLIT, Attacks, Split
from bench.risk.donors import Donors
from bench.risk.happenings import DAY_MS, HOUR_MS, Happening
from bench.risk.measures import area_under_curve

TARGET: Final = 0.55
FEWEST: Final = 150
"""With fewer attackers that differ from each other nothing can be said."""
_FOLDS: Final = 5
_SEED: Final = 7

_Value = Callable[[Happening], Hashable]
_VALUES: Final[Mapping[str, tuple[_Value, ...]]] = {
    "address": (lambda one: one.place.address,),
    "network": (lambda one: one.place.network, lambda one: (one.place.network, one.place.country)),
    "agent": (
        lambda one: one.agent.text,
        lambda one: (one.agent.browser, one.agent.browser_version),
        lambda one: (one.agent.system, one.agent.system_version),
        lambda one: one.agent.kind,
    ),
    "coherence": (
        lambda one: (one.agent.system, one.agent.browser),
        lambda one: (one.agent.system_version, one.agent.browser_version),
        lambda one: (one.place.network, one.agent.kind),
        lambda one: (one.place.network, one.agent.system),
    ),
}
"""What is counted: by how many other users a value was shown before."""
GROUPS: Final = ("time", *_VALUES)
ITS_KIND: Final[Mapping[str, frozenset[str]]] = {
    NAIVE: frozenset(),
    VPN: frozenset(),
    BORROWED: frozenset(),
    TAKEOVER: frozenset({"network", "agent", "coherence"}),
    TAKEOVER_ABROAD: frozenset({"agent", "coherence"}),
    RESIDENTIAL: frozenset({"agent", "coherence"}),
    TARGETED: frozenset({"network", "agent", "coherence"}),
    STOLEN_TOKEN: frozenset({"agent", "coherence"}),
    INSIDER: frozenset({"address", "network", "coherence"}),
}
"""Groups in which an attacker differs because that is his kind: he copies the victim, or has the published browsers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Attackers of one kind beside real sign-ins that match them, by one group of features."""

    features: NDArray[np.float64]
    is_attacker: NDArray[np.bool_]


Samples = Mapping[tuple[str, str], Sample]
"""By attacker and group."""


def draw_samples(
    happenings: Sequence[Happening], attacks: Attacks, donors: Donors, chance: Random, split: Split = SPLIT
) -> Samples:
    """Return what one stream has to compare."""
    described = list(_described(happenings, attacks, split))
    real_new = [one for one in described if not one.attempt.attack and one.is_new_address]
    real_all = [one for one in described if not one.attempt.attack]
    samples: dict[tuple[str, str], Sample] = {}
    for attack, exempt in ITS_KIND.items():
        mine = _distinct(one for one in described if one.attempt.attack == attack)
        pairs = {"time": (mine, chance.sample(real_all, min(len(mine), len(real_all))))}
        pairs |= dict.fromkeys(_VALUES, _matched(mine, real_new, donors, chance))
        for group, (attackers, real) in pairs.items():
            if group not in exempt and attackers:
                samples[attack, group] = _sample(attackers, real, group)
    return samples


def pooled(parts: Sequence[Samples]) -> Samples:
    """Return the samples of several streams as one."""
    keys = sorted({key for part in parts for key in part})
    return {
        key: Sample(
            features=np.concatenate([part[key].features for part in parts if key in part]),
            is_attacker=np.concatenate([part[key].is_attacker for part in parts if key in part]),
        )
        for key in keys
    }


def told_apart(sample: Sample) -> float:
    """Return the area under the curve of the classifier on rows that it did not learn; not a number for too few."""
    if min(sample.is_attacker.sum(), (~sample.is_attacker).sum()) < FEWEST:
        return float("nan")
    scores = out_of_sample_scores(sample.features, sample.is_attacker, folds=_FOLDS, seed=_SEED)
    return area_under_curve(scores[~sample.is_attacker], scores[sample.is_attacker])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Described:
    """An attempt with its features by group."""

    attempt: Happening
    is_new_address: bool
    features: Mapping[str, tuple[float, ...]]


def _described(happenings: Sequence[Happening], attacks: Attacks, split: Split) -> Iterator[_Described]:
    shown: defaultdict[tuple[str, int, Hashable], set[int]] = defaultdict(set)
    own: defaultdict[int, set[int]] = defaultdict(set)
    first = happenings[0].at + split.test_from * DAY_MS
    for index, happening in enumerate(happenings):
        if not happening.is_legitimate:
            continue
        before = own[happening.user]
        if happening.at >= first and before:
            for attempt in (happening, *attacks.get(index, ())):
                yield _Described(
                    attempt=attempt,
                    is_new_address=attempt.place.address not in before,
                    features=_features(attempt, shown),
                )
        before.add(happening.place.address)
        for group, values in _VALUES.items():
            for number, value in enumerate(values):
                shown[group, number, value(happening)].add(happening.user)


def _features(attempt: Happening, shown: Mapping[tuple[str, int, Hashable], set[int]]) -> dict[str, tuple[float, ...]]:
    hour = attempt.at // HOUR_MS
    features: dict[str, tuple[float, ...]] = {"time": (hour % 24, hour // 24 % 7, attempt.at / DAY_MS)}
    for group, values in _VALUES.items():
        features[group] = tuple(
            float(_others(shown.get((group, number, value(attempt)), set()), attempt.user))
            for number, value in enumerate(values)
        )
    place = attempt.place
    features["network"] += (place.is_hosting, place.is_vpn, place.is_tor, place.is_listed)
    return features


def _others(users: set[int], user: int) -> int:
    return len(users) - (user in users)


def _distinct(described: Iterator[_Described]) -> list[_Described]:
    """Return one attempt for each donor: the same one twice would be recognised and not told apart."""
    kept: dict[tuple[int, str], _Described] = {}
    for one in described:
        kept.setdefault((one.attempt.place.address, one.attempt.agent.text), one)
    return list(kept.values())


def _matched(
    attackers: Sequence[_Described], real: Sequence[_Described], donors: Donors, chance: Random
) -> tuple[list[_Described], list[_Described]]:
    """Return as many of both from each country, through hosting or not."""
    groups: defaultdict[tuple[str, bool], tuple[list[_Described], list[_Described]]] = defaultdict(lambda: ([], []))
    for side, members in enumerate((attackers, real)):
        for one in members:
            groups[one.attempt.place.country, donors.is_infrastructure(one.attempt)][side].append(one)
    chosen: tuple[list[_Described], list[_Described]] = ([], [])
    for both in groups.values():
        count = min(map(len, both))
        for side, members in enumerate(both):
            chosen[side].extend(chance.sample(members, count))
    return chosen


def _sample(attackers: Sequence[_Described], real: Sequence[_Described], group: str) -> Sample:
    rows = [one.features[group] for one in (*attackers, *real)]
    is_attacker = np.arange(len(rows)) < len(attackers)
    return Sample(features=np.array(rows, dtype=np.float64), is_attacker=is_attacker)
