"""A forgotten password: always proven by a code, and the same to look at for addresses that nobody has."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watchword.demo.asking import ask
from watchword.demo.customers import Customer, find_customer, find_customer_by_email, set_password_hash
from watchword.demo.endings import show_lost
from watchword.demo.forms import read_email, read_form
from watchword.demo.going_ahead import redeem
from watchword.demo.intentions import Intention, Kind, Step, find_intention, finish, new_intention
from watchword.demo.passwords import weakness
from watchword.demo.shop import shop_of
from watchword.demo.templating import render
from watchword.demo.visits import end_other_visits, end_visit, visit_of
from watchword_client import BoundFields


def resetting_routes() -> list[Route]:
    """Return the routes of this journey."""
    return [
        Route("/reset", show_reset, methods=["GET"]),
        Route("/reset", begin_reset, methods=["POST"]),
        Route("/reset/password", show_new_password, methods=["GET"]),
        Route("/reset/password", set_new_password, methods=["POST"]),
    ]


async def show_reset(request: Request) -> Response:
    """Show the form that asks whose password it is."""
    return render(request, "reset.html", problem=None, email="")


async def begin_reset(request: Request) -> Response:
    """Ask Watchword, for a customer and for nobody alike: what follows must not tell who has an account."""
    form = await read_form(request)
    email = read_email(form.get("email", ""))
    if email is None:
        problem = "This is not an e-mail address."
        return render(request, "reset.html", status=422, problem=problem, email=form.get("email", ""))
    shop = shop_of(request)
    customer = find_customer_by_email(shop.ledger, email)
    # Nobody gets an id of his own too, of the same form and the same each time, so that limits count alike.
    nobody_id = f"u-{shop.ledger.sign('nobody', email)[:24]}"
    intention = new_intention(
        visit_id=visit_of(request).id,
        customer_id=None if customer is None else customer.id,
        kind=Kind.RESET,
        bound=BoundFields(type="password_reset", user_id=nobody_id if customer is None else customer.id),
    )
    return await ask(request, intention)


async def show_new_password(request: Request) -> Response:
    """Show the form for the new password, once the code was right."""
    state = request.query_params.get("state", "")
    if _open_reset(request, state) is None:
        return show_lost(request)
    return render(request, "new_password.html", problem=None, state=state)


async def set_new_password(request: Request) -> Response:
    """Redeem the grant and set the password; every other visit of the customer ends."""
    form = await read_form(request)
    found = _open_reset(request, form.get("state", ""))
    if found is None:
        return show_lost(request)
    intention, customer = found
    password = form.get("password", "")
    problem = await weakness(request, password, [customer.email])
    if problem is not None:
        return render(request, "new_password.html", status=422, problem=problem, state=intention.state)
    return await _reset(request, intention, customer, password)


async def _reset(request: Request, intention: Intention, customer: Customer, password: str) -> Response:
    shop = shop_of(request)
    password_hash = await shop.passwords.hash(password)
    claim = await shop.watchword.challenges.claim(intention.challenge_id or "", session_id=intention.visit_id)
    if claim.grant is None:
        return show_lost(request)
    await redeem(request, intention, claim.grant)
    if not finish(shop.ledger, intention, Step.DONE):
        return show_lost(request)
    set_password_hash(shop.ledger, customer.id, password_hash)
    shop.fresh_passwords.pop(customer.id, None)
    end_other_visits(request, customer.id)
    end_visit(request)
    return RedirectResponse("/sign-in?said=password_reset", status_code=303)


def _open_reset(request: Request, state: str) -> tuple[Intention, Customer] | None:
    intention = find_intention(shop_of(request).ledger, state, visit_of(request).id)
    if intention is None or intention.kind is not Kind.RESET or intention.step is not Step.OPEN:
        return None
    if intention.customer_id is None or intention.challenge_id is None:
        return None
    customer = find_customer(shop_of(request).ledger, intention.customer_id)
    return None if customer is None else (intention, customer)
