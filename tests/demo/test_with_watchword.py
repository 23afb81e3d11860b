"""The store together with the real Watchword: the promises that a visitor can play in a minute, played."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import httpx2
import pytest

from tests.demo.customer_browser import SOMEWHERE, CustomerBrowser
from tests.demo.real_demo import RealDemo, code_in, follow_to_code, running_demo

PASSWORD = "three herons over a quiet canal"
NEXT_PASSWORD = "eleven gulls above the old lighthouse"


@dataclass(slots=True, kw_only=True)
class Visitor:
    """A visitor of the store at home, in a browser of his own."""

    browser: CustomerBrowser
    demo: RealDemo
    email: str = ""
    phone: str = ""
    password: str = ""

    async def arrive(self, *, trust: bool = False) -> None:
        """Become a new visitor and enter the code of the first sign-in."""
        await self.browser.open("/")
        await self.browser.send("/visitors")
        await self.prove(trust=trust)
        words = self.browser.text.split()
        self.email = next(word for word in words if word.endswith("@example.com"))
        self.phone = next(word for word in words if re.fullmatch(r"\+1\d{10}", word))
        self.password = self.browser.text.partition("the password ")[2].split()[0]

    async def prove(self, *, trust: bool = False) -> str:
        """Enter the code that the store's redirect asks for; return the text where that ends."""
        page = await follow_to_code(self.browser)
        message = await self.demo.message("code", page.reference)
        return await page.enter(code_in(message), trust=trust)

    async def buy(self, product: str, pieces: str = "1") -> str:
        """Buy something; return the text of the page where that ends, which is empty on the way to a code."""
        return await self.browser.buy(product, pieces)

    async def sign_out_and_in(self) -> str:
        """Sign out and in again; return the text of the page where that ends."""
        await self.browser.open("/")
        await self.browser.send("/sign-out")
        await self.browser.open("/sign-in")
        return await self.browser.send("/sign-in", email=self.email, password=self.password)

    @property
    def is_asked(self) -> bool:
        """Whether the store sends the customer to enter a code."""
        return self.browser.status == 303 and "/c/wct_" in (self.browser.location or "")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealDemo]:
    """Run one demo for all of these tests; each has a visitor of its own."""
    with running_demo(tmp_path_factory.mktemp("demo") / "data") as running:
        yield running


@pytest.fixture
async def visitor(demo: RealDemo) -> AsyncIterator[Visitor]:
    """Return somebody who has not arrived yet."""
    async with httpx2.AsyncClient(base_url=demo.store) as http:
        yield Visitor(browser=CustomerBrowser(http=http), demo=demo)


async def test_b1_a_new_browser_is_asked_and_a_known_one_is_not(visitor: Visitor) -> None:
    await visitor.arrive()
    assert "You are signed in" in await visitor.sign_out_and_in()

    await visitor.browser.send("/pretend/new-browser")
    await visitor.sign_out_and_in()
    assert visitor.is_asked
    assert "You are signed in" in await visitor.prove()


async def test_b2_a_reset_asks_even_on_a_trusted_device(visitor: Visitor) -> None:
    await visitor.arrive(trust=True)
    await visitor.browser.open("/reset")
    await visitor.browser.send("/reset", email=visitor.email)
    assert visitor.is_asked
    await visitor.prove()
    assert "Sign in with it" in await visitor.browser.send("/reset/password", password=NEXT_PASSWORD)

    text = await visitor.browser.send("/sign-in", email=visitor.email, password=NEXT_PASSWORD)
    assert "You are signed in" in text


async def test_b2_a_reset_for_nobody_looks_the_same_and_sends_nothing(visitor: Visitor) -> None:
    await visitor.arrive()
    await visitor.browser.open("/reset")
    pages = []
    for email in (visitor.email, "nobody-at-all@example.com"):
        async with httpx2.AsyncClient(base_url=visitor.demo.store) as http:
            other = CustomerBrowser(http=http)
            await other.open("/reset")
            await other.send("/reset", email=email)
            page = await follow_to_code(other)
            pages.append(re.sub(r"\b[0-9A-Z]{8}\b|\d\d:\d\d", "…", page.text))

    assert pages[0] == pages[1]


async def test_b3_a_changed_address_is_proven_by_an_older_contact(visitor: Visitor) -> None:
    await visitor.arrive()
    await visitor.browser.open("/account")
    assert visitor.browser.page is not None
    contact = re.findall(r'href="/account/contacts/(ctc_\w+)"', visitor.browser.page.text)[0]
    await visitor.browser.open(f"/account/contacts/{contact}")
    await visitor.browser.send(f"/account/contacts/{contact}", address=f"new-{visitor.email}")
    assert visitor.is_asked
    page = await follow_to_code(visitor.browser)
    message = await visitor.demo.message("code", page.reference)
    assert message["to"] in {visitor.phone, visitor.email}
    text = await page.enter(code_in(message))

    assert "Your contacts were changed" in text
    assert f"new-{visitor.email} you sign in with it" in text


async def test_b3_password_and_postal_address_are_proven(visitor: Visitor) -> None:
    await visitor.arrive(trust=True)
    await visitor.browser.open("/account/address")
    await visitor.browser.send("/account/address", **SOMEWHERE)
    assert "1 Harbour Lane" in await visitor.prove()
    await visitor.browser.open("/account/password")
    await visitor.browser.send("/account/password", old_password=visitor.password, password=NEXT_PASSWORD)
    assert "Your password was changed" in await visitor.prove()


async def test_b4_a_high_value_is_proven_and_named(visitor: Visitor) -> None:
    await visitor.arrive(trust=True)
    await visitor.buy("telescope")
    assert visitor.is_asked
    page = await follow_to_code(visitor.browser)
    assert "1,299.00" in page.text or "1299.00" in page.text
    assert "Fernwick General Store" in page.text
    message = await visitor.demo.message("code", page.reference)
    assert re.search(r"1,?299\.00", message["text"])
    assert "thank you" in await page.enter(code_in(message))


async def test_b4_a_sum_and_a_foreign_currency_are_proven(visitor: Visitor) -> None:
    await visitor.arrive(trust=True)
    await visitor.buy("cheese")
    assert visitor.is_asked
    await visitor.prove()
    for _ in range(2):
        assert "thank you" in await visitor.buy("kettle", "9")
    await visitor.buy("kettle", "9")
    assert visitor.is_asked


async def test_b5_and_b13_another_place_asks_unless_the_device_is_trusted(visitor: Visitor) -> None:
    await visitor.arrive()
    await visitor.browser.send("/pretend", place="abroad")
    await visitor.buy("mug")
    assert visitor.is_asked
    await visitor.prove(trust=True)
    await visitor.browser.open("/")
    await visitor.browser.send("/pretend", place="island")
    assert "thank you" in await visitor.buy("mug")


async def test_b5_asking_again_does_not_wear_it_down(visitor: Visitor) -> None:
    await visitor.arrive()
    await visitor.browser.send("/pretend/new-browser")
    for _ in range(3):
        await visitor.buy("candle")
        assert visitor.is_asked


async def test_b6_and_b10_an_ordinary_purchase_does_not_ask_and_a_proven_one_is_confirmed(visitor: Visitor) -> None:
    await visitor.arrive()
    assert "thank you" in await visitor.buy("candle")
    await visitor.buy("bicycle")
    await visitor.prove()

    assert (await visitor.demo.message("notice", "780.00"))["to"] == visitor.email
    assert len(re.findall(r"\bF[0-9A-F]{8}\b", await visitor.browser.open("/orders"))) == 2


async def test_b11_and_b18_the_last_wrong_code_ends_it_and_the_owner_is_told(visitor: Visitor) -> None:
    await visitor.arrive()
    await visitor.browser.send("/pretend/new-browser")
    await visitor.sign_out_and_in()
    page = await follow_to_code(visitor.browser)
    right = code_in(await visitor.demo.message("code", page.reference))
    wrong = "0" * len(right) if right != "0" * len(right) else "1" * len(right)
    for _ in range(5):
        await page.enter(wrong)
    text = await page.go_back()

    assert "That was the last try" in text
    assert (await visitor.demo.message("notice", visitor.email))["to"] in {visitor.email, visitor.phone}


async def test_b14_this_was_not_me_ends_it(visitor: Visitor) -> None:
    await visitor.arrive()
    await visitor.buy("telescope")
    page = await follow_to_code(visitor.browser)
    await page.deny()
    text = await page.go_back()

    assert "this was not you" in text
    assert "Nothing yet" in await visitor.browser.open("/orders")


async def test_b15_genuine_requests_are_listed_with_the_reference_of_the_message(visitor: Visitor) -> None:
    await visitor.arrive()
    await visitor.buy("telescope")
    page = await follow_to_code(visitor.browser)
    text = await visitor.browser.open("/requests")

    assert page.reference in text
    assert await visitor.demo.message("code", page.reference)
    assert visitor.browser.page is not None
    disavowal = re.search(r'href="(http[^"]+/no)"', visitor.browser.page.text)
    assert disavowal is not None
    assert (await visitor.browser.http.get(disavowal[1])).status_code == 200


async def test_b13_devices_are_listed_and_forgotten(visitor: Visitor) -> None:
    await visitor.arrive(trust=True)
    assert "trusted" in await visitor.browser.open("/devices")
    assert "None now" in await visitor.browser.send("/devices/all")
    await visitor.sign_out_and_in()
    assert visitor.is_asked


async def test_b16_what_is_not_confirmed_is_advised_and_can_be_confirmed(visitor: Visitor) -> None:
    email = "ada-lovelace@example.com"
    await visitor.browser.open("/register")
    await visitor.browser.send("/register", email=email, phone="+1 202 555 0142", password=PASSWORD)
    await visitor.prove()
    await visitor.buy("candle")
    text = await visitor.browser.open("/account")
    assert "Not confirmed yet" in text

    assert visitor.browser.page is not None
    _, _, advice = visitor.browser.page.text.partition('<section class="note advice">')
    (confirming,) = re.findall(r'action="(/account/contacts/ctc_\w+/confirm)"', advice.partition("</section>")[0])
    await visitor.browser.send(confirming)
    assert "is confirmed" in await visitor.prove()
    assert "Not confirmed yet" not in visitor.browser.text
