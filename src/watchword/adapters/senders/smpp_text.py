"""Writes a text as the bytes of short messages, and reads what a message centre reports of one (SMPP 3.4).

Nothing here connects to anybody, and nothing here knows the library that does.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from watchword.domain.gsm import is_gsm
from watchword.domain.message import DeliveryStatus

GSM_CODING: Final = 0x00
"""``data_coding``: the message centre's own alphabet, by default that of 3GPP TS 23.038 in one octet a character."""
LATIN_CODING: Final = 0x03
"""``data_coding``: ISO 8859-1."""
UCS2_CODING: Final = 0x08
"""``data_coding``: UCS-2, which carries UTF-16 in practice."""
HAS_HEADER: Final = 0x40
"""``esm_class``: the message begins with a user data header (SMPP 3.4 §5.2.12)."""
_IS_RECEIPT: Final = 0x04
_TYPE_OF_MESSAGE: Final = 0x3C
"""Bits of ``esm_class`` that say what a ``deliver_sm`` is."""
MESSAGE_ID_TAG: Final = 0x001E
MESSAGE_STATE_TAG: Final = 0x0427
PAYLOAD_TAG: Final = 0x0424
"""Optional parameters (SMPP 3.4 §5.3.2)."""
REASON_AT_MOST: Final = 60
_TABLE: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""3GPP TS 23.038 §6.2.1, in the order of the codes."""
_AFTER_ESCAPE: Final = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
"""3GPP TS 23.038 §6.2.1.1."""
_ESCAPE: Final = 0x1B
_STATES: Final[Mapping[str, DeliveryStatus]] = {
    "ENROUTE": DeliveryStatus.SENT,
    "ACCEPTD": DeliveryStatus.ACCEPTED,
    "DELIVRD": DeliveryStatus.DELIVERED,
    "EXPIRED": DeliveryStatus.UNDELIVERED,
    "DELETED": DeliveryStatus.UNDELIVERED,
    "UNDELIV": DeliveryStatus.UNDELIVERED,
    "UNKNOWN": DeliveryStatus.UNKNOWN,
    "REJECTD": DeliveryStatus.BLOCKED,
}
"""SMPP 3.4 appendix B. None says that the number is dead for good: ``UNDELIV`` is a telephone out of reach too."""
_STATE_NUMBERS: Final = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}
"""SMPP 3.4 §5.2.28."""
_ID: Final = re.compile(r"\bid:\s*(\S+)", re.IGNORECASE)
_STATE: Final = re.compile(r"\bstat:\s*([A-Za-z]+)", re.IGNORECASE)
_ERROR: Final = re.compile(r"\berr:\s*([0-9A-Za-z]{1,8})\b", re.IGNORECASE)


class Alphabet(StrEnum):
    """What the message centre takes for its default alphabet."""

    GSM = "gsm"
    """That of the telephones (3GPP TS 23.038)."""
    LATIN = "latin1"
    """ISO 8859-1, said so in each message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A text as bytes, in as many parts as it takes."""

    data_coding: int
    parts: tuple[bytes, ...]
    """Without headers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreReceipt:
    """What a message centre reports, by its own id of the message."""

    message_id: str
    status: DeliveryStatus
    reason: str


def write(text: str, alphabet: Alphabet) -> Coded:
    """Return a text as bytes; the same text makes as many parts as ``domain.gsm.parts`` counts.

    A character of two units is never torn apart (TS 23.040 §9.2.3.24.1).
    """
    if is_gsm(text) and alphabet is Alphabet.GSM:
        return Coded(data_coding=GSM_CODING, parts=_packed(((_gsm(one), len(_gsm(one))) for one in text), 160, 153))
    if is_gsm(text) and all(one <= "\u00ff" for one in text):
        pieces = ((one.encode("latin-1"), len(_gsm(one))) for one in text)
        return Coded(data_coding=LATIN_CODING, parts=_packed(pieces, 160, 153))
    wide = (one.encode("utf-16-be", "replace") for one in text)
    return Coded(data_coding=UCS2_CODING, parts=_packed(((one, len(one)) for one in wide), 140, 134))


def with_headers(parts: tuple[bytes, ...], delivery_id: str) -> tuple[bytes, ...]:
    """Return the parts of one message with what joins them again (TS 23.040 §9.2.3.24.1), if there are several.

    The reference is made of the delivery's id, so that a telephone that gets a repeated part sees that it has it.
    """
    if len(parts) == 1:
        return parts
    reference = hashlib.sha256(delivery_id.encode()).digest()[0]
    return tuple(bytes((5, 0, 3, reference, len(parts), number)) + part for number, part in enumerate(parts, 1))


def read_receipt(esm_class: int, text: bytes, tlvs: Mapping[int, bytes]) -> CentreReceipt | None:
    """Return what a ``deliver_sm`` reports; None for an answer of a customer, which never counts, or for nonsense.

    Optional parameters win over the text, which every message centre words a little differently.
    """
    if esm_class & _TYPE_OF_MESSAGE != _IS_RECEIPT:
        return None
    words = text.decode("latin-1")
    message_id = tlvs.get(MESSAGE_ID_TAG, b"").rstrip(b"\0").decode("latin-1") or _first(_ID, words)
    state = _STATE_NUMBERS.get(int.from_bytes(tlvs.get(MESSAGE_STATE_TAG, b"")[:1], "big")) or _first(_STATE, words)
    if message_id is None or state is None:
        return None
    state = state.upper()[:7]
    error = _first(_ERROR, words)
    reason = state if error is None or not error.strip("0") else f"{state} err:{error}"
    return CentreReceipt(message_id=message_id, status=_STATES.get(state, DeliveryStatus.UNKNOWN), reason=reason)


def canonical_id(message_id: str, *, is_hex: bool) -> str:
    """Return a message's id as a decimal number if it is a hexadecimal one; what is no number stays as it is."""
    if not is_hex or not re.fullmatch(r"[0-9A-Fa-f]{1,32}", message_id):
        return message_id
    return str(int(message_id, 16))


def _gsm(character: str) -> bytes:
    if character in _AFTER_ESCAPE:
        return bytes((_ESCAPE, _AFTER_ESCAPE[character]))
    return bytes((_TABLE.index(character),))


def _packed(pieces: Iterable[tuple[bytes, int]], alone: int, each: int) -> tuple[bytes, ...]:
    """Put pieces with their sizes into one part of ``alone`` units, else into parts of at most ``each``."""
    sized = list(pieces)
    if sum(size for _, size in sized) <= alone:
        return (b"".join(piece for piece, _ in sized),)
    parts, used = [b""], 0
    for piece, size in sized:
        if used + size > each:
            parts.append(b"")
            used = 0
        parts[-1] += piece
        used += size
    return tuple(parts)


def _first(pattern: re.Pattern[str], words: str) -> str | None:
    found = pattern.search(words)
    return None if found is None else found[1][:REASON_AT_MOST]
