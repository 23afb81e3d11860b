"""Builds an e-mail as it goes over the wire (RFC 5322, RFC 2045 to 2047); it can be signed as it stands.

Python's own message parses every header that it was given, folds it and parses it again: 2 ms for a mail, as long as
everything else that is done for a code. A mail of ours always has the same few headers, so each is written once.
Nothing in it can add a header, and neither its text nor its HTML can end the part that it stands in. All of it is
ASCII: no server on the way has to recode it, which would break a signature (RFC 6376 §5.3).
"""

import re
from base64 import b64encode, encodebytes
from binascii import b2a_qp
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Final

from watchword.domain.errors import DeliveryFailed
from watchword.domain.instant import SECOND_MS, Instant
from watchword.domain.message import Envelope, plain_line

BRAND_AT_MOST: Final = 60
"""Characters of the name in ``From``."""
_ADDRESS: Final = re.compile(r"""[^()<>\[\]:;@\\,"\x00-\x20\x7f]+@[^()<>\[\]:;@\\,"\x00-\x20\x7f]+""")
"""An address without quotation marks, comments and literals; such contacts are not taken, and nobody needs them."""
_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+", re.ASCII)
"""RFC 5322 §3.2.3: what stands in a name without quotation marks."""
_QUOTED: Final = re.compile(r'(["\\])')
_LONGEST_VALUE: Final = 68
"""Characters of a header: with its name within the 78 of a line that RFC 5322 §2.1.1 asks for."""
_WORD_BYTES: Final = 39
"""In one encoded word, which has at most 75 characters (RFC 2047 §2), and 76 stand in its line with the name."""
_BOUNDARY: Final = "=_watchword"
"""Between the parts. Quoted-printable and Base64 never hold ``=_`` (RFC 2045 §6.7), so no part can hold it."""
_MANY: Final = 4
"""Of this many bytes more than one is no ASCII: then Base64 is shorter, three bytes to four, than one to three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailHead:
    """In whose name e-mail goes out."""

    from_address: str
    reply_to: str | None


def build_mail(envelope: Envelope, head: MailHead, now: Instant) -> bytes:
    """Return the e-mail; raises ``DeliveryFailed``, not retryable, where an address or a subject is none."""
    try:
        lines = "\r\n".join(_head(envelope, head, now)) + "\r\n"
    except ValueError as error:
        # The address itself would stand in the message of the error, so it is not passed on.
        detail = f"not an address or a subject for e-mail ({type(error).__name__})"
        raise DeliveryFailed(detail, retryable=False) from None
    text, html = _part("plain", envelope.message.text), envelope.message.html
    if html is None:
        return lines.encode() + text
    opening = f'{lines}Content-Type: multipart/alternative; boundary="{_BOUNDARY}"\r\n'
    between = f"\r\n--{_BOUNDARY}\r\n".encode()
    return between.join((opening.encode(), text, _part("html", html))) + f"\r\n--{_BOUNDARY}--\r\n".encode()


def message_id_of(envelope: Envelope, head: MailHead) -> str:
    """Return the id of the e-mail, which is the delivery's."""
    return f"<{envelope.delivery_id}@{head.from_address.rpartition('@')[2]}>"


def _head(envelope: Envelope, head: MailHead, now: Instant) -> Iterator[str]:
    """Yield the headers; ``ValueError`` where one would hold a line break, or what is no address."""
    yield f"From: {_sender(plain_line(envelope.brand, BRAND_AT_MOST), head.from_address)}"
    yield f"To: {_address(envelope.to.reveal())}"
    yield f"Subject: {_subject(envelope.message.subject or '')}"
    if head.reply_to is not None:
        yield f"Reply-To: {_address(head.reply_to)}"
    yield f"Date: {format_datetime(datetime.fromtimestamp(now // SECOND_MS, UTC))}"
    # The same for every try, so that a mail program shows a repeated message once, and a bounce names its delivery.
    yield f"Message-ID: {message_id_of(envelope, head)}"
    yield "MIME-Version: 1.0"
    # RFC 3834 §5, and what Exchange understands: nobody's automatic answer is wanted.
    yield "Auto-Submitted: auto-generated"
    yield "X-Auto-Response-Suppress: All"
    # What the large mailboxes count complaints by: never a person, only what was sent and for whom.
    yield f"Feedback-ID: {'code' if envelope.is_code else 'notice'}:{envelope.application_id}::watchword"


@lru_cache(maxsize=256)  # brands are few, and each sends from one address
def _sender(brand: str, address: str) -> str:
    """Return an address with a name before it, in two lines where one would be too long."""
    if not brand:
        return _address(address)
    if not brand.isascii():
        name = _encoded(brand)
    elif _ATOMS.fullmatch(brand) and "=?" not in brand:
        name = brand
    else:
        name = '"' + _QUOTED.sub(r"\\\1", brand) + '"'
    gap = " " if len(name) + len(address) <= _LONGEST_VALUE else "\r\n "
    return f"{name}{gap}<{_address(address)}>"


def _address(text: str) -> str:
    if not text.isascii() or not _ADDRESS.fullmatch(text):
        raise ValueError("not an address for e-mail")
    return text


def _subject(text: str) -> str:
    """Return a subject as it is, or in encoded words where it is long, has foreign letters or looks like one."""
    if "\r" in text or "\n" in text:
        raise ValueError("a subject has one line")
    is_plain = len(text) <= _LONGEST_VALUE and text.isascii() and text.isprintable() and text == text.strip()
    return text if is_plain and "=?" not in text else _encoded(text)


def _encoded(text: str) -> str:
    """Return a text as encoded words, one a line; no character is torn apart (RFC 2047 §5)."""
    words: list[bytes] = []
    word = b""
    for character in text:
        piece = character.encode()
        if len(word) + len(piece) > _WORD_BYTES:
            words.append(word)
            word = b""
        word += piece
    return "\r\n ".join(f"=?utf-8?b?{b64encode(one).decode()}?=" for one in (*words, word))


def _part(subtype: str, text: str) -> bytes:
    """Return a text with its headers, in an encoding that keeps lines short and cannot hold the boundary."""
    data = text.replace("\r\n", "\n").replace("\r", "\n").encode()
    foreign = 0 if text.isascii() else len(data) - len(data.translate(None, _FOREIGN))
    if foreign * _MANY <= len(data):
        coding, body = "quoted-printable", b2a_qp(data, istext=True)
    else:
        coding, body = "base64", encodebytes(data.replace(b"\n", b"\r\n"))
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: {coding}\r\n\r\n'
    return head.encode() + body.replace(b"\n", b"\r\n")


_FOREIGN: Final = bytes(range(128, 256))
