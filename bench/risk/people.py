"""The users of the made-up traffic: where they are, what they use, and how often they come."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, pairwise
from math import exp, log
from random import Random
from typing import Final

from bench.risk.agents import KINDS, AgentRules, Machine, draw_machine
from bench.risk.chances import Draw
from bench.risk.happenings import DAY_MS, Place
from bench.risk.places import Geography, Network
from watchword.domain.instant import Instant

_SIGN_INS: Final = ((0.0, 1.0), (0.397, 1.0), (0.555, 2.0), (0.755, 4.0), (0.912, 9.0), (0.9905, 28.0), (1.0, 150.0))
"""Share of users with at most so many sign-ins: §2.2, between them even in the logarithm."""

_LEASE_DAYS: Final = 85.0
"""Mean time that a home connection keeps its address."""
_MOVES_DAYS: Final = 1_100.0
"""Mean time until somebody has another provider at home."""
_REPLACES_DAYS: Final = 800.0
"""Mean time until a device is replaced."""
_VPN_USERS: Final = 0.06
_VPN_USE: Final = 0.30
_WORKS: Final = 0.30
_SAME_CARRIER: Final = 0.60
"""The phone is with the company that the home is with."""
_ELSEWHERE: Final = 0.036
_TRAVEL: Final = 0.003
_TOKEN_LOST: Final = 0.12
"""Cookies are cleared and private windows used (§5.6)."""
_KNOWN_DAYS: Final = 180
_MACHINES_MOST: Final = 1_000
"""More than anybody has devices; keeps their numbers apart."""


@dataclass(slots=True, kw_only=True)
class Person:
    """One user, with what changes from one sign-in to the next."""

    number: int
    numbers: Iterator[int]
    """Numbers for his next devices."""
    country: str
    home: Network
    carrier: Network
    work: Network | None
    provider: int | None
    """Which VPN he uses; None for most."""
    on_the_move: float
    """Share of his sign-ins over the carrier."""
    machines: list[Machine]
    machine_weights: list[float]
    address: Place
    """His address at home, until the lease ends."""
    work_address: Place | None
    seen_at: Instant | None = None
    token_at: dict[int, Instant] = field(default_factory=dict)
    """When each of his devices last signed in."""

    def place(self, now: Instant, geography: Geography, chance: Random) -> Place:
        """Return where he is this time."""
        days = 0.0 if self.seen_at is None else (now - self.seen_at) / DAY_MS
        self.seen_at = now
        self._renew(days, geography, chance)
        if self.provider is not None and chance.random() < _VPN_USE:
            return self._through_vpn(self.provider, geography, chance)
        if chance.random() < _TRAVEL:
            return geography.networks[geography.elsewhere(self.country, chance)].one(chance).fresh(chance)
        if chance.random() < _ELSEWHERE:
            return geography.networks[self.country].one(chance).fresh(chance)
        return self._usual(chance)

    def _renew(self, days: float, geography: Geography, chance: Random) -> None:
        if chance.random() > exp(-days / _MOVES_DAYS):
            self.home = geography.networks[self.country].one(chance)
            self.address = self.home.fresh(chance)
        elif chance.random() > exp(-days / _LEASE_DAYS):
            self.address = self.home.fresh(chance)

    def _through_vpn(self, provider: int, geography: Geography, chance: Random) -> Place:
        exits = geography.providers[provider]
        country = self.country if self.country in exits and chance.random() < 0.65 else geography.exits.one(chance)
        return exits[country].shared(chance)

    def _usual(self, chance: Random) -> Place:
        if chance.random() < self.on_the_move:
            return self.carrier.shared(chance)
        if self.work_address is not None and chance.random() < 0.25:
            return self.work_address
        return self.address

    def machine(self, now: Instant, rules: AgentRules, chance: Random) -> Machine:
        """Return the device he takes this time, a new one if he has replaced it."""
        index = chance.choices(range(len(self.machines)), self.machine_weights)[0]
        machine = self.machines[index]
        days = 0.0 if machine.seen_at is None else (now - machine.seen_at) / DAY_MS
        if chance.random() > exp(-days / _REPLACES_DAYS):
            self.machines[index] = machine = draw_machine(next(self.numbers), machine.kind, rules, now, chance)
        return machine

    def has_token(self, machine: Machine, now: Instant, chance: Random) -> bool:
        """Return whether the device still has its token, and let it have a new one."""
        given = self.token_at.get(machine.number)
        self.token_at[machine.number] = now
        return given is not None and now - given < _KNOWN_DAYS * DAY_MS and chance.random() >= _TOKEN_LOST


def sign_in_count(chance: Random) -> int:
    """Return how often a user signs in within the whole time."""
    share = chance.random()
    for (low, few), (high, many) in pairwise(_SIGN_INS):
        if share <= high:
            return max(1, -int(-exp(log(few) + (share - low) / (high - low) * (log(many) - log(few))) // 1))
    return 1


def draw_person(
    number: int, country: str, geography: Geography, rules: AgentRules, now: Instant, chance: Random
) -> Person:
    """Return a user who signs in for the first time."""
    networks = geography.networks[country]
    home = networks.one(chance)
    work = networks.one(chance) if chance.random() < _WORKS else None
    kinds = _kinds(chance)
    numbers = count(number * _MACHINES_MOST)
    return Person(
        number=number,
        numbers=numbers,
        country=country,
        home=home,
        carrier=home if chance.random() < _SAME_CARRIER else networks.one(chance),
        work=work,
        provider=chance.randrange(len(geography.providers)) if chance.random() < _VPN_USERS else None,
        on_the_move=chance.betavariate(0.4, 1.3),
        machines=[draw_machine(next(numbers), kind, rules, now, chance) for kind in kinds],
        machine_weights=[(0.72, 0.25, 0.03)[index] for index in range(len(kinds))],
        address=home.fresh(chance),
        work_address=None if work is None else work.office(chance),
    )


def _kinds(chance: Random) -> list[str]:
    first = _KIND_DRAW.one(chance)
    if chance.random() < 0.45:
        return [first]
    return [first, "desktop" if first == "mobile" else "mobile"]


_KIND_DRAW: Final = Draw.of(KINDS)
