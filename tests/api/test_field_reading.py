"""Fields that a type alone cannot check are read or refused with their place."""

import msgspec
import pytest

from watchword.api.bodies import ActionBody, AttemptBody, MoneyBody, UserBody
from watchword.api.field_reading import amount_of, details_of, ip_of, locale_of, moment_of
from watchword.domain.errors import InvalidField
from watchword.web.json_texts import read_shape


@pytest.mark.parametrize(
    ("value", "currency"),
    [
        ("1e3", "USD"),
        ("-1", "USD"),
        ("01", "USD"),
        ("1.", "USD"),
        (".5", "USD"),
        ("1.234", "USD"),
        ("1.5", "JPY"),
        ("1", "XTS"),
        ("1", "usd"),
        ("1\n", "USD"),
        ("1234567890123456", "USD"),
    ],
)
def test_refuses_what_is_no_money(value: str, currency: str) -> None:
    with pytest.raises(InvalidField) as refused:
        amount_of(MoneyBody(value=value, currency=currency), "/amount")
    assert refused.value.pointer == "/amount"


@pytest.mark.parametrize("key", ["", "A", "1a", "a-b", "a b", "a\n", "é", "a" * 65])
def test_refuses_a_key_that_details_do_not_take(key: str) -> None:
    with pytest.raises(InvalidField):
        details_of(read_shape({"type": "t", "user_id": "u", "details": {key: 1}}, ActionBody).details, "/details")


@pytest.mark.parametrize("value", [None, 1.5, 2**53, -(2**53), 10**400, "x" * 513, [], {}])
def test_refuses_a_value_that_details_do_not_take(value: object) -> None:
    with pytest.raises(InvalidField) as refused:
        read_shape({"type": "t", "user_id": "u", "details": {"a": value}}, ActionBody)
    assert refused.value.pointer == "/details"


@pytest.mark.parametrize("value", ["", "x" * 512, 2**53 - 1, -(2**53) + 1, True, False, 0])
def test_takes_every_value_that_details_may_hold(value: object) -> None:
    details = read_shape({"type": "t", "user_id": "u", "details": {"a": value}}, ActionBody).details
    assert details == {"a": value}
    assert isinstance(details["a"], type(value))


def test_takes_32_details_and_no_more() -> None:
    many = {f"k{number}": number for number in range(33)}
    with pytest.raises(InvalidField):
        read_shape({"type": "t", "user_id": "u", "details": many}, ActionBody)
    del many["k0"]
    assert len(read_shape({"type": "t", "user_id": "u", "details": many}, ActionBody).details or {}) == 32


@pytest.mark.parametrize("text", ["", "localhost", "1.2.3", "1.2.3.4/24", "fe80::1%eth0", "203.0.113.7 "])
def test_refuses_what_is_no_ip_address(text: str) -> None:
    with pytest.raises(InvalidField):
        ip_of(text, "/ip")


@pytest.mark.parametrize(
    ("text", "address"),
    [("203.0.113.7", "203.0.113.7"), ("2001:DB8::0:1", "2001:db8::1"), ("::ffff:203.0.113.7", "203.0.113.7")],
)
def test_an_address_has_one_form(text: str, address: str) -> None:
    assert ip_of(text, "/ip") == address


@pytest.mark.parametrize("text", ["en\n", "e n", "", "-", "en-", "überlang"])
def test_refuses_what_is_no_language(text: str) -> None:
    with pytest.raises(InvalidField):
        locale_of(text, "/locale")


@pytest.mark.parametrize("text", ["en", "pt-BR", "zh_Hant_TW", "de-CH-1996"])
def test_takes_the_name_of_a_language(text: str) -> None:
    assert locale_of(text, "/locale") == text


def test_a_time_needs_an_offset() -> None:
    with pytest.raises(InvalidField):
        moment_of("2026-11-22T10:00:00", "/contacts/0/confirmed_at")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("user_id", ""),
        ("user_id", "u" * 129),
        ("session_id", ""),
        ("session_id", "s" * 129),
        ("payee", "p" * 201),
        ("summary", "s" * 201),
        ("state", "s" * 513),
        ("user_agent", "a" * 1_025),
        ("return_url", "h" * 2_049),
        ("device_token", "d" * 4_097),
        ("type", ""),
        ("send", "yes"),
        ("send", None),
        ("conceal", 1),
        ("amount", {"value": 10, "currency": "USD"}),
        ("amount", {"value": "10"}),
        ("amount", {"value": "10", "currency": "USD", "exponent": 2}),
        ("livemode", True),
    ],
)
def test_refuses_a_field_of_an_action_that_is_wrong(field: str, value: object) -> None:
    with pytest.raises(InvalidField) as refused:
        read_shape({"type": "sign_in", "user_id": "u-1", field: value}, ActionBody)
    assert (refused.value.pointer or "").startswith(f"/{field}")


def test_an_absent_field_and_a_null_are_the_same() -> None:
    optional = [
        field.name for field in msgspec.structs.fields(ActionBody) if field.name not in {"type", "user_id", "send"}
    ]
    absent = read_shape({"type": "sign_in", "user_id": "u-1"}, ActionBody)
    assert read_shape({"type": "sign_in", "user_id": "u-1", **dict.fromkeys(optional)}, ActionBody) == absent


def test_lengths_count_characters_and_not_bytes() -> None:
    read_shape({"type": "sign_in", "user_id": "é" * 128, "payee": "😀" * 200}, ActionBody)


@pytest.mark.parametrize(
    "contact",
    [
        {"channel_type": "phone"},
        {"address": "+14155550123"},
        {"channel_type": "fax", "address": "+14155550123"},
        {"channel_type": "phone", "address": ""},
        {"channel_type": "phone", "address": "+1", "preferred": "no"},
        {"channel_type": "phone", "address": "+1", "id": "ctc_1"},
        {"channel_type": "email", "address": "x" * 321},
    ],
)
def test_refuses_a_contact_that_is_wrong(contact: dict[str, object]) -> None:
    with pytest.raises(InvalidField) as refused:
        read_shape({"contacts": [contact]}, UserBody)
    assert (refused.value.pointer or "").startswith("/contacts/0")


def test_a_text_of_2000_characters_is_an_attempt_and_a_longer_one_is_not() -> None:
    read_shape({"code": "1" * 2_000}, AttemptBody)
    with pytest.raises(InvalidField):
        read_shape({"code": "1" * 2_001}, AttemptBody)
