"""A browser without scripts: keeps cookies, follows redirects to our pages, and sends the forms that it sees."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin

from httpx2 import ASGITransport, AsyncClient, Response
from starlette.types import ASGIApp

from tests.pages.world import PAGE_BASE
from watchword.domain.secret import Secret


@dataclass(slots=True)
class Form:
    """A form with its button."""

    action: str
    button: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    controls: dict[str, dict[str, str | None]] = field(default_factory=dict)
    """The visible inputs with their attributes."""


class Page(HTMLParser):
    """What there is to see on a page."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response
        self.status = response.status_code
        self.html = response.text
        self.title = ""
        self.text = ""
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self.alerts: list[str] = []
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self.feed(self.html)
        self.text = " ".join(self.text.split())
        self.alerts = [" ".join(alert.split()) for alert in self.alerts]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self.forms.append(Form(str(attributes["action"])))
        if tag == "input" and attributes.get("type") == "hidden":
            self.forms[-1].fields[str(attributes["name"])] = attributes["value"] or ""
        elif tag == "input":
            self.forms[-1].controls[str(attributes["name"])] = attributes
        if attributes.get("role") == "alert":
            self.alerts.append("")
        if tag not in {"input", "meta", "link", "path", "br"}:
            self._open.append((tag, attributes))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Nothing of ours that closes itself is of interest."""

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        tags = [tag for tag, _ in self._open]
        if tags[-1:] == ["title"]:
            self.title += data
            return
        self.text += f" {data}" if tags[-1:] in (["p"], ["li"]) else data
        if "button" in tags:
            self.forms[-1].button = " ".join(f"{self.forms[-1].button} {data}".split())
        if "a" in tags:
            self.links[" ".join(data.split())] = str(self._open[tags.index("a")][1]["href"])
        if any(attributes.get("role") == "alert" for _, attributes in self._open):
            self.alerts[-1] += data

    def form(self, button: str) -> Form:
        """Return the form whose button begins with this text."""
        found = [form for form in self.forms if form.button.startswith(button)]
        assert found, [form.button for form in self.forms]
        return found[0]


class Guest:
    """One browser; ``page`` is what it shows, and ``left_to`` where a redirect led it away from our pages."""

    def __init__(self, site: ASGIApp, page_base: str = PAGE_BASE) -> None:
        self.client = AsyncClient(transport=ASGITransport(app=site), base_url=page_base)
        self.page_base = page_base
        self.left_to: str | None = None
        self._page: Page | None = None

    @property
    def page(self) -> Page:
        assert self._page is not None
        return self._page

    async def open(self, url: str) -> Page:
        """Open an address."""
        return await self._follow(await self.client.get(url))

    async def press(self, button: str, **typed: str) -> Page:
        """Fill in the form of this button and send it."""
        form = self.page.form(button)
        return await self.send(form.action, {**form.fields, **typed})

    async def send(self, action: str, fields: dict[str, str], **headers: str) -> Page:
        """Send a form, whatever page it was on."""
        return await self._follow(await self.post(action, fields, **headers))

    async def post(self, action: str, fields: dict[str, str], **headers: str) -> Response:
        """Send a form and return the answer itself."""
        sent = {"content-type": "application/x-www-form-urlencoded"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post(action, content=urlencode(fields).encode(), headers=sent)

    async def _follow(self, response: Response) -> Page:
        while response.is_redirect:
            assert response.status_code == 303
            goal = urljoin(str(response.url), response.headers["location"])
            if not goal.startswith(self.page_base):
                self.left_to = goal
                break
            response = await self.client.get(goal)
        self._page = Page(response)
        return self._page


async def visit(site: ASGIApp, url: Secret) -> Guest:
    """Open a challenge's page in a new browser."""
    guest = Guest(site)
    await guest.open(url.reveal())
    return guest
