"""Amounts, days, times and spans as a country writes them; exact, and with nothing rounded away."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal

from babel import Locale
from babel.dates import format_date, format_time, format_timedelta, get_datetime_format
from babel.numbers import format_currency, format_decimal

from watchword.domain.instant import MINUTE_MS, SECOND_MS, Instant
from watchword.domain.money import Money, minor_units

_ON_ITS_WAY_MS: Final = 10 * SECOND_MS
"""Rounded away when a lifetime is put in minutes, so that ten minutes are called ten a moment after their start."""


def exact_amount(money: Money, locale: Locale) -> str:
    """Return an amount such as ``1,299.00 USD``: all minor units of the currency, where CLDR would round some away.

    It ends in the currency's code, because "$" is said of twenty currencies.
    """
    decimals = minor_units(money.currency)
    pattern = _whole_part(locale) + (f".{'0' * decimals}" if decimals else "")
    return f"{format_decimal(money.value, format=pattern, locale=locale)}\N{NO-BREAK SPACE}{money.currency}"


def spoken_amount(money: Money, locale: Locale) -> str:
    """Return an amount as it is read out: the currency by its name, and nobody says "point zero zero"."""
    # A whole amount goes in without its zeros: with them, "1.00" takes the plural of a fraction in many languages.
    whole = money.value.to_integral_value()
    value, decimals = (whole, 0) if money.value == whole else (money.value, minor_units(money.currency))
    pattern = _whole_part(locale) + (f".{'0' * decimals}" if decimals else "")
    return format_currency(
        value, money.currency, format=pattern, currency_digits=False, format_type="name", locale=locale
    )


def clock_time(moment: Instant, locale: Locale) -> str:
    """Return a time of day in UTC, with the zone, cut to the minute."""
    return f"{_clock(moment, locale)} UTC"


def day(moment: Instant, locale: Locale) -> str:
    """Return a date in UTC as it is written in this country, the month mostly in letters."""
    return format_date(_utc(moment).date(), "medium", locale=locale)


def day_and_clock(moment: Instant, locale: Locale) -> str:
    """Return a day and a time in UTC."""
    date = format_date(_utc(moment).date(), "long", locale=locale)
    frame = str(get_datetime_format("medium", locale=locale))
    return f"{frame.replace('{0}', _clock(moment, locale)).replace('{1}', date)} UTC"


def remaining(worded_at: Instant, expires_at: Instant, locale: Locale) -> str:
    """Return how long a code is valid from now on, such as "10 minutes"; whole minutes, rounded down."""
    left_ms = max(0, expires_at - worded_at)
    minutes = (left_ms + _ON_ITS_WAY_MS) // MINUTE_MS
    return _span("minute", minutes * 60, locale) if minutes else _span("second", left_ms // SECOND_MS, locale)


def plain_spaces(text: str) -> str:
    """Return text with plain spaces: narrow and unbreakable ones would cost a text message its alphabet."""
    return " ".join(text.split())


def _whole_part(locale: Locale) -> str:
    """Return how a country groups the digits before the point: ``#,##0``, or ``#,##,##0`` in India."""
    pattern: str = locale.decimal_formats[None].pattern
    return pattern.partition(".")[0]


@lru_cache(maxsize=1_024)  # the lives of codes are few, and each message says one
def _span(granularity: Literal["minute", "second"], seconds: int, locale: Locale) -> str:
    return format_timedelta(timedelta(seconds=seconds), granularity=granularity, threshold=60, locale=locale)


def _clock(moment: Instant, locale: Locale) -> str:
    return _clock_of(moment // MINUTE_MS, locale)


@lru_cache(maxsize=1_024)  # all messages of a minute say the same time
def _clock_of(minute: int, locale: Locale) -> str:
    return format_time(_utc(Instant(minute * MINUTE_MS)), "HH:mm", tzinfo=UTC, locale=locale)


def _utc(moment: Instant) -> datetime:
    return datetime.fromtimestamp(moment // SECOND_MS, UTC)
