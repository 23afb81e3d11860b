"""Checking out: where it goes, a last look, and the order. Watchword decides before anything is bought."""

import secrets
from collections.abc import Mapping
from typing import Final

import anyio
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watchword.demo.asking import ask_about_kept
from watchword.demo.buying.basket import Parcel, basket_of
from watchword.demo.buying.catalogue import PAYEE
from watchword.demo.buying.orders import order_number
from watchword.demo.buying.postal import (
    PostalAddress,
    choose_delivery,
    chosen_delivery,
    countries,
    empty_address,
    problems_with,
    read_postal_address,
)
from watchword.demo.customers import Customer
from watchword.demo.endings import show_lost
from watchword.demo.forms import read_form
from watchword.demo.intentions import (
    Intention,
    Kind,
    Step,
    find_intention_of_form,
    keep_intention,
    key_of_form,
    new_intention,
)
from watchword.demo.shop import shop_of
from watchword.demo.templating import render
from watchword.demo.visits import customer_of, visit_of
from watchword_client import BoundFields, Money

LONGEST_SUMMARY: Final = 200
"""Characters of ``summary`` that the API takes."""
_LOOKS: Final = 60
_LOOK_S: Final = 0.05
"""A second click waits for the first this often and this long: three seconds in all, more than a decision takes."""


def checkout_routes() -> list[Route]:
    """Return the routes of this journey."""
    return [
        Route("/checkout", show_review, methods=["GET"]),
        Route("/checkout", place_order, methods=["POST"]),
        Route("/checkout/delivery", show_delivery, methods=["GET"]),
        Route("/checkout/delivery", choose_address, methods=["POST"]),
    ]


async def show_review(request: Request) -> Response:
    """Show what would be ordered, for a last look."""
    customer = customer_of(request)
    if customer is None:
        return _sign_in_first()
    parcel = _parcel(request, request.query_params.get("currency", ""))
    if parcel is None:
        return _back_to_basket()
    address = _delivery(request, customer)
    if address is None:
        return RedirectResponse(f"/checkout/delivery?currency={parcel.currency}", status_code=303)
    return _review(request, parcel, address, problem=None)


async def place_order(request: Request) -> Response:
    """Ask whether the purchase may go ahead; contents and amount are the store's, never the form's."""
    form, customer = await read_form(request), customer_of(request)
    if customer is None:
        return _sign_in_first()
    form_key = key_of_form(visit_of(request).id, form.get("form_key", ""))
    if find_intention_of_form(shop_of(request).ledger, form_key, visit_of(request).id) is not None:
        return await _clicked_twice(request, form_key)
    parcel, address = _parcel(request, form.get("currency", "")), _delivery(request, customer)
    if parcel is None or address is None:
        return _back_to_basket()
    if form.get("seen") != _digest(request, parcel, address):
        problem = "Basket or address changed since you looked. Please look again before you order."
        return _review(request, parcel, address, problem=problem)
    intention = purchase_of(request, customer, parcel, address)
    if not keep_intention(shop_of(request).ledger, intention, form_key=form_key):
        return await _clicked_twice(request, form_key)
    return await ask_about_kept(request, intention, summary=_summary(parcel))


async def show_delivery(request: Request) -> Response:
    """Show the form that asks where it goes."""
    customer = customer_of(request)
    if customer is None:
        return _sign_in_first()
    parcel = _parcel(request, request.query_params.get("currency", ""))
    if parcel is None:
        return _back_to_basket()
    typed = chosen_delivery(shop_of(request).ledger, visit_of(request).id)
    return _delivery_page(request, parcel, typed, {})


async def choose_address(request: Request) -> Response:
    """Keep where the present order goes."""
    form, customer = await read_form(request), customer_of(request)
    if customer is None:
        return _sign_in_first()
    parcel = _parcel(request, form.get("currency", ""))
    if parcel is None:
        return _back_to_basket()
    typed = None
    if form.get("where") != "account" or customer.postal_address is None:
        typed = read_postal_address(form)
        problems = problems_with(typed)
        if problems:
            return _delivery_page(request, parcel, typed, problems)
    choose_delivery(shop_of(request).ledger, visit_of(request).id, typed)
    return RedirectResponse(f"/checkout?currency={parcel.currency}", status_code=303)


def purchase_of(request: Request, customer: Customer, parcel: Parcel, address: PostalAddress) -> Intention:
    """Return the intention to buy a parcel, which is not kept yet."""
    """Return the intention to buy a parcel, with everything bound that must not change after it was approved."""
    # The address itself stays in the store: a keyed digest binds it as well, and tells Watchword nothing.
    details: dict[str, str | int | bool] = {
        "items": len(parcel.lines),
        "pieces": parcel.pieces,
        "contents": parcel.contents,
        "new_shipping_address": address != customer.postal_address,
        "shipping_address": shop_of(request).ledger.sign("address", address.to_text())[:16],
    }
    pieces = ",".join(f"{line.product.id}={line.pieces}" for line in parcel.lines)
    return new_intention(
        visit_id=visit_of(request).id,
        customer_id=customer.id,
        kind=Kind.PURCHASE,
        bound=BoundFields(
            type="purchase",
            user_id=customer.id,
            amount=Money(value=parcel.total, currency=parcel.currency),
            payee=PAYEE,
            details=details,
        ),
        wish={"pieces": pieces, "delivered_to": address.to_text()},
    )


def _sign_in_first() -> Response:
    return RedirectResponse("/sign-in?then=checkout&said=sign_in_to_buy", status_code=303)


def _back_to_basket() -> Response:
    # The basket says what there is to pay, or that there is nothing (any more).
    return RedirectResponse("/basket", status_code=303)


def _parcel(request: Request, currency: str) -> Parcel | None:
    """Return what is paid at once; without a currency only where there is no choice."""
    found = basket_of(shop_of(request).ledger, visit_of(request).id)
    if not currency and len(found) == 1:
        return found[0]
    return next((parcel for parcel in found if parcel.currency == currency), None)


def _delivery(request: Request, customer: Customer) -> PostalAddress | None:
    return chosen_delivery(shop_of(request).ledger, visit_of(request).id) or customer.postal_address


def _review(request: Request, parcel: Parcel, address: PostalAddress, *, problem: str | None) -> Response:
    return render(
        request,
        "review.html",
        status=200 if problem is None else 409,
        parcel=parcel,
        address=address,
        seen=_digest(request, parcel, address),
        problem=problem,
        form_key=secrets.token_urlsafe(16),
    )


def _delivery_page(
    request: Request, parcel: Parcel, typed: PostalAddress | None, problems: Mapping[str, str]
) -> Response:
    return render(
        request,
        "delivery.html",
        status=422 if problems else 200,
        parcel=parcel,
        elsewhere=typed is not None,
        typed=typed or empty_address(),
        problems=problems,
        countries=countries(),
    )


def _digest(request: Request, parcel: Parcel, address: PostalAddress) -> str:
    """Return what a form says that its reader saw."""
    return shop_of(request).ledger.sign(
        "seen", f"{parcel.contents}|{parcel.total} {parcel.currency}|{address.to_text()}"
    )


def _summary(parcel: Parcel) -> str:
    if len(parcel.contents) <= LONGEST_SUMMARY:
        return parcel.contents
    return f"{parcel.pieces} pieces of {len(parcel.lines)} products"


async def _clicked_twice(request: Request, form_key: str) -> Response:
    """Lead to where the first click led: a browser shows the answer to the last one only."""
    shop, visit_id = shop_of(request), visit_of(request).id
    for _ in range(_LOOKS):
        earlier = find_intention_of_form(shop.ledger, form_key, visit_id)
        if earlier is None or earlier.step is Step.DROPPED:
            break
        if earlier.step is Step.DONE:
            return RedirectResponse(f"/orders/{order_number(shop.ledger, earlier.state)}", status_code=303)
        if earlier.challenge_url is not None:
            return RedirectResponse(earlier.challenge_url, status_code=303)
        await anyio.sleep(_LOOK_S)
    return show_lost(request)
