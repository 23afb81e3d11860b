"""What happened within the last hours, asked without counting: ``watchword.risk.velocity`` for what is only imagined.

The product counts an action when it asks. An attacker who stands for a moment in the place of a real sign-in must leave
no trace, so the same numbers are made here from a list; a test holds both against each other.
"""

from collections import deque
from math import exp
from typing import Final

from bench.risk.happenings import HOUR_MS, Happening
from watchword.risk.velocity import USERS_MOST, Rates

_KEPT_MS: Final = 10 * HOUR_MS
"""What is older counts less than one in twenty thousand."""


class RecentPast:
    """The attempts of the last hours. Not for streams with a great many attempts an hour."""

    __slots__ = ("_attempts",)

    def __init__(self) -> None:
        self._attempts: deque[tuple[int, int, int, int, bool]] = deque()

    def rates(self, happening: Happening) -> Rates:
        """Return what was counted before an attempt; with a token, of the user only what had one too."""
        now, place = happening.at, happening.place
        user = address = network = 0.0
        there: dict[int, float] = {}
        for at, who, where, through, had_token in self._attempts:
            share = exp((at - now) / HOUR_MS)
            user += share * (who == happening.user and had_token >= happening.has_token)
            network += share * (through == place.network)
            if where == place.address:
                address += share
                there[who] = share
        there.pop(happening.user, None)
        return Rates(
            user=round(user, 2),
            address=round(address, 2),
            network=round(network, 2),
            contact=round(user, 2),
            users_at_address=round(sum(sorted(there.values(), reverse=True)[:USERS_MOST]), 2),
            unproven_at_address=0.0,
        )

    def count(self, happening: Happening) -> None:
        """Take note of an attempt, and forget what is too old."""
        place = happening.place
        self._attempts.append((happening.at, happening.user, place.address, place.network, happening.has_token))
        while happening.at - self._attempts[0][0] > _KEPT_MS:
            self._attempts.popleft()
