"""The parts that a visitor plays: what Watchword hears from each, and that he gets his own browser back."""

import re

from starlette.applications import Starlette

from tests.demo.conftest import new_browser, sign_in_visitor
from tests.demo.customer_browser import CustomerBrowser
from tests.demo.stand_in import StandIn
from watchword.demo.playing.pretending import REMEMBERED_TOKENS, TokenShelf, find_place, places


async def _signed_in(browser: CustomerBrowser, watchword: StandIn) -> None:
    watchword.device_token = "wd1mine"
    await sign_in_visitor(browser, watchword)
    watchword.device_token = None


def _form_token(browser: CustomerBrowser) -> str:
    assert browser.page is not None
    found = re.search(r'name="form_token" value="(\w+)"', browser.page.text)
    assert found is not None
    return found[1]


async def _become_thief(browser: CustomerBrowser) -> str:
    await browser.open("/attacks/stolen-password")
    return await browser.send("/pretend/stolen-password")


async def test_a_thief_with_the_password_comes_from_elsewhere_in_a_browser_of_his_own(
    browser: CustomerBrowser, watchword: StandIn
) -> None:
    await _signed_in(browser, watchword)
    assert "You are the thief" in await _become_thief(browser)
    await browser.send("/pretend/sign-in")
    reported = watchword.actions[-1]
    assert reported["type"] == "sign_in"
    assert reported["user_id"] == watchword.actions[0]["user_id"]
    assert "device_token" not in reported
    assert reported["ip"] == find_place("island", reported["user_id"]).ip != watchword.actions[0]["ip"]
    assert reported["session_id"] != watchword.actions[0]["session_id"]
    assert "/c/wct_" in (browser.location or "")


async def test_a_thief_is_not_signed_in_before_he_has_a_code(browser: CustomerBrowser, watchword: StandIn) -> None:
    await _signed_in(browser, watchword)
    await _become_thief(browser)
    assert "Please sign in first" in await browser.open("/account")


async def test_being_myself_again_brings_browser_and_sign_in_back(browser: CustomerBrowser, watchword: StandIn) -> None:
    await _signed_in(browser, watchword)
    await _become_thief(browser)
    assert "watchword-device" not in browser.http.cookies
    await browser.send("/pretend/myself")
    assert browser.http.cookies["watchword-device"] == "wd1mine"
    assert "Your account" in await browser.open("/account")


async def test_a_thief_who_gets_in_does_not_get_the_phone(browser: CustomerBrowser, watchword: StandIn) -> None:
    await _signed_in(browser, watchword)
    watchword.decision = "allow"
    await _become_thief(browser)
    text = await browser.send("/pretend/sign-in")
    assert "You are signed in" in text
    assert browser.page is not None
    assert "The customer's phone" in browser.page.text
    assert "You are the thief now" in browser.page.text


async def test_the_phone_stays_the_customers_whoever_signs_in_while_the_thief_plays(
    store: Starlette, browser: CustomerBrowser, watchword: StandIn
) -> None:
    async with new_browser(store) as http:
        other = CustomerBrowser(http=http)
        await sign_in_visitor(other, watchword)
        email = next(word for word in other.text.split() if word.endswith("@example.com"))
        password = other.text.partition("the password ")[2].split()[0]
    await _signed_in(browser, watchword)
    (owner,) = store.state.shop.ledger.rows("SELECT owner_id FROM desks ORDER BY rowid DESC LIMIT 1")
    watchword.decision = "allow"
    await _become_thief(browser)
    await browser.open("/sign-in")
    assert "You are signed in" in await browser.send("/sign-in", email=email, password=password)
    (still,) = store.state.shop.ledger.rows("SELECT owner_id FROM desks ORDER BY rowid DESC LIMIT 1")
    assert still["owner_id"] == owner["owner_id"]


async def test_the_thief_signs_in_as_the_owner_of_the_phone_only(
    store: Starlette, browser: CustomerBrowser, watchword: StandIn
) -> None:
    await _signed_in(browser, watchword)
    asked = len(watchword.actions)
    async with new_browser(store) as http:
        stranger = CustomerBrowser(http=http)
        await stranger.open("/")
        token = _form_token(stranger)
        await http.post("/pretend/sign-in", data={"form_token": token})
        await http.post("/pretend/stolen-password", data={"form_token": token})
        await http.post("/pretend/sign-in", data={"form_token": token})
    # Himself he does not need it either: it is the thief's button.
    await browser.open("/")
    token = _form_token(browser)
    await browser.http.post("/pretend/sign-in", data={"form_token": token})
    assert len(watchword.actions) == asked


async def test_a_thief_uses_the_cookie_as_it_was_when_he_copied_it(
    browser: CustomerBrowser, watchword: StandIn
) -> None:
    await _signed_in(browser, watchword)
    await browser.open("/attacks/copied-cookie")
    await browser.send("/pretend/copy-cookie")
    for token in ("wd1next", "wd1afternext"):
        watchword.device_token = token
        await browser.buy("candle")
    watchword.device_token = None
    assert "The copy is old" in await browser.open("/attacks/copied-cookie")
    await browser.send("/pretend/use-copy")
    await browser.send("/pretend/sign-in")
    assert watchword.actions[-1]["device_token"] == "wd1mine"
    assert watchword.actions[-1]["ip"] == places(watchword.actions[-1]["user_id"])[0].ip == watchword.actions[0]["ip"]

    await browser.open("/")
    await browser.send("/pretend/myself")
    assert browser.http.cookies["watchword-device"] == "wd1afternext"


async def test_a_new_browser_is_signed_out_where_that_is_wished(browser: CustomerBrowser, watchword: StandIn) -> None:
    await _signed_in(browser, watchword)
    await browser.open("/")
    await browser.send("/pretend/new-browser")
    assert "Your account" in await browser.open("/account")
    await browser.send("/pretend/new-browser", sign_out="yes", path="/sign-in")
    assert browser.path == "/sign-in"
    assert "Please sign in first" in await browser.open("/account")


async def test_a_new_visitor_takes_the_desk_over(browser: CustomerBrowser, watchword: StandIn) -> None:
    await _signed_in(browser, watchword)
    await _become_thief(browser)
    await browser.open("/")
    await browser.send("/visitors")
    await browser.open("/")
    assert browser.page is not None
    assert "You are the thief now" not in browser.page.text
    assert "Your phone" in browser.page.text


async def test_a_part_leads_back_to_a_page_of_the_store_only(browser: CustomerBrowser) -> None:
    for path in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", ""):
        await browser.open("/")
        await browser.send("/pretend", place="abroad", path=path)
        assert browser.page is not None
        assert (browser.page.url.host, browser.path) == ("127.0.0.1", "/")


async def test_a_fake_is_taken_away_by_whom_it_was_sent_to(
    store: Starlette, browser: CustomerBrowser, watchword: StandIn
) -> None:
    await _signed_in(browser, watchword)
    await browser.open("/attacks/fake-message")
    await browser.send("/attacks/fake-message/plant")
    (planted,) = store.state.shop.ledger.rows("SELECT id FROM planted")
    async with new_browser(store) as http:
        other = CustomerBrowser(http=http)
        await sign_in_visitor(other, watchword)
        token = _form_token(other)
        await http.post("/phone/report", data={"form_token": token, "message": planted["id"]})
    assert len(store.state.shop.ledger.rows("SELECT id FROM planted")) == 1
    assert "on no list" in await browser.send("/phone/report")
    assert store.state.shop.ledger.rows("SELECT id FROM planted") == []


def test_a_shelf_remembers_the_latest_tokens_and_when_their_successors_came() -> None:
    shelf = TokenShelf()
    for number in range(REMEMBERED_TOKENS + 3):
        shelf.keep("visit", f"token-{number}")
    assert shelf.oldest("visit") == f"token-{REMEMBERED_TOKENS}"
    assert len(shelf.successors("visit", f"token-{REMEMBERED_TOKENS}")) == 2
    assert shelf.successors("visit", "token-0") == ()
    assert shelf.successors("another", "token-3") == ()


def test_every_customer_has_a_home_of_his_own_and_it_stays() -> None:
    homes = {places(f"c-{number}")[0].ip for number in range(40)}
    assert len(homes) > 20
    assert places("c-1") == places("c-1")
    assert not homes & {places(f"c-{number}")[1].ip for number in range(40)}
