"""Turns the table of an application's guards into its guards, and says what in it cannot be."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from watchword.config.config_problems import Problems
from watchword.config.guard_shape import GuardsTable, TariffTable
from watchword.config.key_lines import KeyPath
from watchword.domain.contact import Channel
from watchword.domain.guards import MICROS, GuardMode, Guards, Tariff, is_country, is_paid
from watchword.domain.limits import Mode
from watchword.domain.money import minor_units

_AMOUNT: Final = re.compile(r"(0|[1-9][0-9]{0,7})(\.[0-9]{1,6})?", re.ASCII)
"""No sign, no exponent; as fine as it is counted."""


def declare_guards(path: KeyPath, table: GuardsTable, mode: Mode, problems: Problems) -> Guards:
    """Return the guards of a table; where there is a problem, what is returned is not to be used."""
    _check_currency((*path, "currency"), table.currency, problems)
    _check_countries((*path, "daily_caps"), table.daily_caps, problems)
    tables = {Channel.SMS: table.sms, Channel.VOICE: table.voice, Channel.WHATSAPP: table.whatsapp}
    usual = GuardMode.ENFORCE if mode is Mode.LIVE else GuardMode.MONITOR
    return Guards(
        mode=usual if table.mode is None else table.mode,
        currency=table.currency,
        daily_cap=_micros((*path, "daily_cap"), table.daily_cap, problems),
        daily_caps=_amounts((*path, "daily_caps"), table.daily_caps, problems),
        kept_for_proven_percent=table.kept_for_proven_percent,
        prefix_sends=table.prefix_sends,
        prefix_completed_percent=table.prefix_completed_percent,
        prefix_window_h=table.prefix_window_h,
        closure_min=table.closure_min,
        tariffs={
            channel.value: _tariff((*path, channel.value), tables[channel], problems)
            for channel in Channel
            if is_paid(channel)
        },
    )


def _tariff(path: KeyPath, table: TariffTable, problems: Problems) -> Tariff:
    _check_countries((*path, "countries"), table.countries, problems)
    _check_countries((*path, "prices"), table.prices, problems)
    return Tariff(
        price=_micros((*path, "price"), table.price, problems),
        prices=_amounts((*path, "prices"), table.prices, problems),
        countries=frozenset(table.countries) or None,
    )


def _amounts(path: KeyPath, amounts: Mapping[str, str], problems: Problems) -> dict[str, int]:
    return {country: _micros((*path, country), text, problems) for country, text in amounts.items()}


def _micros(path: KeyPath, text: str, problems: Problems) -> int:
    if not _AMOUNT.fullmatch(text):
        problems.add(path, "must be an amount as text, such as 0.0079, with at most six decimals")
        return 0
    return int(Decimal(text) * MICROS)


def _check_countries(path: KeyPath, countries: Iterable[str], problems: Problems) -> None:
    for country in countries:
        if not is_country(country):
            meant = f"; did you mean {country.upper()}?" if is_country(country.upper()) else ""
            problems.add(path, f"{country}: must be a country as ISO 3166 has it, such as DE{meant}")


def _check_currency(path: KeyPath, currency: str, problems: Problems) -> None:
    try:
        minor_units(currency)
    except KeyError:
        problems.add(path, f"{currency}: must be an active ISO 4217 code such as USD")
