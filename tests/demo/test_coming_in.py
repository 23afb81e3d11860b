"""Registering, signing in and out, and forgotten passwords."""

import re
from dataclasses import replace

import pytest
from starlette.applications import Starlette

from tests.demo.conftest import new_browser, sign_in_visitor
from tests.demo.customer_browser import CustomerBrowser
from tests.demo.stand_in import Refusal, StandIn
from watchword.demo.customers import find_customer_by_email
from watchword.demo.shop import Shop
from watchword_client.passwords import AsyncPasswordHashes, HashParameters

PASSWORD = "three herons over a quiet canal"
NEXT_PASSWORD = "eleven gulls above the old lighthouse"


async def _register(browser: CustomerBrowser, email: str = "ada@example.com", password: str = PASSWORD) -> str:
    await browser.open("/register")
    return await browser.send("/register", email=email, phone="", password=password)


async def test_a_visitor_is_made_with_one_click_and_signed_in_after_the_code(
    browser: CustomerBrowser, watchword: StandIn
) -> None:
    await browser.open("/")
    await browser.send("/visitors")

    (contacts,) = watchword.users.values()
    assert [contact["channel_type"] for contact in contacts] == ["email", "phone"]
    assert all(contact["confirmed_at"] for contact in contacts)
    assert contacts[0]["address"].endswith("@example.com")
    assert contacts[1]["address"][5:10] == "55501"
    assert watchword.actions[0]["type"] == "sign_in"
    assert browser.path == "/welcome"
    assert browser.page is not None
    assert f'href="{watchword.url}/c/wct_1"' in browser.page.text
    assert contacts[0]["address"] in browser.text

    await browser.open("/watchword/return", **watchword.end("approved"))
    assert browser.path == "/account"
    assert contacts[0]["address"] in browser.text
    assert watchword.redeemed == [{"type": "sign_in", "user_id": watchword.actions[0]["user_id"]}]


async def test_two_visitors_are_two_people(browser: CustomerBrowser, watchword: StandIn) -> None:
    await sign_in_visitor(browser, watchword)
    await sign_in_visitor(browser, watchword)

    assert len(watchword.users) == 2


async def test_registration_leaves_contacts_unconfirmed_and_goes_on_to_sign_in(
    browser: CustomerBrowser, watchword: StandIn
) -> None:
    await browser.open("/register")
    await browser.send("/register", email="Ada@Example.com", phone="(202) 555-0123", password=PASSWORD)

    (contacts,) = watchword.users.values()
    assert [contact["address"] for contact in contacts] == ["ada@example.com", "+12025550123"]
    assert [contact["confirmed_at"] for contact in contacts] == [None, None]
    await browser.open("/watchword/return", **watchword.end("approved"))
    assert browser.path == "/account"


@pytest.mark.parametrize(
    ("password", "complaint"),
    [
        ("fourteen chars", "at least 15 characters"),
        ("correct horse battery staple", "stolen passwords"),
        ("Correct Horse Battery Staple", "stolen passwords"),
        ("abababababababab", "too easy to guess"),
        ("ada@example.com1", "too easy to guess"),
        ("x" * 257, "at most 256"),
    ],
)
async def test_registration_refuses_a_weak_password(
    browser: CustomerBrowser, watchword: StandIn, password: str, complaint: str
) -> None:
    assert complaint in await _register(browser, password=password)

    assert browser.status == 422
    assert not watchword.users


async def test_registration_refuses_what_is_no_address(browser: CustomerBrowser, watchword: StandIn) -> None:
    await browser.open("/register")
    text = await browser.send("/register", email="nobody", phone="12", password=PASSWORD)

    assert "not an e-mail address" in text
    assert "not a phone number" in text
    assert not watchword.users


async def test_an_address_registers_once(browser: CustomerBrowser, watchword: StandIn) -> None:
    await _register(browser)
    assert "There is an account" in await _register(browser, email="ADA@example.com")

    assert len(watchword.users) == 1


@pytest.mark.parametrize("status", [422, 503])
async def test_nobody_is_kept_whom_watchword_did_not_take(
    browser: CustomerBrowser, watchword: StandIn, status: int
) -> None:
    watchword.refusal = Refusal(status=status, code="refused", retry_after=60)
    await _register(browser)
    assert browser.status == status
    watchword.refusal = None

    await _register(browser)
    assert browser.location == f"{watchword.url}/c/wct_1"


async def test_a_known_device_signs_in_without_a_code(browser: CustomerBrowser, watchword: StandIn) -> None:
    await _register(browser)
    watchword.decision = "allow"
    await browser.open("/sign-in")
    text = await browser.send("/sign-in", email="ada@example.com", password=PASSWORD)

    assert "You are signed in" in text
    assert watchword.redeemed[-1]["type"] == "sign_in"


@pytest.mark.parametrize(
    ("email", "password"),
    [("ada@example.com", PASSWORD + "!"), ("bob@example.com", PASSWORD), ("nobody", PASSWORD), ("", "")],
)
async def test_a_wrong_password_looks_like_an_unknown_address(
    browser: CustomerBrowser, watchword: StandIn, email: str, password: str
) -> None:
    await _register(browser)
    asked = len(watchword.actions)
    await browser.open("/sign-in")
    text = await browser.send("/sign-in", email=email, password=password)

    assert "do not belong together" in text
    assert len(watchword.actions) == asked


async def test_a_hash_of_other_days_is_made_anew_by_signing_in(
    store: Starlette, browser: CustomerBrowser, watchword: StandIn
) -> None:
    await _register(browser)
    shop: Shop = store.state.shop
    before = find_customer_by_email(shop.ledger, "ada@example.com")
    store.state.shop = replace(
        shop, passwords=AsyncPasswordHashes(parameters=HashParameters(memory_kib=7_168, passes=6, lanes=1))
    )
    for _ in range(2):
        await browser.open("/sign-in")
        await browser.send("/sign-in", email="ada@example.com", password=PASSWORD)
        assert browser.location is not None

    after = find_customer_by_email(shop.ledger, "ada@example.com")
    assert before is not None
    assert after is not None
    assert ("t=5" in before.password_hash, "t=6" in after.password_hash) == (True, True)


async def test_signing_in_changes_the_key_of_the_visit(browser: CustomerBrowser, watchword: StandIn) -> None:
    await browser.open("/")
    before = browser.http.cookies["watchword-store"]
    await sign_in_visitor(browser, watchword)

    assert browser.http.cookies["watchword-store"] != before
    browser.http.cookies.set("watchword-store", before, domain="127.0.0.1", path="/")
    assert "Please sign in first" in await browser.open("/account")


async def test_signing_in_as_somebody_else_ends_the_first_visit(browser: CustomerBrowser, watchword: StandIn) -> None:
    await sign_in_visitor(browser, watchword)
    key = browser.http.cookies["watchword-store"]
    watchword.decision = "allow"
    await _register(browser)

    browser.http.cookies.set("watchword-store", key, domain="127.0.0.1", path="/")
    assert "Please sign in first" in await browser.open("/account")


async def test_signing_out_ends_the_visit(browser: CustomerBrowser, watchword: StandIn) -> None:
    await sign_in_visitor(browser, watchword)
    key = browser.http.cookies["watchword-store"]
    await browser.send("/sign-out")

    browser.http.cookies.set("watchword-store", key, domain="127.0.0.1", path="/")
    assert "Please sign in first" in await browser.open("/account")


async def test_a_return_address_is_worth_nothing_in_another_browser(
    store: Starlette, browser: CustomerBrowser, watchword: StandIn
) -> None:
    await _register(browser)
    query = watchword.end("approved")
    async with new_browser(store) as http:
        thief = CustomerBrowser(http=http)
        await thief.open("/watchword/return", **query)
        assert thief.status == 409
        assert "Please sign in first" in await thief.open("/account")

    await browser.open("/watchword/return", **query)
    assert browser.path == "/account"


async def test_a_reset_sets_a_new_password_and_signs_out_everywhere(
    store: Starlette, browser: CustomerBrowser, watchword: StandIn
) -> None:
    await _register(browser)
    await browser.open("/watchword/return", **watchword.end("approved"))
    async with new_browser(store) as http:
        other = CustomerBrowser(http=http)
        await other.open("/reset")
        await other.send("/reset", email="ada@example.com")
        assert watchword.actions[-1]["type"] == "password_reset"
        await other.open("/watchword/return", **watchword.end("approved"))
        assert "at least 15" in await other.send("/reset/password", password="short")
        assert "Sign in with it" in await other.send("/reset/password", password=NEXT_PASSWORD)

    assert watchword.redeemed[-1]["type"] == "password_reset"
    assert "Please sign in first" in await browser.open("/account")
    watchword.decision = "allow"
    assert "do not belong" in await browser.send("/sign-in", email="ada@example.com", password=PASSWORD)
    assert "signed in" in await browser.send("/sign-in", email="ada@example.com", password=NEXT_PASSWORD)


async def test_a_reset_without_the_code_sets_nothing(browser: CustomerBrowser, watchword: StandIn) -> None:
    await _register(browser)
    await browser.open("/reset")
    await browser.send("/reset", email="ada@example.com")
    state = watchword.actions[-1]["state"]

    await browser.open("/reset/password", state=state)
    await browser.send("/reset/password", password=NEXT_PASSWORD)

    assert browser.status == 409
    watchword.decision = "allow"
    await browser.open("/sign-in")
    assert "do not belong" in await browser.send("/sign-in", email="ada@example.com", password=NEXT_PASSWORD)


async def test_a_reset_looks_the_same_for_an_address_that_nobody_has(
    browser: CustomerBrowser, watchword: StandIn
) -> None:
    await _register(browser)
    asked = []
    for email in ("ada@example.com", "bob@example.com", "bob@example.com"):
        await browser.open("/reset")
        await browser.send("/reset", email=email)
        assert browser.status == 303
        asked.append(watchword.actions[-1])

    assert [action.keys() for action in asked] == [asked[0].keys()] * 3
    assert all(re.fullmatch(r"u-[0-9a-f]{24}", action["user_id"]) for action in asked)
    assert asked[0]["user_id"] != asked[1]["user_id"] == asked[2]["user_id"]


async def test_passwords_are_kept_with_argon2id(store: Starlette, browser: CustomerBrowser, watchword: StandIn) -> None:
    await _register(browser)
    shop = store.state.shop
    assert isinstance(shop, Shop)
    (row,) = shop.ledger.rows("SELECT password_hash FROM customers")

    assert row["password_hash"].startswith("$argon2id$")
    kept = (shop.ledger.rows("SELECT * FROM customers"), shop.ledger.rows("SELECT * FROM intentions"))
    assert PASSWORD not in str([tuple(row) for rows in kept for row in rows])
