"""Chooses the sign-ins whose place attackers take, and makes the attackers."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from random import Random
from typing import Final

from bench.risk.attackers import ATTACKERS, FIRST_TIME_ATTACKERS, Victim
from bench.risk.contest import SPLIT, Split
from bench.risk.donors import Donors
from bench.risk.happenings import DAY_MS, Agent, Happening, Place

LENT: Final = 0.4
"""Share of the users whom the attackers borrow from; they are not in the stream."""
FIRST_TIME: Final = 0.35 / 0.65
"""Takeovers of users without a history for each of one with: 35 % of the published ones."""


def lay_ambush(
    happenings: Sequence[Happening], donors: Donors, chance: Random, *, each: int, split: Split = SPLIT
) -> dict[int, list[Happening]]:
    """Return the attackers by the index of the sign-in they replace: ``each`` of every kind, in the test time.

    Their victims have a history, and each such sign-in is as likely as the next; more attackers come for users without
    one, as many as among the published takeovers.
    """
    first = happenings[0].at + split.test_from * DAY_MS
    victims = {index: victim for index, victim in _victims(happenings) if victim.replaced.at >= first}
    seasoned = [index for index, victim in victims.items() if victim.depth]
    fresh = [index for index, victim in victims.items() if not victim.depth]
    attacks: defaultdict[int, list[Happening]] = defaultdict(list)
    for attacker in ATTACKERS:
        chosen = chance.sample(seasoned, min(each, len(seasoned)))
        if attacker in FIRST_TIME_ATTACKERS:
            chosen += chance.sample(fresh, min(round(FIRST_TIME * each), len(fresh)))
        for index in chosen:
            attempt = attacker(victims[index], donors, chance)
            if attempt is not None:
                attacks[index].append(attempt)
    return dict(attacks)


def split_donors(
    happenings: Sequence[Happening], share: float, chance: Random, keep: Collection[int] = ()
) -> tuple[list[Happening], list[Happening]]:
    """Return the stream without some of its users, and what those did; whom to ``keep`` stays."""
    users = sorted({one.user for one in happenings} - set(keep))
    lent = set(chance.sample(users, round(share * len(users))))
    return [one for one in happenings if one.user not in lent], [one for one in happenings if one.user in lent]


def _victims(happenings: Sequence[Happening]) -> Iterator[tuple[int, Victim]]:
    """Yield the legitimate sign-ins with what could be known of their users then."""
    histories: defaultdict[int, _History] = defaultdict(_History)
    for index, happening in enumerate(happenings):
        if happening.is_legitimate:
            history = histories[happening.user]
            yield index, history.victim(happening)
            history.add(happening)


class _History:
    """What one user did so far."""

    __slots__ = ("_agents", "_devices", "_places")

    def __init__(self) -> None:
        self._places: list[Place] = []
        self._devices: Counter[int] = Counter()
        self._agents: dict[int, Agent] = {}

    def add(self, happening: Happening) -> None:
        self._places.append(happening.place)
        self._devices[happening.device] += 1
        self._agents[happening.device] = happening.agent

    def victim(self, happening: Happening) -> Victim:
        """Return what can be known; of somebody without a history, what he is about to show."""
        depth = len(self._places)
        places = self._places or [happening.place]
        device = self._devices.most_common(1)[0][0] if depth else happening.device
        return Victim(
            replaced=happening,
            depth=depth,
            country=Counter(place.country for place in places).most_common(1)[0][0],
            network=Counter(place.network for place in places).most_common(1)[0][0],
            place=places[-1],
            agent=self._agents.get(device, happening.agent),
        )
