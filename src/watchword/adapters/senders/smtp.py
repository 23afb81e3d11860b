"""Hands e-mail to a mail server over SMTP (RFC 5321), one message at a time on each of a few kept connections."""

import asyncio
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE_FORMAT
from enum import StrEnum
from typing import Annotated, Final

import aiosmtplib
from msgspec import Meta, Struct

from watchword.adapters.senders.kind import SenderKind, SenderSurroundings
from watchword.domain.contact import Channel, ContactKind, read_address
from watchword.domain.errors import DeliveryFailed
from watchword.domain.instant import SECOND_MS
from watchword.domain.loopback import is_loopback
from watchword.domain.message import DeliveryStatus, Envelope, plain_line
from watchword.domain.secret import Secret
from watchword.ports.clock import Clock
from watchword.ports.sender import Handover

PROVIDER: Final = "smtp"
KEPT_CONNECTIONS: Final = 4
"""Idle connections that stay open; more messages at once open more, which are closed again."""
BRAND_AT_MOST: Final = 60
"""Characters of the name in ``From``."""
_PERMANENT: Final = range(500, 600)
"""RFC 5321 §4.2.1: the same command will fail again. 4yz is a temporary failure."""


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
    timeout_s: Annotated[
        int, Meta(ge=1, le=120, description="How long one hand-over may take.", extra={"unit": "seconds"})
    ] = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where e-mail is handed in, and in whose name."""

    host: str
    port: int
    encryption: Encryption
    from_address: str
    reply_to: str | None = None
    username: str | None = None
    password: Secret | None = None
    command_timeout_s: float = 8.0
    """For connecting and for each command."""
    send_timeout_s: float = 25.0
    """For one message in all; below the 30 s lease of a delivery, so that no other worker sends it meanwhile."""


class SmtpSender:
    """Keeps ``ports.sender.Sender`` for ``Channel.EMAIL``."""

    def __init__(self, server: MailServer, clock: Clock, *, tls_context: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._clock = clock
        self._tls_context = tls_context
        self._idle: list[aiosmtplib.SMTP] = []

    async def send(self, envelope: Envelope) -> Handover:
        """Hand an e-mail over; raises ``DeliveryFailed``, not retryable where the server says no for good."""
        mail = self._mail(envelope)
        try:
            async with asyncio.timeout(self._server.send_timeout_s):
                connection = await self._connection()
                await self._hand_over(connection, mail, envelope.to.reveal())
        except TimeoutError as error:
            raise DeliveryFailed("the mail server did not answer in time", retryable=True) from error
        return Handover(provider=PROVIDER, provider_message_id=mail["Message-ID"], status=DeliveryStatus.SENT)

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
            raise DeliveryFailed(f"no connection to the mail server ({_kind(error)})", retryable=True) from error
        return connection

    async def _hand_over(self, connection: aiosmtplib.SMTP, mail: EmailMessage, to: str) -> None:
        """Send on this connection, and keep it unless its state is unknown."""
        is_healthy = False
        try:
            await connection.send_message(mail, sender=self._server.from_address, recipients=[to])
            is_healthy = True
        except (aiosmtplib.SMTPResponseException, aiosmtplib.SMTPRecipientsRefused) as error:
            is_healthy = connection.is_connected
            code = _reply_code(error)
            detail = f"the mail server answered {code} ({_kind(error)})"
            raise DeliveryFailed(detail, retryable=code not in _PERMANENT) from error
        except (aiosmtplib.SMTPNotSupported, ValueError) as error:
            is_healthy = connection.is_connected
            raise DeliveryFailed(f"the mail server cannot take it ({_kind(error)})", retryable=False) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise DeliveryFailed(f"the mail server went away ({_kind(error)})", retryable=True) from error
        finally:
            if is_healthy and len(self._idle) < KEPT_CONNECTIONS:
                self._idle.append(connection)
            else:
                connection.close()

    def _mail(self, envelope: Envelope) -> EmailMessage:
        """Return the e-mail as it goes over the wire; nothing in it can add a header."""
        if envelope.channel is not Channel.EMAIL:
            raise DeliveryFailed("SMTP carries e-mail only", retryable=False)
        mail = EmailMessage(policy=WIRE_FORMAT)
        try:
            self._head(mail, envelope)
        except (ValueError, IndexError, HeaderParseError) as error:
            # The address itself would stand in the message of the error, so it is not passed on.
            raise DeliveryFailed(f"not an address or a subject for e-mail ({_kind(error)})", retryable=False) from None
        mail.set_content(envelope.message.text)
        if envelope.message.html is not None:
            mail.add_alternative(envelope.message.html, subtype="html")
        return mail

    def _head(self, mail: EmailMessage, envelope: Envelope) -> None:
        """Set the headers; ``ValueError`` where one would hold a line break."""
        server = self._server
        sender = Address(addr_spec=server.from_address)
        mail["From"] = Address(plain_line(envelope.brand, BRAND_AT_MOST), sender.username, sender.domain)
        mail["To"] = Address(addr_spec=envelope.to.reveal())
        mail["Subject"] = envelope.message.subject or ""
        if server.reply_to is not None:
            mail["Reply-To"] = Address(addr_spec=server.reply_to)
        mail["Date"] = datetime.fromtimestamp(self._clock.now() // SECOND_MS, UTC)
        # The same for every try, so that a mail program shows a repeated message once, and a bounce names its delivery.
        mail["Message-ID"] = f"<{envelope.delivery_id}@{sender.domain}>"
        # RFC 3834 §5, and what Exchange understands: nobody's automatic answer is wanted.
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"


def _make(keys: SmtpKeys, surroundings: SenderSurroundings) -> SmtpSender:
    server = MailServer(
        host=keys.host,
        port=keys.port,
        encryption=keys.security,
        from_address=keys.from_address,
        reply_to=keys.reply_to,
        username=keys.username,
        password=keys.password,
        send_timeout_s=keys.timeout_s,
    )
    return SmtpSender(server, surroundings.clock)


def _problems(keys: SmtpKeys) -> Iterable[tuple[str, str]]:
    if (keys.username is None) != (keys.password is None):
        yield "username", "a user name and a password go together"
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


def _reply_code(error: aiosmtplib.SMTPResponseException | aiosmtplib.SMTPRecipientsRefused) -> int:
    """Return the code of the answer; every message has exactly one recipient."""
    return error.recipients[0].code if isinstance(error, aiosmtplib.SMTPRecipientsRefused) else error.code


def _kind(error: Exception) -> str:
    """Return the name of an error: its text may hold an address."""
    return type(error).__name__
