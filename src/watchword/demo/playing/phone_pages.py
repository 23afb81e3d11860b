"""The phone on a page of its own, and what the script of every page asks for to keep phone and tour fresh."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchword.demo.templating import render


def phone_routes() -> list[Route]:
    """Return the routes of the phone and of the tour."""
    return [
        Route("/phone", show_phone, methods=["GET"]),
        Route("/phone/live", show_live, methods=["GET"]),
        Route("/tour", show_tour, methods=["GET"]),
    ]


async def show_phone(request: Request) -> Response:
    """Show the phone alone, for a window beside the store."""
    return render(request, "phone.html")


async def show_live(request: Request) -> Response:
    """Return phone and tour as they are now, to be put into a page that is open."""
    return render(request, "phone_live.html", path=request.query_params.get("path", "/"))


async def show_tour(request: Request) -> Response:
    """Show every step of the tour."""
    return render(request, "tour.html")
