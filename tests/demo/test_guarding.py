"""What guards the store: forms, cookies, headers, its own address, and what a visitor may pretend."""

import re
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from tests.demo.conftest import sign_in_visitor
from tests.demo.customer_browser import STORE_URL, CustomerBrowser
from tests.demo.stand_in import StandIn
from watchword.demo import create_store
from watchword.demo.playing.playbook import plays


def _routes(store: Starlette, method: str) -> list[str]:
    return [
        route.path.replace("{", "").replace("}", "")
        for route in store.routes
        if isinstance(route, Route) and method in (route.methods or set())
    ]


async def test_every_form_needs_the_token_of_the_visit(
    store: Starlette, browser: CustomerBrowser, watchword: StandIn
) -> None:
    await sign_in_visitor(browser, watchword)
    asked = len(watchword.actions)
    paths = _routes(store, "POST")
    assert len(paths) >= 15
    for path in paths:
        for forged in ({}, {"form_token": ""}, {"form_token": "0" * 64}, {"form_token": "é"}):
            answer = await browser.http.post(path, data={"pieces": "1"} | forged)
            assert answer.status_code == 403, path

    assert len(watchword.actions) == asked


async def test_looking_changes_nothing(store: Starlette, browser: CustomerBrowser, watchword: StandIn) -> None:
    await sign_in_visitor(browser, watchword)
    ledger = store.state.shop.ledger

    def everything() -> list[tuple[object, ...]]:
        questions = (
            "SELECT * FROM customers",
            "SELECT * FROM addresses",
            "SELECT * FROM hints",
            "SELECT * FROM visits",
            "SELECT * FROM intentions",
            "SELECT * FROM orders",
            "SELECT * FROM order_lines",
            "SELECT * FROM baskets",
            "SELECT * FROM deliveries",
        )
        return [tuple(row) for question in questions for row in ledger.rows(question)]

    before = everything()
    for path in _routes(store, "GET"):
        answer = await browser.http.get(path)
        assert answer.status_code < 500, path
        await browser.http.head(path)

    assert everything() == before


async def test_every_answer_carries_the_guarding_headers(
    store: Starlette, browser: CustomerBrowser, watchword: StandIn
) -> None:
    for path in (*_routes(store, "GET"), "/nothing"):
        headers = (await browser.http.get(path)).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'; img-src 'self'")
        assert (
            f"form-action 'self' http://localhost:{watchword.url.rpartition(':')[2]}"
            in headers["content-security-policy"]
        )
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


async def test_no_page_asks_anything_of_another_host_or_holds_a_script_itself(
    store: Starlette, browser: CustomerBrowser, watchword: StandIn
) -> None:
    await sign_in_visitor(browser, watchword)
    for path in _routes(store, "GET"):
        text = (await browser.http.get(path)).text
        assert all(
            script.endswith(" defer></script>") for script in re.findall(r"<script.*?</script>", text, re.DOTALL)
        )
        assert all(source.startswith("/static/") for source in re.findall(r'\bsrc="([^"]*)"', text))
        assert " style=" not in text


async def test_another_host_name_is_not_answered(browser: CustomerBrowser) -> None:
    assert (await browser.http.get("/", headers={"host": "store.thief.example"})).status_code == 421
    assert (await browser.http.post("/visitors", headers={"host": "localhost:8099"})).status_code == 421


async def test_another_name_of_this_machine_leads_to_the_right_one(browser: CustomerBrowser) -> None:
    answer = await browser.http.get("/orders?new=1", headers={"host": "localhost:8099"})

    assert (answer.status_code, answer.headers["location"]) == (307, f"{STORE_URL}/orders?new=1")


async def test_cookies_are_kept_from_scripts_and_other_sites(browser: CustomerBrowser, watchword: StandIn) -> None:
    watchword.device_token = "wd1one"
    await browser.open("/")
    await browser.send("/visitors", welcome="no")

    assert browser.page is not None
    cookies = browser.page.headers.get_list("set-cookie")
    (device,) = [value for value in cookies if "device" in value]
    assert device.startswith("watchword-device=wd1one; Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax")
    (desk,) = [value for value in cookies if "desk" in value]
    assert "; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax" in desk


async def test_cookies_are_bound_to_the_host_where_there_is_https(watchword: StandIn, tmp_path: Path) -> None:
    store = create_store(
        api_url=watchword.url,
        secret_key="wk_test_secret",
        base_url="https://store.example",
        data_dir=tmp_path,
        inbox_url=None,
        settings_note="",
    )
    async with (
        store.router.lifespan_context(store),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app=store), base_url="https://store.example") as http,
    ):
        answer = await http.get("/")

    cookies = answer.headers.get_list("set-cookie")
    assert any(cookie.startswith("__Host-watchword-store=") for cookie in cookies)
    assert all(cookie.startswith("__Host-") and cookie.endswith("; Secure") for cookie in cookies)
    assert "max-age" in answer.headers["strict-transport-security"]


async def test_the_device_token_follows_the_answers(browser: CustomerBrowser, watchword: StandIn) -> None:
    watchword.device_token = "wd1one"
    await sign_in_visitor(browser, watchword)
    assert "device_token" not in watchword.actions[0]
    watchword.device_token = None
    await browser.buy("candle")
    assert watchword.actions[-1]["device_token"] == "wd1one"

    await browser.open("/")
    await browser.send("/pretend/new-browser")
    await browser.buy("candle")
    assert "device_token" not in watchword.actions[-1]


async def test_an_old_device_token_can_be_played(browser: CustomerBrowser, watchword: StandIn) -> None:
    for number, token in enumerate(("wd1one", "wd1two", "wd1three")):
        watchword.device_token = token
        await (sign_in_visitor(browser, watchword) if number == 0 else browser.buy("candle"))
    watchword.device_token = None
    await browser.open("/")
    await browser.send("/pretend/thief")
    await browser.buy("candle")

    assert watchword.actions[-1]["device_token"] == "wd1one"


async def test_the_strip_says_what_it_did(browser: CustomerBrowser, watchword: StandIn) -> None:
    watchword.device_token = "wd1one"
    await sign_in_visitor(browser, watchword)
    await browser.open("/try")
    assert "You are somewhere else now" in await browser.send("/pretend", place="abroad")
    assert "browser now that nobody knows" in await browser.send("/pretend/new-browser")
    assert browser.path == "/try"


@pytest.mark.parametrize("path", ["//thief.example", "/\\thief.example", "https://thief.example", "", "/\r\nx: y"])
async def test_the_strip_leads_nowhere_else(browser: CustomerBrowser, path: str) -> None:
    await browser.open("/")
    await browser.send("/pretend", place="island", path=path)

    assert browser.path == "/"
    assert browser.status == 200


async def test_a_form_that_is_too_large_or_none_is_refused(browser: CustomerBrowser) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert (await browser.http.post("/sign-in", content=b"a=" + b"x" * 20_000, headers=form)).status_code == 413
    assert (await browser.http.post("/sign-in", content=b"a=%ff", headers=form)).status_code == 400
    assert (await browser.http.post("/sign-in", content=b"\xff", headers=form)).status_code == 400
    assert (await browser.http.post("/sign-in", content=b"&".join([b"a=1"] * 50), headers=form)).status_code == 400
    assert (await browser.http.post("/sign-in", json={"a": 1})).status_code == 415


async def test_devices_and_requests_are_shown(browser: CustomerBrowser, watchword: StandIn) -> None:
    await sign_in_visitor(browser, watchword)
    assert "trusted" in await browser.open("/devices")
    await browser.send("/devices/dev_1")
    await browser.send("/devices/all")
    assert watchword.deleted == ["devices/dev_1", "devices"]
    text = await browser.open("/requests")
    assert "7K2M9QXD" in text
    assert browser.page is not None
    assert f'href="{watchword.url}/no"' in browser.page.text


async def test_every_promise_can_be_tried_and_leads_somewhere(browser: CustomerBrowser, watchword: StandIn) -> None:
    await sign_in_visitor(browser, watchword)
    assert [play.id for play in plays()] == [f"B{number}" for number in range(1, 19)]
    for play in plays():
        await browser.open(play.link)
        assert browser.status == 200


async def test_every_page_says_that_limits_are_relaxed(browser: CustomerBrowser) -> None:
    await browser.open("/try")

    assert browser.page is not None
    assert "The limits of this demo are relaxed." in browser.page.text


async def test_passwords_get_the_full_work_of_argon2id(watchword: StandIn, tmp_path: Path) -> None:
    shop = create_store(
        api_url=watchword.url,
        secret_key="wk_test_secret",
        base_url=STORE_URL,
        data_dir=tmp_path,
        inbox_url=None,
        settings_note="",
    ).state.shop

    # RFC 9106, section 4, the second recommended option.
    assert (await shop.passwords.hash("three herons over a quiet canal")).startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    await shop.watchword.close()
    shop.ledger.close()


@pytest.mark.parametrize("base_url", ["store.example", "ftp://store.example", "http://store.example/shop"])
def test_an_address_that_cannot_work_is_refused(tmp_path: Path, base_url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        create_store(
            api_url="http://127.0.0.1:9",
            secret_key="wk_test_secret",
            base_url=base_url,
            data_dir=tmp_path,
            inbox_url=None,
            settings_note="",
        )
