"""What happens behind the scenes of the demo, in memory only: parked parts, copied cookies, and attackers at work.

All of it is bounded and lost with the process; whatever has to last is in the ledger.
"""

from collections import OrderedDict
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

import httpx2
from starlette.requests import Request

from watchword.demo.playing.attacks_relay import RelaySession

DESKS: Final = 200
"""How many desks are remembered, the latest used; more would only cost memory."""
INBOX_TIMEOUT_S: Final = 1.0
"""The inbox is on this machine. A page that waits longer for it would be worse than a page without a phone."""

Kept = TypeVar("Kept")


class Remembered(Generic[Kept]):
    """The latest values, by desk."""

    def __init__(self) -> None:
        self._values: OrderedDict[str, Kept] = OrderedDict()

    def get(self, desk_id: str) -> Kept | None:
        """Return the value of a desk, if there is one."""
        return self._values.get(desk_id)

    def put(self, desk_id: str, value: Kept) -> None:
        """Keep the value of a desk, and forget the one that was not touched for the longest time."""
        self._values[desk_id] = value
        self._values.move_to_end(desk_id)
        while len(self._values) > DESKS:
            self._values.popitem(last=False)

    def take(self, desk_id: str) -> Kept | None:
        """Return the value of a desk and forget it."""
        return self._values.pop(desk_id, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """The customer's browser while the visitor plays somebody else."""

    visit_key: str = field(repr=False)
    device_token: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedCookie:
    """A device cookie as a thief copied it."""

    token: str = field(repr=False)
    copied_at_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """One wrong code and what the page said to it."""

    code: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Catch:
    """What a phisher or a caller has got so far."""

    session: RelaySession = field(repr=False)
    email: str = field(repr=False)
    is_in: bool = False
    """Whether the relayed code was right."""
    answer: str = ""
    """What the store or the code page said last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guessing:
    """An attacker who guesses codes."""

    session: RelaySession = field(repr=False)
    guesses: tuple[Guess, ...] = ()
    challenges: int = 1
    """How many challenges were begun."""
    end: str = ""
    """How the present challenge ended; empty while it takes codes."""


@dataclass(slots=True, kw_only=True)
class Backstage:
    """Everything that is remembered for the present process."""

    http: httpx2.AsyncClient
    """Reads the inbox."""
    parked: Remembered[Parked] = field(default_factory=Remembered)
    copies: Remembered[CopiedCookie] = field(default_factory=Remembered)
    phisher: Remembered[Catch] = field(default_factory=Remembered)
    caller: Remembered[Catch] = field(default_factory=Remembered)
    guessing: Remembered[Guessing] = field(default_factory=Remembered)
    done: Remembered[AbstractSet[str]] = field(default_factory=Remembered)
    """Steps of the tour that were seen to be done, which stay done."""
    asked_at_s: Remembered[int] = field(default_factory=Remembered)
    """When Watchword was last asked about the tour."""
    heeded_at_s: int = 0
    """When the store last asked for disputes."""

    def forget(self, desk_id: str) -> None:
        """Forget everything about a desk: another customer sits there now."""
        for remembered in (self.parked, self.copies, self.phisher, self.caller, self.guessing, self.done):
            remembered.take(desk_id)
        self.asked_at_s.take(desk_id)


def new_backstage() -> Backstage:
    """Return an empty one."""
    return Backstage(http=httpx2.AsyncClient(timeout=INBOX_TIMEOUT_S))


def backstage_of(request: Request) -> Backstage:
    """Return what is remembered for the store of a request."""
    backstage = request.app.state.backstage
    if not isinstance(backstage, Backstage):
        raise TypeError("the application was not made by create_store")
    return backstage
