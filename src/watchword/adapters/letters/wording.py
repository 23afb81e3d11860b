"""The facts of a message as words: what a code approves, how much, until when; every text from outside made harmless.

Knows the customs of countries (Babel, CLDR), and nothing of templates or routes.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, format_timedelta
from babel.numbers import format_currency, format_decimal

from watchword.domain import gsm
from watchword.domain.action import Action
from watchword.domain.contact import Channel
from watchword.domain.instant import MINUTE_MS, SECOND_MS, Instant
from watchword.domain.message import plain_line, shorten_numbers
from watchword.domain.money import Money, minor_units

LONGEST_INPUT: Final = 200
"""Characters of a payee that an application may send; brands are cut like them."""
_ON_ITS_WAY_MS: Final = 10 * SECOND_MS
"""Rounded away when a lifetime is put in minutes, so that ten minutes are called ten a moment after their start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much of a name a channel has room for."""

    brand: int
    payee: int
    device: int
    gsm: bool
    """Whether one character outside the alphabet of text messages would cost another message."""


ROOMS: Final = {
    Channel.SMS: Room(brand=20, payee=16, device=24, gsm=True),
    Channel.VOICE: Room(brand=40, payee=40, device=40, gsm=False),
    Channel.EMAIL: Room(brand=60, payee=80, device=80, gsm=False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What an action does, made from its bound fields only, so that a proof holds for exactly what was read."""

    type: str
    name: str
    """A declared type in words."""
    field: str | None
    """What an account update changes."""
    contact: str
    """``phone`` or ``email``: what the confirmation of a contact is about."""
    amount: str | None
    payee: str | None


def act_of(action: Action, channel: Channel, locale: Locale, *, native: bool = True) -> Act:
    """Return the words for an action; ``native=False`` leaves out a payee that text messages have no letters for."""
    room, field = ROOMS[channel], action.account_field
    return Act(
        type=action.type,
        name=name_of(action.type.replace("_", " "), room.brand, room, native=native),
        field=None if field is None else field.value,
        contact=channel.kind.value,
        amount=None if action.amount is None else _amount(action.amount, channel, locale),
        payee=name_of(action.payee or "", room.payee, room, native=native) or None,
    )


def name_of(text: str, most: int, room: Room, *, native: bool = True) -> str:
    """Return a name from outside in at most ``most`` characters, without anything that reads like a code."""
    line = plain_line(shorten_numbers(plain_line(text, LONGEST_INPUT)), most)
    if not room.gsm:
        return line
    folded = gsm.fold(line)
    if gsm.is_gsm(folded):
        return plain_line(folded, most)
    return line if native else ""


def locale_for(tag: str | None, language: str) -> Locale:
    """Return a user's own customs where his locale is of the language of the templates, else those of the language."""
    try:
        locale = Locale.parse((tag or language)[:LONGEST_INPUT].replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return Locale(language)
    return locale if locale.language == language else Locale(language)


def remaining(worded_at: Instant, expires_at: Instant, locale: Locale) -> str:
    """Return how long a code is valid from now on, such as "10 minutes"; whole minutes, rounded down."""
    left_ms = max(0, expires_at - worded_at)
    minutes = (left_ms + _ON_ITS_WAY_MS) // MINUTE_MS
    if minutes:
        return format_timedelta(timedelta(minutes=minutes), granularity="minute", threshold=60, locale=locale)
    return format_timedelta(timedelta(seconds=left_ms // SECOND_MS), granularity="second", threshold=60, locale=locale)


def clock_time(moment: Instant, locale: Locale) -> str:
    """Return a time of day in UTC, with the zone, cut to the minute."""
    return f"{format_time(_utc(moment), 'HH:mm', tzinfo=UTC, locale=locale)} UTC"


def calendar_day(moment: Instant, locale: Locale) -> str:
    """Return a date as it is written in this country."""
    return _plain_spaces(format_date(_day(moment), "medium", locale=locale))


def _amount(money: Money, channel: Channel, locale: Locale) -> str:
    """Return an exact amount: all minor units of the currency, none rounded away (CLDR shows fewer for some).

    Written, it ends in the currency's code, as the page has it: a sign can mean several currencies, or cost an SMS its
    alphabet. Spoken, the currency has its name, and nobody says "point zero zero".
    """
    is_spoken = channel is Channel.VOICE
    is_whole = money.value == money.value.to_integral_value()
    pattern = "#,##0" + ("" if is_spoken and is_whole else _fraction(money))
    if is_spoken:
        return format_currency(
            money.value, money.currency, format=pattern, currency_digits=False, format_type="name", locale=locale
        )
    number = format_decimal(money.value, format=pattern, locale=locale)
    return _plain_spaces(f"{number} {money.currency}")


def _fraction(money: Money) -> str:
    """Return the part of a number pattern behind the point."""
    digits = minor_units(money.currency)
    return "." + "0" * digits if digits else ""


def _plain_spaces(text: str) -> str:
    """Return text with plain spaces: CLDR's narrow and unbreakable ones would cost an SMS its alphabet."""
    return " ".join(text.split())


def _utc(moment: Instant) -> datetime:
    return datetime.fromtimestamp(moment // SECOND_MS, UTC)


def _day(moment: Instant) -> date:
    return _utc(moment).date()
