"""The page where a code is entered, its help page, and the forms on them.

Every form is answered with a redirect (except a refusal), so that reload and back are safe. A GET changes nothing.
"""

import unicodedata
from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from watchword.domain.challenge import ChallengeState
from watchword.domain.contact import Channel
from watchword.domain.errors import (
    ChallengeEnded,
    CodeNotSent,
    ContactNotUsable,
    InvalidField,
    ResendTooSoon,
    SendsExhausted,
)
from watchword.domain.ids import ContactId
from watchword.domain.instant import Instant, later, seconds_until
from watchword.flow.cancel import cancel
from watchword.flow.check import check
from watchword.flow.order import send
from watchword.pages.entry_sheet import COUNTED_S, entry_sheet, live_news
from watchword.pages.flash import Said, forget_said, read_said, said_cookie, set_said, write_said
from watchword.pages.reader import Reader, meet_reader
from watchword.pages.renderer import Renderer
from watchword.pages.visit import Visit, admit, is_elsewhere, read_visit
from watchword.pages.way_back import form_targets, way_back
from watchword.ports import Ports
from watchword.web.browser import set_browser
from watchword.web.csrf import form_mark
from watchword.wording.harmless import one_line
from watchword.wording.page_words import isolated, marked_reference
from watchword.wording.subject import describe, surroundings_of


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPages:
    """The handlers of ``/c/{token}`` and what lies below it."""

    ports: Ports
    renderer: Renderer
    own_origin: str
    inbox: str | None = None
    """Where the local inbox is, in ``dev`` and ``demo``: nothing was really sent there."""

    async def show(self, request: Request) -> Response:
        """Show the entry page, or how the challenge ended."""
        visit = await read_visit(self.ports, request)
        response = self._entry(request, visit) if visit.is_pending else self.end(request, visit)
        return self._to_browser(request, visit, response)

    async def help(self, request: Request) -> Response:
        """Show what to do when no code comes, or how the challenge ended."""
        visit = await read_visit(self.ports, request)
        response = self._sheet("help.html", request, visit, None) if visit.is_pending else self.end(request, visit)
        set_browser(response, visit.browser, self.ports.page_base)
        return response

    async def live(self, request: Request) -> Response:
        """Tell the open page what became of its message and of its challenge, so that nobody has to reload it."""
        visit = await read_visit(self.ports, request)
        words = self._reader(request, visit).words
        news = live_news(self.ports, words.language, visit)
        return JSONResponse(news, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})

    async def back_to_entry(self, request: Request) -> Response:
        """Lead from the address of a form, opened by hand, to the page it is on."""
        return self._see(request.path_params["token"])

    async def check(self, request: Request) -> Response:
        """Check what was entered."""
        visit, fields = await admit(self.ports, request, self.own_origin)
        text = fields.get("code", "")
        if not visit.is_pending:
            return self._after_end(visit)
        if not text.strip():
            return self._say(visit, Said.EMPTY)
        try:
            checked = await check(
                self.ports, visit.application, visit.challenge.id, text, trust_device="trust" in fields
            )
        except CodeNotSent:
            return self._say(visit, Said.NOT_SENT)
        if checked.outcome == "budget_exhausted":
            return self._later(request, visit, "budget", later(visit.now, seconds=checked.retry_after_s or 0))
        if checked.outcome in {"approved", "already_approved"}:
            return self._leave(visit)
        if checked.outcome == "malformed":
            return self._say(visit, what_is_wrong(text, visit.challenge.code_length))
        if checked.outcome in {"incorrect", "superseded"} and checked.attempts_left > 0:
            return self._say(visit, Said(checked.outcome))
        return self._see(visit.token)

    async def send(self, request: Request) -> Response:
        """Send the code again, or another one another way."""
        visit, fields = await admit(self.ports, request, self.own_origin)
        contact, channel = fields.get("contact", ""), fields.get("channel", "")
        if channel and channel not in set(Channel):
            return self._say(visit, Said.UNUSABLE)
        try:
            view = await send(
                self.ports,
                visit.application,
                visit.challenge.id,
                ContactId(contact) if contact else None,
                Channel(channel) if channel else None,
            )
        except ResendTooSoon as refusal:
            return self._later(request, visit, "soon", refusal.free_at or visit.challenge.resend_at)
        except SendsExhausted:
            return self._say(visit, Said.SENDS_SPENT)
        except (ContactNotUsable, InvalidField):
            return self._say(visit, Said.UNUSABLE)
        except ChallengeEnded:
            return self._see(visit.token)
        if visit.challenge.action.conceal:
            return self._say(visit, Said.SENT_MAYBE)
        return self._say(visit, Said.SENT_AGAIN if view.route == visit.challenge.route else Said.SENT_NEW)

    async def deny(self, request: Request) -> Response:
        """Stop the challenge because whoever sits here did not start it."""
        visit, _ = await admit(self.ports, request, self.own_origin)
        await cancel(self.ports, visit.application, visit.challenge.id, "not_me")
        return self._see(visit.token)

    async def cancel(self, request: Request) -> Response:
        """Give the challenge up and go back."""
        visit, _ = await admit(self.ports, request, self.own_origin)
        await cancel(self.ports, visit.application, visit.challenge.id, "abandoned")
        return self._leave(visit)

    def end(self, request: Request, visit: Visit) -> Response:
        """Return the page that says how a challenge ended."""
        challenge = visit.challenge
        state = challenge.state
        reader = self._reader(request, visit)
        return self.renderer.page(
            "end.html",
            reader=reader,
            application=visit.application,
            state=state,
            text_key=f"end.{state}.{'replaced' if challenge.was_replaced else 'text'}",
            brand=isolated(visit.application.name),
            brand_text=one_line(visit.application.name),
            what=describe(challenge.action, surroundings_of(challenge, self.ports.atlas), reader.words).what,
            back=way_back(visit.application, challenge),
            reference=marked_reference(challenge.reference),
            support=visit.application.support,
        )

    def _entry(self, request: Request, visit: Visit) -> Response:
        said = read_said(
            request.cookies.get(said_cookie(self.ports.page_base), ""),
            keyring=self.ports.keyring,
            browser=visit.browser,
            about=visit.challenge.id,
            now=visit.now,
        )
        return self._sheet("entry.html", request, visit, said)

    def _sheet(self, template: str, request: Request, visit: Visit, said: Said | None) -> Response:
        reader = self._reader(request, visit)
        back = way_back(visit.application, visit.challenge)
        return self.renderer.page(
            template,
            reader=reader,
            application=visit.application,
            form_targets=form_targets(visit.application, visit.challenge),
            sheet=entry_sheet(self.ports, reader.words, visit, said, has_way_back=back is not None),
            here=self._address(visit.token),
            inbox=self.inbox,
            csrf=form_mark(self.ports.keyring, visit.browser, visit.challenge.id),
        )

    def _later(self, request: Request, visit: Visit, why: Literal["soon", "budget"], free_at: Instant) -> Response:
        """Return the page that says from when on it goes on; a short wait is told in seconds."""
        wait_s = max(1, seconds_until(free_at, visit.now))
        return self.renderer.page(
            "refused.html",
            reader=self._reader(request, visit),
            application=visit.application,
            status=429,
            retry_after_s=wait_s,
            why=why,
            wait_s=wait_s if why == "soon" and wait_s <= COUNTED_S else None,
            free_at=free_at,
            brand=isolated(visit.application.name),
            again=self._address(visit.token),
            leaves_frame=False,
        )

    def _after_end(self, visit: Visit) -> Response:
        """Answer a form that came after the end: a second press of the button goes where the first one went."""
        approved = visit.challenge.state is ChallengeState.APPROVED
        return self._leave(visit) if approved and not is_elsewhere(self.ports, visit) else self._see(visit.token)

    def _leave(self, visit: Visit) -> Response:
        """Go back to the application, or to the page that says how it ended where there is no way back."""
        back = way_back(visit.application, visit.challenge)
        return self._see(visit.token) if back is None else _redirect(back)

    def _say(self, visit: Visit, said: Said) -> Response:
        response = self._see(visit.token)
        value = write_said(
            said, keyring=self.ports.keyring, browser=visit.browser, about=visit.challenge.id, now=visit.now
        )
        set_said(response, value, self.ports.page_base)
        return response

    def _reader(self, request: Request, visit: Visit) -> Reader:
        return meet_reader(
            self.renderer.languages, request, self.ports.page_base, visit.locale, default=visit.application.locale
        )

    def _see(self, token: str) -> Response:
        return _redirect(self._address(token))

    def _address(self, token: str) -> str:
        return f"{self.renderer.root}/c/{token}"

    def _to_browser(self, request: Request, visit: Visit, response: Response) -> Response:
        set_browser(response, visit.browser, self.ports.page_base)
        forget_said(request, response, self.ports.page_base)
        return response


def what_is_wrong(text: str, code_length: int) -> Said:
    """Return why a text holds no code: too few digits, too many, or something else altogether."""
    digits = sum(unicodedata.category(character) == "Nd" for character in text)
    others = any(unicodedata.category(character)[0] == "L" for character in text)
    if others or digits == 0:
        return Said.MALFORMED
    if digits == code_length:
        return Said.MALFORMED
    return Said.SHORT if digits < code_length else Said.LONG


def _redirect(address: str) -> Response:
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return RedirectResponse(address, status_code=303, headers=headers)
