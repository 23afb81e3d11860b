"""Whom the attackers borrow from: real sign-ins, all from an address that was new for their own user."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from random import Random
from typing import Final, TypeVar

from bench.risk.happenings import DAY_MS, Agent, Happening
from watchword.domain.instant import Instant

Key = TypeVar("Key", bound=Hashable)

_NEAR_MS: Final = 12 * DAY_MS
"""Borrowed is from these days before and after: versions of another season would give an attacker away."""
_AGENT_DRAWS: Final = 60


class Donors:
    """Sign-ins of people who are not in the stream."""

    __slots__ = ("_all", "_by_country", "_by_network", "_infrastructure", "countries")

    def __init__(self, happenings: Iterable[Happening], infrastructure: Collection[int]) -> None:
        """``infrastructure`` holds the networks that are nobody's home, where that is known."""
        self._infrastructure = frozenset(infrastructure)
        lent = sorted(from_new_addresses(happenings), key=lambda one: one.at)
        if not lent:
            raise ValueError("nobody to borrow from: no sign-in is from a new address")
        self._all = _Shelf(lent)
        self._by_country = _grouped(lent, lambda one: (one.place.country, self.is_infrastructure(one)))
        self._by_network = _grouped(lent, lambda one: one.place.network)
        self.countries = sorted({one.place.country for one in lent})

    def __len__(self) -> int:
        return len(self._all.happenings)

    def is_infrastructure(self, happening: Happening) -> bool:
        """Return whether it came through hosting or a VPN."""
        return happening.place.network in self._infrastructure

    def anybody(self, now: Instant, chance: Random) -> Happening:
        """Return any of them."""
        return self._all.near(now, chance)

    def within(self, country: str, now: Instant, chance: Random, *, is_infrastructure: bool) -> Happening | None:
        """Return one from this country, through hosting or not where there is such a one; None without any."""
        groups = self._by_country
        found = groups.get((country, is_infrastructure)) or groups.get((country, not is_infrastructure))
        return None if found is None else found.near(now, chance)

    def consumer(self, country: str, now: Instant, chance: Random) -> Happening | None:
        """Return one from a home or a phone in this country; None without any."""
        found = self._by_country.get((country, False))
        return None if found is None else found.near(now, chance)

    def in_network(self, network: int, now: Instant, chance: Random) -> Happening | None:
        """Return one from this network; None without any."""
        found = self._by_network.get(network)
        return None if found is None else found.near(now, chance)

    def agent(self, now: Instant, chance: Random, fits: Callable[[Agent], bool]) -> Agent:
        """Return the agent of one of them that fits, or after many draws of any."""
        drawn = [self.anybody(now, chance).agent for _ in range(_AGENT_DRAWS)]
        return next(filter(fits, drawn), drawn[0])


class _Shelf:
    """Sign-ins in the order of time."""

    __slots__ = ("_times", "happenings")

    def __init__(self, happenings: list[Happening]) -> None:
        self.happenings = happenings
        self._times = [one.at for one in happenings]

    def near(self, now: Instant, chance: Random) -> Happening:
        """Return one from these days, or the nearest one where there is none."""
        low = bisect_left(self._times, now - _NEAR_MS)
        high = bisect_right(self._times, now + _NEAR_MS)
        if low == high:
            near = range(max(0, low - 1), min(len(self._times), low + 1))
            return self.happenings[min(near, key=lambda index: abs(self._times[index] - now))]
        return self.happenings[chance.randrange(low, high)]


def from_new_addresses(happenings: Iterable[Happening]) -> Iterator[Happening]:
    """Yield the sign-ins from an address that is new for a user who has been there before."""
    seen: defaultdict[int, set[int]] = defaultdict(set)
    for one in happenings:
        if one.is_legitimate:
            before = seen[one.user]
            if before and one.place.address not in before:
                yield one
            before.add(one.place.address)


def _grouped(happenings: Iterable[Happening], key: Callable[[Happening], Key]) -> dict[Key, _Shelf]:
    groups: defaultdict[Key, list[Happening]] = defaultdict(list)
    for one in happenings:
        groups[key(one)].append(one)
    return {value: _Shelf(group) for value, group in groups.items()}
