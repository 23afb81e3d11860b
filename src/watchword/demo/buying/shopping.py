"""Looking around: the shelves with their categories and the search, and one product."""

import secrets

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchword.demo.buying.catalogue import (
    LONGEST_QUERY,
    MOST_PIECES,
    Product,
    categories,
    find_category,
    find_product,
    find_products,
    others_nearby,
)
from watchword.demo.endings import show_nothing_here
from watchword.demo.templating import render


def shopping_routes() -> list[Route]:
    """Return the routes of this journey."""
    return [
        Route("/", show_shelves, methods=["GET"]),
        Route("/products/{product_id}", show_product, methods=["GET"]),
    ]


async def show_shelves(request: Request) -> Response:
    """Show everything there is, one category, or what a search finds."""
    category = find_category(request.query_params.get("category", ""))
    query = request.query_params.get("q", "").strip()[:LONGEST_QUERY]
    return render(
        request,
        "shelves.html",
        products=find_products(category_id="" if category is None else category.id, query=query),
        categories=categories(),
        category=category,
        query=query,
    )


async def show_product(request: Request) -> Response:
    """Show one product, with the form that puts it into the basket."""
    product = find_product(request.path_params["product_id"])
    return show_nothing_here(request) if product is None else show_product_page(request, product, problem=None)


def show_product_page(request: Request, product: Product, *, problem: str | None) -> Response:
    """Show a product, and what was wrong with the form of it."""
    return render(
        request,
        "product.html",
        status=200 if problem is None else 422,
        product=product,
        category=find_category(product.category),
        nearby=others_nearby(product),
        problem=problem,
        most_pieces=MOST_PIECES,
        form_key=secrets.token_urlsafe(16),
    )
