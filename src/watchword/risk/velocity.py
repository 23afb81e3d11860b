"""Velocity: how much happened of late, by user, address, network and contact.

Counts fade continuously instead of falling off the edge of a window, so nobody gains anything by waiting for the full
hour. They are kept in memory only: they say what is going on now, and after a restart an hour makes them whole again.
Of several processes each counts what the others tell it too, a few seconds later (``hearsay``). Only keyed hashes are
kept, and of each kind at most ``ENTRIES_MOST``; the ones not touched for the longest time go.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import Final

from watchword.domain.budget import Lane
from watchword.domain.instant import DAY_MS, HOUR_MS, Instant
from watchword.risk.hearsay import NOTHING, Hearsay, Kind

ENTRIES_MOST: Final = 20_000
"""Of each kind; about 3 MB a kind. A flood of addresses can push out others, which only makes those look calmer."""
ADDRESSES_MOST: Final = 5_000
"""Addresses of which the users are told apart."""
USERS_MOST: Final = 32
"""Users told apart at one address; a busier address is as busy as this one. About 20 MB for all, at the very worst."""
_DIGITS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Whom and what an action touches, as keyed hashes; None for what it does not name."""

    user: int
    address: int | None
    """The IPv4 address or the /64 of an IPv6 address."""
    network: int | None
    contacts: tuple[int, ...]
    """The user's contacts, in the form under which sends are counted."""
    lane: Lane
    """In the own lane only what came in it counts for user and contacts: strangers who keep asking for a user cannot
    trouble him on his device. In the open lane everything counts, so that leaving a token out never counts less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What was counted before an action; None for what it does not name."""

    user: float
    address: float | None
    network: float | None
    contact: float
    """Of the user's contacts the busiest one."""
    users_at_address: float | None
    """Other users."""
    unproven_at_address: float | None


class Velocity:
    """The counters of one application in one process, which is told to others by ``hearsay`` where there are any.

    Not safe for several threads; pure computation.
    """

    __slots__ = (
        "_addresses",
        "_contacts",
        "_hearsay",
        "_networks",
        "_own_contacts",
        "_own_users",
        "_unproven",
        "_users",
        "_users_at",
    )

    def __init__(self, hearsay: Hearsay | None = None) -> None:
        self._hearsay = hearsay
        self._users = _Fading(HOUR_MS)
        self._own_users = _Fading(HOUR_MS)
        self._addresses = _Fading(HOUR_MS)
        self._networks = _Fading(HOUR_MS)
        self._contacts = _Fading(HOUR_MS)
        self._own_contacts = _Fading(HOUR_MS)
        self._unproven = _Fading(DAY_MS)
        self._users_at: dict[int, _Fading] = {}

    def count(self, seen: Sighting, now: Instant) -> Rates:
        """Count an action and return what was counted before it."""
        if self._hearsay is not None:
            kind = Kind.OWN_ACTION if seen.lane is Lane.OWN else Kind.ACTION
            where = (_or_nothing(seen.address), _or_nothing(seen.network))
            self._hearsay.note(kind, now, seen.user, *where, *seen.contacts)
        return self.hear_of(seen, now)

    def hear_of(self, seen: Sighting, now: Instant) -> Rates:
        """Do the same with an action that came to another process, which has told everybody of it."""
        users_at = None if seen.address is None else self._count_user_at(seen.address, seen.user, now)
        return Rates(
            user=_counted((seen.user,), seen.lane, self._users, self._own_users, now),
            address=None if seen.address is None else self._addresses.count(seen.address, now),
            network=None if seen.network is None else self._networks.count(seen.network, now),
            contact=_counted(seen.contacts, seen.lane, self._contacts, self._own_contacts, now),
            users_at_address=users_at,
            unproven_at_address=None if seen.address is None else self._unproven.at(seen.address, now),
        )

    def asked(self, address: int | None, now: Instant) -> None:
        """Count a challenge that was started from an address and is not approved yet."""
        if address is None:
            return
        if self._hearsay is not None:
            self._hearsay.note(Kind.ASKED, now, address)
        self.hear_of_asked(address, now)

    def hear_of_asked(self, address: int, now: Instant) -> None:
        """Do the same with a challenge of another process."""
        self._unproven.count(address, now)

    def proved(self, address: int | None, asked_at: Instant, now: Instant) -> None:
        """Take back a challenge that was started at ``asked_at`` and is approved now."""
        if address is None:
            return
        if self._hearsay is not None:
            self._hearsay.note(Kind.PROVED, now, address, asked_at)
        self.hear_of_proved(address, asked_at, now)

    def hear_of_proved(self, address: int, asked_at: Instant, now: Instant) -> None:
        """Do the same with an approval that came to another process."""
        self._unproven.take_back(address, asked_at, now)

    def _count_user_at(self, address: int, user: int, now: Instant) -> float:
        """Return how many other users were there, each counted by how long ago he was seen there last."""
        users = self._users_at.pop(address, None) or _Fading(HOUR_MS, most=USERS_MOST)
        self._users_at[address] = users
        if len(self._users_at) > ADDRESSES_MOST:
            del self._users_at[next(iter(self._users_at))]
        return users.see(user, now)


def _or_nothing(value: int | None) -> int:
    return NOTHING if value is None else value


def _counted(keys: Sequence[int], lane: Lane, everybody: "_Fading", own: "_Fading", now: Instant) -> float:
    """Count keys, and return the most that a lane counts of one."""
    different = keys if len(keys) == 1 else dict.fromkeys(keys)
    in_all = [everybody.count(key, now) for key in different]
    in_lane = [own.count(key, now) for key in different] if lane is Lane.OWN else in_all
    return max(in_lane, default=0.0)


class _Fading:
    """Numbers by key that fade by the factor e in ``life_ms``, least recently touched first."""

    __slots__ = ("_entries", "_life_ms", "_most")

    def __init__(self, life_ms: int, *, most: int = ENTRIES_MOST) -> None:
        self._entries: dict[int, tuple[float, Instant]] = {}
        self._life_ms = life_ms
        self._most = most

    def at(self, key: int, now: Instant) -> float:
        """Return the number as it has faded until now."""
        entry = self._entries.get(key)
        return 0.0 if entry is None else round(self._faded(*entry, now), _DIGITS)

    def count(self, key: int, now: Instant) -> float:
        """Add one and return what there was before."""
        entry = self._entries.pop(key, None)
        before = 0.0 if entry is None else self._faded(*entry, now)
        self._put(key, before + 1.0, now)
        return round(before, _DIGITS)

    def take_back(self, key: int, counted_at: Instant, now: Instant) -> None:
        """Take back one that was counted earlier, as much as is left of it."""
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        left = self._faded(*entry, now) - self._faded(1.0, counted_at, now)
        if left > 0:
            self._put(key, left, now)

    def see(self, key: int, now: Instant) -> float:
        """Note a key as one that is here now, and return the sum over the others."""
        self._entries.pop(key, None)
        others = sum(self._faded(*entry, now) for entry in self._entries.values())
        self._put(key, 1.0, now)
        return round(others, _DIGITS)

    def _put(self, key: int, number: float, now: Instant) -> None:
        self._entries[key] = (number, now)
        if len(self._entries) > self._most:
            del self._entries[next(iter(self._entries))]

    def _faded(self, number: float, since: Instant, now: Instant) -> float:
        return number * exp((since - now) / self._life_ms) if since < now else number
