"""What a browser carries for us: its name, the mark of a form, and one word for the page after it."""

import pytest
from starlette.datastructures import Headers

from tests.pages.samples import NOW, keyring
from watchword.domain.ids import ChallengeId, encode
from watchword.domain.instant import later
from watchword.pages.flash import LIFETIME_S, Said, read_said, write_said
from watchword.web.browser import Browser, browser_binding, browser_cookie
from watchword.web.csrf import form_mark, is_own_form, is_sent_from_here

KEYS = keyring()
HERE = Browser(value=encode(b"h" * 32), is_fresh=False)
ELSEWHERE = Browser(value=encode(b"e" * 32), is_fresh=False)
ORIGIN = "https://verify.shop.example"


def test_the_cookie_is_tied_to_the_host_over_https_and_works_on_loopback() -> None:
    assert browser_cookie(ORIGIN) == "__Host-watchword"
    assert browser_cookie("http://127.0.0.1:8000") == "watchword-browser"


def test_a_binding_differs_by_browser_and_by_challenge() -> None:
    one, other = ChallengeId("chl_one"), ChallengeId("chl_other")
    bindings = {browser_binding(KEYS, browser, id_) for browser in (HERE, ELSEWHERE) for id_ in (one, other)}
    assert len(bindings) == 4


def test_a_mark_holds_for_its_browser_and_its_thing_only() -> None:
    mark = form_mark(KEYS, HERE, "chl_one")
    assert is_own_form(KEYS, HERE, "chl_one", mark)
    assert not is_own_form(KEYS, ELSEWHERE, "chl_one", mark)
    assert not is_own_form(KEYS, HERE, "chl_other", mark)
    assert not is_own_form(keyring(), HERE, "chl_one", mark)


@pytest.mark.parametrize("mark", ["", "0", "not base 32 ü", "0" * 26, "0" * 4_000])
def test_anything_else_is_no_mark(mark: str) -> None:
    assert not is_own_form(KEYS, HERE, "chl_one", mark)


@pytest.mark.parametrize(
    ("headers", "from_here"),
    [
        ({}, True),
        ({"origin": ORIGIN}, True),
        ({"origin": "null"}, True),
        ({"origin": "null", "sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"origin": "http://localhost:1", "sec-fetch-site": "same-origin"}, True),
        ({"origin": "https://evil.example"}, False),
        ({"origin": ORIGIN + ".evil.example"}, False),
        ({"origin": "null", "sec-fetch-site": "cross-site"}, False),
        ({"origin": ORIGIN, "sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
    ],
)
def test_a_form_from_a_foreign_page_is_told_by_the_browser(headers: dict[str, str], from_here: bool) -> None:
    assert is_sent_from_here(Headers(headers), ORIGIN) is from_here


def test_a_word_is_read_by_its_browser_about_its_thing_for_a_minute() -> None:
    value = write_said(Said.INCORRECT, keyring=KEYS, browser=HERE, about="chl_one", now=NOW)
    last = later(NOW, seconds=LIFETIME_S - 1)
    assert read_said(value, keyring=KEYS, browser=HERE, about="chl_one", now=last) is Said.INCORRECT
    assert read_said(value, keyring=KEYS, browser=HERE, about="chl_one", now=later(last, seconds=1)) is None
    assert read_said(value, keyring=KEYS, browser=ELSEWHERE, about="chl_one", now=NOW) is None
    assert read_said(value, keyring=KEYS, browser=HERE, about="chl_other", now=NOW) is None


@pytest.mark.parametrize("value", ["", ".", "..", "incorrect", "incorrect.1.0", "approved.1.00", "x" * 5_000, "é.1.0"])
def test_a_word_that_nobody_signed_is_not_said(value: str) -> None:
    assert read_said(value, keyring=KEYS, browser=HERE, about="chl_one", now=NOW) is None


def test_a_word_cannot_be_changed_under_its_signature() -> None:
    value = write_said(Said.INCORRECT, keyring=KEYS, browser=HERE, about="no", now=NOW)
    changed = value.replace("incorrect", "ended")
    assert read_said(changed, keyring=KEYS, browser=HERE, about="no", now=NOW) is None
