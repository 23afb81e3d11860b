"""Attackers who need a stream of their own: what they do changes what is learned, counted and seen of the next one.

The poisoner guesses four times, then signs in once a week from the same place, to make it familiar. The burst tries the
passwords of a leak on many users from a handful of addresses within half an hour.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Final

from bench.risk.contest import SPLIT, Split
from bench.risk.donors import Donors
from bench.risk.happenings import DAY_MS, Happening
from watchword.domain.instant import Instant

POISONER: Final = "poisoner"
BURST: Final = "stuffing burst"
WEEKS: Final = 8
_GUESSES: Final = 4
"""So many wrong passwords made five of six features familiar where failures were learned (published)."""
_BURSTS: Final = 6
_BURST_ATTEMPTS: Final = 400
_BURST_ADDRESSES: Final = 4
_BURST_MS: Final = 1_800_000
_BURST_RIGHT: Final = 0.05
"""Share of the passwords that fit: far more than in life, so that there is something to measure."""


def with_live_attacks(
    happenings: Sequence[Happening], donors: Donors, chance: Random, *, poisoners: int, split: Split = SPLIT
) -> list[Happening]:
    """Return the stream with poisoners and bursts in its test time."""
    start = Instant(happenings[0].at + split.test_from * DAY_MS)
    end = happenings[-1].at
    before = Counter(one.user for one in happenings if one.is_legitimate and one.at < start)
    added = list(_poisoners(before, donors, start, chance, poisoners))
    added.extend(_bursts(sorted(before), donors, start, end, chance))
    return sorted([*happenings, *added], key=lambda one: one.at)


def _poisoners(
    before: Mapping[int, int], donors: Donors, start: Instant, chance: Random, count: int
) -> Iterator[Happening]:
    seasoned = sorted(user for user, count in before.items() if count > 1)
    for user in chance.sample(seasoned, min(count, len(seasoned))):
        first = Instant(start + chance.randrange(60 * DAY_MS))
        donor = donors.anybody(first, chance)
        for guess in range(_GUESSES):
            at = Instant(first - (guess + 1) * 60_000)
            yield replace(donor, at=at, user=user, has_token=False, is_successful=False, attack=POISONER)
        for week in range(WEEKS):
            at = Instant(first + week * 7 * DAY_MS + chance.randrange(DAY_MS // 2))
            yield replace(donor, at=at, user=user, has_token=False, is_successful=True, attack=f"{POISONER} {week + 1}")


def _bursts(users: Sequence[int], donors: Donors, start: Instant, end: Instant, chance: Random) -> Iterator[Happening]:
    for _ in range(_BURSTS):
        first = Instant(start + chance.randrange(end - start - _BURST_MS))
        machines = [donors.anybody(first, chance) for _ in range(_BURST_ADDRESSES)]
        for user in chance.sample(users, min(_BURST_ATTEMPTS, len(users))):
            yield replace(
                chance.choice(machines),
                at=Instant(first + chance.randrange(_BURST_MS)),
                user=user,
                has_token=False,
                is_successful=chance.random() < _BURST_RIGHT,
                attack=BURST,
            )
