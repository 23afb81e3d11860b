"""How a customer can be reached: adding, replacing, removing and confirming phone numbers and e-mail addresses."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watchword.demo.account import please_sign_in
from watchword.demo.asking import ask, circumstances
from watchword.demo.customers import Address, Customer, find_customer_by_email
from watchword.demo.endings import show_lost
from watchword.demo.forms import read_address, read_form
from watchword.demo.intentions import Intention, Kind, keep_challenge, keep_intention, new_intention
from watchword.demo.shop import shop_of
from watchword.demo.templating import render
from watchword.demo.visits import customer_of, visit_of
from watchword_client import BoundFields

MOST_ADDRESSES = 4
"""How many addresses one account holds: two of each kind are plenty."""


def reaching_routes() -> list[Route]:
    """Return the routes of this journey."""
    return [
        Route("/account/contacts/new", show_addition, methods=["GET"]),
        Route("/account/contacts", add, methods=["POST"]),
        Route("/account/contacts/{contact_id}", show_replacement, methods=["GET"]),
        Route("/account/contacts/{contact_id}", replace, methods=["POST"]),
        Route("/account/contacts/{contact_id}/remove", remove, methods=["POST"]),
        Route("/account/contacts/{contact_id}/confirm", confirm, methods=["POST"]),
    ]


async def show_addition(request: Request) -> Response:
    """Show the form for one more address."""
    if customer_of(request) is None:
        return please_sign_in()
    channel_type = "phone" if request.query_params.get("type") == "phone" else "email"
    return render(request, "contact.html", problem=None, old=None, channel_type=channel_type, typed="")


async def add(request: Request) -> Response:
    """Ask whether an address may be added."""
    form, customer = await read_form(request), customer_of(request)
    if customer is None:
        return please_sign_in()
    channel_type = "phone" if form.get("channel_type") == "phone" else "email"
    return await _ask_for_change(request, customer, channel_type, form.get("address", ""), None)


async def show_replacement(request: Request) -> Response:
    """Show the form for another address in the place of this one."""
    customer = customer_of(request)
    if customer is None:
        return please_sign_in()
    old = customer.address_of(request.path_params["contact_id"])
    if old is None:
        return show_lost(request)
    return render(request, "contact.html", problem=None, old=old, channel_type=old.channel_type, typed="")


async def replace(request: Request) -> Response:
    """Ask whether an address may be replaced."""
    form, customer = await read_form(request), customer_of(request)
    if customer is None:
        return please_sign_in()
    old = customer.address_of(request.path_params["contact_id"])
    if old is None:
        return show_lost(request)
    return await _ask_for_change(request, customer, old.channel_type, form.get("address", ""), old)


async def remove(request: Request) -> Response:
    """Ask whether an address may be removed; what one signs in with stays."""
    await read_form(request)
    customer = customer_of(request)
    if customer is None:
        return please_sign_in()
    old = customer.address_of(request.path_params["contact_id"])
    if old is None or old.contact_id is None or old.address == customer.email:
        return show_lost(request)
    details = {"field": old.channel_type, "old_contact": old.contact_id}
    return await _ask_with(request, customer, details, {"old_contact": old.contact_id})


async def confirm(request: Request) -> Response:
    """Send this address a code of its own, to see that it reaches the customer."""
    await read_form(request)
    customer = customer_of(request)
    if customer is None:
        return please_sign_in()
    address = customer.address_of(request.path_params["contact_id"])
    if address is None or address.contact_id is None:
        return show_lost(request)
    intention = _confirmation(request, customer, address.contact_id)
    shop = shop_of(request)
    keep_intention(shop.ledger, intention)
    challenge = await shop.watchword.users.confirm_contact(
        customer.id, address.contact_id, circumstances(request, intention), idempotency_key=f"ask-{intention.state}"
    )
    if challenge.url is None:
        return show_lost(request)
    keep_challenge(shop.ledger, intention, challenge)
    return RedirectResponse(challenge.url, status_code=303)


def _confirmation(request: Request, customer: Customer, contact_id: str) -> Intention:
    return new_intention(
        visit_id=visit_of(request).id,
        customer_id=customer.id,
        kind=Kind.CONFIRMATION,
        bound=BoundFields(type="confirmation", user_id=customer.id),
        wish={"contact_id": contact_id},
    )


async def _ask_for_change(
    request: Request, customer: Customer, channel_type: str, typed: str, old: Address | None
) -> Response:
    address = read_address(channel_type, typed)
    problem = _problem_with(request, customer, address, old)
    if problem is not None or address is None:
        return render(
            request, "contact.html", status=422, problem=problem, old=old, channel_type=channel_type, typed=typed
        )
    details = {"field": channel_type, "new_contact": address}
    wish = {"channel_type": channel_type, "new_address": address}
    if old is not None and old.contact_id is not None:
        details["old_contact"] = wish["old_contact"] = old.contact_id
    return await _ask_with(request, customer, details, wish)


def _problem_with(request: Request, customer: Customer, address: str | None, old: Address | None) -> str | None:
    if address is None:
        return "This is not an address that can be reached. A phone number is written like +1 202 555 0123."
    if any(known.address == address for known in customer.addresses):
        return "This address is in your account already."
    if find_customer_by_email(shop_of(request).ledger, address) is not None:
        return "This address belongs to another account."
    if old is None and len(customer.addresses) >= MOST_ADDRESSES:
        return f"An account holds at most {MOST_ADDRESSES} addresses."
    return None


async def _ask_with(request: Request, customer: Customer, details: dict[str, str], wish: dict[str, str]) -> Response:
    intention = new_intention(
        visit_id=visit_of(request).id,
        customer_id=customer.id,
        kind=Kind.CONTACT,
        bound=BoundFields(type="account_update", user_id=customer.id, details=details),
        wish=wish,
    )
    return await ask(request, intention)
