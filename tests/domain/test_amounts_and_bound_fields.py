"""A proof holds for identical fields only (I8); amounts compare as numbers and nothing else is folded."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.domain.action import Bound, Decision
from watchword.domain.ids import UserId
from watchword.domain.money import Money, minor_units, read_money


def money(value: str, currency: str = "USD") -> Money:
    found = read_money(value, currency)
    assert isinstance(found, Money)
    return found


def bound(**changes: Any) -> Bound:
    fields: dict[str, Any] = {
        "type": "purchase",
        "user_id": UserId("u-1"),
        "amount": money("10"),
        "payee": "ACME",
        "details": {"items": 1},
    }
    return Bound(**(fields | changes))


def test_equal_amounts_are_equal_however_they_are_written() -> None:
    assert bound(amount=money("10")).canonical() == bound(amount=money("10.00")).canonical()


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "sign_in"},
        {"user_id": UserId("u-2")},
        {"amount": money("10.01")},
        {"amount": money("100")},
        {"amount": money("10", "EUR")},
        {"amount": None},
        {"payee": None},
        {"payee": ""},
        {"payee": "acme"},
        {"payee": "ACME "},
        {"details": {}},
        {"details": {"items": "1"}},
        {"details": {"items": True}},
        {"details": {"items": 1, "gift": False}},
    ],
)
def test_any_other_field_is_another_action(changes: dict[str, Any]) -> None:
    assert bound(**changes).canonical() != bound().canonical()


def test_the_order_of_details_does_not_matter() -> None:
    assert bound(details={"a": 1, "b": 2}).canonical() == bound(details={"b": 2, "a": 1}).canonical()


@pytest.mark.parametrize("value", ["", "-1", "+1", "01", "1.", ".5", "1e5", "1,5", "NaN", "1.00001", " 1", "1\n"])
def test_refuses_an_amount_that_is_not_written_plainly(value: str) -> None:
    assert isinstance(read_money(value, "USD"), str)


@pytest.mark.parametrize(
    ("value", "currency"), [("1.5", "JPY"), ("1.234", "USD"), ("1", "QQQ"), ("1", "usd"), ("1", "")]
)
def test_refuses_more_decimals_than_the_currency_has_and_currencies_that_are_none(value: str, currency: str) -> None:
    assert isinstance(read_money(value, currency), str)


def test_knows_currencies_without_and_with_three_decimals() -> None:
    assert (minor_units("JPY"), minor_units("USD"), minor_units("KWD")) == (0, 2, 3)
    assert str(money("1299")) == "1299.00 USD"
    assert str(money("5", "JPY")) == "5 JPY"


@given(st.sampled_from(Decision), st.sampled_from(Decision))
def test_the_stricter_decision_wins_in_either_order(one: Decision, other: Decision) -> None:
    assert one.stricter(other) is other.stricter(one)
    assert Decision.DENY.stricter(one) is Decision.DENY
    assert Decision.ALLOW.stricter(one) is one
