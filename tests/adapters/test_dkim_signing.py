"""Mails signed with DKIM, as a mail server gets them and as whoever receives them checks them."""

import base64
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import dkim
import pytest
from aiosmtpd.controller import Controller
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.adapters.envelopes import NOON, an_envelope
from tests.adapters.mail_server import LOOPBACK, Postbox, serve
from tests.hostile_texts import HOSTILE_TEXTS
from tests.kit.clock_and_chance import MovableClock, SeededEntropy
from watchword.adapters.senders.kind import SenderSurroundings
from watchword.adapters.senders.smtp import SMTP, Encryption, SmtpKeys, SmtpSender
from watchword.domain.errors import ConfigurationError
from watchword.domain.secret import Secret
from watchword.ports.sender import Receipt

Key = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
Dns = Callable[[bytes, int], bytes | None]


def in_pem(key: Any) -> Secret:
    return Secret(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
    )


def published(key: Key) -> bytes:
    """Give the record of the DNS that belongs to a key."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        kind, public = b"ed25519", key.public_key().public_bytes_raw()
    else:
        kind = b"rsa"
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    return b"v=DKIM1; k=" + kind + b"; p=" + base64.b64encode(public)


@pytest.fixture(scope="module", params=["ed25519", "rsa"])
def key(request: pytest.FixtureRequest) -> Key:
    if request.param == "rsa":
        return rsa.generate_private_key(65_537, 2048)
    return ed25519.Ed25519PrivateKey.generate()


def answering(known: bytes, key: Key) -> Dns:
    """Give a DNS that knows one name."""

    def look_up(name: bytes, timeout: int = 5) -> bytes | None:
        return published(key) if name == known else None

    return look_up


@pytest.fixture
def dns(key: Key) -> Dns:
    return answering(b"codes._domainkey.shop.example.", key)


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def controller(postbox: Postbox) -> Iterator[Controller]:
    controller = serve(postbox)
    yield controller
    controller.stop()


async def deaf(_: Receipt) -> None:
    """Mail servers report nothing."""


def surroundings() -> SenderSurroundings:
    return SenderSurroundings(name="mail", clock=MovableClock(NOON), entropy=SeededEntropy(1), hearing=deaf)


def keys(port: int, key: Any, **fields: Any) -> SmtpKeys:
    values: dict[str, Any] = {
        "host": LOOPBACK,
        "port": port,
        "security": Encryption.NONE,
        "from_address": "codes@shop.example",
        "dkim_selector": "codes",
        "dkim_key": None if key is None else in_pem(key),
    }
    return SmtpKeys(**(values | fields))


@pytest.fixture
async def sender(controller: Controller, key: Key) -> AsyncIterator[SmtpSender]:
    sender = SMTP.make(keys(controller.port, key), surroundings())
    assert isinstance(sender, SmtpSender)
    yield sender
    await sender.close()


async def test_whoever_gets_a_mail_can_check_it_as_it_arrived(sender: SmtpSender, postbox: Postbox, dns: Dns) -> None:
    await sender.send(an_envelope())
    await sender.send(an_envelope(brand="Łódź 株式会社", subject="012345: Łódź", text="Zażółć 株 متجر\n", html=None))
    await sender.send(an_envelope(text="one\n.\nQUIT\n\n\n", html=None))
    assert [dkim.verify(wire, dnsfunc=dns) for wire in postbox.wires] == [True, True, True]
    assert b"d=shop.example" in postbox.wires[0]


async def test_a_mail_that_was_changed_on_the_way_is_noticed(sender: SmtpSender, postbox: Postbox, dns: Dns) -> None:
    await sender.send(an_envelope())
    [wire] = postbox.wires
    assert dkim.verify(wire, dnsfunc=dns)
    for old, new in (
        (b"012345 is your Example Shop code to sign in.", b"999999 is your Example Shop code to sign in."),
        (b"Subject: 012345", b"Subject: 999999"),
        (b"Feedback-ID: code", b"Feedback-ID: notice"),
        (b"Subject:", b"Reply-To: thief@example.org\r\nSubject:"),
    ):
        assert old in wire
        assert not dkim.verify(wire.replace(old, new), dnsfunc=dns), old


async def test_no_brand_breaks_the_signature(sender: SmtpSender, postbox: Postbox, dns: Dns) -> None:
    for brand in HOSTILE_TEXTS[:12]:
        await sender.send(an_envelope(brand=brand))
    assert all(dkim.verify(wire, dnsfunc=dns) for wire in postbox.wires)


async def test_another_domain_may_sign(controller: Controller, postbox: Postbox, key: Key) -> None:
    sender = SMTP.make(keys(controller.port, key, dkim_domain="mail.shop.example"), surroundings())
    assert isinstance(sender, SmtpSender)
    await sender.send(an_envelope())
    await sender.close()
    dns = answering(b"codes._domainkey.mail.shop.example.", key)
    assert dkim.verify(postbox.wires[0], dnsfunc=dns)


@pytest.mark.parametrize(
    "unusable",
    [
        Secret("nonsense"),
        Secret(""),
        Secret("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"),
        Secret("кириллица"),
        in_pem(ec.generate_private_key(ec.SECP256R1())),
    ],
    ids=["nonsense", "empty", "cut", "letters", "curve"],
)
def test_a_key_that_cannot_sign_is_refused_at_the_start(unusable: Secret) -> None:
    with pytest.raises(ConfigurationError, match="dkim_key") as failure:
        SMTP.make(keys(25, None, dkim_key=unusable), surroundings())
    assert "MIIB" not in str(failure.value)


@pytest.mark.parametrize("library", ["dkim", "nacl.signing"])
def test_the_extra_is_named_where_a_library_is_missing(monkeypatch: pytest.MonkeyPatch, key: Key, library: str) -> None:
    monkeypatch.delitem(sys.modules, "watchword.adapters.senders.dkim_signing", raising=False)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ConfigurationError, match=r"pip install 'watchword\[dkim\]'"):
        SMTP.make(keys(25, key), surroundings())


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, []),
        ({"dkim_key": None}, ["dkim_selector"]),
        ({"dkim_selector": None}, ["dkim_selector"]),
        ({"dkim_selector": None, "dkim_key": None}, []),
        ({"dkim_selector": None, "dkim_key": None, "dkim_domain": "shop.example"}, ["dkim_domain"]),
    ],
)
def test_a_selector_and_a_key_go_together(fields: dict[str, Any], wrong: list[str]) -> None:
    given = keys(25, ed25519.Ed25519PrivateKey.generate(), **fields)
    assert [key for key, _ in SMTP.problems(given)] == wrong
