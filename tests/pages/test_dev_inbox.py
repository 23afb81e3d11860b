"""The inbox page: what it shows, how the same reads as JSON, and to whom it answers at all."""

import re
from collections.abc import Sequence
from html import unescape

import pytest
from httpx2 import ASGITransport, AsyncClient
from starlette.applications import Starlette

from tests.hostile_texts import HOSTILE_TEXTS
from watchword.domain.contact import Channel
from watchword.domain.ids import ChallengeId
from watchword.domain.instant import Instant
from watchword.domain.message import InboxEntry
from watchword.pages.dev_inbox import SHOWN_AT_MOST, inbox_routes

NOON = Instant(1_795_348_800_000)
LINK = "https://verify.shop.example/no?n=ntc_0123456789&x=1"


def a_text_message(text: str = "012345 is your code to sign in.\n@localhost #012345", **fields: object) -> InboxEntry:
    values = {
        "to": "+14155550123",
        "channel": Channel.SMS,
        "is_code": True,
        "subject": None,
        "text": text,
        "sent_at": NOON,
        "challenge_id": ChallengeId("chl_1"),
    }
    return InboxEntry(**(values | fields))  # type: ignore[arg-type]  # a test names the fields it changes


def a_notice(text: str = f"You signed in.\n{LINK}\n", subject: str | None = "Shop: You signed in") -> InboxEntry:
    return a_text_message(
        text, to="ada@home.example", channel=Channel.EMAIL, is_code=False, subject=subject, challenge_id=None
    )


class Kept:
    """Messages in memory."""

    def __init__(self, *entries: InboxEntry) -> None:
        self.all = entries

    def entries(self, to: str | None = None) -> Sequence[InboxEntry]:
        return tuple(entry for entry in self.all if to in {None, entry.to})


def a_client(*entries: InboxEntry, host: str = "localhost:8000") -> AsyncClient:
    site = Starlette(routes=inbox_routes(Kept(*entries)))
    return AsyncClient(transport=ASGITransport(app=site), base_url="http://localhost", headers={"host": host})


async def page(*entries: InboxEntry, query: str = "") -> str:
    async with a_client(*entries) as client:
        answer = await client.get(f"/dev/inbox{query}")
    assert answer.status_code == 200
    return answer.text


async def test_the_json_has_exactly_the_promised_fields_oldest_first() -> None:
    async with a_client(a_text_message(), a_notice()) as client:
        answer = await client.get("/dev/inbox.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == [
        {
            "to": "+14155550123",
            "channel": "sms",
            "kind": "code",
            "subject": None,
            "text": "012345 is your code to sign in.\n@localhost #012345",
            "sent_at": "2026-11-22T12:00:00Z",
            "challenge_id": "chl_1",
        },
        {
            "to": "ada@home.example",
            "channel": "email",
            "kind": "notice",
            "subject": "Shop: You signed in",
            "text": f"You signed in.\n{LINK}\n",
            "sent_at": "2026-11-22T12:00:00Z",
            "challenge_id": None,
        },
    ]


async def test_an_empty_inbox_is_an_empty_list() -> None:
    async with a_client() as client:
        assert (await client.get("/dev/inbox.json")).json() == []


@pytest.mark.parametrize(
    ("query", "count"), [("?to=ada@home.example", 1), ("?to=bea@home.example", 0), ("?to=", 2), ("?to=%20", 2)]
)
async def test_messages_are_asked_for_by_address(query: str, count: int) -> None:
    async with a_client(a_text_message(), a_notice()) as client:
        assert len((await client.get(f"/dev/inbox.json{query}")).json()) == count
        assert (await client.get(f"/dev/inbox{query}")).text.count("<article>") == count


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:65535", "[::1]", "[::1]:8000"]
)
async def test_answers_to_the_names_of_this_computer(host: str) -> None:
    async with a_client(a_text_message(), host=host) as client:
        for path in ("/dev/inbox", "/dev/inbox.json", "/dev/inbox.css", "/dev/inbox.js"):
            assert (await client.get(path)).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "localhost.",
        "127.0.0.1.evil.example",
        "127.0.0.2",
        "0.0.0.0",
        "[::]",
        "[::1].evil.example",
        "::1",
        "localhost:8000:9",
        "localhost:",
        "evil.example@localhost",
        "localhost, evil.example",
        "localhost/",
    ],
)
async def test_turns_every_other_name_away_and_shows_nothing(host: str) -> None:
    async with a_client(a_text_message(), host=host) as client:
        for path in ("/dev/inbox", "/dev/inbox.json"):
            answer = await client.get(path)
            assert answer.status_code == 421
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == 421
            assert "012345" not in answer.text


async def test_turns_away_a_request_with_two_names() -> None:
    site = Starlette(routes=inbox_routes(Kept(a_text_message())))
    headers = [("host", "localhost"), ("host", "evil.example")]
    async with AsyncClient(transport=ASGITransport(app=site), base_url="http://localhost", headers=headers) as client:
        assert (await client.get("/dev/inbox.json")).status_code == 421


@pytest.mark.parametrize("path", ["/dev/inbox", "/dev/inbox.json"])
async def test_no_other_origin_may_read_it(path: str) -> None:
    async with a_client(a_text_message()) as client:
        answer = await client.get(path, headers={"origin": "https://evil.example"})
        asked = await client.options(
            path, headers={"origin": "https://evil.example", "access-control-request-method": "GET"}
        )
    assert asked.status_code == 405
    assert not [name for name in (*answer.headers, *asked.headers) if name.startswith("access-control")]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_policy_allows_nothing_but_its_own_files() -> None:
    async with a_client() as client:
        policy = (await client.get("/dev/inbox")).headers["content-security-policy"]
    assert policy.split("; ")[0] == "default-src 'none'"
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    text = await page(a_text_message(), a_notice())
    assert "style=" not in text
    assert re.findall(r"<script[^>]*>[^<]", text) == []


async def test_a_phone_and_a_mailbox_stand_side_by_side() -> None:
    text = await page(a_text_message(), a_notice(), a_text_message("call 654321", channel=Channel.VOICE))
    phone, mailbox = text.split('<section class="mailbox"')
    assert phone.count("<article>") == 2
    assert "Call</h3>" in phone
    assert "Text message</h3>" in phone
    assert mailbox.count("<article>") == 1
    assert "Shop: You signed in</h3>" in mailbox


async def test_the_newest_message_is_the_first() -> None:
    text = await page(a_text_message("first 111111"), a_text_message("second 222222"))
    assert text.index("222222") < text.index("111111")


async def test_the_page_does_not_grow_without_end() -> None:
    text = await page(*(a_text_message(f"{number:06}") for number in range(SHOWN_AT_MOST + 1)))
    assert text.count("<article>") == SHOWN_AT_MOST
    assert "000000" not in text


async def test_a_code_stands_out_and_a_link_can_be_followed() -> None:
    text = await page(a_text_message(), a_notice())
    assert text.count('<strong class="code">012345</strong>') == 2
    assert f'href="{LINK.replace("&", "&amp;")}"' in text
    assert 'rel="noopener noreferrer"' in text


async def test_a_number_in_a_notice_is_no_code() -> None:
    assert '<strong class="code">' not in await page(a_notice("Order 123456"))


async def test_a_text_message_says_what_it_costs() -> None:
    text = await page(a_text_message(), a_text_message("ж" * 71))
    assert "1 part, GSM-7" in text
    assert "2 parts, UCS-2" in text


async def test_the_page_refreshes_by_itself_until_it_is_told_not_to() -> None:
    text = await page(query="?to=ada%40home.example")
    assert '<noscript><meta http-equiv="refresh"' in text
    assert "/dev/inbox.js" in text
    assert 'href="/dev/inbox?to=ada%40home.example&amp;pause=1"' in text
    paused = await page(query="?to=ada%40home.example&pause=1")
    assert "http-equiv" not in paused
    assert "<script" not in paused
    assert 'href="/dev/inbox?to=ada%40home.example"' in paused


@pytest.mark.parametrize("text", [text for text in HOSTILE_TEXTS if text.isprintable() and text.strip()], ids=ascii)
async def test_a_hostile_text_stays_text(text: str) -> None:
    shown = await page(a_text_message(text, to=text), a_notice(text, subject=text))
    tags = set(re.findall(r"<([a-z0-9]+)", shown))
    assert tags <= {
        "html", "head", "meta", "title", "link", "noscript", "script", "body", "header", "h1", "h2", "h3", "p", "form",
        "label", "input", "button", "a", "main", "section", "ol", "li", "article", "bdi", "time", "span", "strong",
    }  # fmt: skip
    assert shown.count("<script") == 1
    for address in re.findall(r'href="([^"]*)"', shown):
        assert unescape(address).startswith(("/dev/inbox", "http://", "https://"))
    assert text in unescape(re.sub(r"<[^>]+>", "", shown))


async def test_a_form_puts_what_was_asked_back_into_its_field() -> None:
    assert 'value="&#34;&gt;&lt;b&gt;"' in await page(query="?to=%22%3E%3Cb%3E")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_nothing_can_be_changed(method: str) -> None:
    async with a_client(a_text_message()) as client:
        assert (await client.request(method, "/dev/inbox")).status_code == 405
