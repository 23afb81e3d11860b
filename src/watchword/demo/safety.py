"""What keeps the account safe, for the customer to see: his devices and the genuine requests."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watchword.demo.account import please_sign_in
from watchword.demo.endings import show_lost
from watchword.demo.forms import read_form
from watchword.demo.shop import shop_of
from watchword.demo.templating import render
from watchword.demo.visits import customer_of

LISTED = 50
"""How many devices or requests a page shows."""


def safety_routes() -> list[Route]:
    """Return the routes of this journey."""
    return [
        Route("/devices", show_devices, methods=["GET"]),
        Route("/devices/all", forget_all_devices, methods=["POST"]),
        Route("/devices/{device_id}", forget_device, methods=["POST"]),
        Route("/requests", show_requests, methods=["GET"]),
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
