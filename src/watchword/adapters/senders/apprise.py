"""Hands messages to one of the many services that Apprise knows, and hears nothing of them afterwards.

Apprise says only whether a service took a message: there is no id of it, no report of its way, and no telling a wrong
number from a service that is away. It is for the long tail, where no sender of ours is.
"""

import asyncio
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Final, Protocol
from urllib.parse import quote

from msgspec import Meta, Struct

from watchword.adapters.senders.extra_library import needing
from watchword.adapters.senders.kind import SenderKind, SenderSurroundings
from watchword.domain.contact import Channel
from watchword.domain.errors import ConfigurationError, DeliveryFailed
from watchword.domain.message import DeliveryStatus, Envelope
from watchword.domain.secret import Secret
from watchword.ports.sender import Handover, Sender

PROVIDER: Final = "apprise"
THREADS: Final = 4
"""Messages at the same time; more wait for one of these to end."""
_TO: Final = "{to}"
_DIGITS: Final = "{digits}"
_SAMPLES: Final = ("+14155550123", "somebody@watchword.example")
_PLAIN: Final = re.compile(r"\+[0-9]{7,15}|[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+")
"""Addresses that mean themselves in every address of Apprise's, however often it is decoded: no second recipient."""


class AppriseKeys(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """A service by its address in Apprise's notation. Send-only: nothing is heard of a message that was taken."""

    url: Annotated[
        Secret,
        Meta(
            description="Apprise's address of the service, with `{to}` where the customer's address belongs, or "
            "`{digits}` for a number without `+`: such as `clicksend://user:key@{digits}`. It holds credentials, so it "
            "is a secret as a whole."
        ),
    ]
    timeout_s: Annotated[
        int, Meta(ge=1, le=25, description="How long one hand-over may take.", extra={"unit": "seconds"})
    ] = 20


class Service(Protocol):
    """What Apprise makes of an address."""

    def notify(self, *, text: str, title: str, timeout_s: float) -> bool:
        """Whether the service took it."""
        ...


class Services(Protocol):
    """Finds services; ``None`` for what is no address of one."""

    def __call__(self, url: str) -> Service | None:
        """Return the service at an address."""
        ...


class AppriseSender:
    """Keeps ``ports.sender.Sender`` for short messages and e-mail."""

    def __init__(self, keys: AppriseKeys, services: Services) -> None:
        self._keys = keys
        self._services = services
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="apprise")

    async def send(self, envelope: Envelope) -> Handover:
        """Hand a message over; why it failed is never known, so it is retryable, and a repeat may arrive twice."""
        if envelope.channel not in (Channel.SMS, Channel.EMAIL):
            raise DeliveryFailed("Apprise carries short messages and e-mail only", retryable=False)
        if not _PLAIN.fullmatch(envelope.to.reveal()):
            raise DeliveryFailed("no address that Apprise is given", retryable=False)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._keys.timeout_s + 1):
                is_taken = await loop.run_in_executor(self._threads, self._notify, envelope)
        except TimeoutError as error:
            raise DeliveryFailed("the service did not answer in time", retryable=True) from error
        if not is_taken:
            raise DeliveryFailed("the service did not take it", retryable=True)
        return Handover(provider=PROVIDER, provider_message_id=None, status=DeliveryStatus.ACCEPTED)

    async def close(self) -> None:
        """Begin nothing any more; what runs ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _notify(self, envelope: Envelope) -> bool:
        service = self._services(filled_in(self._keys.url, envelope.to.reveal()))
        if service is None:
            return False
        message = envelope.message
        return service.notify(text=message.text, title=message.subject or "", timeout_s=self._keys.timeout_s)


def filled_in(url: Secret, to: str) -> str:
    """Return the service's address for one customer."""
    return url.reveal().replace(_TO, quote(to, safe="")).replace(_DIGITS, quote(to.removeprefix("+"), safe=""))


def _make(keys: AppriseKeys, _: SenderSurroundings) -> Sender:
    with needing("apprise", "apprise"):
        # The library is an extra: only a server that has such a sender imports it.
        from watchword.adapters.senders.apprise_library import find_service  # noqa: PLC0415 only a server that needs it
    if not any(find_service(filled_in(keys.url, sample)) for sample in _SAMPLES):
        raise ConfigurationError(("url is no address that Apprise knows a service for",))
    return AppriseSender(keys, find_service)


def _problems(keys: AppriseKeys) -> Iterable[tuple[str, str]]:
    if keys.url.reveal().count(_TO) + keys.url.reveal().count(_DIGITS) != 1:
        yield "url", "has to hold {to} or {digits} once: where the customer's address belongs"


APPRISE: Final = SenderKind(
    name="apprise", channels=(Channel.SMS, Channel.EMAIL), keys=AppriseKeys, make=_make, problems=_problems
)
