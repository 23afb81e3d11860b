"""The customer's account: what is known of him, and changing his password and postal address."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watchword.demo.asking import ask
from watchword.demo.buying.orders import orders_of
from watchword.demo.buying.postal import PostalAddress, countries, empty_address, problems_with, read_postal_address
from watchword.demo.customers import Customer, advice_for, set_language
from watchword.demo.forms import read_form
from watchword.demo.going_ahead import as_contact
from watchword.demo.intentions import Kind, new_intention
from watchword.demo.ledger import now
from watchword.demo.passwords import weakness
from watchword.demo.shop import shop_of
from watchword.demo.speaking import is_spoken, spoken_languages
from watchword.demo.templating import render
from watchword.demo.visits import customer_of, visit_of
from watchword_client import Advice, BoundFields, User, UserContact, WatchwordError

RECENT_ORDERS: Final = 3
"""How many orders the account shows; the rest is a page of its own."""
A_DAY: Final = timedelta(days=1)
"""A contact that carried a code within this time is not stale, whatever was advised before."""


def account_routes() -> list[Route]:
    """Return the routes of this journey."""
    return [
        Route("/account", show_account, methods=["GET"]),
        Route("/account/password", show_password, methods=["GET"]),
        Route("/account/password", change_password, methods=["POST"]),
        Route("/account/address", show_postal_address, methods=["GET"]),
        Route("/account/address", change_postal_address, methods=["POST"]),
        Route("/account/language", change_language, methods=["POST"]),
        Route("/account/view", open_own_view, methods=["POST"]),
    ]


def please_sign_in() -> Response:
    """Send somebody who is not signed in to where he can do it."""
    return RedirectResponse("/sign-in?said=sign_in_first", status_code=303)


async def show_account(request: Request) -> Response:
    """Show what is known of the customer, with what Watchword advises."""
    customer = customer_of(request)
    if customer is None:
        return please_sign_in()
    user = await _known_to_watchword(request, customer)
    contacts = () if user is None else user.contacts
    return render(
        request,
        "account.html",
        states={contact.id: contact for contact in contacts},
        leaving=[contact for contact in contacts if contact.leaves_at is not None],
        locked_until=None if user is None else user.locked_until,
        now=now(),
        orders=orders_of(shop_of(request).ledger, customer.id, limit=RECENT_ORDERS),
        languages=spoken_languages(),
        advice=_still_due(advice_for(shop_of(request).ledger, customer.id), contacts),
        fresh_password=shop_of(request).fresh_passwords.get(customer.id),
    )


async def show_password(request: Request) -> Response:
    """Show the form for another password."""
    if customer_of(request) is None:
        return please_sign_in()
    return render(request, "password.html", problems={})


async def change_password(request: Request) -> Response:
    """Ask whether the password may be changed; what is kept until then is its hash."""
    form, customer = await read_form(request), customer_of(request)
    if customer is None:
        return please_sign_in()
    hashes, problems = shop_of(request).passwords, {}
    if not await hashes.verify(customer.password_hash, form.get("old_password", "")):
        problems["old_password"] = "This is not your present password."
    weak = await weakness(request, form.get("password", ""), [customer.email])
    if weak is not None:
        problems["password"] = weak
    if problems:
        return render(request, "password.html", status=422, problems=problems)
    wish = {"password_hash": await hashes.hash(form["password"])}
    return await _ask_for_update(request, customer, Kind.PASSWORD, wish)


async def show_postal_address(request: Request) -> Response:
    """Show the form for another postal address."""
    customer = customer_of(request)
    if customer is None:
        return please_sign_in()
    return _postal_address_page(request, customer.postal_address or empty_address(), {})


async def change_postal_address(request: Request) -> Response:
    """Ask whether the postal address may be changed."""
    form, customer = await read_form(request), customer_of(request)
    if customer is None:
        return please_sign_in()
    typed = read_postal_address(form)
    problems = problems_with(typed)
    if problems:
        return _postal_address_page(request, typed, problems)
    return await _ask_for_update(request, customer, Kind.POSTAL_ADDRESS, {"postal_address": typed.to_text()})


async def change_language(request: Request) -> Response:
    """Set the language of codes and messages, here and with Watchword."""
    form, customer = await read_form(request), customer_of(request)
    if customer is None:
        return please_sign_in()
    language = form.get("language", "")
    if not is_spoken(language):
        return RedirectResponse("/account", status_code=303)
    shop = shop_of(request)
    user = await shop.watchword.users.get(customer.id)
    preferred = {contact.id for contact in user.contacts if contact.preferred}
    # The same contacts as before: nothing changes but the language, so no grant is needed.
    same = [replace(as_contact(address), preferred=address.contact_id in preferred) for address in customer.addresses]
    await shop.watchword.users.put(customer.id, same, locale=language)
    set_language(shop.ledger, customer.id, language)
    return RedirectResponse("/account?said=language_changed", status_code=303)


async def open_own_view(request: Request) -> Response:
    """Lead the customer to Watchword's page about him: his requests, devices and contacts."""
    await read_form(request)
    customer, shop = customer_of(request), shop_of(request)
    if customer is None:
        return please_sign_in()
    link = await shop.watchword.users.view_link(customer.id, return_url=shop.return_url, locale=customer.language)
    return RedirectResponse(link.url, status_code=303)


def _postal_address_page(request: Request, typed: PostalAddress, problems: Mapping[str, str]) -> Response:
    status = 422 if problems else 200
    return render(request, "postal_address.html", status=status, typed=typed, problems=problems, countries=countries())


async def _ask_for_update(request: Request, customer: Customer, kind: Kind, wish: dict[str, str]) -> Response:
    intention = new_intention(
        visit_id=visit_of(request).id,
        customer_id=customer.id,
        kind=kind,
        bound=BoundFields(type="account_update", user_id=customer.id, details={"field": kind.value}),
        wish=wish,
    )
    return await ask(request, intention)


def _still_due(advice: Sequence[Advice], contacts: Sequence[UserContact]) -> list[Advice]:
    """Leave out what was settled since: advice comes with an action, and its own code may have settled it."""
    confirmed = {contact.id for contact in contacts if contact.confirmed_at is not None and contact.leaves_at is None}
    fresh = {contact.id for contact in contacts if contact.last_proven_at and now() - contact.last_proven_at < A_DAY}
    settled = {"contact_unconfirmed": confirmed, "contact_stale": fresh}
    return [
        hint
        for hint in advice
        if hint.contact_id not in settled.get(hint.code, set())
        and not (hint.code == "add_second_contact" and len(confirmed) > 1)
    ]


async def _known_to_watchword(request: Request, customer: Customer) -> User | None:
    # The page helps without it too, and nothing on it is decided by it.
    try:
        return await shop_of(request).watchword.users.get(customer.id)
    except WatchwordError:
        return None
