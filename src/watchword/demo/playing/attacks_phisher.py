"""The phisher and the fake support caller: both pass a typed code on, one through a copied page, one by phone.

They are played for real: another browser, held by the server, signs in or resets with what the visitor hands over.
"""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watchword.demo.forms import read_form
from watchword.demo.playing.attacks_relay import RelaySession, fill_in, new_session, open_page
from watchword.demo.playing.backstage import Catch, Remembered, backstage_of
from watchword.demo.playing.desks import Mark, desk_of, keep_mark, owner_of
from watchword.demo.playing.phone import plant
from watchword.demo.shop import shop_of
from watchword.demo.templating import render

PHISHERS_PLACE = "island"
PHISHERS_NAME = "Fernvvick"
"""With two small v instead of a w."""
SIGNED_IN_AT = "/account"


def phisher_routes() -> list[Route]:
    """Return the routes of the two."""
    return [
        Route("/phisher", show_copy, methods=["GET"]),
        Route("/phisher", take_password, methods=["POST"]),
        Route("/phisher/code", relay_code, methods=["POST"]),
        Route("/phisher/look", look_again, methods=["POST"]),
        Route("/attacks/caller/ring", ring, methods=["POST"]),
        Route("/attacks/caller/code", read_out, methods=["POST"]),
    ]


def phisher_values(request: Request) -> dict[str, object]:
    """Return what the pages of the two show."""
    backstage, desk = backstage_of(request), desk_of(request)
    return {"catch": backstage.phisher.get(desk.id), "call": backstage.caller.get(desk.id), "copy_name": PHISHERS_NAME}


async def show_copy(request: Request) -> Response:
    """Show the copy of the store: its sign-in, or its code page while a code is wanted."""
    owner = owner_of(request)
    if owner is None:
        return RedirectResponse("/try?said=visitor_first", status_code=303)
    password = shop_of(request).fresh_passwords.get(owner.id, "")
    return render(request, "pretend_copy.html", owner=owner, typed_password=password, relay=phisher_values(request))


async def take_password(request: Request) -> Response:
    """Pass e-mail and password on to the store, from the phisher's own browser, at once."""
    form, desk = await read_form(request), desk_of(request)
    email = form.get("email", "")
    session = await _from_afar(request)
    session = await open_page(request, session, "/sign-in")
    typed = {"email": email, "password": form.get("password", "")}
    session = await _fill_in_form_with(request, session, "password", typed)
    backstage_of(request).phisher.put(desk.id, Catch(session=session, email=email, answer=_said(session)))
    return RedirectResponse("/phisher", status_code=303)


async def relay_code(request: Request) -> Response:
    """Pass the code on."""
    form = await read_form(request)
    if await _pass_on(request, backstage_of(request).phisher, form.get("code", ""), until=SIGNED_IN_AT):
        keep_mark(shop_of(request).ledger, desk_of(request).id, Mark.PHISHED)
        return RedirectResponse("/attacks/phisher", status_code=303)
    return RedirectResponse("/phisher", status_code=303)


async def look_again(request: Request) -> Response:
    """Let the phisher open the customer's account once more."""
    await read_form(request)
    phisher, desk = backstage_of(request).phisher, desk_of(request)
    catch = phisher.get(desk.id)
    if catch is not None:
        session = await open_page(request, catch.session, SIGNED_IN_AT)
        is_in = session.path == SIGNED_IN_AT
        phisher.put(desk.id, replace(catch, session=session, is_in=is_in, answer=_said(session)))
    return RedirectResponse("/attacks/phisher", status_code=303)


async def ring(request: Request) -> Response:
    """Start a reset in the customer's name, which needs no password, and then call him about it."""
    await read_form(request)
    owner, desk, backstage = owner_of(request), desk_of(request), backstage_of(request)
    if owner is not None:
        session = await open_page(request, await _from_afar(request), "/reset")
        session = await _fill_in_form_with(request, session, "email", {"email": owner.email})
        backstage.caller.put(desk.id, Catch(session=session, email=owner.email, answer=_said(session)))
        plant(
            shop_of(request).ledger,
            desk,
            channel="voice",
            sender="“Fernwick Support”",
            text="Good day, this is Fernwick Support. Somebody is trying to get into your account. I am stopping it,"
            " but I need you to read me the code that you have just received. Please be quick.",
        )
    return RedirectResponse("/attacks/caller", status_code=303)


async def read_out(request: Request) -> Response:
    """Read the code out to the caller, who types it at once."""
    form = await read_form(request)
    await _pass_on(request, backstage_of(request).caller, form.get("code", ""), until="/reset/password")
    return RedirectResponse("/attacks/caller", status_code=303)


async def _from_afar(request: Request) -> RelaySession:
    """Return the attacker's browser, in his country."""
    session = await open_page(request, new_session(request), "/")
    return await _fill_in_form_with(request, session, "place", {"place": PHISHERS_PLACE})


async def _fill_in_form_with(request: Request, session: RelaySession, name: str, typed: dict[str, str]) -> RelaySession:
    form = session.form_with(name)
    return session if form is None else await fill_in(request, session, form, typed)


async def _pass_on(request: Request, catches: Remembered[Catch], code: str, *, until: str) -> bool:
    """Type a code into the attacker's open code page; say whether that brought him to where he wanted."""
    desk = desk_of(request)
    catch = catches.get(desk.id)
    if catch is None or catch.session.form_with("code") is None:
        return False
    session = await _fill_in_form_with(request, catch.session, "code", {"code": code})
    is_in = session.path == until
    catches.put(desk.id, replace(catch, session=session, is_in=is_in, answer=_said(session)))
    return is_in


def _said(session: RelaySession) -> str:
    return " ".join(session.alerts) or session.heading
