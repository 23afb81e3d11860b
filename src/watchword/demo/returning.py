"""Where customers come back from Watchword's page: the result is claimed, and nothing goes ahead unredeemed."""

import hmac

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watchword.demo.asking import keep_device
from watchword.demo.buying.orders import order_number
from watchword.demo.customers import mark_confirmed
from watchword.demo.endings import show_end, show_lost, show_pending
from watchword.demo.going_ahead import go_ahead
from watchword.demo.intentions import Intention, Kind, Step, find_intention, finish
from watchword.demo.shop import shop_of
from watchword.demo.visits import visit_of
from watchword_client import ChallengeState


def returning_routes() -> list[Route]:
    """Return the routes of the way back."""
    return [Route("/watchword/return", come_back, methods=["GET"])]


async def come_back(request: Request) -> Response:
    """Go on with what the customer was about to do.

    Address and state say nothing about the result: whoever follows such a link in another browser finds no intention.
    """
    if not request.query_params:
        # From the view of his own requests and devices, which ends nothing.
        return RedirectResponse("/account", status_code=303)
    intention = _returned_intention(request)
    if intention is not None and intention.kind is Kind.PURCHASE and intention.step is Step.DONE:
        return RedirectResponse(f"/orders/{order_number(shop_of(request).ledger, intention.state)}", status_code=303)
    if intention is None or intention.step is not Step.OPEN or intention.challenge_id is None:
        return show_lost(request)
    shop = shop_of(request)
    claim = await shop.watchword.challenges.claim(intention.challenge_id, session_id=intention.visit_id)
    keep_device(request, claim.device)
    if claim.state == ChallengeState.PENDING:
        return show_pending(request, intention)
    if claim.state != ChallengeState.APPROVED:
        finish(shop.ledger, intention, Step.DROPPED)
        return show_end(request, intention, claim.state)
    if intention.kind is Kind.CONFIRMATION:
        return _confirmed(request, intention)
    if claim.grant is None:
        return show_lost(request)
    return await go_ahead(request, intention, claim.grant)


def _returned_intention(request: Request) -> Intention | None:
    state = request.query_params.get("state", "")
    challenge_id = request.query_params.get("watchword_challenge", "")
    intention = find_intention(shop_of(request).ledger, state, visit_of(request).id)
    if intention is None or not hmac.compare_digest(challenge_id.encode(), (intention.challenge_id or "").encode()):
        return None
    return intention


def _confirmed(request: Request, intention: Intention) -> Response:
    ledger = shop_of(request).ledger
    if intention.customer_id is not None:
        mark_confirmed(ledger, intention.customer_id, intention.wish["contact_id"])
    finish(ledger, intention, Step.DONE)
    return RedirectResponse("/account?said=contact_confirmed", status_code=303)
