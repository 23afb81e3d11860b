"""Whom the attackers borrow from: real sign-ins, all from an address that was new for their own user."""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from random import Random
from typing import TypeVar

from bench.risk.happenings import Agent, Happening

Key = TypeVar("Key", bound=Hashable)


class Donors:
    """Sign-ins of people who are not in the stream."""

    __slots__ = ("_by_country", "_by_network", "_infrastructure", "all")

    def __init__(self, happenings: Iterable[Happening], infrastructure: Collection[int]) -> None:
        """``infrastructure`` holds the networks that are nobody's home, where that is known."""
        self._infrastructure = frozenset(infrastructure)
        self.all = tuple(from_new_addresses(happenings))
        if not self.all:
            raise ValueError("nobody to borrow from: no sign-in is from a new address")
        self._by_country = _grouped(self.all, lambda one: (one.place.country, self.is_infrastructure(one)))
        self._by_network = _grouped(self.all, lambda one: one.place.network)

    def is_infrastructure(self, happening: Happening) -> bool:
        """Return whether it came through hosting or a VPN."""
        return happening.place.network in self._infrastructure

    def anybody(self, chance: Random) -> Happening:
        """Return any of them."""
        return chance.choice(self.all)

    def within(self, country: str, chance: Random, *, is_infrastructure: bool) -> Happening | None:
        """Return one from this country, through hosting or not where there is such a one; None without any."""
        groups = self._by_country
        found = groups.get((country, is_infrastructure)) or groups.get((country, not is_infrastructure))
        return chance.choice(found) if found else None

    def consumer(self, country: str, chance: Random) -> Happening | None:
        """Return one from a home or a phone in this country; None without any."""
        found = self._by_country.get((country, False))
        return chance.choice(found) if found else None

    def in_network(self, network: int, chance: Random) -> Happening | None:
        """Return one from this network; None without any."""
        found = self._by_network.get(network)
        return chance.choice(found) if found else None

    def agent(self, chance: Random, fits: Callable[[Agent], bool]) -> Agent:
        """Return the agent of one of them that fits, or after many draws of any."""
        drawn = [self.anybody(chance).agent for _ in range(60)]
        return next(filter(fits, drawn), drawn[0])


def from_new_addresses(happenings: Iterable[Happening]) -> Iterator[Happening]:
    """Yield the sign-ins from an address that is new for a user who has been there before."""
    seen: defaultdict[int, set[int]] = defaultdict(set)
    for one in happenings:
        if one.is_legitimate:
            before = seen[one.user]
            if before and one.place.address not in before:
                yield one
            before.add(one.place.address)


def _grouped(happenings: Iterable[Happening], key: Callable[[Happening], Key]) -> Mapping[Key, list[Happening]]:
    groups: defaultdict[Key, list[Happening]] = defaultdict(list)
    for one in happenings:
        groups[key(one)].append(one)
    return dict(groups)
