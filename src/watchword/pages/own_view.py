"""The pages of a user's own view, opened by a short-lived link: his requests, his devices, and where his codes go.

A GET changes nothing. Whoever holds the link can only make the account stricter, name a device, or choose among the
contacts that are registered already (docs/decisions/0006).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from watchword.domain.action import SIGN_IN
from watchword.domain.contact import carriers
from watchword.domain.errors import ContactNotUsable, InvalidField, NotFound
from watchword.domain.ids import ActionId, ContactId, DeviceId
from watchword.flow.dispute import by_owner
from watchword.flow.link import View, ViewPage, read_view_link
from watchword.flow.overview import list_own_devices, list_own_requests, own_contacts
from watchword.flow.prefer import prefer_contact
from watchword.flow.remember import distrust_device, distrust_devices, forget_device, forget_devices, rename_device
from watchword.pages.flash import Said, forget_said, read_said, said_cookie, set_said, write_said
from watchword.pages.framing import note_application
from watchword.pages.own_sheet import contact_row, device_row, request_row
from watchword.pages.reader import Reader, meet_reader
from watchword.pages.refused import PageRefused, Why
from watchword.pages.renderer import Renderer
from watchword.pages.visit import read_own_form
from watchword.ports import Ports
from watchword.web.browser import Browser, meet_browser, set_browser
from watchword.web.csrf import form_mark
from watchword.wording.harmless import one_line
from watchword.wording.page_words import isolated

SHOWN_AT_ONCE: Final = 25
"""Requests on one page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnViewPages:
    """The handlers of ``/me/{token}`` and what lies below it."""

    ports: Ports
    renderer: Renderer
    own_origin: str

    async def start(self, request: Request) -> Response:
        """Lead to the page that the link asks for."""
        view = await self._view(request)
        return _redirect(f"{self._address(request)}/{view.page}")

    async def requests(self, request: Request) -> Response:
        """Show the genuine requests of the last 30 days: a message that is not here is a fake."""
        view, reader = await self._meet(request)
        after = request.query_params.get("after")
        shown = await list_own_requests(
            self.ports, view.application, view.user.id, limit=SHOWN_AT_ONCE, after=after or None
        )
        rows = [request_row(view, reader.words, one) for one in shown.requests]
        return await self._page(
            request, view, reader, ViewPage.REQUESTS, rows, older=shown.next_after, is_first=not after
        )

    async def devices(self, request: Request) -> Response:
        """Show the remembered devices."""
        view, reader = await self._meet(request)
        found = await list_own_devices(self.ports, view.application, view.user.id)
        rows = [device_row(view, reader.words, one) for one in found]
        return await self._page(request, view, reader, ViewPage.DEVICES, rows)

    async def contacts(self, request: Request) -> Response:
        """Show where codes go."""
        view, reader = await self._meet(request)
        now = await self.ports.store.now()
        able = {one.id for one in carriers(view.user.contacts, now, action_type=SIGN_IN).contacts}
        rows = [
            contact_row(reader.words, own, is_usable=own.contact.id in able)
            for own in own_contacts(view.application, view.user, now)
        ]
        return await self._page(request, view, reader, ViewPage.CONTACTS, rows)

    async def deny(self, request: Request) -> Response:
        """Take the owner's "this wasn't me" about one request."""

        async def act(view: View, _: Mapping[str, str]) -> Said:
            action_id = ActionId(request.path_params["id"])
            word = await by_owner(self.ports, view.application, view.user.id, action_id)
            return Said(word.value)

        return await self._act(request, ViewPage.REQUESTS, act)

    async def rename(self, request: Request) -> Response:
        """Call a device by another name."""

        async def act(view: View, fields: Mapping[str, str]) -> Said:
            try:
                await rename_device(
                    self.ports, view.application, view.user.id, _device_of(request), fields.get("name", "")
                )
            except InvalidField:
                return Said.BAD_NAME
            return Said.RENAMED

        return await self._act(request, ViewPage.DEVICES, act)

    async def distrust(self, request: Request) -> Response:
        """Take trust from a device."""

        async def act(view: View, _: Mapping[str, str]) -> Said:
            await distrust_device(self.ports, view.application, view.user.id, _device_of(request))
            return Said.DISTRUSTED

        return await self._act(request, ViewPage.DEVICES, act)

    async def forget(self, request: Request) -> Response:
        """Let a device count as new again."""

        async def act(view: View, _: Mapping[str, str]) -> Said:
            await forget_device(self.ports, view.application, view.user.id, _device_of(request))
            return Said.FORGOTTEN

        return await self._act(request, ViewPage.DEVICES, act)

    async def distrust_all(self, request: Request) -> Response:
        """Take trust from every device."""

        async def act(view: View, _: Mapping[str, str]) -> Said:
            await distrust_devices(self.ports, view.application, view.user.id)
            return Said.DISTRUSTED_ALL

        return await self._act(request, ViewPage.DEVICES, act)

    async def forget_all(self, request: Request) -> Response:
        """Let every device count as new again."""

        async def act(view: View, _: Mapping[str, str]) -> Said:
            await forget_devices(self.ports, view.application, view.user.id)
            return Said.FORGOTTEN_ALL

        return await self._act(request, ViewPage.DEVICES, act)

    async def prefer(self, request: Request) -> Response:
        """Let codes go to one contact first, or to none in particular."""

        async def act(view: View, fields: Mapping[str, str]) -> Said:
            contact_id, preferred = ContactId(request.path_params["id"]), fields.get("preferred") == "yes"
            try:
                await prefer_contact(self.ports, view.application, view.user.id, contact_id, preferred=preferred)
            except ContactNotUsable:
                return Said.NOT_PREFERRED
            return Said.PREFERRED if preferred else Said.NO_PREFERENCE

        return await self._act(request, ViewPage.CONTACTS, act)

    async def _act(
        self, request: Request, page: ViewPage, act: Callable[[View, Mapping[str, str]], Awaitable[Said]]
    ) -> Response:
        """Do what a form of ours asks for, and lead back to its page, which says what it came to.

        Raises ``PageRefused`` for a form that our page in this browser did not send.
        """
        view, token = await self._view(request), request.path_params["token"]
        fields = await read_own_form(self.ports, request, about=token, own_origin=self.own_origin)
        try:
            said = await act(view, fields)
        except NotFound:
            said = Said.GONE
        return await self._say(request, page, said)

    async def _view(self, request: Request) -> View:
        view = await read_view_link(self.ports, request.path_params["token"])
        if view is None:
            raise PageRefused(Why.CLOSED)
        note_application(request, view.application)
        return view

    async def _meet(self, request: Request) -> tuple[View, Reader]:
        view = await self._view(request)
        reader = meet_reader(
            self.renderer.languages, request, self.ports.page_base, view.locale, default=view.application.locale
        )
        return view, reader

    async def _page(
        self,
        request: Request,
        view: View,
        reader: Reader,
        page: ViewPage,
        rows: Sequence[object],
        *,
        older: str | None = None,
        is_first: bool = True,
    ) -> Response:
        token = request.path_params["token"]
        browser = meet_browser(request, self.ports.page_base, self.ports.entropy)
        response = self.renderer.page(
            f"own_{page}.html",
            reader=reader,
            application=view.application,
            page=page,
            pages=tuple(ViewPage),
            brand=isolated(view.application.name),
            brand_text=one_line(view.application.name),
            back=view.return_url,
            closes_at=view.expires_at,
            now=await self.ports.store.now(),
            said=await self._said(request, browser),
            here=self._address(request),
            csrf=form_mark(self.ports.keyring, browser, token),
            rows=rows,
            older=older,
            is_first=is_first,
        )
        set_browser(response, browser, self.ports.page_base)
        forget_said(request, response, self.ports.page_base)
        return response

    async def _said(self, request: Request, browser: Browser) -> Said | None:
        return read_said(
            request.cookies.get(said_cookie(self.ports.page_base), ""),
            keyring=self.ports.keyring,
            browser=browser,
            about=request.path_params["token"],
            now=await self.ports.store.now(),
        )

    async def _say(self, request: Request, page: ViewPage, said: Said) -> Response:
        response = _redirect(f"{self._address(request)}/{page}")
        value = write_said(
            said,
            keyring=self.ports.keyring,
            browser=meet_browser(request, self.ports.page_base, self.ports.entropy),
            about=request.path_params["token"],
            now=await self.ports.store.now(),
        )
        set_said(response, value, self.ports.page_base)
        return response

    def _address(self, request: Request) -> str:
        return f"{self.renderer.root}/me/{request.path_params['token']}"


def _device_of(request: Request) -> DeviceId:
    return DeviceId(request.path_params["id"])


def _redirect(address: str) -> Response:
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return RedirectResponse(address, status_code=303, headers=headers)
