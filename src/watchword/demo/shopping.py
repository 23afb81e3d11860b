"""Looking, buying, and what was bought."""

import secrets

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watchword.demo.account import please_sign_in
from watchword.demo.asking import ask_about_kept
from watchword.demo.catalogue import MOST_PIECES, PAYEE, Product, find_product, products
from watchword.demo.customers import Customer
from watchword.demo.endings import show_lost
from watchword.demo.forms import read_form, read_pieces
from watchword.demo.intentions import (
    Intention,
    Kind,
    Step,
    find_intention_of_form,
    keep_intention,
    new_intention,
)
from watchword.demo.orders import orders_of
from watchword.demo.shop import shop_of
from watchword.demo.templating import render
from watchword.demo.visits import customer_of, visit_of
from watchword_client import BoundFields


def shopping_routes() -> list[Route]:
    """Return the routes of this journey."""
    return [
        Route("/", show_shelves, methods=["GET"]),
        Route("/products/{product_id}", show_product, methods=["GET"]),
        Route("/products/{product_id}", buy, methods=["POST"]),
        Route("/orders", show_orders, methods=["GET"]),
    ]


async def show_shelves(request: Request) -> Response:
    """Show everything there is."""
    return render(request, "shelves.html", products=products())


async def show_product(request: Request) -> Response:
    """Show one product, with the form to buy it."""
    product = find_product(request.path_params["product_id"])
    return _no_such_product(request) if product is None else _product_page(request, product, problem=None)


async def buy(request: Request) -> Response:
    """Ask whether a purchase may go ahead; the amount is the store's, never the form's."""
    form, customer = await read_form(request), customer_of(request)
    product = find_product(request.path_params["product_id"])
    if customer is None:
        return please_sign_in()
    if product is None:
        return _no_such_product(request)
    pieces = read_pieces(form.get("pieces", ""), MOST_PIECES)
    if pieces is None:
        return _product_page(request, product, problem=f"Choose between 1 and {MOST_PIECES}.")
    intention = _purchase(request, customer, product, pieces, elsewhere=form.get("elsewhere") == "yes")
    form_key = f"{intention.visit_id}:{form.get('form_key', '')}"
    if not keep_intention(shop_of(request).ledger, intention, form_key=form_key):
        return _clicked_twice(request, form_key)
    return await ask_about_kept(request, intention, summary=f"{pieces} × {product.title}")


async def show_orders(request: Request) -> Response:
    """Show what the customer bought."""
    customer = customer_of(request)
    if customer is None:
        return please_sign_in()
    titles = {product.id: product.title for product in products()}
    found = orders_of(shop_of(request).ledger, customer.id)
    return render(request, "orders.html", orders=found, titles=titles, new=request.query_params.get("new"))


def _purchase(request: Request, customer: Customer, product: Product, pieces: int, *, elsewhere: bool) -> Intention:
    details: dict[str, str | int | bool] = {"product": product.title, "pieces": pieces}
    if elsewhere:
        details["new_shipping_address"] = True
    return new_intention(
        visit_id=visit_of(request).id,
        customer_id=customer.id,
        kind=Kind.PURCHASE,
        bound=BoundFields(
            type="purchase", user_id=customer.id, amount=product.total(pieces), payee=PAYEE, details=details
        ),
        wish={"product": product.id, "pieces": str(pieces)},
    )


def _clicked_twice(request: Request, form_key: str) -> Response:
    earlier = find_intention_of_form(shop_of(request).ledger, form_key, visit_of(request).id)
    if earlier is not None and earlier.step is Step.OPEN and earlier.challenge_url is not None:
        return RedirectResponse(earlier.challenge_url, status_code=303)
    if earlier is not None and earlier.step is Step.DONE:
        return RedirectResponse("/orders", status_code=303)
    return show_lost(request)


def _product_page(request: Request, product: Product, *, problem: str | None) -> Response:
    status = 200 if problem is None else 422
    return render(
        request,
        "product.html",
        status=status,
        product=product,
        problem=problem,
        most_pieces=MOST_PIECES,
        form_key=secrets.token_urlsafe(16),
    )


def _no_such_product(request: Request) -> Response:
    return render(request, "shelves.html", status=404, products=products())
