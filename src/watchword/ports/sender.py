"""How a message leaves, and what is heard of it afterwards."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from watchword.domain.ids import DeliveryId
from watchword.domain.message import DeliveryStatus, Envelope, RenderedMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """A provider took the message."""

    provider: str
    provider_message_id: str | None
    status: DeliveryStatus
    """``accepted``, ``sent`` or ``delivered``: what the provider's word amounts to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a provider reports of a message that it took; it says nothing about the customer (I1 does not know it)."""

    delivery_id: DeliveryId | None
    """Ours, where the provider gives it back; else the provider's id says which message is meant."""
    provider_message_id: str | None
    status: DeliveryStatus
    reason: str | None
    """The provider's own code and word, at most 120 printable characters: no address, no text of the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCall:
    """A request of a provider to us, as it came."""

    method: str
    url: str
    """The public address that the provider was given, with the query it sent."""
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes


class Sender(Protocol):
    """One way out for one or more channels."""

    async def send(self, envelope: Envelope) -> Handover:
        """Hand the message over.

        Raises ``DeliveryFailed``; a repeat of the same delivery id may reach the customer twice, so that id is the
        provider's idempotency key where it knows one.
        """
        ...


class Places(Protocol):
    """Room to hand messages over: a sender that hangs takes its own places and nobody else's."""

    def has(self, sender: str) -> bool:
        """Whether a message could be handed to this sender without waiting."""
        ...

    async def take(self, sender: str, wait_s: float) -> bool:
        """Take a place with this sender, and wait so long for one. Return whether there was one.

        Whoever got a place gives it back with ``leave``. Where too many wait already, nobody waits.
        """
        ...

    def leave(self, sender: str) -> None:
        """Give a place back."""
        ...


@runtime_checkable
class ReceiptReader(Protocol):
    """What a sender is besides, whose provider calls us back."""

    async def read(self, call: ProviderCall) -> Sequence[Receipt]:
        """Return what the call reports, which may be nothing; raises ``ReceiptRefused`` unless it is the provider's."""
        ...


@runtime_checkable
class Reporting(Protocol):
    """What a sender is besides, whose provider reports on every message, if all is well."""

    @property
    def receipt_within_s(self) -> int | None:
        """After how long without a receipt a message goes to the next sender; None: silence says nothing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenWords:
    """What is said in a call, as it stands at this moment."""

    message: RenderedMessage
    """Its ``prompt`` is said before the key press, its ``text`` after it."""
    locale: str
    """The language of the words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a provider's call is answered with."""

    media_type: str
    body: bytes


AskWords = Callable[[], Awaitable[SpokenWords | None]]
"""Returns what may be said now; None once the code is no longer the live one of a pending challenge."""


@runtime_checkable
class Speaker(Protocol):
    """What a sender is besides, whose provider asks in the middle of a call what to say.

    The provider is given ``speak_url(envelope.callback_url)`` (``/callbacks/{sender}/speak?delivery=…``) by ``send``
    and calls it once at the start, and again with the key that was pressed.
    """

    async def speak(self, call: ProviderCall, ask_words: AskWords) -> Document:
        """Return the provider's document for this moment of the call.

        Raises ``ReceiptRefused`` unless the call is the provider's; asks for the words only once that is known. Without
        a key press the document holds no code. Where there are no words, it says good-bye.
        """
        ...


def speak_url(callback_url: str) -> str:
    """Return where a provider asks what to say, from where it reports."""
    head, query, rest = callback_url.partition("?")
    return f"{head}/speak{query}{rest}"


Hearing = Callable[[Receipt], Awaitable[None]]
"""Where a sender leaves receipts that reach it otherwise than by a call to us (SMPP): given to it when it is made."""
