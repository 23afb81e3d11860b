"""A courier of a life at random: sometimes without hands, and sometimes gone before it hands anything over."""

from random import Random
from typing import Final

from watchword.ports.store.outbox import ClaimedDelivery

HAS_ROOM: Final = 0.7
IS_THERE: Final = 0.8


class Satchel:
    """Keeps what was taken until somebody asks for it."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._taken: list[ClaimedDelivery] = []

    def has_room(self) -> bool:
        return self._random.random() < HAS_ROOM

    def take(self, claimed: ClaimedDelivery) -> None:
        self._taken.append(claimed)

    def empty(self) -> list[ClaimedDelivery]:
        """Give what is to be handed over now; what nobody is there for comes back when its lease ends."""
        taken, self._taken = self._taken, []
        return [one for one in taken if self._random.random() < IS_THERE]
