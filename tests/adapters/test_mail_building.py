"""The bytes of an e-mail: whatever stands in it, a reader finds the same headers, both parts, and short lines."""

from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.adapters.envelopes import NOON, an_envelope
from tests.hostile_texts import HOSTILE_TEXTS
from watchword.adapters.senders.mail_building import BRAND_AT_MOST, MailHead, build_mail
from watchword.domain.message import plain_line

HEAD = MailHead(from_address="codes@shop.example", reply_to="help@shop.example")
HEADERS = [
    *("From", "To", "Subject", "Reply-To", "Date", "Message-ID", "MIME-Version", "Auto-Submitted"),
    *("X-Auto-Response-Suppress", "Feedback-ID", "Content-Type"),
]
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300) | st.sampled_from(HOSTILE_TEXTS)
ANY_LINE = ANY_TEXT.map(lambda text: " ".join(text.split()))


def read(wire: bytes) -> EmailMessage:
    mail = message_from_bytes(wire, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    assert mail.defects == []
    return mail


def plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


def content_of(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return plain(part.get_content())


@given(brand=ANY_TEXT, subject=ANY_LINE, text=ANY_TEXT, html=ANY_TEXT)
@example(brand="Łódź 株式会社 " * 4, subject="012345: Łódź " * 12, text="متجر\n" * 60, html="<p>متجر</p>" * 60)
@example(brand='A, B. (c) "d" \\', subject="=?utf-8?b?AAAA?=", text="a\n.\nb \nFrom x\n", html="--=_watchword--\n")
@example(
    brand="=?utf-8?q?x?=", subject="x" * 300, text="x" * 3_000, html="--=_watchword\r\nContent-Type: text/html\r\n"
)
def test_every_mail_reads_as_it_was_meant_and_has_short_lines(brand: str, subject: str, text: str, html: str) -> None:
    wire = build_mail(an_envelope(brand=brand, subject=subject, text=text, html=html), HEAD, NOON)
    assert wire.isascii()
    assert max(map(len, wire.split(b"\r\n"))) <= 78
    assert b"\r" not in wire.replace(b"\r\n", b"")
    assert b"\n" not in wire.replace(b"\r\n", b"")
    mail = read(wire)
    assert mail.keys() == HEADERS
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert (content_of(mail, "plain"), content_of(mail, "html")) == (plain(text), plain(html))
    # Read by the older rules: the newer reader takes the gap between two encoded words for a space.
    old = message_from_bytes(wire)
    name, address = parseaddr(str(old["From"]).replace("\r\n", ""))
    shown = plain_line(brand, BRAND_AT_MOST)
    assert (name if shown.isascii() else str(make_header(decode_header(name)))) == shown
    assert address == "codes@shop.example"
    if subject.isprintable():
        assert str(make_header(decode_header(old["Subject"].replace("\r\n", "")))) == subject


@pytest.mark.parametrize(
    ("text", "coding"),
    [
        ("012345 is your code.\n", "quoted-printable"),
        ("Dein Code für Łódź lautet 012345.\n", "quoted-printable"),
        ("012345 هو رمزك لتسجيل الدخول إلى المتجر.\n", "base64"),
    ],
)
def test_letters_that_are_mostly_foreign_take_the_shorter_encoding(text: str, coding: str) -> None:
    mail = read(build_mail(an_envelope(text=text, html=None), HEAD, NOON))
    assert mail["Content-Transfer-Encoding"] == coding
    assert plain(mail.get_content()) == plain(text)
