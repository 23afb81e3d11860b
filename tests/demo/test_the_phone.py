"""The phone beside the shop: whose messages it shows, how, and that the store goes on without it."""

import re
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from tests.demo.conftest import new_browser, sign_in_visitor
from tests.demo.customer_browser import CustomerBrowser
from tests.demo.stand_in import StandIn
from watchword.demo.playing.phone import PieceKind, pieces_of

LATER = "2999-01-01T10:00:00Z"


class Inbox:
    """Stands in for the local inbox: what it holds, and what it was asked."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.is_broken = False

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a question for the messages to one address."""
        to = request.url.params["to"]
        self.asked.append(to)
        if self.is_broken:
            return httpx2.Response(200, text="<html>no JSON</html>")
        return httpx2.Response(200, json=[message for message in self.messages if message["to"] == to])

    def put(self, to: str, text: str, **other: str | None) -> None:
        """Let a message come."""
        message = {"to": to, "channel": "sms", "kind": "code", "subject": None, "text": text, "sent_at": LATER}
        self.messages.append(message | {"challenge_id": "chl_1"} | other)


@pytest.fixture
def inbox(store: Starlette) -> Inbox:
    """Let the store read an inbox that the test fills."""
    inbox = Inbox()
    store.state.backstage.http = httpx2.AsyncClient(transport=httpx2.MockTransport(inbox.answer))
    return inbox


def _phone_of(browser: CustomerBrowser) -> str:
    assert browser.page is not None
    found = re.search(r'<section class="phone".*?</section>', browser.page.text, re.DOTALL)
    assert found is not None
    return found[0]


async def _addresses(store: Starlette) -> list[str]:
    return [row["address"] for row in store.state.shop.ledger.rows("SELECT address FROM addresses")]


async def test_nobody_has_a_phone_before_he_is_a_customer(browser: CustomerBrowser, inbox: Inbox) -> None:
    await browser.open("/")
    assert "Switched off" in _phone_of(browser)
    assert inbox.asked == []
    assert browser.page is not None
    assert "watchword-desk" not in str(browser.page.headers)


async def test_a_new_visitor_has_his_phone_before_his_first_code(
    store: Starlette, browser: CustomerBrowser, inbox: Inbox
) -> None:
    await browser.open("/")
    await browser.send("/visitors")
    email, phone = await _addresses(store)
    inbox.put(phone, "482910 is your code")
    inbox.put(email, "another", subject="A subject", channel="email", kind="notice")
    inbox.put("+12025550999", "not for him")
    await browser.open("/")
    assert inbox.asked[-2:] == [email, phone]
    assert ">482910</strong>" in _phone_of(browser)
    assert "A subject" in _phone_of(browser)
    assert "not for him" not in _phone_of(browser)


async def test_another_browser_does_not_see_the_phone_even_with_the_password(
    store: Starlette, browser: CustomerBrowser, watchword: StandIn, inbox: Inbox
) -> None:
    await sign_in_visitor(browser, watchword)
    email, phone = await _addresses(store)
    inbox.put(phone, "482910 is your code")
    password = browser.text.partition("the password ")[2].split()[0]
    async with new_browser(store) as http:
        other = CustomerBrowser(http=http)
        await other.open("/sign-in")
        await other.send("/sign-in", email=email, password=password)
        assert "/c/wct_" in (other.location or "")
        await other.open("/")
        assert "Switched off" in _phone_of(other)


async def test_messages_that_are_older_than_the_account_were_for_somebody_else(
    store: Starlette, browser: CustomerBrowser, watchword: StandIn, inbox: Inbox
) -> None:
    await sign_in_visitor(browser, watchword)
    inbox.put((await _addresses(store))[1], "482910 is your code", sent_at="2020-01-01T00:00:00Z")
    await browser.open("/")
    assert "No messages yet" in _phone_of(browser)


async def test_messages_to_an_address_that_was_given_up_are_still_seen(
    store: Starlette, browser: CustomerBrowser, watchword: StandIn, inbox: Inbox
) -> None:
    await sign_in_visitor(browser, watchword)
    email, _ = await _addresses(store)
    store.state.shop.ledger.write("DELETE FROM addresses WHERE address = :email", email=email)
    inbox.put(email, "Your contacts were changed", kind="notice")
    await browser.open("/")
    assert "Your contacts were changed" in _phone_of(browser)


async def test_a_message_is_text_whatever_it_holds(
    store: Starlette, browser: CustomerBrowser, watchword: StandIn, inbox: Inbox
) -> None:
    await sign_in_visitor(browser, watchword)
    hostile = "<script>alert(1)</script> javascript:alert(2) https://evil.example/x \" onmouseover='x'"
    inbox.put((await _addresses(store))[1], hostile, subject=hostile, channel="email")
    await browser.open("/phone")
    phone = _phone_of(browser)
    assert "<script" not in phone
    assert "&lt;script&gt;alert(1)" in phone
    assert 'href="https://evil' not in phone
    assert 'href="javascript' not in phone


@pytest.mark.parametrize("path", ["/", "/phone", "/phone/live", "/tour"])
async def test_the_store_goes_on_without_the_inbox(
    browser: CustomerBrowser, watchword: StandIn, inbox: Inbox, path: str
) -> None:
    await sign_in_visitor(browser, watchword)
    inbox.is_broken = True
    await browser.open(path)
    assert browser.status == 200
    if path != "/tour":
        assert "does not answer right now" in _phone_of(browser)


async def test_what_the_script_asks_for_is_phone_and_tour_alone(
    store: Starlette, browser: CustomerBrowser, watchword: StandIn, inbox: Inbox
) -> None:
    await sign_in_visitor(browser, watchword)
    inbox.put((await _addresses(store))[1], "482910 is your code")
    await browser.open("/phone/live?path=/orders%22%3E%3Cscript%3E")
    assert browser.page is not None
    text = browser.page.text
    assert ">482910</strong>" in text
    assert 'data-live="tour"' in text
    assert "<html" not in text
    assert "<script" not in text


def test_the_first_code_of_a_code_message_stands_alone() -> None:
    pieces = pieces_of("482910 is your code. Reference 55512345.", is_code=True)
    assert [(piece.kind, piece.text) for piece in pieces] == [
        (PieceKind.CODE, "482910"),
        (PieceKind.TEXT, " is your code. Reference 55512345."),
    ]


def test_a_notice_has_no_code() -> None:
    assert [piece.kind for piece in pieces_of("Order 482910 went ahead", is_code=False)] == [PieceKind.TEXT]


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("http://127.0.0.1:8000/no?n=abc", PieceKind.LINK),
        ("http://localhost:8000/no?n=123456", PieceKind.LINK),
        ("https://store.example/no", PieceKind.TEXT),
        ("http://127.0.0.1.evil.example/", PieceKind.TEXT),
        ("http://user@evil.example/@127.0.0.1", PieceKind.TEXT),
    ],
)
def test_only_what_leads_back_into_the_demo_is_a_link(address: str, kind: PieceKind) -> None:
    assert pieces_of(f"See {address}", is_code=True)[-1].kind is kind
    assert all(piece.kind is not PieceKind.CODE for piece in pieces_of(address, is_code=True))


def test_nothing_of_a_text_is_lost() -> None:
    text = "482910 is your code.\nNot you? http://127.0.0.1:1/no?n=1 or https://a.example/b 99887766"
    assert "".join(piece.text for piece in pieces_of(text, is_code=True)) == text
