"""Which language codes, messages and code pages come in, while the store itself speaks English."""

import pytest
from starlette.requests import Request

from tests.demo.customer_browser import CustomerBrowser
from tests.demo.stand_in import StandIn
from watchword.demo.speaking import preferred_language, spoken_languages

PASSWORD = "three herons over a quiet canal"


def _asking_for(header: str) -> Request:
    return Request({"type": "http", "headers": [(b"accept-language", header.encode())]})


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en;q=0.5, fr-CA;q=0.7", "fr"),
        ("sv, nl;q=0.1", "nl"),
        ("sv", "en"),
        ("*", "en"),
        ("zh-CN", "zh-Hans"),
        ("zh-Hant-TW, it;q=0.3", "it"),
        ("de;q=0, es", "es"),
        ("de;q=heaps, pl;q=0.1", "pl"),
        ("PT_BR", "pt"),
        (",;,;q=,", "en"),
        ("sv," * 500 + "de", "en"),
    ],
)
def test_the_browser_is_asked_which_language_it_wants(header: str, language: str) -> None:
    assert preferred_language(_asking_for(header)) == language


def test_every_language_has_its_own_name() -> None:
    assert len({spoken.title for spoken in spoken_languages()}) == len(spoken_languages()) == 12


async def test_a_visitor_gets_the_language_of_his_browser(browser: CustomerBrowser, watchword: StandIn) -> None:
    browser.http.headers["accept-language"] = "tr"
    await browser.open("/")
    await browser.send("/visitors")

    assert list(watchword.locales.values()) == ["tr"]
    assert watchword.actions[-1]["locale"] == "tr"


async def test_who_registers_chooses(browser: CustomerBrowser, watchword: StandIn) -> None:
    browser.http.headers["accept-language"] = "it"
    await browser.open("/register")
    assert browser.page is not None
    assert '<option value="it" lang="it" selected>' in browser.page.text
    await browser.send("/register", email="ada@example.com", password=PASSWORD, language="ar")

    assert list(watchword.locales.values()) == ["ar"]
    assert watchword.actions[-1]["locale"] == "ar"


async def test_a_language_that_is_not_spoken_is_not_taken(browser: CustomerBrowser, watchword: StandIn) -> None:
    await browser.open("/register")
    await browser.send("/register", email="ada@example.com", password=PASSWORD, language="tlh")

    assert list(watchword.locales.values()) == ["en"]


async def test_a_reset_speaks_the_browsers_language_whoever_is_asked_for(
    browser: CustomerBrowser, watchword: StandIn
) -> None:
    await browser.open("/register")
    await browser.send("/register", email="ada@example.com", password=PASSWORD, language="ar")
    browser.http.headers["accept-language"] = "hi"
    for email in ("ada@example.com", "nobody@example.com"):
        await browser.open("/reset")
        await browser.send("/reset", email=email)

    assert [action["locale"] for action in watchword.actions if action["type"] == "password_reset"] == ["hi", "hi"]
