"""A made-up visitor's first page: who he is now, his phone, and the way to the code that has just come.

A customer of a real store has his phone in his hand. A visitor has to be handed one before the code page asks for what
stands on it.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watchword.demo.intentions import Kind, Step
from watchword.demo.playing.desks import owner_of
from watchword.demo.shop import shop_of
from watchword.demo.templating import render
from watchword.demo.visits import visit_of


def welcoming_routes() -> list[Route]:
    """Return the route of the page."""
    return [Route("/welcome", show_welcome, methods=["GET"])]


def by_way_of_the_phone(request: Request, answer: Response) -> Response:
    """Lead to the phone first where an answer leads to the code page; leave any other as it is."""
    leads_to_code = answer.headers.get("location", "").startswith(f"{shop_of(request).api_url}/c/")
    return RedirectResponse("/welcome", status_code=303) if leads_to_code else answer


async def show_welcome(request: Request) -> Response:
    """Show the visitor who he is, and lead on to the code; without an open sign-in, lead to where one begins."""
    shop, owner = shop_of(request), owner_of(request)
    row = shop.ledger.row(
        "SELECT challenge_url FROM intentions WHERE visit_id = :visit_id AND kind = :kind AND step = :step"
        " AND challenge_url IS NOT NULL ORDER BY created_at DESC, rowid DESC LIMIT 1",
        visit_id=visit_of(request).id,
        kind=Kind.SIGN_IN,
        step=Step.OPEN,
    )
    if row is None or owner is None:
        begins_here = owner is not None and visit_of(request).customer_id is None
        return RedirectResponse("/sign-in" if begins_here else "/", status_code=303)
    password = shop.fresh_passwords.get(owner.id)
    return render(request, "pretend_welcome.html", owner=owner, password=password, code_page=row["challenge_url"])
