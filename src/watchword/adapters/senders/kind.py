"""What a kind of sender is: the keys of its table in ``watchword.toml``, its channels, and how one is made of them.

The file of a provider holds all of it, so a further provider touches that file and the registry beside this one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Final, Generic, Protocol, TypeVar, runtime_checkable

from msgspec import Meta, Struct

from watchword.domain.contact import Channel
from watchword.ports.clock import Clock, Entropy
from watchword.ports.sender import Hearing, Sender

Keys = TypeVar("Keys", bound=Struct)
ReceiptWithin = Annotated[
    int,
    Meta(
        ge=0,
        le=300,
        description=(
            "How long the provider has to report a message as delivered before the next sender of the route is asked; "
            "0 waits for no report."
        ),
        extra={"unit": "seconds"},
    ),
]
"""The type of a key ``receipt_within_s``, for kinds whose provider reports (``ports.sender.Reporting``)."""
RECEIPT_WITHIN_S: Final = 45
"""Our default for it: most networks report within seconds, and a customer gives up within a minute or two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderSurroundings:
    """What a sender is given when it is made, besides its settings; it belongs to the event loop that is running."""

    name: str
    """Of its table: under this name the provider calls back at ``/callbacks/{name}``."""
    clock: Clock
    entropy: Entropy
    hearing: Hearing
    """Where receipts go that come otherwise than by a call to us."""


def _no_problems(_: Struct) -> Iterable[tuple[str, str]]:
    return ()


def _no_reason(_: Struct, __: Channel) -> str | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderKind(Generic[Keys]):
    """One kind of sender, as ``kind = "…"`` names it."""

    name: str
    channels: tuple[Channel, ...]
    """Those that such a sender can take, if its settings do not say otherwise."""
    keys: type[Keys]
    """Keys of the table besides ``kind`` and ``test_sender``; its docstring is the kind's meaning in the reference.

    A key of the type ``Secret`` is refused in the file: it comes from the environment, or from the file that the same
    key with ``_file`` behind it names. Every key has a description (``msgspec.Meta``), and a number its range.
    """
    make: Callable[[Keys, SenderSurroundings], Sender]
    """Returns the sender; raises ``ConfigurationError`` where a library is missing, and connects to nobody yet.

    A sender that is a ``ReceiptReader`` too is given what its provider calls us for; one that has ``listen``
    (``Listening``) is told when a process begins to deliver, and one that has ``close`` (``Closing``) when it stops.
    """
    problems: Callable[[Keys], Iterable[tuple[str, str]]] = _no_problems
    """Returns what is wrong with keys that are each of the right shape: the key, and a sentence."""
    why_not: Callable[[Keys, Channel], str | None] = _no_reason
    """Returns what a sender with these settings lacks to take one of ``channels``, such as "needs whatsapp_from"."""


@runtime_checkable
class Listening(Protocol):
    """What a sender is besides, that hears of its messages over a connection of its own."""

    async def listen(self) -> None:
        """Begin to keep that connection, and return at once; nothing happens if it is kept already."""
        ...


@runtime_checkable
class Closing(Protocol):
    """What a sender is besides, that holds connections."""

    async def close(self) -> None:
        """Give back what it holds; nothing is sent afterwards."""
        ...
