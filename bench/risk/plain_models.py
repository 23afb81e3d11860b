"""Baselines: a Dirichlet-smoothed likelihood ratio, and two rules that products use."""

from collections import Counter, defaultdict
from collections.abc import Hashable
from math import log
from typing import Final

from bench.risk.happenings import Happening

DIRICHLET: Final = "Dirichlet β=5"
NEW_DEVICE: Final = "rule: new device"
EXACT_ADDRESS: Final = "rule: new address"
BETA: Final = 5.0
"""Weight of the population in each user's counts; the best of 5, 10, 20 and 50 in the published comparison."""


class Dirichlet:
    """Freeman's ratio over seven values, each user's counts smoothed towards the population's.

    A value that is new to a user of n sign-ins costs log((n + β) / β), whatever it is.
    """

    __slots__ = ("_own", "_own_totals", "_total", "_values")

    def __init__(self) -> None:
        self._values: Counter[tuple[int, Hashable]] = Counter()
        self._own: Counter[tuple[int, int, Hashable]] = Counter()
        self._own_totals: Counter[int] = Counter()
        self._total = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Return its name."""
        return (DIRICHLET,)

    def score(self, happening: Happening) -> tuple[float, ...]:
        """Return the sum of the seven log-ratios."""
        own_total = self._own_totals[happening.user]
        score = 0.0
        for level, value in enumerate(seven(happening)):
            overall = (self._values[level, value] + 1) / (self._total + 2)
            own = (self._own[happening.user, level, value] + BETA * overall) / (own_total + BETA)
            score += log(overall) - log(own)
        return (score,)

    def learn(self, happening: Happening) -> None:
        """Count a successful sign-in."""
        if happening.is_successful:
            self._total += 1
            self._own_totals[happening.user] += 1
            for level, value in enumerate(seven(happening)):
                self._values[level, value] += 1
                self._own[happening.user, level, value] += 1


def seven(happening: Happening) -> tuple[Hashable, ...]:
    """Return the values that the model looks at."""
    place, agent = happening.place, happening.agent
    return (
        place.country,
        place.network,
        place.address,
        agent.kind,
        (agent.system, agent.system_version),
        (agent.browser, agent.browser_version),
        agent.text,
    )


class NewDevice:
    """The rule "the device is new": no token, and an agent that this user has not shown."""

    __slots__ = ("_agents",)

    def __init__(self) -> None:
        self._agents: defaultdict[int, set[str]] = defaultdict(set)

    @property
    def names(self) -> tuple[str, ...]:
        """Return its name."""
        return (NEW_DEVICE,)

    def score(self, happening: Happening) -> tuple[float, ...]:
        """Return 1 for a new device, else 0."""
        is_new = not happening.has_token and happening.agent.text not in self._agents[happening.user]
        return (float(is_new),)

    def learn(self, happening: Happening) -> None:
        """Take note of the agent of a successful sign-in."""
        if happening.is_successful:
            self._agents[happening.user].add(happening.agent.text)


class ExactAddress:
    """The rule "the address is new"."""

    __slots__ = ("_addresses",)

    def __init__(self) -> None:
        self._addresses: defaultdict[int, set[int]] = defaultdict(set)

    @property
    def names(self) -> tuple[str, ...]:
        """Return its name."""
        return (EXACT_ADDRESS,)

    def score(self, happening: Happening) -> tuple[float, ...]:
        """Return 1 for an address that this user has not shown, else 0."""
        return (float(happening.place.address not in self._addresses[happening.user]),)

    def learn(self, happening: Happening) -> None:
        """Take note of the address of a successful sign-in."""
        if happening.is_successful:
            self._addresses[happening.user].add(happening.place.address)
