"""Chooses the sign-ins whose place attackers take, and makes the attackers."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from random import Random

from bench.risk.attackers import ATTACKERS, Attacker, Victim
from bench.risk.contest import TEST_FROM_DAY
from bench.risk.donors import Donors
from bench.risk.happenings import DAY_MS, Agent, Happening, Place


def lay_ambush(
    happenings: Sequence[Happening],
    donors: Donors,
    chance: Random,
    *,
    each: int,
    attackers: Sequence[Attacker] = ATTACKERS,
) -> dict[int, list[Happening]]:
    """Return the attackers by the index of the sign-in they replace: ``each`` of every kind, in the test time.

    Only users with a history are victims, each sign-in of the test time as likely as the next.
    """
    first = happenings[0].at + TEST_FROM_DAY * DAY_MS
    victims = {index: victim for index, victim in _victims(happenings) if victim.replaced.at >= first}
    indices = list(victims)
    attacks: defaultdict[int, list[Happening]] = defaultdict(list)
    for attacker in attackers:
        for index in chance.sample(indices, min(each, len(indices))):
            attempt = attacker(victims[index], donors, chance)
            if attempt is not None:
                attacks[index].append(attempt)
    return dict(attacks)


def split_donors(
    happenings: Sequence[Happening], share: float, chance: Random
) -> tuple[list[Happening], list[Happening]]:
    """Return the stream without some of its users, and what those did."""
    users = sorted({one.user for one in happenings})
    lent = set(chance.sample(users, round(share * len(users))))
    return [one for one in happenings if one.user not in lent], [one for one in happenings if one.user in lent]


def _victims(happenings: Sequence[Happening]) -> Iterator[tuple[int, Victim]]:
    """Yield the legitimate sign-ins of users with a history, with what could be known of them then."""
    histories: defaultdict[int, _History] = defaultdict(_History)
    for index, happening in enumerate(happenings):
        if happening.is_legitimate:
            history = histories[happening.user]
            if history.places:
                yield index, history.victim(happening)
            history.add(happening)


class _History:
    """What one user did so far."""

    __slots__ = ("_agents", "_devices", "places")

    def __init__(self) -> None:
        self.places: list[Place] = []
        self._devices: Counter[int] = Counter()
        self._agents: dict[int, Agent] = {}

    def add(self, happening: Happening) -> None:
        self.places.append(happening.place)
        self._devices[happening.device] += 1
        self._agents[happening.device] = happening.agent

    def victim(self, happening: Happening) -> Victim:
        device, _ = self._devices.most_common(1)[0]
        return Victim(
            replaced=happening,
            country=Counter(place.country for place in self.places).most_common(1)[0][0],
            network=Counter(place.network for place in self.places).most_common(1)[0][0],
            place=self.places[-1],
            agent=self._agents[device],
        )
