"""Values that could never work, or could mean something else, are refused before anything is sent."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from tests.sdk import canned
from tests.sdk.canned import Canned, CannedServer
from watchword_client import BoundFields, Client, Contact, Money


def test_writes_an_amount_without_exponent() -> None:
    assert Money(value=Decimal("1E+3"), currency="JPY").to_json() == {"value": "1000", "currency": "JPY"}
    assert Money(value=Decimal("10.00"), currency="USD").to_json()["value"] == "10.00"


@pytest.mark.parametrize("value", [1299.0, 1299, True, None])
def test_refuses_an_amount_that_is_not_exact(value: object) -> None:
    with pytest.raises(TypeError):
        Money(value=value, currency="USD")  # type: ignore[arg-type]  # the call that must not work


def test_writes_times_in_utc_and_refuses_those_without_a_zone() -> None:
    berlin = datetime(2026, 1, 2, 3, 0, tzinfo=timezone(timedelta(hours=1)))

    def contact(moment: datetime) -> Contact:
        return Contact(channel_type="email", address="a@example.com", confirmed_at=moment)

    assert contact(berlin).to_json()["confirmed_at"] == "2026-01-02T02:00:00Z"
    with pytest.raises(ValueError, match="time zone"):
        contact(berlin.astimezone(UTC).replace(tzinfo=None)).to_json()


def test_leaves_absent_fields_out() -> None:
    assert BoundFields(type="sign_in", user_id="u-42").to_json() == {"type": "sign_in", "user_id": "u-42"}


def test_shows_no_address() -> None:
    assert "example" not in repr(Contact(channel_type="email", address="a@example.com"))


@pytest.mark.parametrize("user_id", ["", ".", ".."])
def test_refuses_an_id_that_would_reach_another_resource(server: CannedServer, client: Client, user_id: str) -> None:
    with pytest.raises(ValueError, match="address"):
        client.users.delete(user_id)
    assert not server.received


@pytest.mark.parametrize("key", ["", "x" * 256, "a\r\nb: c", "é"])
def test_refuses_an_idempotency_key_that_the_api_refuses(client: Client, key: str) -> None:
    with pytest.raises(ValueError, match="idempotency key"):
        client.actions.give_feedback("act_1", "fraud", idempotency_key=key)


@pytest.mark.parametrize(
    ("base_url", "secret_key", "timeout_s"),
    [
        ("verify.shop.example", "wk_test_secret", 2.0),
        ("ftp://verify.shop.example", "wk_test_secret", 2.0),
        ("https://", "wk_test_secret", 2.0),
        ("https://verify.shop.example/?key=1", "wk_test_secret", 2.0),
        ("https://verify.shop.example", "", 2.0),
        ("https://verify.shop.example", "wk_test_\nsecret", 2.0),
        ("https://verify.shop.example", "wk_test_secret", 0.0),
    ],
)
def test_refuses_an_origin_that_cannot_work(base_url: str, secret_key: str, timeout_s: float) -> None:
    with pytest.raises(ValueError, match=r"base_url|secret_key|timeout_s"):
        Client(base_url=base_url, secret_key=secret_key, timeout_s=timeout_s)


def test_works_behind_a_path(server: CannedServer) -> None:
    with Client(base_url=f"{server.url}/watchword/", secret_key="wk_test_secret") as client:
        server.will_answer(Canned(body=canned.USER))
        client.users.get("u-42")
    assert server.received[0].path == "/watchword/v1/users/u-42"
