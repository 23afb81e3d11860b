"""The traffic of one application as one process sees it: its users' habits, and what happened of late."""

from typing import Final

from watchword.domain.ids import ChallengeId
from watchword.risk.challenge_budget import Legitimate, LegitimateTraffic
from watchword.risk.population import Population
from watchword.risk.recent import Recent
from watchword.risk.velocity import Velocity

ASKED_MOST: Final = 10_000
"""Challenges whose scores are kept until they are approved; a challenge lives for ten minutes at most."""


class Traffic:
    """What is counted while actions come and go; nothing in it names a person."""

    __slots__ = ("asked", "legitimate", "population", "velocity")

    def __init__(self) -> None:
        self.population: Final = Population()
        """Starts with what the store has, and is written back every few seconds."""
        self.legitimate: Final = LegitimateTraffic(self.population.counts)
        """The scores that a challenge budget follows; kept among the counts of the population."""
        self.velocity: Final = Velocity()
        """Never written."""
        self.asked: Final = Recent[ChallengeId, Legitimate](ASKED_MOST)
        """What an approval would make legitimate; one that has gone is read from the store."""
