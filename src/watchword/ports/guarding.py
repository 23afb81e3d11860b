"""The promise of what is counted against burnt money: each operation one transaction, outside every user's own rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from watchword.domain.closures import Closure, Closures, Completion
from watchword.domain.guards import Destination, Guard, Shut, Toll
from watchword.domain.ids import ApplicationId, ContactId
from watchword.risk.recent import Recent

DESTINATIONS_MOST: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What messages to one country have cost an application today (UTC)."""

    country: str
    spent: int
    """Micros."""
    lifted: int
    """Micros that were added to the cap of the day by a release."""
    messages: int
    refused: int
    """Messages that the cap, or a closed range of numbers, stopped at their hand-over, or would have."""


class GuardStore(Protocol):
    """Where guards count."""

    async def admit(self, toll: Toll) -> Shut | None:
        """Charge a message about to be handed over and count its contact, or return what shuts it and charge nothing.

        The money is taken before the provider has the message, once for each try: whatever happens afterwards, no
        more is spent than was charged (I16). The same try asked for again is let through again and costs nothing more.
        A range of numbers is closed here, with an event; so is a country whose cap this message would exceed. Of that
        cap a share is kept for contacts that were proven before today, and told of for itself where it is used up. In
        monitor mode both are noted with their events, and the message is let through.

        Tolls of one application and country are taken one after the other. Raises ``StorageUnavailable``, and then
        nothing may be handed over.
        """
        ...

    async def take_back(self, toll: Toll) -> None:
        """Give back what a try was charged, and count its contact no more: no provider has taken the message."""
        ...

    async def complete(self, completed: Sequence[Completion]) -> None:
        """Note that codes came back from contacts that were counted; others are passed over."""
        ...

    async def closed(self) -> Sequence[Closure]:
        """Return what is closed now, of every application."""
        ...

    async def closures(self, application_id: ApplicationId) -> Sequence[Closure]:
        """Return what is closed now and what was within the last days, the newest first."""
        ...

    async def spent(self, application_id: ApplicationId) -> Sequence[Spent]:
        """Return what was spent today, the dearest country first."""
        ...

    async def release(self, application_id: ApplicationId, guard: Guard, place: str, *, reason: str, cap: int) -> int:
        """Open what a guard keeps closed, and return how many closures that were, each with one event.

        A range of numbers is counted anew from now on, on every channel. A country whose cap is reached may cost
        ``cap`` micros more today.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarding:
    """Where guards count, and what this process knows of it."""

    store: GuardStore
    closures: Closures = field(default_factory=Closures)
    destinations: Recent[ContactId, Destination] = field(default_factory=lambda: Recent(DESTINATIONS_MOST))
    """Of phones that were looked at of late; the address of a contact never changes."""
