"""Puts values into sentences without markup: for JSON that a component or an app shows, and for messages.

How a value stands in the sentence is the matter of its dress: between marks that isolate its direction, or cut to the
room of a channel and folded into its alphabet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

from watchword.domain import gsm
from watchword.domain.contact import Channel, ContactKind
from watchword.domain.message import plain_line, shorten_numbers
from watchword.domain.money import Money
from watchword.wording.device_names import device_words
from watchword.wording.harmless import isolated_text, one_line
from watchword.wording.languages import Language
from watchword.wording.numbers import exact_amount, plain_spaces, spoken_amount

_LEFT_TO_RIGHT: Final = "\u200e"
"""A mark (UAX #9, LRM) that old mail programs understand too, which know no isolates."""
LONGEST_INPUT: Final = 200
"""Characters of a payee that an application may send; brands are cut like them."""


class Dress(Protocol):
    """How values from outside stand in a sentence; an empty text means that the value is not shown there."""

    def type_name(self, text: str) -> str:
        """Return the name of a declared action type."""
        ...

    def payee(self, text: str) -> str:
        """Return whom a payment goes to."""
        ...

    def device(self, name: str) -> str:
        """Return the name of a device."""
        ...

    def address(self, kind: ContactKind, masked: str, language: Language) -> str:
        """Return a masked address."""
        ...

    def amount(self, money: Money, language: Language) -> str:
        """Return an amount of money."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainWords:
    """The sentences of one language as plain text."""

    language: Language
    dress: Dress

    def say(self, key: str, **values: object) -> str:
        """Return a sentence with its values put in; ``KeyError`` for a sentence that does not exist."""
        return _filled(self.language.sentence(key), values)

    def count(self, key: str, number: int, **values: object) -> str:
        """Return the form of a sentence that goes with this number, which it may use as ``{n}``."""
        return _filled(self.language.form(key, number), {"n": number, **values})

    def country(self, code: str | None) -> str | None:
        """Return the name of a country, or None for a code that is none (``local``)."""
        return None if code is None else self.language.locale.territories.get(code)

    def amount(self, money: Money) -> str:
        """Return an amount of money."""
        return self.dress.amount(money, self.language)

    def type_name(self, text: str) -> str:
        """Return the name of a declared action type."""
        return self.dress.type_name(text)

    def payee(self, text: str) -> str:
        """Return whom a payment goes to."""
        return self.dress.payee(text)

    def device(self, name: str) -> str:
        """Return the name of a device."""
        return device_words(name, self.say, self.dress.device)

    def address(self, kind: ContactKind, masked: str) -> str:
        """Return a masked address."""
        return self.dress.address(kind, masked, self.language)


@dataclass(frozen=True, slots=True)
class Isolating:
    """The dress of texts that a browser or an app shows by itself: each value keeps its direction to itself."""

    def type_name(self, text: str) -> str:
        """Return the name of a declared action type."""
        return isolated_text(one_line(text))

    def payee(self, text: str) -> str:
        """Return whom a payment goes to."""
        return isolated_text(one_line(text))

    def device(self, name: str) -> str:
        """Return the name of a device."""
        return isolated_text(one_line(name))

    def address(self, kind: ContactKind, masked: str, language: Language) -> str:
        """Return a masked address, for no line to break in."""
        del kind, language
        return isolated_text(one_line(masked).replace(" ", "\N{NO-BREAK SPACE}"))

    def amount(self, money: Money, language: Language) -> str:
        """Return an amount with its code."""
        return isolated_text(exact_amount(money, language.locale))


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much of a name a channel has room for."""

    brand: int
    payee: int
    device: int
    gsm: bool
    """Whether one character outside the alphabet of text messages would cost another message."""


ROOMS: Final[Mapping[Channel, Room]] = {
    Channel.SMS: Room(brand=20, payee=16, device=24, gsm=True),
    Channel.VOICE: Room(brand=40, payee=40, device=40, gsm=False),
    Channel.WHATSAPP: Room(brand=40, payee=40, device=40, gsm=False),
    Channel.EMAIL: Room(brand=60, payee=80, device=80, gsm=False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OfChannel:
    """The dress of messages: harmless, cut to the room there is, and spoken where it is a call."""

    channel: Channel
    native: bool = True
    """False leaves out a name that text messages have no letters for."""
    brief: bool = False
    """Whether what is not bound to the proof is left out: the device."""

    def brand(self, text: str) -> str:
        """Return the name of the application; empty where it is left out."""
        return self._name(text, ROOMS[self.channel].brand)

    def type_name(self, text: str) -> str:
        """Return the name of a declared action type."""
        return self._name(text, ROOMS[self.channel].brand)

    def payee(self, text: str) -> str:
        """Return whom a payment goes to, in quotation marks: a name could read like a sentence of ours."""
        name = self._name(text, ROOMS[self.channel].payee)
        return f'"{name}"' if name else ""

    def device(self, name: str) -> str:
        """Return the name of a device, where there is room."""
        return "" if self.brief else self._name(name, ROOMS[self.channel].device)

    def address(self, kind: ContactKind, masked: str, language: Language) -> str:
        """Return a masked address in a mail; elsewhere its sign, or its dots, would cost more than they tell."""
        if self.channel is not Channel.EMAIL:
            return ""
        # Dots have no direction of their own: from right to left, "•••• 23" would read "23 ••••".
        turned = kind is ContactKind.PHONE and language.direction == "rtl"
        return f"{_LEFT_TO_RIGHT}{one_line(masked)}" if turned else one_line(masked)

    def amount(self, money: Money, language: Language) -> str:
        """Return an amount, in words where it is read out."""
        spoken = self.channel is Channel.VOICE
        return plain_spaces((spoken_amount if spoken else exact_amount)(money, language.locale))

    def _name(self, text: str, most: int) -> str:
        return _short_name(text, most, gsm_only=ROOMS[self.channel].gsm, native=self.native)


@lru_cache(maxsize=1_024)  # brands and devices are few, and each stands in many messages
def _short_name(text: str, most: int, *, gsm_only: bool, native: bool) -> str:
    """Return a name from outside in at most ``most`` characters, without anything that reads like a code."""
    line = plain_line(shorten_numbers(plain_line(text, LONGEST_INPUT)), most)
    if not gsm_only:
        return line
    folded = gsm.fold(line)
    if gsm.is_gsm(folded):
        return plain_line(folded, most)
    return line if native else ""


def within(sentence: str) -> str:
    """Return a sentence as it stands inside another one, such as "to approve …": its first letter small."""
    return sentence[:1].lower() + sentence[1:]


def _filled(sentence: str, values: Mapping[str, object]) -> str:
    what = values.get("what")
    return sentence.format_map({**values, "what_within": within(str(what))} if what is not None else values)
