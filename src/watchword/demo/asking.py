"""Asks Watchword about an intention: it may go ahead, must be proven first, or must stop.

Whatever goes wrong here ends closed: without a redeemed grant nothing goes ahead.
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from watchword.demo.customers import find_customer, keep_advice
from watchword.demo.endings import show_denial, show_unavailable
from watchword.demo.going_ahead import go_ahead
from watchword.demo.intentions import Intention, Kind, Step, finish, keep_challenge, keep_intention
from watchword.demo.playing.pretending import find_place
from watchword.demo.shop import shop_of
from watchword.demo.speaking import preferred_language
from watchword.demo.visits import device_token_of, set_device_token, visit_of
from watchword_client import Action, ActionRequest, Circumstances, Decision, DeviceInfo, UnavailableDeny

_LONGEST_AGENT = 1024
"""Characters of ``user_agent`` that the API takes."""


async def ask(request: Request, intention: Intention, *, summary: str | None = None) -> Response:
    """Ask for a decision on an intention that is not kept yet, and go on with the answer."""
    shop = shop_of(request)
    keep_intention(shop.ledger, intention)
    return await ask_about_kept(request, intention, summary=summary)


async def ask_about_kept(request: Request, intention: Intention, *, summary: str | None = None) -> Response:
    """Ask for a decision on a kept intention, and go on with the answer."""
    shop = shop_of(request)
    answer = await shop.watchword.actions.create(
        ActionRequest(
            bound=intention.bound,
            circumstances=circumstances(request, intention),
            locale=_language_for(request, intention),
            summary=summary,
        ),
        on_unavailable="deny",
        idempotency_key=f"ask-{intention.state}",
    )
    if isinstance(answer, UnavailableDeny):
        finish(shop.ledger, intention, Step.DROPPED)
        return show_unavailable(request, answer.retry_after)
    keep_device(request, answer.device)
    if intention.customer_id is not None and intention.kind is not Kind.RESET:
        keep_advice(shop.ledger, intention.customer_id, answer.advice)
    return await _follow(request, intention, answer)


def circumstances(request: Request, intention: Intention) -> Circumstances:
    """Return where an intention comes from, as the visitor pretends it."""
    visit = visit_of(request)
    real_ip = request.client.host if request.client else None
    agent = request.headers.get("user-agent")
    return Circumstances(
        session_id=visit.id,
        device_token=device_token_of(request),
        ip=find_place(visit.place, intention.customer_id).ip or real_ip,
        user_agent=agent[:_LONGEST_AGENT] if agent else None,
        return_url=shop_of(request).return_url,
        state=intention.state,
    )


def keep_device(request: Request, device: DeviceInfo | None) -> None:
    """Set the device cookie if Watchword gave a new value for it."""
    if device is not None and device.token is not None:
        set_device_token(request, device.token)


def _language_for(request: Request, intention: Intention) -> str:
    """Return what code page and message are written in.

    For a reset it is the browser's language alone: the customer's own would tell who has an account.
    """
    customer = None
    if intention.kind is not Kind.RESET and intention.customer_id is not None:
        customer = find_customer(shop_of(request).ledger, intention.customer_id)
    return preferred_language(request) if customer is None else customer.language


async def _follow(request: Request, intention: Intention, answer: Action) -> Response:
    ledger = shop_of(request).ledger
    if answer.decision is Decision.ALLOW and answer.grant is not None:
        return await go_ahead(request, intention, answer.grant)
    if answer.decision is Decision.CHALLENGE and answer.challenge is not None and answer.challenge.url is not None:
        keep_challenge(ledger, intention, answer.challenge)
        return RedirectResponse(answer.challenge.url, status_code=303)
    finish(ledger, intention, Step.DROPPED)
    return show_denial(request, answer)
