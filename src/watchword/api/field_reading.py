"""Makes domain values of fields that a type alone cannot check; each refusal names its field."""

import re
from collections.abc import Mapping
from typing import Final

from watchword.api.bodies import DETAIL_KEY, LOCALE, MoneyBody
from watchword.domain.action import Detail
from watchword.domain.errors import InvalidField
from watchword.domain.instant import Instant, read_rfc3339
from watchword.domain.money import Money, read_money
from watchword.web.client_address import read_ip

_DETAIL_KEY: Final = re.compile(DETAIL_KEY)
_LOCALE: Final = re.compile(LOCALE)


def amount_of(body: MoneyBody | None, pointer: str) -> Money | None:
    """Return an amount of money."""
    if body is None:
        return None
    money = read_money(body.value, body.currency)
    if isinstance(money, str):
        raise InvalidField(money, pointer=pointer)
    return money


def details_of(details: Mapping[str, Detail] | None, pointer: str) -> Mapping[str, Detail]:
    """Return details; absent ones are none."""
    for key in details or {}:
        # The pattern alone lets a line end through (``$`` in Python).
        if not _DETAIL_KEY.fullmatch(key):
            raise InvalidField("a key of details is [a-z][a-z0-9_]{0,63}", pointer=pointer)
    return details or {}


def locale_of(text: str | None, pointer: str) -> str | None:
    """Return the name of a language, such as ``en`` or ``pt-BR``."""
    if text is not None and not _LOCALE.fullmatch(text):
        raise InvalidField("locale is the name of a language such as en or pt-BR", pointer=pointer)
    return text


def ip_of(text: str | None, pointer: str) -> str | None:
    """Return an IP address in its shortest form."""
    if text is None:
        return None
    address = read_ip(text)
    if address is None:
        raise InvalidField("ip is an IPv4 or IPv6 address", pointer=pointer)
    return str(address)


def moment_of(text: str | None, pointer: str) -> Instant | None:
    """Return a point in time."""
    if text is None:
        return None
    moment = read_rfc3339(text)
    if moment is None:
        raise InvalidField("a time is RFC 3339 with an offset, such as 2026-11-22T10:00:00Z", pointer=pointer)
    return moment
