"""Hands e-mail to a mail server over SMTP (RFC 5321), one message at a time on each of a few kept connections."""

import asyncio
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final, Protocol

import aiosmtplib
from msgspec import Meta, Struct

from watchword.adapters.senders.extra_library import needing
from watchword.adapters.senders.kind import SenderKind, SenderSurroundings
from watchword.adapters.senders.mail_building import MailHead, build_mail, message_id_of
from watchword.adapters.senders.mail_refusals import read_refusal
from watchword.domain.contact import Channel, ContactKind, read_address
from watchword.domain.errors import ConfigurationError, DeliveryFailed
from watchword.domain.loopback import is_loopback
from watchword.domain.message import DeliveryStatus, Envelope
from watchword.domain.secret import Secret
from watchword.ports.clock import Clock
from watchword.ports.sender import Handover

PROVIDER: Final = "smtp"
KEPT_CONNECTIONS: Final = 4
"""Idle connections that stay open; more messages at once open more, which are closed again."""
_Domain = Annotated[str, Meta(max_length=253, pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$")]
"""A domain, or what stands before one."""


class Encryption(StrEnum):
    """How the connection to the mail server is protected; certificates are always checked."""

    STARTTLS = "starttls"
    """Begins plain and must turn to TLS before anything is said (RFC 3207)."""
    TLS = "tls"
    """TLS from the first byte (RFC 8314 §3.3)."""
    NONE = "none"
    """For a mail server on this machine only."""


class SmtpKeys(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """A mail server that takes our messages."""

    host: Annotated[str, Meta(description="Name or address of the mail server.")]
    port: Annotated[int, Meta(ge=1, le=65_535, description="TCP port: 587 for submission, 465 with `tls`.")] = 587
    security: Annotated[
        Encryption,
        Meta(
            description=(
                "`starttls` upgrades the connection or sends nothing, `tls` starts with TLS (RFC 8314), `none` is for "
                "a server on loopback."
            )
        ),
    ] = Encryption.STARTTLS
    username: Annotated[str | None, Meta(description="Name to sign in with, where the server asks for one.")] = None
    password: Annotated[Secret | None, Meta(description="Its password.")] = None
    from_address: Annotated[str, Meta(description="Address in `From`; the name beside it is the application's.")]
    reply_to: Annotated[
        str | None, Meta(description="Address in `Reply-To`; somebody should read it, though a reply never counts.")
    ] = None
    hello_name: Annotated[
        _Domain | None,
        Meta(
            description="Name to introduce ourselves by, where the server looks it up; without it, this machine's.",
        ),
    ] = None
    dkim_selector: Annotated[
        _Domain | None,
        Meta(
            description="Selector of the DKIM key, as in `selector._domainkey.example.com`; without it nothing is "
            "signed, which is right where the mail server signs.",
        ),
    ] = None
    dkim_domain: Annotated[
        _Domain | None, Meta(description="Domain that signs; without it, that of `from_address`.")
    ] = None
    dkim_key: Annotated[Secret | None, Meta(description="Private key in PEM: Ed25519, or RSA.")] = None
    timeout_s: Annotated[
        int, Meta(ge=1, le=120, description="How long one hand-over may take.", extra={"unit": "seconds"})
    ] = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where e-mail is handed in, and in whose name."""

    host: str
    port: int
    encryption: Encryption
    head: MailHead
    hello_name: str | None = None
    """How we introduce ourselves (RFC 5321 §4.1.1.1); None: the name of this machine."""
    username: str | None = None
    password: Secret | None = None
    command_timeout_s: float = 8.0
    """For connecting and for each command."""
    send_timeout_s: float = 25.0
    """For one message in all; below the 30 s lease of a delivery, so that no other worker sends it meanwhile."""


class Signer(Protocol):
    """Signs e-mail."""

    def sign(self, mail: bytes) -> bytes:
        """Return the mail with its signature before it."""
        ...


class SmtpSender:
    """Keeps ``ports.sender.Sender`` for ``Channel.EMAIL``."""

    def __init__(
        self,
        server: MailServer,
        clock: Clock,
        *,
        signer: Signer | None = None,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        self._server = server
        self._clock = clock
        self._signer = signer
        self._tls_context = tls_context
        self._idle: list[aiosmtplib.SMTP] = []

    async def send(self, envelope: Envelope) -> Handover:
        """Hand an e-mail over; raises ``DeliveryFailed``, not retryable where the server says no for good."""
        wire = await self._wire(envelope)
        try:
            async with asyncio.timeout(self._server.send_timeout_s):
                connection = await self._connection()
                await self._hand_over(connection, wire, envelope.to.reveal())
        except TimeoutError as error:
            raise DeliveryFailed("the mail server did not answer in time", retryable=True) from error
        message_id = message_id_of(envelope, self._server.head)
        return Handover(provider=PROVIDER, provider_message_id=message_id, status=DeliveryStatus.SENT)

    async def close(self) -> None:
        """Say good-bye on every idle connection."""
        idle, self._idle = self._idle, []
        for connection in idle:
            await _quit(connection)

    async def _connection(self) -> aiosmtplib.SMTP:
        """Return a connection that answers now: a kept one, else a new one."""
        while self._idle:
            connection = self._idle.pop()
            if await _is_alive(connection):
                return connection
        return await self._connect()

    async def _connect(self) -> aiosmtplib.SMTP:
        """Open a connection. Nothing that fails here is about the message, so all of it may be tried again."""
        server = self._server
        connection = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            local_hostname=server.hello_name,
            username=server.username,
            password=None if server.password is None else server.password.reveal(),
            timeout=server.command_timeout_s,
            use_tls=server.encryption is Encryption.TLS,
            start_tls=server.encryption is Encryption.STARTTLS,
            tls_context=self._tls_context,
        )
        try:
            await connection.connect()
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            detail = f"no connection to the mail server ({_kind(error)})"
            raise DeliveryFailed(detail, retryable=True, certain=True) from error
        return connection

    async def _hand_over(self, connection: aiosmtplib.SMTP, wire: bytes, to: str) -> None:
        """Send on this connection, and keep it unless its state is unknown."""
        is_healthy = False
        try:
            await connection.sendmail(self._server.head.from_address, [to], wire)
            is_healthy = True
        except (aiosmtplib.SMTPResponseException, aiosmtplib.SMTPRecipientsRefused) as error:
            is_healthy = connection.is_connected
            raise read_refusal(*_reply(error)) from error
        except (aiosmtplib.SMTPNotSupported, ValueError) as error:
            is_healthy = connection.is_connected
            raise DeliveryFailed(f"the mail server cannot take it ({_kind(error)})", retryable=False) from error
        except aiosmtplib.SMTPTimeoutError as error:
            raise DeliveryFailed(f"the mail server did not answer in time ({_kind(error)})", retryable=True) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise DeliveryFailed(f"the mail server went away ({_kind(error)})", retryable=True) from error
        finally:
            if is_healthy and len(self._idle) < KEPT_CONNECTIONS:
                self._idle.append(connection)
            else:
                connection.close()

    async def _wire(self, envelope: Envelope) -> bytes:
        """Return the e-mail as it goes over the wire, signed if we sign."""
        if envelope.channel is not Channel.EMAIL:
            raise DeliveryFailed("SMTP carries e-mail only", retryable=False)
        wire = build_mail(envelope, self._server.head, self._clock.now())
        if self._signer is None:
            return wire
        # In a thread: a signature of the kind RSA takes long enough for others to wait.
        return await asyncio.to_thread(self._signer.sign, wire)


def _make(keys: SmtpKeys, surroundings: SenderSurroundings) -> SmtpSender:
    server = MailServer(
        host=keys.host,
        port=keys.port,
        encryption=keys.security,
        head=MailHead(from_address=keys.from_address, reply_to=keys.reply_to),
        hello_name=keys.hello_name,
        username=keys.username,
        password=keys.password,
        send_timeout_s=keys.timeout_s,
    )
    return SmtpSender(server, surroundings.clock, signer=_signer(keys))


def _signer(keys: SmtpKeys) -> Signer | None:
    """Return what signs, if anything does; raises ``ConfigurationError`` without the library or with another key."""
    if keys.dkim_selector is None or keys.dkim_key is None:
        return None
    with needing("dkim", "dkim", "nacl"):
        # The library is an extra: only a server that signs imports it.
        from watchword.adapters.senders.dkim_signing import DkimSigner, UnusableKey  # noqa: PLC0415 only a server that needs it
    domain = keys.dkim_domain or keys.from_address.rpartition("@")[2]
    try:
        return DkimSigner(domain, keys.dkim_selector, keys.dkim_key)
    except UnusableKey as error:
        raise ConfigurationError((f"dkim_key {error}",)) from None


def _problems(keys: SmtpKeys) -> Iterable[tuple[str, str]]:
    if (keys.username is None) != (keys.password is None):
        yield "username", "a user name and a password go together"
    if (keys.dkim_selector is None) != (keys.dkim_key is None):
        yield "dkim_selector", "a selector and a key go together"
    if keys.dkim_domain is not None and keys.dkim_selector is None:
        yield "dkim_domain", "needs dkim_selector"
    if keys.security is Encryption.NONE and not is_loopback(keys.host):
        yield "security", f"none would send codes in the clear to {keys.host}; use starttls or tls"
    for key, address in (("from_address", keys.from_address), ("reply_to", keys.reply_to)):
        if address is not None and read_address(ContactKind.EMAIL, address) is None:
            yield key, "is not an e-mail address"


SMTP: Final = SenderKind(name="smtp", channels=(Channel.EMAIL,), keys=SmtpKeys, make=_make, problems=_problems)


async def _is_alive(connection: aiosmtplib.SMTP) -> bool:
    """Whether the server still answers here; a connection that is given up, or given up on, is closed."""
    answered = False
    try:
        await connection.noop()
        answered = True
    except (aiosmtplib.SMTPException, OSError):
        return False
    finally:
        if not answered:
            connection.close()
    return True


async def _quit(connection: aiosmtplib.SMTP) -> None:
    transport = connection.transport
    try:
        await connection.quit()
    except (aiosmtplib.SMTPException, OSError):
        connection.close()
    finally:
        # All is said; TLS alone would go on waiting for the other side's good-bye while the process ends.
        if isinstance(transport, asyncio.Transport):
            transport.abort()


def _reply(error: aiosmtplib.SMTPResponseException | aiosmtplib.SMTPRecipientsRefused) -> tuple[int, str]:
    """Return code and text of the answer; every message has exactly one recipient."""
    answer = error.recipients[0] if isinstance(error, aiosmtplib.SMTPRecipientsRefused) else error
    return answer.code, answer.message


def _kind(error: Exception) -> str:
    """Return the name of an error: its text may hold an address."""
    return type(error).__name__
