"""What can go wrong, to be played: each attack has a page that says who does what, and what to look for."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watchword.demo.endings import show_lost
from watchword.demo.ledger import now_s
from watchword.demo.playing.attacks_guessing import guessing_of, guessing_routes
from watchword.demo.playing.attacks_hurry import hurry_routes, hurry_values
from watchword.demo.playing.attacks_known import attacks
from watchword.demo.playing.attacks_messages import message_routes, message_values
from watchword.demo.playing.attacks_phisher import phisher_routes, phisher_values
from watchword.demo.playing.attacks_roles import role_routes
from watchword.demo.playing.backstage import backstage_of
from watchword.demo.playing.desks import Role, desk_of, owner_of
from watchword.demo.playing.playbook import plays
from watchword.demo.playing.pretending import WORTHLESS_AFTER
from watchword.demo.shop import shop_of
from watchword.demo.templating import render
from watchword.demo.visits import visit_of

GRACE_S = 10
"""How long a device cookie still counts after its successor was used (Watchword's ``docs/concepts.md``)."""


def attack_routes() -> list[Route]:
    """Return the routes of everything that is played."""
    return [
        Route("/try", show_playbook, methods=["GET"]),
        Route("/attacks/{attack_id}", show_attack, methods=["GET"]),
        *role_routes(),
        *message_routes(),
        *phisher_routes(),
        *guessing_routes(),
        *hurry_routes(),
    ]


async def show_playbook(request: Request) -> Response:
    """Show what can be tried in this store, and how."""
    return render(request, "playbook.html", plays=plays())


async def show_attack(request: Request) -> Response:
    """Show one attack."""
    found = next((attack for attack in attacks() if attack.id == request.path_params["attack_id"]), None)
    if found is None:
        return show_lost(request)
    owner = owner_of(request)
    if owner is None and found.id != "unreachable":
        return RedirectResponse("/try?said=visitor_first", status_code=303)
    return render(
        request,
        f"pretend_{found.id.replace('-', '_')}.html",
        attack=found,
        owner=owner,
        is_thief=desk_of(request).role is Role.THIEF,
        known_password=None if owner is None else shop_of(request).fresh_passwords.get(owner.id),
        cookie=_cookie_values(request),
        messages=message_values(request),
        relay=phisher_values(request),
        guessing=guessing_of(request),
        hurry=await hurry_values(request),
    )


def _cookie_values(request: Request) -> dict[str, object]:
    copy, visit = backstage_of(request).copies.get(desk_of(request).id), visit_of(request)
    later = () if copy is None else shop_of(request).tokens.successors(visit.id, copy.token)
    is_spent = len(later) >= WORTHLESS_AFTER
    return {
        "copied": copy,
        "uses": len(later),
        "is_spent": is_spent,
        "wait_s": max(0, later[WORTHLESS_AFTER - 1] + GRACE_S + 1 - now_s()) if is_spent else 0,
    }
