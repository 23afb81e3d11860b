"""What keeps the account safe, for the customer to see, and the strip with which visitors pretend."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watchword.demo.account import please_sign_in
from watchword.demo.endings import show_lost
from watchword.demo.forms import read_form
from watchword.demo.playbook import plays
from watchword.demo.pretending import find_place
from watchword.demo.shop import shop_of
from watchword.demo.templating import render
from watchword.demo.visits import customer_of, move_to, set_device_token, visit_of

LISTED = 50
"""How many devices or requests a page shows."""


def safety_routes() -> list[Route]:
    """Return the routes of this journey."""
    return [
        Route("/devices", show_devices, methods=["GET"]),
        Route("/devices/all", forget_all_devices, methods=["POST"]),
        Route("/devices/{device_id}", forget_device, methods=["POST"]),
        Route("/requests", show_requests, methods=["GET"]),
        Route("/try", show_playbook, methods=["GET"]),
        Route("/pretend", pretend, methods=["POST"]),
        Route("/pretend/new-browser", forget_cookie, methods=["POST"]),
        Route("/pretend/thief", play_thief, methods=["POST"]),
    ]


async def show_devices(request: Request) -> Response:
    """Show the devices that the customer has proven."""
    customer = customer_of(request)
    if customer is None:
        return please_sign_in()
    page = await shop_of(request).watchword.users.devices(customer.id, limit=LISTED)
    return render(request, "devices.html", devices=page.data)


async def forget_device(request: Request) -> Response:
    """Let one device count as new again."""
    await read_form(request)
    customer = customer_of(request)
    if customer is None:
        return please_sign_in()
    device_id = request.path_params["device_id"]
    if not device_id.startswith("dev_"):
        return show_lost(request)
    await shop_of(request).watchword.users.delete_device(customer.id, device_id)
    return RedirectResponse("/devices?said=device_forgotten", status_code=303)


async def forget_all_devices(request: Request) -> Response:
    """Let every device count as new again."""
    await read_form(request)
    customer = customer_of(request)
    if customer is None:
        return please_sign_in()
    await shop_of(request).watchword.users.delete_devices(customer.id)
    return RedirectResponse("/devices?said=devices_forgotten", status_code=303)


async def show_requests(request: Request) -> Response:
    """Show the genuine requests: a message that is not here is a fake."""
    customer = customer_of(request)
    if customer is None:
        return please_sign_in()
    page = await shop_of(request).watchword.users.requests(customer.id, limit=LISTED)
    return render(request, "requests.html", requests=page.data)


async def show_playbook(request: Request) -> Response:
    """Show what can be tried in this store, and how."""
    return render(request, "playbook.html", plays=plays())


async def pretend(request: Request) -> Response:
    """Be somewhere else from now on."""
    form = await read_form(request)
    move_to(request, find_place(form.get("place", "")).id)
    return _back(form.get("path", "/"), "moved")


async def forget_cookie(request: Request) -> Response:
    """Drop the device cookie, as if this were a browser that nobody knows."""
    form = await read_form(request)
    set_device_token(request, "")
    return _back(form.get("path", "/"), "browser_forgotten")


async def play_thief(request: Request) -> Response:
    """Put an old device cookie back, as somebody would who once made a copy of it."""
    form = await read_form(request)
    token = shop_of(request).tokens.oldest(visit_of(request).id)
    if token is not None:
        set_device_token(request, token)
    return _back(form.get("path", "/"), "cookie_stolen")


def _back(path: str, said: str) -> Response:
    # Only a path of our own: what begins with two slashes, or a backslash, is another host to a browser.
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return RedirectResponse(f"{urlsplit(path).path if is_ours else '/'}?said={said}", status_code=303)
