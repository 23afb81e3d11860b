"""Filling the basket and changing it."""

import secrets

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watchword.demo.buying.basket import add_pieces, basket_of, set_pieces
from watchword.demo.buying.catalogue import MOST_PIECES, find_product
from watchword.demo.buying.shopping import show_product_page
from watchword.demo.endings import show_nothing_here
from watchword.demo.forms import read_form, read_pieces
from watchword.demo.shop import shop_of
from watchword.demo.templating import render
from watchword.demo.visits import visit_of


def filling_routes() -> list[Route]:
    """Return the routes of this journey."""
    return [
        Route("/basket", show_basket, methods=["GET"]),
        Route("/basket", add_to_basket, methods=["POST"]),
        Route("/basket/{product_id}", change_pieces, methods=["POST"]),
    ]


async def show_basket(request: Request) -> Response:
    """Show what is in the basket."""
    found = basket_of(shop_of(request).ledger, visit_of(request).id)
    return render(request, "basket.html", parcels=found, most_pieces=MOST_PIECES)


async def add_to_basket(request: Request) -> Response:
    """Put pieces of a product into the basket."""
    form = await read_form(request)
    product = find_product(form.get("product", ""))
    if product is None:
        return show_nothing_here(request)
    pieces = read_pieces(form.get("pieces", ""), MOST_PIECES)
    if pieces is None or pieces == 0:
        return show_product_page(request, product, problem=f"Choose between 1 and {MOST_PIECES}.")
    key = form.get("form_key") or secrets.token_urlsafe(16)
    all_fit = add_pieces(shop_of(request).ledger, visit_of(request).id, product.id, pieces, form_key=key)
    return RedirectResponse(f"/basket?said={'added' if all_fit else 'basket_full'}", status_code=303)


async def change_pieces(request: Request) -> Response:
    """Have another number of pieces in the basket; none removes the product."""
    form = await read_form(request)
    product = find_product(request.path_params["product_id"])
    if product is None:
        return show_nothing_here(request)
    pieces = read_pieces(form.get("pieces", ""), MOST_PIECES)
    if pieces is None:
        return RedirectResponse("/basket?said=pieces_unclear", status_code=303)
    set_pieces(shop_of(request).ledger, visit_of(request).id, product.id, pieces)
    return RedirectResponse(f"/basket?said={'basket_changed' if pieces else 'removed'}", status_code=303)
