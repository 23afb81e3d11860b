"""What is said to the customer: code messages and notices, and what became of a message on its way.

Also how text from outside is made harmless before it stands in a message, and how a code is spoken.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from watchword.domain.action import Action
from watchword.domain.contact import Channel
from watchword.domain.ids import ApplicationId, ChallengeId, DeliveryId, Reference
from watchword.domain.instant import Instant
from watchword.domain.secret import Secret


class DeliveryStatus(StrEnum):
    """What is known of a delivery."""

    QUEUED = "queued"
    ACCEPTED = "accepted"
    """A provider has taken it."""
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    BOUNCED = "bounced"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"
    WITHHELD = "withheld"
    """All that a concealed challenge ever shows."""


class NoticeKind(StrEnum):
    """Messages without a code (B10, B18, and the notices to older contacts)."""

    CONFIRMATION = "confirmation"
    """The action went ahead."""
    CONTACTS_CHANGED = "contacts_changed"
    """The list of contacts was changed without a grant; "this wasn't me" undoes it."""
    CHALLENGE_EXHAUSTED = "challenge_exhausted"
    BUDGET_EXHAUSTED = "budget_exhausted"
    DEVICE_TRUSTED = "device_trusted"
    DEVICE_STOLEN = "device_stolen"
    ATTACK_SUSPECTED = "attack_suspected"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeMessage:
    """A message that carries a code."""

    channel: Channel
    brand: str
    locale: str | None
    code: Secret
    origin_host: str
    """The host of the page where the code is typed: the origin-bound last line of an SMS."""
    app_hash: str | None = None
    """What Android knows the app by where the code is typed: the last line of an SMS instead."""
    not_me_at: str
    """Where the reference is typed to say "this wasn't me", without a scheme: code messages have no link."""
    action: Action
    device_name: str | None
    """The device that the action came from, as a person recognises it."""
    country: str | None
    """ISO 3166 code of the country that the action came from, None where it is not known."""
    reference: Reference
    worded_at: Instant
    """Now, so that a repeated message does not promise the whole lifetime again."""
    expires_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message that tells the owner what happened and lets him say that it wasn't him."""

    kind: NoticeKind
    channel: Channel
    brand: str
    locale: str | None
    action: Action | None
    happened_at: Instant
    device_name: str | None
    country: str | None
    """ISO 3166 code of the country that the action came from, None where it is not known."""
    not_me_url: str
    """A signed link; opening it changes nothing, pressing its button does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedMessage:
    """A message as it leaves: never stored (the inbox of ``dev`` excepted), never logged."""

    subject: str | None
    """None for SMS and voice."""
    text: str
    html: str | None
    prompt: str | None = None
    """For a call with a code: what is said before a key is pressed. The text is said afterwards, so that no answering
    machine ever records a code."""
    variables: Mapping[str, str] | None = None
    """For WhatsApp, which takes templates only: ``1`` the code, ``2`` the application, ``3`` what is approved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A rendered message with what a sender needs to hand it over."""

    delivery_id: DeliveryId
    application_id: ApplicationId
    brand: str
    channel: Channel
    to: Secret
    is_code: bool
    challenge_id: ChallengeId | None
    message: RenderedMessage
    locale: str = "en"
    """The language that the message is worded in."""
    callback_url: str | None = None
    """Where the provider tells this sender what became of the message; None where nobody outside could call it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxEntry:
    """A message as the local inbox of ``dev`` and ``demo`` keeps it."""

    to: str
    channel: Channel
    is_code: bool
    subject: str | None
    text: str
    sent_at: Instant
    challenge_id: ChallengeId | None


_ELLIPSIS: Final = "..."
"""Three full stops: the one character for them would cost an SMS its alphabet."""
_MARKS_AT_MOST: Final = 3
"""Combining marks on one letter; scripts in use need no more, and a tower of them hides its neighbours."""
_REPLACED: Final = {"@": " at ", "#": " ", "\\": " ", "\u3002": "."} | dict.fromkeys('"“”„‟«»', "'")
"""The sigils of the origin-bound line, the other full stop of domains, and our own quotation mark with its likes."""
_DROPPED: Final = frozenset({"Cf", "Cs", "Co", "Cn", "So", "Me"})
"""Invisible and bidirectional marks, what is no character, pictures, and enclosing marks."""
_SPACED: Final = frozenset({"Cc", "Zs", "Zl", "Zp"})
_SCHEME: Final = re.compile(r"(?<=[^\W\d]):(?=\S)|//+")
_DOMAIN_DOT: Final = re.compile(r"(?<=\w)\.(?=[^\W\d][\w-])")
_IP_ADDRESS: Final = re.compile(r"\d+(?:\.\d+){3}")
_LONG_NUMBER: Final = re.compile(r"\d(?:[\s().,/'+-]{0,2}\d){5,}")
_SPOKEN: Final = re.compile(r"\d(?:, \d){5,}")


def plain_line(text: str, most: int) -> str:
    """Return text from outside as one harmless line of at most ``most`` characters; most is at least 4.

    No line break, control, bidirectional or invisible character, picture, sigil (``@``, ``#``) or double quotation mark
    is left, nothing that a telephone or a mail program would turn into a link, and what is too long ends in three full
    stops. Letters of every script stay. A line that went through once comes out the same again.
    """
    if text.isascii():
        kept = text.translate(_ASCII_HARMLESS)  # which says the same of each of them, thirty times as fast
    else:
        folded = unicodedata.normalize("NFKC", text)
        kept = unicodedata.normalize("NFKC", _without_towers("".join(map(_harmless, folded))))
    kept = _DOMAIN_DOT.sub(" ", _SCHEME.sub(" ", kept))
    line = " ".join(_IP_ADDRESS.sub(lambda found: found.group().replace(".", " "), kept).split())
    return line if len(line) <= most else line[: most - len(_ELLIPSIS)].rstrip() + _ELLIPSIS


def shorten_numbers(text: str) -> str:
    """Return text with every number of six or more digits cut to its last four, so that none is taken for a code."""
    return _LONG_NUMBER.sub(lambda found: f"..{re.sub(r'[^0-9]', '', _ascii_digits(found.group()))[-4:]}", text)


def spoken(characters: str) -> str:
    """Return a code or a reference as it is read out: one by one, with a pause after each (``1, 2, 3``)."""
    return ", ".join(characters)


def written(text: str) -> str:
    """Return spoken text as somebody would note it down: its spoken codes without the pauses."""
    return _SPOKEN.sub(lambda found: found.group().replace(", ", ""), text)


def _harmless(character: str) -> str:
    category = unicodedata.category(character)
    if category in _SPACED:
        return " "
    if category in _DROPPED or (category == "Sk" and not character.isascii()) or _is_variation(character):
        return ""
    return _REPLACED.get(character, character)


def _is_variation(character: str) -> bool:
    """Whether the character only chooses between pictures (Unicode Standard Annex 44, Variation_Selector)."""
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def _without_towers(text: str) -> str:
    """Return text without combining marks that stand on nothing or on too many others."""
    kept: list[str] = []
    room = 0
    for character in text:
        if unicodedata.category(character) in {"Mn", "Mc"}:
            if room <= 0:
                continue
            room -= 1
        else:
            room = 0 if character == " " else _MARKS_AT_MOST
        kept.append(character)
    return "".join(kept)


def _ascii_digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in text)


_ASCII_HARMLESS: Final = {number: _harmless(chr(number)) for number in range(128)}
