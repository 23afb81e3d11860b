"""The hurried customer: asks for the same thing again and again without waiting for the code."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watchword.demo.asking import ask_about_kept
from watchword.demo.buying.basket import parcels
from watchword.demo.buying.checkout import purchase_of
from watchword.demo.customers import Customer
from watchword.demo.forms import read_form
from watchword.demo.intentions import Kind, keep_intention
from watchword.demo.made_up import postal_address_of_nobody
from watchword.demo.playing.desks import desk_of
from watchword.demo.shop import shop_of
from watchword.demo.visits import customer_of
from watchword_client import ChallengeState, WatchwordError

WANTED = "telescope"
TIMES = 4
"""How often he asks in one go: once more than may wait at the same time."""
LISTED = 8
_REFUSED = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One of his requests."""

    reference: str
    state: str
    url: str | None
    masked: str


def hurry_routes() -> list[Route]:
    """Return the routes of the hurried customer."""
    return [Route("/attacks/hurry/ask", ask_often, methods=["POST"])]


async def hurry_values(request: Request) -> dict[str, object]:
    """Return what became of his latest requests."""
    owner_id = desk_of(request).owner_id
    if request.path_params["attack_id"] != "hurry" or owner_id is None:
        return {"asked": (), "times": TIMES}
    rows = shop_of(request).ledger.rows(
        "SELECT challenge_id, challenge_url FROM intentions"
        " WHERE customer_id = :id AND kind = :kind AND challenge_id IS NOT NULL"
        " ORDER BY created_at DESC, rowid DESC LIMIT :most",
        id=owner_id,
        kind=Kind.PURCHASE,
        most=LISTED,
    )
    found = [await _asked(request, row["challenge_id"], row["challenge_url"]) for row in rows]
    return {"asked": [one for one in found if one is not None], "times": TIMES}


async def ask_often(request: Request) -> Response:
    """Ask for the telescope several times; the code pages are left alone."""
    await read_form(request)
    customer = customer_of(request)
    if customer is None:
        return RedirectResponse("/sign-in?said=sign_in_first", status_code=303)
    for _ in range(TIMES):
        answer = await _ask_once(request, customer)
        if answer.status_code >= _REFUSED:
            return answer
    return RedirectResponse("/attacks/hurry", status_code=303)


async def _ask_once(request: Request, customer: Customer) -> Response:
    (parcel,) = parcels({WANTED: 1})
    address = customer.postal_address or postal_address_of_nobody()
    intention = purchase_of(request, customer, parcel, address)
    keep_intention(shop_of(request).ledger, intention)
    return await ask_about_kept(request, intention, summary=parcel.contents)


async def _asked(request: Request, challenge_id: str, url: str | None) -> Asked | None:
    try:
        challenge = await shop_of(request).watchword.challenges.get(challenge_id)
    except WatchwordError:
        return None
    sent_to = challenge.sent_to
    return Asked(
        reference=challenge.reference,
        state=challenge.state,
        url=url if challenge.state == ChallengeState.PENDING else None,
        masked="" if sent_to is None else sent_to.masked,
    )
