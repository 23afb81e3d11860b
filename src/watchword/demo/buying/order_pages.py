"""What the customer bought: the list of orders, one order, and buying it again."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watchword.demo.account import please_sign_in
from watchword.demo.buying.basket import set_pieces
from watchword.demo.buying.catalogue import find_product
from watchword.demo.buying.orders import find_order, orders_of
from watchword.demo.endings import show_nothing_here
from watchword.demo.forms import read_form
from watchword.demo.shop import shop_of
from watchword.demo.templating import render
from watchword.demo.visits import customer_of, visit_of


def order_routes() -> list[Route]:
    """Return the routes of this journey."""
    return [
        Route("/orders", show_orders, methods=["GET"]),
        Route("/orders/{number}", show_order, methods=["GET"]),
        Route("/orders/{number}/again", buy_again, methods=["POST"]),
    ]


async def show_orders(request: Request) -> Response:
    """Show what the customer bought."""
    customer = customer_of(request)
    if customer is None:
        return please_sign_in()
    return render(request, "orders.html", orders=orders_of(shop_of(request).ledger, customer.id))


async def show_order(request: Request) -> Response:
    """Show one order: what it holds, what it cost, where it goes, and what was proven for it."""
    customer = customer_of(request)
    if customer is None:
        return please_sign_in()
    order = find_order(shop_of(request).ledger, customer.id, request.path_params["number"])
    return show_nothing_here(request) if order is None else render(request, "order.html", order=order)


async def buy_again(request: Request) -> Response:
    """Put the same things into the basket again."""
    await read_form(request)
    customer = customer_of(request)
    if customer is None:
        return please_sign_in()
    shop = shop_of(request)
    order = find_order(shop.ledger, customer.id, request.path_params["number"])
    if order is None:
        return show_nothing_here(request)
    for line in order.lines:
        if find_product(line.product) is not None:
            set_pieces(shop.ledger, visit_of(request).id, line.product, line.pieces)
    return RedirectResponse("/basket?said=added", status_code=303)
