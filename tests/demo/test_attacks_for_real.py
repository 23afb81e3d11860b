"""The attacks with the real Watchword behind the store: what gets through, what does not, and how the owner ends it."""

import re
from collections.abc import AsyncIterator, Iterator

import anyio
import httpx2
import pytest

from tests.demo.customer_browser import CustomerBrowser
from tests.demo.real_demo import CodePage, RealDemo, code_in, follow_to_code, running_demo
from tests.demo.test_with_watchword import NEXT_PASSWORD, Visitor

GUESSES_AT_MOST = 40
"""What browsers that nobody knows may guess wrong in 30 days."""
PATIENCE_S = 60.0
LOOKS = 40
LOOK_S = 0.1
"""The store heeds a dispute within a second, and a delivery fails a moment after the page."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealDemo]:
    """Run one demo for all of these tests; each has a visitor of its own."""
    with running_demo(tmp_path_factory.mktemp("demo") / "data") as running:
        yield running


@pytest.fixture
async def visitor(demo: RealDemo) -> AsyncIterator[Visitor]:
    """Return a visitor who has entered his first code."""
    async with httpx2.AsyncClient(base_url=demo.store, timeout=PATIENCE_S) as http:
        visitor = Visitor(browser=CustomerBrowser(http=http), demo=demo)
        await visitor.arrive()
        yield visitor


async def _code(visitor: Visitor, *words: str) -> str:
    """Return the newest code that came to this visitor with these words, on whichever way."""
    for _ in range(LOOKS):
        found = [
            message
            for address in (visitor.phone, visitor.email)
            for message in (await visitor.browser.http.get(f"{visitor.demo.inbox}.json", params={"to": address})).json()
            if message["kind"] == "code" and all(word in message["text"] for word in words)
        ]
        if found:
            return code_in(max(found, key=lambda message: str(message["sent_at"])))
        await anyio.sleep(LOOK_S)
    raise AssertionError(f"no code came with {words}")


async def _link_of_confirmation(visitor: Visitor, number: int) -> str:
    """Return the link in the mail that confirms this sign-in, counted from the first."""
    query = {"to": visitor.email}
    for _ in range(LOOKS):
        found = (await visitor.browser.http.get(f"{visitor.demo.inbox}.json", params=query)).json()
        mails = [message["text"] for message in found if message["subject"] == "Fernwick: You signed in"]
        if len(mails) >= number:
            return str(re.findall(r"http\S+/no\?n=\S+", mails[number - 1])[0])
        await anyio.sleep(LOOK_S)
    raise AssertionError("the sign-in was not confirmed")


async def _phish(visitor: Visitor) -> str:
    """Fall for the copy of the store; return what the page about it says."""
    await visitor.browser.open("/phisher")
    await visitor.browser.send("/phisher", email=visitor.email, password=visitor.password)
    code = await _code(visitor, "sign in", "Firefox", "United Kingdom")
    return await visitor.browser.send("/phisher/code", code=code)


async def _until(visitor: Visitor, page: str, action: str, words: str) -> str:
    """Send a form of a page until it says something, which takes a moment."""
    text = ""
    for _ in range(LOOKS):
        await visitor.browser.open(page)
        text = await visitor.browser.send(action)
        if words in text:
            return text
        await anyio.sleep(LOOK_S)
    raise AssertionError(text)


async def test_a_phisher_relays_a_code_and_is_thrown_out_by_the_owner(visitor: Visitor) -> None:
    assert "The phisher is in" in await _phish(visitor)
    assert "Firefox on Linux, GB" in await visitor.browser.open("/requests")
    link = await _link_of_confirmation(visitor, 2)
    disavowal = CodePage(browser=visitor.browser, page=await visitor.browser.http.get(link))
    await disavowal.press("csrf")

    assert "The phisher is out" in await _until(visitor, "/attacks/phisher", "/phisher/look", "The phisher is out")
    assert "Please sign in first" in await visitor.browser.open("/account")
    await visitor.browser.open("/tour")
    assert visitor.browser.page is not None
    assert re.search(r'id="not_me" class="is-done"', visitor.browser.page.text)


async def test_a_phisher_with_a_wrong_password_is_told_what_the_store_says(visitor: Visitor) -> None:
    await visitor.browser.open("/phisher")
    text = await visitor.browser.send("/phisher", email=visitor.email, password="not the password at all")
    assert "do not belong together" in text
    assert "Enter your code" not in text


async def test_a_phisher_with_a_wrong_code_is_told_how_many_tries_are_left(visitor: Visitor) -> None:
    await visitor.browser.open("/phisher")
    await visitor.browser.send("/phisher", email=visitor.email, password=visitor.password)
    code = await _code(visitor, "sign in", "United Kingdom")
    text = await visitor.browser.send("/phisher/code", code=code[::-1] if code != code[::-1] else "000000")
    assert "4 tries left" in text
    assert "The phisher is in" in await visitor.browser.send("/phisher/code", code=code)


async def test_a_caller_gets_a_reset_started_and_needs_the_code_to_be_read_out(visitor: Visitor) -> None:
    await visitor.browser.open("/attacks/caller")
    text = await visitor.browser.send("/attacks/caller/ring")
    assert "read the code out" in text
    code = await _code(visitor, "reset your password")
    assert len(code) == 8
    assert "The caller could set a new password now" in await visitor.browser.send("/attacks/caller/code", code=code)
    # He was stopped there: the password is what it was.
    assert "You are signed in" in await visitor.sign_out_and_in()


async def test_a_guesser_is_stopped_and_the_owner_goes_on(visitor: Visitor) -> None:
    await visitor.browser.open("/attacks/guessing")
    await visitor.browser.send("/attacks/guessing/start")
    assert "4 tries left" in await visitor.browser.send("/attacks/guessing/guess")
    text = ""
    for _ in range(GUESSES_AT_MOST // 10):
        text = await visitor.browser.send("/attacks/guessing/insist")
    assert "Too many wrong codes" in text
    guesses = re.findall(r"\b\d{6,8}\b(?= That| Too)", text)
    assert len(guesses) <= GUESSES_AT_MOST
    assert {len(guess) for guess in guesses} == {6, 8}

    await visitor.buy("telescope")
    assert "is placed" in await visitor.prove()


@pytest.mark.parametrize(
    ("phone", "said"),
    [("+15035550101", "could not be delivered"), ("+15035550102", "could not be delivered"), ("+15035550103", "")],
)
async def test_an_unreachable_phone_is_named_and_the_mail_still_works(demo: RealDemo, phone: str, said: str) -> None:
    async with httpx2.AsyncClient(base_url=demo.store, timeout=PATIENCE_S) as http:
        browser = CustomerBrowser(http=http)
        await browser.open("/attacks/unreachable")
        assert browser.page is not None
        assert phone in browser.page.text
        await browser.open("/")
        await browser.send("/visitors", phone=phone)
        page = await follow_to_code(browser)
        for _ in range(LOOKS):
            page.page = await http.get(str(page.page.url))
            if said in page.text:
                break
            await anyio.sleep(LOOK_S)
        assert said in page.text
        await page.press(channel="email")
        assert "You are signed in" in await page.enter(code_in(await demo.message("code", page.reference, "@example")))


async def test_a_hurried_customer_has_three_requests_waiting(visitor: Visitor) -> None:
    await visitor.browser.open("/attacks/hurry")
    text = await visitor.browser.send("/attacks/hurry/ask")
    assert (text.count(" pending "), text.count(" cancelled ")) == (3, 1)


async def test_a_reset_by_the_owner_does_not_wait_for_a_caller(visitor: Visitor) -> None:
    await visitor.browser.open("/attacks/caller")
    await visitor.browser.send("/attacks/caller/ring")
    await visitor.browser.open("/reset")
    await visitor.browser.send("/reset", email=visitor.email)
    await visitor.prove()
    await visitor.browser.send("/reset/password", password=NEXT_PASSWORD)
    # His approved reset ended the caller's.
    await visitor.browser.open("/attacks/caller")
    text = await visitor.browser.send("/attacks/caller/code", code="12345678")
    assert "could set a new password" not in text
