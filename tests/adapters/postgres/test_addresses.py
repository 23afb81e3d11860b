"""Addresses that cannot be read: what is said of them holds nothing of a password, however the error is shown."""

import traceback
from collections.abc import Callable

import pytest

from watchword.adapters.postgres.postgres_connection import connection_settings
from watchword.adapters.postgres.postgres_schema import place_of
from watchword.domain.errors import ConfigurationError

_READERS: tuple[Callable[[str], object], ...] = (connection_settings, place_of)


@pytest.mark.parametrize("read", _READERS)
@pytest.mark.parametrize(
    "url",
    [
        "postgresql://watchword:canary%zz@db/shop",
        "postgresql://watchword@db/shop?canary",
        "postgresql://watchword@db/shop?password=x&canary=y",
        "postgresql://watchword:canary@[db/shop",
        "postgresql://watchword:can/canary@db:5432/shop",
        "postgresql://watchword:can@canary@db/shop",
    ],
)
def test_nothing_refers_to_a_password(read: Callable[[str], object], url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read(url)
    shown = "".join(traceback.format_exception(refused.value, limit=0))
    assert "canary" not in shown
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None


@pytest.mark.parametrize("read", _READERS)
def test_an_unknown_option_is_named(read: Callable[[str], object]) -> None:
    with pytest.raises(ConfigurationError, match="no option sslmodee"):
        read("postgresql://watchword@db/shop?sslmodee=require")
