"""The parts a visitor can play: himself somewhere else, himself in a new browser, or a thief in another one.

The customer's own browser is parked while the thief plays, so that one press brings everything back.
"""

from dataclasses import replace
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watchword.demo.forms import read_form
from watchword.demo.ledger import now_s
from watchword.demo.playing.backstage import CopiedCookie, Parked, backstage_of
from watchword.demo.playing.desks import Role, desk_of, owner_of, play
from watchword.demo.playing.pretending import find_place
from watchword.demo.shop import shop_of
from watchword.demo.signing import begin_sign_in
from watchword.demo.visits import (
    device_token_of,
    end_visit,
    leave_visit,
    move_to,
    resume_visit,
    set_device_token,
    visit_of,
)

THIEFS_PLACE = "island"
"""Where the thief sits."""


def role_routes() -> list[Route]:
    """Return the routes of the parts."""
    return [
        Route("/pretend", move, methods=["POST"]),
        Route("/pretend/new-browser", take_new_browser, methods=["POST"]),
        Route("/pretend/thief", swap_in_old_cookie, methods=["POST"]),
        Route("/pretend/stolen-password", play_thief, methods=["POST"]),
        Route("/pretend/sign-in", sign_in_as_thief, methods=["POST"]),
        Route("/pretend/copy-cookie", copy_cookie, methods=["POST"]),
        Route("/pretend/use-copy", play_thief_with_cookie, methods=["POST"]),
        Route("/pretend/myself", play_myself, methods=["POST"]),
    ]


async def move(request: Request) -> Response:
    """Be somewhere else from now on."""
    form = await read_form(request)
    move_to(request, find_place(form.get("place", "")).id)
    return _back(form.get("path", "/"), "moved")


async def take_new_browser(request: Request) -> Response:
    """Drop the device cookie, as if this were a browser that nobody knows; sign out too where that is wished."""
    form = await read_form(request)
    if form.get("sign_out") == "yes":
        end_visit(request)
    set_device_token(request, "")
    return _back(form.get("path", "/"), "browser_forgotten")


async def swap_in_old_cookie(request: Request) -> Response:
    """Put an old device cookie back, as somebody would who once made a copy of it."""
    form = await read_form(request)
    token = shop_of(request).tokens.oldest(visit_of(request).id)
    if token is not None:
        set_device_token(request, token)
    return _back(form.get("path", "/"), "cookie_stolen")


async def play_thief(request: Request) -> Response:
    """Be somebody else who knows the password, in his browser and his country."""
    await read_form(request)
    _leave_customers_browser(request, device_token=None, place=THIEFS_PLACE)
    return RedirectResponse("/attacks/stolen-password", status_code=303)


async def sign_in_as_thief(request: Request) -> Response:
    """Sign in with the stolen password: it is right, so it is not asked for here."""
    await read_form(request)
    owner = owner_of(request)
    if owner is None or desk_of(request).role is not Role.THIEF:
        return RedirectResponse("/attacks/stolen-password", status_code=303)
    return await begin_sign_in(request, owner)


async def copy_cookie(request: Request) -> Response:
    """Make the thief's copy of the device cookie, as it is now."""
    await read_form(request)
    token, desk = device_token_of(request), desk_of(request)
    if token is not None and desk.role is Role.MYSELF:
        backstage_of(request).copies.put(desk.id, CopiedCookie(token=token, copied_at_s=now_s()))
    return RedirectResponse("/attacks/copied-cookie", status_code=303)


async def play_thief_with_cookie(request: Request) -> Response:
    """Be a thief who has the password and the copy of the cookie."""
    await read_form(request)
    copy = backstage_of(request).copies.take(desk_of(request).id)
    if copy is not None:
        # At home: the thief who is that thorough uses a proxy around the corner.
        _leave_customers_browser(request, device_token=copy.token, place=find_place("").id)
    return RedirectResponse("/attacks/copied-cookie", status_code=303)


async def play_myself(request: Request) -> Response:
    """Give the customer his own browser back, at home."""
    form = await read_form(request)
    desk = desk_of(request)
    parked = backstage_of(request).parked.take(desk.id)
    play(request, replace(desk, role=Role.MYSELF))
    if desk.role is Role.THIEF:
        end_visit(request)
        # What is not remembered any more, after a restart of the demo, is begun anew: with a new browser.
        set_device_token(request, (parked.device_token if parked is not None else None) or "")
        if parked is not None:
            resume_visit(request, parked.visit_key)
    else:
        move_to(request, find_place("").id)
    return _back(form.get("path", "/"), "myself")


def _leave_customers_browser(request: Request, *, device_token: str | None, place: str) -> None:
    desk = desk_of(request)
    if desk.owner_id is None:
        return
    if desk.role is Role.MYSELF:
        parked = Parked(visit_key=visit_of(request).key, device_token=device_token_of(request))
        backstage_of(request).parked.put(desk.id, parked)
        play(request, replace(desk, role=Role.THIEF))
    leave_visit(request)
    move_to(request, place)
    set_device_token(request, device_token or "")


def _back(path: str, said: str) -> Response:
    # Only a path of our own: what begins with two slashes, or a backslash, is another host to a browser.
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return RedirectResponse(f"{urlsplit(path).path if is_ours else '/'}?said={said}", status_code=303)
