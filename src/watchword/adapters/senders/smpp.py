"""Says how a message centre of a telephone network is configured that takes short messages over SMPP 3.4."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Final

from msgspec import Meta, Struct

from watchword.adapters.senders.extra_library import needing
from watchword.adapters.senders.kind import RECEIPT_WITHIN_S, ReceiptWithin, SenderKind, SenderSurroundings
from watchword.adapters.senders.smpp_text import Alphabet
from watchword.domain.contact import Channel
from watchword.domain.secret import Secret
from watchword.ports.sender import Sender

_SOURCE: Final = re.compile(r"\+[1-9]\d{6,14}|\d{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 &._-]{1,11}")
"""A number in E.164, a short code, or an alphanumeric sender (TS 23.040 §9.1.2.5: eleven characters)."""


class LongMessages(StrEnum):
    """How a text travels that does not fit into one short message."""

    PARTS = "parts"
    """As parts with a header that joins them on the telephone."""
    PAYLOAD = "payload"
    """In one piece, as ``message_payload``; the message centre cuts it."""


class SmppKeys(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """A message centre that takes short messages over SMPP 3.4; receipts come back over the same session."""

    host: Annotated[str, Meta(description="Name or address of the message centre.")]
    port: Annotated[int, Meta(ge=1, le=65_535, description="TCP port.")] = 2775
    tls: Annotated[
        bool,
        Meta(
            description="Whether the session is inside TLS; the certificate is checked against those of the system. "
            "Without it codes and the password cross the network in the clear: only inside a VPN."
        ),
    ] = True
    system_id: Annotated[str, Meta(min_length=1, max_length=15, description="Name to bind with.")]
    password: Annotated[Secret, Meta(description="Its password, at most 8 characters in most centres.")]
    system_type: Annotated[
        Annotated[str, Meta(max_length=12)] | None, Meta(description="Where the centre asks for one.")
    ] = None
    source: Annotated[
        str,
        Meta(description="Whom messages come from: a number with `+`, a short code, or up to 11 letters and digits."),
    ]
    source_ton: Annotated[
        Annotated[int, Meta(ge=0, le=6)] | None,
        Meta(description="Type of number of `source`; without it, as `source` looks."),
    ] = None
    source_npi: Annotated[
        Annotated[int, Meta(ge=0, le=18)] | None,
        Meta(description="Numbering plan of `source`; without it, as `source` looks."),
    ] = None
    alphabet: Annotated[
        Alphabet,
        Meta(
            description="What the centre takes for its default alphabet: `gsm` (TS 23.038) or `latin1`. Texts with "
            "other characters go as UCS-2."
        ),
    ] = Alphabet.GSM
    long_messages: Annotated[
        LongMessages,
        Meta(description="Longer texts: `parts` with a header that joins them, or `payload`, which the centre cuts."),
    ] = LongMessages.PARTS
    validity_min: Annotated[
        int,
        Meta(
            ge=0,
            le=2880,
            description="How long the centre may try to deliver a code; 0 for as long as it likes.",
            extra={"unit": "minutes"},
        ),
    ] = 10
    submitted_id_is_hex: Annotated[
        bool, Meta(description="Whether the centre answers a message with its id as a hexadecimal number.")
    ] = False
    reported_id_is_hex: Annotated[bool, Meta(description="Whether it names that id as one in receipts.")] = False
    receipt_within_s: ReceiptWithin = RECEIPT_WITHIN_S
    window: Annotated[int, Meta(ge=1, le=1000, description="Messages on their way without an answer.")] = 10


def _make(keys: SmppKeys, surroundings: SenderSurroundings) -> Sender:
    with needing("smpp", "smpp34"):
        # The library is an extra: only a server that has such a sender imports it.
        from watchword.adapters.senders.smpp_session import SmppSender  # noqa: PLC0415 only a server that needs it
    return SmppSender(keys, surroundings.hearing)


def _problems(keys: SmppKeys) -> Iterable[tuple[str, str]]:
    if not _SOURCE.fullmatch(keys.source):
        yield "source", "is no number with +, no short code, and not up to 11 letters and digits"


SMPP: Final = SenderKind(name="smpp", channels=(Channel.SMS,), keys=SmppKeys, make=_make, problems=_problems)
