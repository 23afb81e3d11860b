"""The page where an owner says "this wasn't me" without signing in: by a reference, or by the link of a notice.

Opening it changes nothing; pressing its button does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from watchword.domain.errors import TooManyTries
from watchword.domain.instant import later, seconds_until
from watchword.flow.dispute import by_notice, by_reference, is_notice_token
from watchword.pages.flash import Said, forget_said, read_said, said_cookie, set_said, write_said
from watchword.pages.reader import Reader, meet_reader
from watchword.pages.renderer import Renderer
from watchword.pages.visit import read_own_form
from watchword.ports import Ports
from watchword.ports.store.values import OwnersWord
from watchword.web.browser import Browser, meet_browser, set_browser
from watchword.web.client_address import Network, address_of
from watchword.web.csrf import form_mark

_ABOUT: Final = "no"
_RESULTS: Final = frozenset({Said.ENDED, Said.DISPUTED, Said.UNDONE, Said.NOTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class DisavowPages:
    """The handlers of ``/no``."""

    ports: Ports
    renderer: Renderer
    own_origin: str
    trusted_proxies: Sequence[Network]
    """Whose word about a client's address is believed, for the limit on typed references."""

    async def show(self, request: Request) -> Response:
        """Show the button for a notice, the field for a reference, or what the last form came to."""
        browser = meet_browser(request, self.ports.page_base, self.ports.entropy)
        said = read_said(
            request.cookies.get(said_cookie(self.ports.page_base), ""),
            keyring=self.ports.keyring,
            browser=browser,
            about=_ABOUT,
            now=await self.ports.store.now(),
        )
        token = request.query_params.get("n")
        if said is None and token is not None and not is_notice_token(self.ports.keyring, token):
            said, token = Said.LINK_OLD, None
        response = self.renderer.page(
            "no.html",
            reader=self._reader(request),
            here=self._address(),
            csrf=form_mark(self.ports.keyring, browser, _ABOUT),
            token=token,
            result=said if said in _RESULTS else None,
            error=said if said in {Said.UNKNOWN, Said.EMPTY} else None,
            link_old=said is Said.LINK_OLD,
        )
        set_browser(response, browser, self.ports.page_base)
        forget_said(request, response, self.ports.page_base)
        return response

    async def act(self, request: Request) -> Response:
        """Take the owner's word."""
        fields = await read_own_form(self.ports, request, about=_ABOUT, own_origin=self.own_origin)
        browser = meet_browser(request, self.ports.page_base, self.ports.entropy)
        if "n" in fields:
            word = await by_notice(self.ports, fields["n"])
            return await self._say(browser, Said.LINK_OLD if word is None else _said(word))
        reference = fields.get("reference", "")
        if not reference.strip():
            return await self._say(browser, Said.EMPTY)
        try:
            word = await by_reference(self.ports, reference, ip=address_of(request.scope, self.trusted_proxies))
        except TooManyTries as refusal:
            return await self._too_many(request, refusal)
        return await self._say(browser, Said.UNKNOWN if word is None else _said(word))

    async def _too_many(self, request: Request, refusal: TooManyTries) -> Response:
        now = await self.ports.store.now()
        free_at = refusal.free_at or later(now, hours=1)
        return self.renderer.page(
            "refused.html",
            reader=self._reader(request),
            status=429,
            retry_after_s=seconds_until(free_at, now),
            why="references",
            wait_s=None,
            free_at=free_at,
            brand="",
            again=self._address(),
            leaves_frame=False,
        )

    async def _say(self, browser: Browser, said: Said) -> Response:
        headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        response = RedirectResponse(self._address(), status_code=303, headers=headers)
        now = await self.ports.store.now()
        value = write_said(said, keyring=self.ports.keyring, browser=browser, about=_ABOUT, now=now)
        set_said(response, value, self.ports.page_base)
        return response

    def _reader(self, request: Request) -> Reader:
        return meet_reader(self.renderer.languages, request, self.ports.page_base)

    def _address(self) -> str:
        return f"{self.renderer.root}/no"


def _said(word: OwnersWord) -> Said:
    return Said(word.value)
