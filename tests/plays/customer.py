"""Customers as they go through the store: what they press and type, and what they read in their messages."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx2
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.demo.real_demo import Message, RealDemo, code_in

PASSWORD: Final = "seven quiet lanterns over Wickford 41"
LOOKS_AT_MOST: Final = 200
LOOK_MS: Final = 50
"""A message leaves Watchword on a worker of its own, so it is looked for a few times."""
PATIENCE_MS: Final = 20_000
"""For a machine that does other things too; nothing waits that long when all is well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """How a customer sits before the store."""

    name: str
    width: int
    height: int
    scripts: bool


@dataclass(slots=True, kw_only=True)
class Cast:
    """Everybody who plays, each in a browser of his own."""

    demo: RealDemo
    browser: Browser
    situation: Situation
    pictures: Path
    complaints: list[str] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)
    _count: int = 0

    def customer(self) -> "Customer":
        """Let somebody come in, in a browser that nobody knows."""
        context = self.browser.new_context(
            viewport={"width": self.situation.width, "height": self.situation.height},
            java_script_enabled=self.situation.scripts,
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: self._listen(said.type, said.text))
        page.on("pageerror", lambda error: self._listen("error", str(error)))
        page.on("request", lambda request: self._notice_strangers(request.url))
        return Customer(cast=self, page=page)

    def picture(self, page: Page, name: str) -> None:
        """Keep what a page looks like, as output of the build."""
        self._count += 1
        file = self.pictures / f"{self.situation.name}-{self._count:02}-{name}.png"
        page.screenshot(path=file, full_page=True)

    def leave(self) -> None:
        """Close every browser."""
        for context in self._contexts:
            context.close()

    def _listen(self, kind: str, text: str) -> None:
        # A page that refuses answers with a status that Chromium reports; what the page says then is looked at.
        if kind in {"error", "warning"} and "the server responded with a status of" not in text:
            self.complaints.append(text)

    def _notice_strangers(self, url: str) -> None:
        if not re.match(r"(?:http://(?:127\.0\.0\.1|localhost):|data:|about:|blob:)", url):
            self.complaints.append(f"asked a foreign host: {url}")


@dataclass(slots=True, kw_only=True)
class Customer:
    """Somebody with one browser; ``email`` and ``phone`` once he is a customer of the store."""

    cast: Cast
    page: Page
    email: str = ""
    phone: str = ""
    password: str = PASSWORD

    # ---- going about

    def open(self, path: str) -> None:
        """Open a page of the store."""
        self.page.goto(f"{self.cast.demo.store}{path}")

    def press(self, name: str, inside: str = "main") -> None:
        """Press a button of the page by what it says."""
        self.page.locator(inside).get_by_role("button", name=name, exact=True).first.click()
        self.page.wait_for_load_state()

    def reads(self, text: str | re.Pattern[str]) -> None:
        """See a text on the page."""
        expect(self.page.locator("body")).to_contain_text(text, timeout=PATIENCE_MS)

    def does_not_read(self, text: str) -> None:
        """See that a text is not on the page."""
        expect(self.page.locator("body")).not_to_contain_text(text)

    def picture(self, name: str) -> None:
        """Keep what the page looks like."""
        self.cast.picture(self.page, name)

    @property
    def heading(self) -> Locator:
        """The heading of the page."""
        return self.page.get_by_role("heading", level=1)

    @property
    def is_at_code_page(self) -> bool:
        """Whether the store led to the page where a code is entered."""
        return "/c/wct_" in self.page.url

    # ---- being a customer

    def becomes_a_visitor(self) -> None:
        """Be made up by the store, with a confirmed mailbox and phone, and pass the first sign-in."""
        self.open("/")
        self.press("New visitor")
        expect(self.heading).to_have_text("You are a customer now")
        self.email, self.phone, self.password = (self._made_up(what) for what in ("E-mail", "Phone", "Password"))
        self.page.get_by_role("link", name="Go to the code page").click()
        self.enters_the_code()
        expect(self.heading).to_have_text("Your account")

    def registers(self, email: str, *, phone: str = "", password: str = PASSWORD) -> None:
        """Fill in the form for new customers."""
        self.email, self.phone, self.password = email, phone, password
        self.open("/register")
        self.page.get_by_label("E-mail").fill(email)
        if phone:
            self.page.get_by_label("Phone").fill(phone)
        self.page.get_by_label("Password").fill(password)
        self.press("Register")

    def signs_in(self) -> None:
        """Fill in the form for customers."""
        self.open("/sign-in")
        self.page.get_by_label("E-mail").fill(self.email)
        self.page.get_by_label("Password").fill(self.password)
        self.press("Sign in")

    def signs_out(self) -> None:
        """Leave the account; the browser stays the same."""
        self.press("Sign out", inside="header")

    def puts_into_the_basket(self, product: str, pieces: int = 1) -> None:
        """Choose something from the shelves."""
        self.open(f"/products/{product}")
        self.page.get_by_label("How many").select_option(str(pieces))
        self.press("Add to basket")

    def orders(self, product: str, pieces: int = 1) -> None:
        """Buy something, up to the last press."""
        self.puts_into_the_basket(product, pieces)
        self.open("/basket")
        self.page.get_by_role("link", name=re.compile("^Check out")).last.click()
        self.press("Place order")

    def goes_to(self, place: str) -> None:
        """Travel, by the panel beside the shop."""
        self.open("/account")
        self.page.locator("#place").select_option(place)
        self.press("Go there", inside="body")

    # ---- codes

    @property
    def reference(self) -> str:
        """What the page of the code calls this request."""
        return self.page.locator(".reference").first.inner_text()

    def code(self) -> str:
        """Return the code of the newest message about the open request."""
        return code_in(self.message("code", self.reference))

    def enters(self, code: str, *, trust: bool = False) -> None:
        """Type a code and press the button below it."""
        self.page.locator("#code").fill(code)
        if trust:
            self.page.locator("#trust").check()
        self.page.locator("section.code button").click()
        self.page.wait_for_load_state()

    def enters_the_code(self, *, trust: bool = False) -> None:
        """Read the code in the message and type it."""
        self.enters(self.code(), trust=trust)

    # ---- messages

    def messages(self, to: str = "") -> list[Message]:
        """Return everything that came to an address, oldest first."""
        found: list[Message] = httpx2.get(f"{self.cast.demo.inbox}.json", params={"to": to} if to else None).json()
        return found

    def message(self, kind: str, *words: str, to: str = "", channel: str = "") -> Message:
        """Return the newest message of a kind that holds these words, once there is one."""
        for _ in range(LOOKS_AT_MOST):
            for message in reversed(self.messages(to)):
                text = f"{message['to']} {message['subject'] or ''} {message['text']}"
                if (
                    message["kind"] == kind
                    and channel in {"", message["channel"]}
                    and all(word in text for word in words)
                ):
                    return message
            self.page.wait_for_timeout(LOOK_MS)
        raise AssertionError(f"no message of the kind {kind} with {words} came")

    def in_a_new_browser(self) -> "Customer":
        """Return the same customer before a browser that nobody knows."""
        other = self.cast.customer()
        other.email, other.phone, other.password = self.email, self.phone, self.password
        return other

    def _made_up(self, what: str) -> str:
        return self.page.locator("dl.made-up div").filter(has_text=what).locator("dd").inner_text()
