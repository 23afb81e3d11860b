"""The guessing attacker: knows the password, and types one code after the other until none is taken any more."""

import secrets
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watchword.demo.forms import read_form
from watchword.demo.playing.attacks_relay import RelayForm, RelaySession, fill_in, new_session, open_page
from watchword.demo.playing.backstage import Guess, Guessing, backstage_of
from watchword.demo.playing.desks import desk_of, owner_of
from watchword.demo.shop import shop_of

GUESSERS_PLACE = "island"
USUAL_LENGTH = 6
MOST_AT_ONCE = 10
"""Guesses in one go, so that no page takes long."""
MOST_GUESSES = 60
"""Guesses in all: more than anybody is allowed."""


def guessing_routes() -> list[Route]:
    """Return the routes of this attack."""
    return [
        Route("/attacks/guessing/start", start, methods=["POST"]),
        Route("/attacks/guessing/guess", guess, methods=["POST"]),
        Route("/attacks/guessing/insist", insist, methods=["POST"]),
    ]


def guessing_of(request: Request) -> Guessing | None:
    """Return the attacker at work, if there is one."""
    return backstage_of(request).guessing.get(desk_of(request).id)


async def start(request: Request) -> Response:
    """Sign in with the password from the attacker's own browser, which leads to a code page."""
    form = await read_form(request)
    await _begin(request, form.get("password", ""), before=None)
    return _back()


async def guess(request: Request) -> Response:
    """Type one code that is made up."""
    await read_form(request)
    guessing, desk = backstage_of(request).guessing, desk_of(request)
    state = guessing.get(desk.id)
    if state is not None:
        guessing.put(desk.id, await _guess_once(request, state))
    return _back()


async def insist(request: Request) -> Response:
    """Go on for a while, with new challenges too; the end comes when codes are not taken any more."""
    form = await read_form(request)
    guessing, desk = backstage_of(request).guessing, desk_of(request)
    state = guessing.get(desk.id)
    most = 0 if state is None else min(len(state.guesses) + MOST_AT_ONCE, MOST_GUESSES)
    while state is not None and len(state.guesses) < most:
        if state.session.form_with("code") is None:
            state = await _begin(request, form.get("password", ""), before=state)
            if state is None or state.session.form_with("code") is None:
                break
        state = await _guess_once(request, state)
        guessing.put(desk.id, state)
    return _back()


async def _begin(request: Request, password: str, *, before: Guessing | None) -> Guessing | None:
    owner = owner_of(request)
    if owner is None:
        return None
    password = shop_of(request).fresh_passwords.get(owner.id, password)
    session = await open_page(request, new_session(request), "/")
    session = await _send(request, session, "place", {"place": GUESSERS_PLACE})
    session = await open_page(request, session, "/sign-in")
    session = await _send(request, session, "password", {"email": owner.email, "password": password})
    state = Guessing(session=session) if before is None else replace(before, session=session)
    state = replace(state, challenges=1 if before is None else before.challenges + 1, end=_end_of(session))
    backstage_of(request).guessing.put(desk_of(request).id, state)
    return state


async def _guess_once(request: Request, state: Guessing) -> Guessing:
    form = state.session.form_with("code")
    if form is None:
        return state
    code = _made_up_code(form)
    session = await fill_in(request, state.session, form, {"code": code})
    answer = " ".join(session.alerts) or session.heading
    return replace(
        state, session=session, guesses=(*state.guesses, Guess(code=code, answer=answer)), end=_end_of(session)
    )


async def _send(request: Request, session: RelaySession, name: str, typed: dict[str, str]) -> RelaySession:
    form = session.form_with(name)
    return session if form is None else await fill_in(request, session, form, typed)


def _made_up_code(form: RelayForm) -> str:
    # It is right once in a million; the page says so.
    return "".join(secrets.choice("0123456789") for _ in range(form.code_length or USUAL_LENGTH))


def _end_of(session: RelaySession) -> str:
    return "" if session.form_with("code") is not None else " ".join(session.alerts) or session.heading


def _back() -> Response:
    return RedirectResponse("/attacks/guessing", status_code=303)
