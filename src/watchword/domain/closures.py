"""What guards keep closed, as one process knows it: read from the store every second, asked without waiting."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from watchword.domain.contact import Channel
from watchword.domain.guards import Counted, Guard, Guards, Shut, prefix_shut, spending_shut
from watchword.domain.ids import ApplicationId, ContactId
from watchword.domain.instant import DAY_MS, Instant

COMPLETED_MOST: Final = 10_000
"""Completions that wait to be written; more only pile up while the store is away, and then the oldest go."""

TOLD_MOST: Final = 10_000
"""Channels, guards and countries: a few hundred for each application."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """A range of numbers that is, or was of late, closed for a channel, or a country whose cap was reached."""

    application_id: ApplicationId
    guard: Guard
    channel: Channel | None
    """None where the cap of a country shuts all channels that cost money."""
    place: str
    """A prefix such as ``+4917012``, or a country."""
    closed_at: Instant
    closed_until: Instant
    times: int
    """How often within the last days, this one included."""
    counted: Counted
    """Of a prefix, when it was closed."""
    spent: int = 0
    """Of a country: micros spent today."""
    reached: int = 0
    """Of a country: the micros at which it was closed: its cap, or what of it is not kept for proven contacts."""
    lifted: int = 0
    """Of a country: micros that releases have added to its cap of the day."""

    def shut(self, guards: Guards) -> Shut:
        """Return what is said of it."""
        if self.guard is Guard.PREFIX and self.channel is not None:
            return prefix_shut(self.channel, self.place, self.counted, self.closed_until)
        allowed = self._allowed(guards)
        return spending_shut(guards, self.place, self.closed_at // DAY_MS, reached=self.reached, allowed=allowed)

    def is_shut_for_proven(self, guards: Guards, price: int) -> bool:
        """Whether the share that is kept for proven contacts has no room for a message of this price either."""
        allowed = self._allowed(guards)
        return self.reached >= allowed or self.spent + price > allowed

    def _allowed(self, guards: Guards) -> int:
        return guards.cap(self.place) + self.lifted


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldShut:
    """What a guard in monitor mode would have refused by type or country; told once by each process."""

    application_id: ApplicationId
    channel: Channel
    guard: Guard
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A code came back from a contact."""

    application_id: ApplicationId
    channel: Channel
    contact_id: ContactId


class Closures:
    """The closures that a process knows of, and the completions that it has not written yet."""

    __slots__ = ("_by_place", "_completed", "_told", "_untold")

    def __init__(self) -> None:
        self._by_place: dict[tuple[ApplicationId, Channel | None, str], Closure] = {}
        self._completed: dict[Completion, None] = {}
        self._told: set[WouldShut] = set()
        self._untold: list[WouldShut] = []

    def replace(self, closures: Iterable[Closure]) -> tuple[Closure, ...]:
        """Take up what the store says is closed now, and return what was not known of."""
        found = {(one.application_id, one.channel, one.place): one for one in closures}
        known = self._by_place
        self._by_place = found
        return tuple(
            one for place, one in found.items() if place not in known or known[place].closed_at != one.closed_at
        )

    def of_prefix(self, application_id: ApplicationId, channel: Channel, prefix: str, now: Instant) -> Closure | None:
        """Return what keeps a range of numbers closed for a channel."""
        return self._live((application_id, channel, prefix), now)

    def of_country(self, application_id: ApplicationId, country: str, now: Instant) -> Closure | None:
        """Return what keeps a country closed."""
        return self._live((application_id, None, country), now)

    def complete(self, completion: Completion) -> None:
        """Keep a completion until it is written."""
        self._completed[completion] = None
        if len(self._completed) > COMPLETED_MOST:
            del self._completed[next(iter(self._completed))]

    def take_completed(self) -> tuple[Completion, ...]:
        """Return the completions that were not written, and forget them."""
        taken, self._completed = tuple(self._completed), {}
        return taken

    def note(self, would_shut: WouldShut) -> None:
        """Keep what would have been refused until it is told; each but once."""
        if would_shut not in self._told and len(self._told) < TOLD_MOST:
            self._told.add(would_shut)
            self._untold.append(would_shut)

    def take_untold(self) -> tuple[WouldShut, ...]:
        """Return what would have been refused and was not told yet."""
        taken, self._untold = tuple(self._untold), []
        return taken

    def _live(self, place: tuple[ApplicationId, Channel | None, str], now: Instant) -> Closure | None:
        if not self._by_place:
            return None
        found = self._by_place.get(place)
        return found if found is not None and now < found.closed_until else None
