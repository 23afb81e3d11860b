"""An attacker's own browser, driven by the store's server: opens pages, fills in their forms, keeps its cookies.

It does what a phishing kit does, over the same pages as everybody. It reaches the store and Watchword's pages only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx2
from starlette.requests import Request
from typing_extensions import override

from watchword.demo.shop import shop_of

MOST_REDIRECTS: Final = 10
TIMEOUT_S: Final = 10.0
AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
"""The browser that the attacker seems to use, so that the list of genuine requests has something to show."""
_SILENT: Final = frozenset({"script", "style", "title"})
_VOID: Final = frozenset({"input", "br", "img", "link", "meta", "hr", "path", "circle", "rect"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayForm:
    """A form of a page."""

    action: str
    fields: Mapping[str, str] = field(repr=False)
    """What it sends besides what is typed."""
    names: frozenset[str]
    """Every field that can be filled in."""
    code_length: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaySession:
    """The attacker's browser with the page that is open in it."""

    jar: CookieJar = field(repr=False)
    url: str = field(repr=False)
    heading: str = ""
    alerts: tuple[str, ...] = ()
    """What the page says at once to somebody who cannot see it: errors and news."""
    text: str = field(default="", repr=False)
    forms: tuple[RelayForm, ...] = field(default=(), repr=False)

    @property
    def path(self) -> str:
        """The path of the open page."""
        return urlsplit(self.url).path

    def form_with(self, name: str) -> RelayForm | None:
        """Return the form of the open page that has this field."""
        return next((form for form in self.forms if name in form.names), None)


def new_session(request: Request) -> RelaySession:
    """Return a browser that nobody knows, with no page open."""
    return RelaySession(jar=CookieJar(), url=f"{shop_of(request).base_url}/")


async def open_page(request: Request, session: RelaySession, path: str) -> RelaySession:
    """Open a page of the store and follow where it leads."""
    return await _exchange(request, session, "GET", f"{shop_of(request).base_url}{path}", None)


async def fill_in(request: Request, session: RelaySession, form: RelayForm, typed: Mapping[str, str]) -> RelaySession:
    """Send a form of the open page and follow where it leads."""
    return await _exchange(request, session, "POST", urljoin(session.url, form.action), {**form.fields, **typed})


async def _exchange(
    request: Request, session: RelaySession, method: str, url: str, body: Mapping[str, str] | None
) -> RelaySession:
    shop = shop_of(request)
    # The store answers in this very process; only Watchword is reached over the network.
    far = httpx2.AsyncHTTPTransport(verify=shop.api_url.startswith("https://"))
    async with httpx2.AsyncClient(
        cookies=session.jar,
        transport=httpx2.ASGITransport(app=request.app),
        mounts={shop.api_url: far},
        timeout=TIMEOUT_S,
        headers={"user-agent": AGENT},
    ) as http:
        answer = await http.request(method, _allowed(request, url), data=dict(body) if body is not None else None)
        for _ in range(MOST_REDIRECTS):
            if not answer.is_redirect:
                break
            url = urljoin(str(answer.url), answer.headers["location"])
            answer = await http.get(_allowed(request, url))
        return _read(replace(session, jar=http.cookies.jar, url=str(answer.url)), answer.text)


def _allowed(request: Request, url: str) -> str:
    """Return the address; ``ValueError`` for any but the store's and Watchword's."""
    shop, parts = shop_of(request), urlsplit(url)
    ours = {urlsplit(known).netloc for known in (shop.base_url, shop.api_url)}
    if parts.scheme not in {"http", "https"} or parts.netloc not in ours:
        raise ValueError("the relay leads to the store and to Watchword's pages only")
    return url


def _read(session: RelaySession, text: str) -> RelaySession:
    reader = _PageReader()
    reader.feed(text)
    return replace(
        session,
        heading=" ".join("".join(reader.heading).split()),
        alerts=tuple(" ".join("".join(alert).split()) for alert in reader.alerts),
        text=" ".join("".join(reader.words).split()),
        forms=tuple(form.finished() for form in reader.forms),
    )


@dataclass(slots=True)
class _OpenForm:
    action: str
    code_length: str
    fields: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    def finished(self) -> RelayForm:
        length = int(self.code_length) if self.code_length.isdigit() else None
        return RelayForm(action=self.action, fields=self.fields, names=frozenset(self.names), code_length=length)


class _PageReader(HTMLParser):
    """Collects the first heading, the alerts, the words of the main part, and the forms."""

    def __init__(self) -> None:
        super().__init__()
        self.heading: list[str] = []
        self.alerts: list[list[str]] = []
        self.words: list[str] = []
        self.forms: list[_OpenForm] = []
        self._path: list[tuple[str, bool]] = []
        self._has_heading = False

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(_OpenForm(known.get("action", ""), known.get("data-code-length", "")))
        elif tag in {"input", "select", "textarea"} and self.forms and known.get("name"):
            self._take_field(known)
        if tag not in _VOID:
            is_alert = known.get("role") == "alert"
            if is_alert:
                self.alerts.append([])
            self._path.append((tag, is_alert))

    @override
    def handle_endtag(self, tag: str) -> None:
        while self._path and any(open_tag == tag for open_tag, _ in self._path):
            closed, _ = self._path.pop()
            if closed == "h1":
                self._has_heading = True
            if closed == tag:
                break
        self.words.append(" ")

    @override
    def handle_data(self, data: str) -> None:
        tags = {tag for tag, _ in self._path}
        if tags & _SILENT:
            return
        if "main" in tags:
            self.words.append(data)
        if "h1" in tags and not self._has_heading:
            self.heading.append(data)
        if any(is_alert for _, is_alert in self._path):
            self.alerts[-1].append(data)

    def _take_field(self, known: Mapping[str, str]) -> None:
        form = self.forms[-1]
        form.names.add(known["name"])
        if known.get("type") == "hidden":
            form.fields[known["name"]] = known.get("value", "")
