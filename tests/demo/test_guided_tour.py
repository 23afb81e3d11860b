"""The guided tour, walked without a script from the first page to the last step, by its own links and forms."""

import re
from collections.abc import AsyncIterator, Iterator

import anyio
import httpx2
import pytest
from starlette.applications import Starlette

from tests.demo.conftest import sign_in_visitor
from tests.demo.customer_browser import CustomerBrowser
from tests.demo.real_demo import CodePage, RealDemo, code_in, follow_to_code, running_demo
from tests.demo.stand_in import StandIn
from tests.demo.test_with_watchword import NEXT_PASSWORD, Visitor
from watchword.demo.playing.guided_tour import next_step, tour_steps

PATIENCE_S = 60.0
LOOKS = 40
LOOK_S = 0.2


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealDemo]:
    """Run a demo."""
    with running_demo(tmp_path_factory.mktemp("demo") / "data") as running:
        yield running


@pytest.fixture
async def visitor(demo: RealDemo) -> AsyncIterator[Visitor]:
    """Return somebody who has not arrived yet."""
    async with httpx2.AsyncClient(base_url=demo.store, timeout=PATIENCE_S) as http:
        yield Visitor(browser=CustomerBrowser(http=http), demo=demo)


async def _done(visitor: Visitor) -> list[str]:
    """Open the tour; return the steps that it ticks."""
    # A form asks Watchword at once, a page once in a while; this one changes nothing.
    await visitor.browser.open("/tour")
    await visitor.browser.send("/pretend", place="home", path="/tour")
    assert visitor.browser.page is not None
    return re.findall(r'<li id="(\w+)" class="is-done"', visitor.browser.page.text)


async def _other_way(visitor: Visitor) -> None:
    """Buy the telescope with a wrong code first, and then with one that comes by e-mail."""
    await visitor.buy("telescope")
    page = await follow_to_code(visitor.browser)
    by_phone = code_in(await visitor.demo.message("code", page.reference))
    await page.enter("000000" if by_phone != "000000" else "111111")
    await page.press(channel="email")
    by_mail = code_in(await visitor.demo.message("code", page.reference, visitor.email))
    assert "is placed" in await page.enter(by_mail)


async def test_every_step_notices_by_itself_that_it_is_done(visitor: Visitor) -> None:
    steps = [step.id for step in tour_steps()]
    await visitor.arrive()
    assert await _done(visitor) == steps[:2]
    await visitor.buy("candle")
    assert await _done(visitor) == steps[:3]
    await visitor.buy("telescope")
    await visitor.prove()
    assert await _done(visitor) == steps[:4]
    await _other_way(visitor)
    assert await _done(visitor) == steps[:6]

    await visitor.browser.send("/pretend", place="abroad", path="/products/candle")
    await visitor.buy("candle")
    await visitor.prove()
    assert await _done(visitor) == steps[:7]
    await visitor.browser.send("/pretend/new-browser", sign_out="yes", path="/sign-in")
    await visitor.browser.send("/sign-in", email=visitor.email, password=visitor.password)
    await visitor.prove(trust=True)
    assert await _done(visitor) == steps[:8]
    await visitor.browser.open("/reset")
    await visitor.browser.send("/reset", email=visitor.email)
    await visitor.prove()
    await visitor.browser.send("/reset/password", password=NEXT_PASSWORD)
    assert await _done(visitor) == steps[:9]

    await _stay_safe(visitor)
    for _ in range(LOOKS):
        # The store heeds a dispute within a second.
        if await _done(visitor) == steps:
            break
        await anyio.sleep(LOOK_S)
    assert await _done(visitor) == steps
    assert "You have seen it all" in await visitor.browser.open("/phone/live")


async def _stay_safe(visitor: Visitor) -> None:
    """Play the last three steps: the fake, the phisher, and the word of the owner."""
    steps = [step.id for step in tour_steps()]
    await visitor.browser.open("/attacks/fake-message")
    await visitor.browser.send("/attacks/fake-message/plant")
    await visitor.browser.send("/phone/report")
    assert await _done(visitor) == steps[:10]
    await visitor.browser.open("/phisher")
    await visitor.browser.send("/phisher", email=visitor.email, password=NEXT_PASSWORD)
    message = await visitor.demo.message("code", "Firefox")
    await visitor.browser.send("/phisher/code", code=code_in(message))
    assert await _done(visitor) == steps[:11]
    found = re.search(r"Type (?P<reference>\w{8}) at (?P<address>\S+/no)", message["text"])
    assert found is not None
    page = await visitor.browser.http.get(f"http://{found['address']}")
    typed = {"reference": found["reference"]}
    await CodePage(browser=visitor.browser, page=page).press("reference", typed=typed)


async def test_a_visitor_is_shown_the_way_to_a_purchase_by_the_pages_alone(visitor: Visitor) -> None:
    await visitor.browser.open("/")
    await visitor.browser.send("/visitors")
    assert "Take your phone" in visitor.browser.text
    # The tour leads to the code that has come, not to a form that asks for a password once more.
    await visitor.browser.open(_way_of_the_tour(visitor))
    assert "Go to the code page" in visitor.browser.text
    await visitor.prove()
    way = _way_of_the_tour(visitor)
    assert way == "/products/candle"
    assert "is placed" in await visitor.buy(way.removeprefix("/products/"))


async def test_a_visitor_who_signs_out_is_led_to_where_he_signs_in(visitor: Visitor) -> None:
    await visitor.arrive()
    await visitor.browser.send("/sign-out")
    await visitor.browser.open("/welcome")
    assert visitor.browser.path == "/sign-in"


def _way_of_the_tour(visitor: Visitor) -> str:
    """Return where the next step leads."""
    assert visitor.browser.page is not None
    way = re.search(r'class="tour-now".*?href="(?P<link>[^"]+)"', visitor.browser.page.text, re.DOTALL)
    assert way is not None
    return way["link"]


async def test_looking_at_the_tour_writes_nothing(
    store: Starlette, browser: CustomerBrowser, watchword: StandIn
) -> None:
    await sign_in_visitor(browser, watchword)
    ledger = store.state.shop.ledger
    questions = (
        "SELECT * FROM desks",
        "SELECT * FROM desk_marks",
        "SELECT * FROM desk_addresses",
        "SELECT * FROM planted",
        "SELECT * FROM settings",
    )
    before = [tuple(row) for question in questions for row in ledger.rows(question)]
    for path in (
        "/tour",
        "/phone",
        "/phone/live",
        "/try",
        "/welcome",
        "/phisher",
        "/attacks/phisher",
        "/attacks/hurry",
    ):
        await browser.open(path)
        assert browser.status == 200, path
    assert [tuple(row) for question in questions for row in ledger.rows(question)] == before


async def test_what_was_done_by_another_customer_does_not_count(browser: CustomerBrowser, watchword: StandIn) -> None:
    await sign_in_visitor(browser, watchword)
    await browser.buy("candle")
    await browser.open("/")
    await browser.send("/visitors", welcome="no")
    await browser.open("/tour")
    assert browser.page is not None
    assert 'id="ordinary" class="is-done"' not in browser.page.text


def test_the_next_step_is_the_first_that_is_not_done() -> None:
    steps = tour_steps()
    assert next_step(frozenset()) == steps[0]
    assert next_step(frozenset({steps[0].id, steps[2].id})) == steps[1]
    assert next_step(frozenset(step.id for step in steps)) is None
