"""A real mail server on loopback, in a thread of its own, that can be told to refuse, to wait or to hang up."""

import socket
import ssl
import threading
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LOOPBACK = "127.0.0.1"
READY_S = 60.0
"""The library gives a server 5 seconds to begin, which a machine with much other work does not always keep."""


@dataclass
class Postbox:
    """Decides about every message and keeps those that it takes."""

    mails: list[EmailMessage] = field(default_factory=list)
    wires: list[bytes] = field(default_factory=list)
    """The mails, byte by byte."""
    greetings: list[str | None] = field(default_factory=list)
    """How each client introduced itself."""
    senders: list[str | None] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    peers: list[Any] = field(default_factory=list)
    """Where each message came from, by connection."""
    used_tls: list[bool] = field(default_factory=list)
    recipient_answer: str = "250 OK"
    data_answer: str = "250 OK"
    hang_up_at_data: int = 0
    """How many messages the server breaks the connection at."""
    held: threading.Event | None = None
    """What the server waits for before it answers a message."""

    async def handle_RCPT(  # noqa: N802 the server finds its hooks by these names
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.recipient_answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient_answer

    async def handle_DATA(  # noqa: N802 as above
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.hang_up_at_data:
            self.hang_up_at_data -= 1
            assert server.transport is not None
            server.transport.close()
            return "421 gone"
        if self.held is not None:
            await server.loop.run_in_executor(None, self.held.wait)
        if self.data_answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            mail = message_from_bytes(envelope.content, policy=modern)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.wires.append(envelope.content)
            self.greetings.append(session.host_name)
            self.senders.append(envelope.mail_from)
            self.recipients.append(envelope.rcpt_tos)
            self.peers.append(session.peer)
            self.used_tls.append(session.ssl is not None)
        return self.data_answer


def free_port() -> int:
    """Give a port that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


class BoundController(Controller):
    """A server that takes its port by listening on it: one that was only found free may be somebody else's by then."""

    def _create_server(self) -> Any:
        listening = socket.create_server((LOOPBACK, self.port))
        self.port = listening.getsockname()[1]
        return self.loop.create_server(self._factory_invoker, sock=listening, ssl=self.ssl_context)


def serve(postbox: Postbox, *, port: int | None = None, **options: Any) -> Controller:
    """Start a server; ``options`` are those of its protocol."""
    controller = BoundController(postbox, hostname=LOOPBACK, port=port or 0, ready_timeout=READY_S, **options)
    controller.start()
    return controller


def login_is(username: bytes, password: bytes) -> Any:
    """Give an authenticator that knows one login."""

    def decide(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (username, password)
        return AuthResult(success=is_right, handled=False)

    return decide


def tls_pair(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Give a server's context with a fresh certificate for loopback, and a client's that trusts it alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, LOOPBACK)])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(LOOPBACK))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "mail.pem").write_bytes(pem + key_pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "mail.pem")
    client = ssl.create_default_context(cadata=pem.decode())
    return server, client
