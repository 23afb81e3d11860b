"""The traffic of one application as one process sees it: its users' habits, and what happened of late."""

from collections import deque
from collections.abc import Iterable
from typing import Final, assert_never

from watchword.domain.budget import Lane
from watchword.domain.ids import ActionId, ChallengeId, UserKey
from watchword.domain.instant import Instant
from watchword.risk.challenge_budget import Legitimate, LegitimateTraffic
from watchword.risk.hearsay import NOTHING, Hearsay, Kind, Note
from watchword.risk.population import Population
from watchword.risk.recent import Recent
from watchword.risk.velocity import Sighting, Velocity

ASKED_MOST: Final = 10_000
"""Challenges whose scores are kept until they are approved; a challenge lives for ten minutes at most."""


class Traffic:
    """What is counted while actions come and go; nothing in it names a person."""

    __slots__ = ("asked", "hearsay", "legitimate", "population", "proven", "velocity")

    def __init__(self, hearsay: Hearsay | None = None) -> None:
        self.hearsay: Final = hearsay
        """What other processes are to be told; None where there are none."""
        self.population: Final = Population(hearsay=hearsay)
        """Starts with what the store has, and is written back every few seconds."""
        self.legitimate: Final = LegitimateTraffic(self.population.counts, hearsay)
        """The scores that a challenge budget follows; kept among the counts of the population."""
        self.velocity: Final = Velocity(hearsay)
        """Never written."""
        self.asked: Final = Recent[ChallengeId, Legitimate](ASKED_MOST)
        """What an approval would make legitimate."""
        self.proven: Final = deque[tuple[UserKey, ActionId]](maxlen=ASKED_MOST)
        """Actions that were approved here and decided elsewhere, until they are read; nobody waits for that."""

    def hear(self, notes: Iterable[Note]) -> None:
        """Count what other processes tell of, as if it had come to this one."""
        for kind, at, numbers in notes:
            self._hear_one(kind, at, numbers)

    def _hear_one(self, kind: Kind, at: Instant, numbers: tuple[int, ...]) -> None:
        match kind:
            case Kind.ACTION | Kind.OWN_ACTION:
                user, address, network, *contacts = numbers
                seen = Sighting(
                    user=user,
                    address=None if address == NOTHING else address,
                    network=None if network == NOTHING else network,
                    contacts=tuple(contacts),
                    lane=Lane.OWN if kind is Kind.OWN_ACTION else Lane.OPEN,
                )
                self.velocity.hear_of(seen, at)
            case Kind.ASKED:
                (address,) = numbers
                self.velocity.hear_of_asked(address, at)
            case Kind.PROVED:
                address, asked_at = numbers
                self.velocity.hear_of_proved(address, Instant(asked_at), at)
            case Kind.CAME | Kind.TAKEN_BACK:
                day, user, type_number = numbers
                self.legitimate.hear_of(kind, day, user, type_number)
            case Kind.TAUGHT:
                (address,) = numbers
                self.population.hear_of(address, at)
            case _:
                assert_never(kind)
