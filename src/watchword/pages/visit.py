"""Finds out what a request to a challenge's page is about and whether it may act; knows no markup.

A question never acts: reading a visit writes nothing. Only ``admit``, which every form passes, binds the challenge to
the browser that sent the first one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request

from watchword.domain.application import Application
from watchword.domain.challenge import Challenge, ChallengeState
from watchword.domain.instant import Instant
from watchword.domain.user import UserRef
from watchword.flow.show import read_page_token
from watchword.pages.framing import note_application
from watchword.pages.posted_form import read_form
from watchword.pages.refused import PageRefused, Why
from watchword.ports import Ports
from watchword.web.browser import Browser, browser_binding, meet_browser, read_browser
from watchword.web.csrf import CSRF_FIELD, is_own_form, is_sent_from_here


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request to the page of one challenge."""

    token: str
    """As it stands in the address, so that links stay the same when keys rotate."""
    challenge: Challenge
    application: Application
    browser: Browser
    locale: str | None
    """The language that the application named for this action or this user."""
    now: Instant

    @property
    def is_pending(self) -> bool:
        """Whether there is anything left to do."""
        return self.challenge.state is ChallengeState.PENDING


async def read_visit(ports: Ports, request: Request) -> Visit:
    """Return what a request is about. Raises ``PageRefused`` where the token leads nowhere, or nowhere any more."""
    token = request.path_params["token"]
    challenge_id = read_page_token(ports.keyring, token)
    result = None if challenge_id is None else await ports.store.challenge(challenge_id)
    application = None if result is None else ports.applications.get(result.challenge.action.application_id)
    if result is None or application is None:
        raise PageRefused(Why.UNKNOWN)
    note_application(request, application)
    challenge, now = result.challenge, await ports.store.now()
    if not challenge.is_shown(now):
        raise PageRefused(Why.UNKNOWN)
    return Visit(
        token=token,
        challenge=challenge,
        application=application,
        browser=meet_browser(request, ports.page_base, ports.entropy),
        locale=await _locale(ports, challenge),
        now=now,
    )


async def admit(ports: Ports, request: Request, own_origin: str) -> tuple[Visit, Mapping[str, str]]:
    """Return a form's visit and fields once it is sure that our page in the one right browser sent it.

    Binds a pending challenge to this browser if it is the first. Raises ``PageRefused``, and then nothing was evaluated
    and no try was spent.
    """
    visit = await read_visit(ports, request)
    fields = await read_own_form(ports, request, about=visit.challenge.id, own_origin=own_origin)
    binding = browser_binding(ports.keyring, visit.browser, visit.challenge.id)
    if visit.is_pending and not await ports.store.bind_browser(visit.challenge.id, binding):
        raise PageRefused(Why.ELSEWHERE)
    return visit, fields


async def _locale(ports: Ports, challenge: Challenge) -> str | None:
    """Return the language of the action, else of the user; a concealed challenge must not tell that there is one."""
    action = challenge.action
    if action.locale is not None or action.conceal:
        return action.locale
    user = await ports.store.user(UserRef(application_id=action.application_id, key=action.user_key))
    return None if user is None else user.locale


async def read_own_form(ports: Ports, request: Request, *, about: str, own_origin: str) -> Mapping[str, str]:
    """Return the fields of a form that our page made for this browser. Raises ``PageRefused`` for any other."""
    fields = await read_form(request)
    if not is_sent_from_here(request.headers, own_origin):
        raise PageRefused(Why.FORM)
    browser = read_browser(request, ports.page_base)
    if browser is None:
        raise PageRefused(Why.COOKIES)
    if not is_own_form(ports.keyring, browser, about, fields.get(CSRF_FIELD, "")):
        raise PageRefused(Why.FORM)
    return fields


def is_elsewhere(ports: Ports, visit: Visit) -> bool:
    """Whether the challenge belongs to another browser already, so that a form sent from here would be refused."""
    bound = visit.challenge.browser
    return bound is not None and bound != browser_binding(ports.keyring, visit.browser, visit.challenge.id)
