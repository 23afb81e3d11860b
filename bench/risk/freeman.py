"""Baseline: the likelihood ratio of Freeman et al. (NDSS 2016) without attack data, with published weights.

Written anew from its description. Weights and edge cases are those that Wiefling et al. (TOPS 2022) published for the
RBA data set: the levels of each feature are interpolated, an unseen value gets 1 / (N + M), and a user who never showed
any level of a value gets a quarter of the global likelihood. Both features have the exponent 1.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable
from math import inf, log
from typing import Final

from bench.risk.happenings import Happening

FREEMAN: Final = "Freeman et al."
ADDRESS_WEIGHTS: Final = (0.6, 0.3, 0.1)
"""Address, network, country."""
AGENT_WEIGHTS: Final = (0.53866538, 0.26804515, 0.18818295, 0.00510652)
"""Whole agent, browser and version, system and version, device type."""
_NEVER_SHOWN: Final = 4.0


class Freeman:
    """Keeps the promise of ``Contestant``."""

    __slots__ = ("_address", "_agent", "_sign_ins", "_users")

    def __init__(self) -> None:
        self._address = _Feature(ADDRESS_WEIGHTS)
        self._agent = _Feature(AGENT_WEIGHTS)
        self._users: Counter[int] = Counter()
        self._sign_ins = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Return its name."""
        return (FREEMAN,)

    def score(self, happening: Happening) -> tuple[float, ...]:
        """Return the logarithm of the ratio. A first sign-in cannot be rated, so it is the most suspicious."""
        own = self._users[happening.user]
        if not own:
            return (inf,)
        ratio = self._address.log_ratio(happening.user, _address_levels(happening))
        ratio += self._agent.log_ratio(happening.user, _agent_levels(happening))
        return (ratio - log(len(self._users) * own / self._sign_ins),)

    def learn(self, happening: Happening) -> None:
        """Count a successful sign-in."""
        if happening.is_successful:
            self._users[happening.user] += 1
            self._sign_ins += 1
            self._address.count(happening.user, _address_levels(happening))
            self._agent.count(happening.user, _agent_levels(happening))


def _address_levels(happening: Happening) -> tuple[Hashable, ...]:
    place = happening.place
    return place.address, place.network, place.country


def _agent_levels(happening: Happening) -> tuple[Hashable, ...]:
    agent = happening.agent
    return (
        agent.text,
        (agent.browser, agent.browser_version),
        (agent.system, agent.system_version),
        agent.kind,
    )


class _Feature:
    """One feature with its levels, from the most specific to the coarsest."""

    __slots__ = ("_kept", "_own", "_own_totals", "_pairs", "_total", "_values", "_weights")

    def __init__(self, weights: tuple[float, ...]) -> None:
        self._weights = weights
        self._total = 0
        self._values: tuple[Counter[Hashable], ...] = tuple(Counter() for _ in weights)
        self._own: tuple[Counter[Hashable], ...] = tuple(Counter() for _ in weights)
        self._own_totals: Counter[int] = Counter()
        self._pairs: tuple[Counter[Hashable], ...] = tuple(Counter() for _ in weights)
        self._kept: tuple[defaultdict[Hashable, set[Hashable]], ...] = tuple(defaultdict(set) for _ in weights)

    def count(self, user: int, levels: tuple[Hashable, ...]) -> None:
        """Count one value of this user."""
        self._total += 1
        self._own_totals[user] += 1
        for level, value in enumerate(levels):
            self._values[level][value] += 1
            self._own[level][user, value] += 1
            self._pairs[level][levels[0], value] += 1
            self._kept[level][value].add(levels[0])

    def log_ratio(self, user: int, levels: tuple[Hashable, ...]) -> float:
        """Return log p(x) − log p(x | user)."""
        overall = local = 0.0
        own_total = self._own_totals[user]
        for level, weight in enumerate(self._weights):
            value = levels[level]
            given = self._within(level, levels[0], value)
            overall += weight * given * (1.0 if level == 0 else self._values[level][value] / self._total)
            own = self._own[level][user, value] / own_total
            local += weight * own * (1.0 if level == 0 else given)
        return log(overall) - log(local or overall / _NEVER_SHOWN)

    def _within(self, level: int, finest: Hashable, value: Hashable) -> float:
        """Return the smoothed likelihood of the finest value among all (level 0), or within a coarser value."""
        if level == 0:
            total, distinct, count = self._total, len(self._values[0]), self._values[0][finest]
        else:
            total = self._values[level][value]
            distinct, count = len(self._kept[level][value]), self._pairs[level][finest, value]
        unseen = distinct + 1
        return count / total * (1 - unseen / (total + unseen)) if count else 1 / (total + unseen)
