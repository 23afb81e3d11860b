"""A real ``watchword demo`` in a process of its own: the store, Watchword behind it, and the inbox."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any, TypeAlias

import anyio
import httpx2

from tests.demo.customer_browser import CustomerBrowser

Message: TypeAlias = dict[str, Any]

LOOKS_AT_MOST = 200
LOOK_S = 0.05
"""A message leaves Watchword on a worker of its own, so it is looked for a few times."""
_FORM = re.compile(r"<form\b(?P<head>[^>]*)>(?P<inside>.*?)</form>", re.DOTALL)
_INPUT = re.compile(r"<(?:input|button)\b[^>]*>")


@dataclass(frozen=True, slots=True, kw_only=True)
class RealDemo:
    """Where everything answers."""

    store: str
    inbox: str

    async def message(self, kind: str, *words: str) -> Message:
        """Return the newest message of a kind whose address or text holds these words, once there is one."""
        async with httpx2.AsyncClient() as http:
            for _ in range(LOOKS_AT_MOST):
                for message in reversed((await http.get(f"{self.inbox}.json")).json()):
                    known: Message = message
                    if known["kind"] == kind and all(word in f"{known['to']} {known['text']}" for word in words):
                        return known
                await anyio.sleep(LOOK_S)
        raise AssertionError(f"no message of the kind {kind} came")


@dataclass(slots=True, kw_only=True)
class CodePage:
    """The page where the code is typed, opened by the store's redirect in the same browser."""

    browser: CustomerBrowser
    page: httpx2.Response

    @property
    def reference(self) -> str:
        """What the page, the message and support call this request."""
        found = re.search(r"[Rr]eference[^<]*?\b(?P<reference>[0-9A-Z]{8})\b", self.text)
        assert found is not None, self.text
        return found["reference"]

    @property
    def text(self) -> str:
        """The page as one reads it."""
        return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", self.page.text)))

    async def enter(self, code: str, *, trust: bool = False) -> str:
        """Type a code; return the text of the page where that ends, in the store if it is the end."""
        further = {"trust": "yes"} if trust else {}
        return await self._send("", {"code": code} | further)

    async def deny(self) -> str:
        """Press "this wasn't me"; return the text of the page where that ends."""
        return await self._send("/deny", {})

    async def go_back(self) -> str:
        """Follow the link back to the store from the page of an end; return the text where that ends."""
        store = re.escape(str(self.browser.http.base_url).rstrip("/"))
        found = re.search(rf'href="({store}/[^"]+)"', self.page.text)
        assert found is not None, self.text
        return await self.browser.open(unescape(found[1]))

    async def press(self, *names: str, typed: Mapping[str, str] | None = None, **hidden: str) -> str:
        """Send the form that has these fields; return the text of the page where that ends."""
        for form in _FORM.finditer(self.page.text):
            tags = [tag[0] for tag in _INPUT.finditer(form["inside"])]
            fields = {_attribute(tag, "name"): _attribute(tag, "value") for tag in tags}
            if set(names) <= set(fields) and hidden.items() <= fields.items():
                target = self.page.url.join(_attribute(form["head"], "action") or self.page.url.path)
                answer = await self.browser.http.post(str(target), data=fields | dict(typed or {}))
                location = answer.headers.get("location")
                self.page = answer if location is None else await self.browser.http.get(str(answer.url.join(location)))
                return self.text
        raise AssertionError(f"the page has no form with {names} {hidden}")

    async def _send(self, suffix: str, typed: dict[str, str]) -> str:
        action = f"{self.page.url.path}{suffix}"
        hidden = {name: value for name, value in self._hidden(action).items() if name != "trust"}
        answer = await self.browser.http.post(str(self.page.url.join(action)), data=hidden | typed)
        target = answer.headers.get("location", "")
        if target.startswith(str(self.browser.http.base_url)):
            return await self.browser.open(target)
        self.page = answer if not target else await self.browser.http.get(str(answer.url.join(target)))
        return self.text

    def _hidden(self, action: str) -> dict[str, str]:
        for form in _FORM.finditer(self.page.text):
            if _attribute(form["head"], "action") in {action, action.rsplit("/", 1)[-1]}:
                tags = [tag[0] for tag in _INPUT.finditer(form["inside"])]
                return {_attribute(tag, "name"): _attribute(tag, "value") for tag in tags if _attribute(tag, "value")}
        raise AssertionError(f"the page has no form for {action}")


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return unescape(found[1]) if found else ""


async def follow_to_code(browser: CustomerBrowser) -> CodePage:
    """Follow the store's redirect to the page for the code, or the link to it on a visitor's first page."""
    location = browser.location
    if browser.path == "/welcome" and browser.page is not None:
        found = re.search(r'href="(http[^"]+/c/wct_[^"]+)"', browser.page.text)
        location = None if found is None else found[1]
    assert location is not None, browser.text
    return CodePage(browser=browser, page=await browser.http.get(location))


def code_in(message: Message) -> str:
    """Return the code that a message holds."""
    found = re.search(r"\d{6,}", message["text"])
    assert found is not None
    return found[0]


@contextmanager
def running_demo(data: Path) -> Iterator[RealDemo]:
    """Run ``watchword demo`` on free ports."""
    command = [sys.executable, "-m", "watchword.cli", "demo", "--json", "--port", "0", "--data", str(data)]
    with (data.parent / "demo.log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        assert line, (data.parent / "demo.log").read_text()
        said = json.loads(line)
        yield RealDemo(store=said["store"], inbox=said["inbox"])
    finally:
        process.terminate()
        process.wait(timeout=30)
        if process.stdout:
            process.stdout.close()
