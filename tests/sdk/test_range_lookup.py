"""Asking a service for breached passwords: five digits go out, and whatever comes back, no sign-up fails by it."""

import logging
from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest

from tests.sdk.canned import Canned, CannedServer, Dropped, Held
from watchword_client.passwords import (
    Accepted,
    AsyncPasswordJudge,
    AsyncRangeLookup,
    Breached,
    LookupAnswer,
    NotChecked,
    NotSeen,
    PasswordJudge,
    RangeLookup,
    TooEasy,
    hash_of,
)

PASSWORD = "quietly harbour marmalade"
HASH = hash_of(PASSWORD).decode()
PADDING = f"{'0' * 35}:0\r\n{'F' * 35}:12\r\n"
NOT_CHECKED = NotChecked(reason="no_answer")
UNREADABLE = NotChecked(reason="unreadable_answer")

ANSWERS = [
    (Canned(body=f"{PADDING}{HASH[5:]}:42\r\n"), Breached(times=42)),
    (Canned(body=f"{HASH[5:].lower()}:42"), Breached(times=42)),
    (Canned(body=PADDING), NotSeen()),
    (Canned(body=f"{PADDING}{HASH[5:]}:0\r\n"), NotSeen()),
    (Canned(body=""), UNREADABLE),
    (Canned(body="<html>Please sign in to this network</html>"), UNREADABLE),
    (Canned(body=f"{HASH[5:]}:42\r\n<html>"), UNREADABLE),
    (Canned(body="F" * 35 + ":1\n" + "x" * 2_000_000), NOT_CHECKED),
    (Canned(status=404, body=f"{HASH[5:]}:42\r\n"), NOT_CHECKED),
    (Canned(status=429, body=""), NOT_CHECKED),
    (Canned(status=503, body=""), NOT_CHECKED),
    (Canned(status=302, body="", headers={"location": "/elsewhere"}), NOT_CHECKED),
    (Canned(body="not zipped", headers={"content-encoding": "gzip"}), UNREADABLE),
    (Canned(body="cut", headers={"content-length": "999"}), NOT_CHECKED),
    (Dropped(), NOT_CHECKED),
    (Held(), NOT_CHECKED),
]


@pytest.fixture
def lookup(server: CannedServer) -> Iterator[RangeLookup]:
    """Return a look-up at the canned server."""
    with RangeLookup(base_url=server.url + "/", timeout_s=0.5) as opened:
        yield opened


@pytest.fixture
async def async_lookup(server: CannedServer) -> AsyncIterator[AsyncRangeLookup]:
    """Return the asynchronous look-up at the canned server."""
    async with AsyncRangeLookup(base_url=server.url, timeout_s=0.5) as opened:
        yield opened


@pytest.mark.parametrize(("canned", "expected"), ANSWERS)
def test_every_answer_has_its_meaning(
    server: CannedServer, lookup: RangeLookup, canned: Canned | Dropped | Held, expected: LookupAnswer
) -> None:
    server.will_answer(canned)
    assert lookup.look_up(PASSWORD) == expected


@pytest.mark.parametrize(("canned", "expected"), ANSWERS)
async def test_every_answer_has_its_meaning_asynchronously(
    server: CannedServer, async_lookup: AsyncRangeLookup, canned: Canned | Dropped | Held, expected: LookupAnswer
) -> None:
    server.will_answer(canned)
    assert await async_lookup.look_up(PASSWORD) == expected


async def test_no_answer_leads_anywhere_else(
    server: CannedServer, lookup: RangeLookup, async_lookup: AsyncRangeLookup
) -> None:
    moved, known = Canned(status=302, body="", headers={"location": "/elsewhere"}), Canned(body=f"{HASH[5:]}:42")
    server.will_answer(moved, moved, known, known)
    assert lookup.look_up(PASSWORD) == NOT_CHECKED
    assert await async_lookup.look_up(PASSWORD) == NOT_CHECKED
    assert [received.path for received in server.received] == [f"/range/{HASH[:5]}"] * 2


async def test_five_digits_of_the_hash_are_all_that_goes_out(
    server: CannedServer, lookup: RangeLookup, async_lookup: AsyncRangeLookup
) -> None:
    server.will_answer(Canned(body=PADDING), Canned(body=PADDING))
    lookup.look_up(PASSWORD)
    await async_lookup.look_up(PASSWORD)
    for received in server.received:
        assert (received.method, received.path, received.body) == ("GET", f"/range/{HASH[:5]}", b"")
        assert received.headers["add-padding"] == "true"
        everything = " ".join((received.path, *received.headers.values()))
        assert HASH[5:12] not in everything
        assert PASSWORD not in everything


def test_nothing_is_said_of_the_password_in_any_log(
    server: CannedServer, lookup: RangeLookup, caplog: pytest.LogCaptureFixture
) -> None:
    server.will_answer(Canned(body=PADDING), Dropped())
    with caplog.at_level(logging.DEBUG):
        lookup.look_up(PASSWORD)
        lookup.look_up(PASSWORD)
    assert "/range/" in caplog.text, "the HTTP library does log: the test looks at the right place"
    assert PASSWORD not in caplog.text
    assert HASH[:6] not in caplog.text


def test_nobody_is_asked_about_a_password_that_is_refused_anyway(server: CannedServer, lookup: RangeLookup) -> None:
    judge = PasswordJudge(lookup=lookup)
    assert isinstance(judge.judge("x" * 20), TooEasy)
    assert isinstance(judge.judge("passwordpassword"), Breached)
    judge.judge("short")
    assert server.received == []


async def test_a_judge_says_what_the_service_says(
    server: CannedServer, lookup: RangeLookup, async_lookup: AsyncRangeLookup
) -> None:
    found, nothing = Canned(body=f"{HASH[5:]}:42\r\n"), Canned(body=PADDING)
    server.will_answer(found, nothing, Dropped(), found, nothing, Dropped())
    expected = [Breached(times=42), Accepted(), NOT_CHECKED]
    assert [PasswordJudge(lookup=lookup).judge(PASSWORD) for _ in expected] == expected
    assert [await AsyncPasswordJudge(lookup=async_lookup).judge(PASSWORD) for _ in expected] == expected


def test_a_service_that_cannot_be_reached_is_no_error(server: CannedServer) -> None:
    def unreachable(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("no route", request=request)

    with RangeLookup(transport=httpx2.MockTransport(unreachable)) as lookup:
        assert lookup.look_up(PASSWORD) == NOT_CHECKED


@pytest.mark.parametrize("base_url", ["", "api.example", "ftp://api.example", "https://api.example/?a=b"])
def test_an_address_that_could_never_work_is_refused(base_url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        RangeLookup(base_url=base_url)
    with pytest.raises(ValueError, match="base_url"):
        AsyncRangeLookup(base_url=base_url)


def test_a_time_out_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="timeout_s"):
        RangeLookup(timeout_s=0)
