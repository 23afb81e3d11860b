"""An amount of money, exact, in a currency that exists."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

_VALUE: Final = re.compile(r"(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})?")
"""The one form of an amount: no sign, no leading zero, no exponent, a point before the decimals."""

# Active codes and minor units: ISO 4217 list one (published by SIX), without funds codes, metals and test codes.
_TWO_DECIMALS: Final = frozenset(
    """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP
    CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES
    KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK
    NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB
    TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
    """.split()  # noqa: SIM905 a hundred and fifty lines of one code each could not be read
)
_NO_DECIMALS: Final = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split()  # noqa: SIM905 as above
)
_THREE_DECIMALS: Final = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An exact amount; equal amounts are equal however they were written (``10`` and ``10.00``)."""

    value: Decimal
    """At least zero, at most 15 digits before the point and the currency's minor units behind it."""
    currency: str
    """An active ISO 4217 code in capitals."""

    def __str__(self) -> str:
        return f"{self.value:.{minor_units(self.currency)}f} {self.currency}"


def minor_units(currency: str) -> int:
    """Return how many decimals a currency has; ``KeyError`` for one that is not active."""
    for codes, decimals in ((_TWO_DECIMALS, 2), (_NO_DECIMALS, 0), (_THREE_DECIMALS, 3)):
        if currency in codes:
            return decimals
    raise KeyError(currency)


def read_money(value: str, currency: str) -> Money | str:
    """Return the amount, or a sentence that says why it is none."""
    if not _VALUE.fullmatch(value):
        return "value is a decimal number such as 1299.00, without sign, exponent or leading zero"
    try:
        decimals = minor_units(currency)
    except KeyError:
        return "currency is an active ISO 4217 code such as USD"
    _, _, fraction = value.partition(".")
    if len(fraction) > decimals:
        return f"{currency} has {decimals} decimals"
    return Money(value=Decimal(value), currency=currency)
