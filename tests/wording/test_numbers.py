"""Amounts that are read out: the currency's name in the form that goes with the number."""

from decimal import Decimal

import pytest
from babel import Locale

from watchword.domain.money import Money
from watchword.wording.numbers import plain_spaces, spoken_amount


@pytest.mark.parametrize(
    ("tag", "value", "spoken"),
    [
        ("en", "1.00", "1 US dollar"),
        ("en", "1299.00", "1,299 US dollars"),
        ("en", "12.50", "12.50 US dollars"),
        ("pl", "1.00", "1 dolar amerykański"),
        ("pl", "2.00", "2 dolary amerykańskie"),
        ("pl", "1299.00", "1 299 dolarów amerykańskich"),
        ("pl", "12.50", "12,50 dolara amerykańskiego"),
        ("tr", "1299.00", "1.299 ABD doları"),
    ],
)
def test_a_currency_is_named_in_the_form_that_goes_with_the_number(tag: str, value: str, spoken: str) -> None:
    assert plain_spaces(spoken_amount(Money(value=Decimal(value), currency="USD"), Locale(tag))) == spoken
