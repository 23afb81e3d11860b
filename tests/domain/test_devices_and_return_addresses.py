"""Device tokens come apart only if we made them; a page returns only where the application said."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.domain.application import Application
from watchword.domain.device import LONGEST_NAME, Device, DeviceState, read_name, read_token, write_token
from watchword.domain.ids import ApplicationId, DeviceId, UserKey, make_id
from watchword.domain.instant import Instant, later, rfc3339, seconds_until
from watchword.domain.limits import Limits, Mode

ID = DeviceId(make_id("dev", UserKey(b"k" * 8), b"r" * 16))


def device(**changes: Any) -> Device:
    fields: dict[str, Any] = {
        "id": ID,
        "name": "Chrome on Windows",
        "step": 0,
        "stepped_at": Instant(0),
        "first_seen_at": Instant(0),
        "last_seen_at": Instant(0),
        "last_proven_at": Instant(0),
    }
    return Device(**(fields | changes))


def state(found: Device, days: float) -> DeviceState:
    return found.state(later(Instant(0), days=days), known_days=180, trusted_days=30)


def test_a_proof_makes_a_device_known_for_a_while_and_trust_is_shorter() -> None:
    assert state(device(), 179) is DeviceState.KNOWN
    assert state(device(), 180) is DeviceState.NEW
    trusted = device(trusted_at=Instant(0))
    assert state(trusted, 29) is DeviceState.TRUSTED
    assert state(trusted, 30) is DeviceState.KNOWN
    assert state(device(trusted_at=Instant(0), revoked_at=Instant(1)), 1) is DeviceState.NEW


def test_a_token_comes_apart_as_it_was_put_together() -> None:
    read = read_token(write_token(ID, 7, b"m" * 32).reveal())
    assert read is not None
    assert (read.device_id, read.step, read.mac, read.user_key) == (ID, 7, b"m" * 32, b"k" * 8)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Kitchen tablet", "Kitchen tablet"),
        ("  Jane's\n\tphone ", "Jane's phone"),
        ("ADA \u202epc\u202c", "ADA pc"),
        ("台所のタブレット", "台所のタブレット"),
        ("see evil.example/x", "see evil example/x"),
        ("x" * 60, "x" * 60),
        ("x" * 61, None),
        ("", None),
        (" \n ", None),
        ("\u200b\u2060", None),
        ("📱", None),
    ],
)
def test_a_name_is_one_harmless_line_or_none(text: str, name: str | None) -> None:
    assert read_name(text) == name


@given(st.text(max_size=100))
def test_any_name_stays_as_it_was_read(text: str) -> None:
    name = read_name(text)
    if name is not None:
        assert 1 <= len(name) <= LONGEST_NAME
        assert read_name(name) == name


@given(st.text(max_size=200))
def test_no_text_breaks_reading_a_token(text: str) -> None:
    assert read_token(text) is None
    assert read_token(f"wd1.{text}") is None


def application(*return_urls: str) -> Application:
    return Application(
        id=ApplicationId("shop"),
        name="Shop",
        mode=Mode.TEST,
        limits=Limits(),
        issuer="http://127.0.0.1/test",
        channels=(),
        high_value={},
        return_urls=return_urls,
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example.evil.com/back",
        "https://shop.example@evil/back",
        "//shop.example/back",
        "https:\\\\shop.example\\back",
        "javascript:alert(1)",
        "https://shop.example/back?next=https://evil",
        "https://shop.example/back ",
        "https://shop.example/back\n",
    ],
)
def test_returns_only_to_exactly_what_was_listed(url: str) -> None:
    assert not application("https://shop.example/back").allows_return_to(url)


def test_any_port_of_this_machine_may_be_listed_for_development() -> None:
    local = application("http://127.0.0.1:*/*")
    assert local.allows_return_to("http://127.0.0.1:8137/watchword/return")
    assert not local.allows_return_to("http://127.0.0.1.evil:8137/")
    assert not local.allows_return_to("http://evil@127.0.0.1:80/")
    assert not local.allows_return_to("http://127.0.0.1:99999/")
    assert not local.allows_return_to("http://localhost:80/")
    assert not application("http://shop.example:*/*").allows_return_to("http://shop.example:80/")


def test_times_are_written_in_utc_and_waits_rounded_up() -> None:
    assert rfc3339(Instant(0)) == "1970-01-01T00:00:00Z"
    assert rfc3339(Instant(1_500)) == "1970-01-01T00:00:01.500Z"
    assert seconds_until(Instant(1_001), Instant(0)) == 2
    assert seconds_until(Instant(0), Instant(5_000)) == 0
