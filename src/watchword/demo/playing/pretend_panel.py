"""What stands beside the shop on every page, by the names that its templates use: tour, phone, and parts to play."""

from typing import Final

from starlette.requests import Request

from watchword.demo.playing.attacks_known import attacks
from watchword.demo.playing.desk_keeper import scene_of
from watchword.demo.playing.desks import Role, desk_of, owner_of
from watchword.demo.playing.guided_tour import next_step, tour_steps
from watchword.demo.playing.pretending import find_place, places
from watchword.demo.shop import shop_of
from watchword.demo.visits import device_token_of, visit_of

SHOWN_AT_ONCE: Final = 3
"""Messages on the phone before one asks for more; a code and what it led to are among them."""


def panel_values(request: Request) -> dict[str, object]:
    """Return the values for ``pretend_panel.html``; the page has them too."""
    shop, visit, desk, scene = shop_of(request), visit_of(request), desk_of(request), scene_of(request)
    return {
        "places": places(visit.customer_id),
        "place": visit.place,
        "place_title": find_place(visit.place).title,
        "has_device_cookie": device_token_of(request) is not None,
        "has_old_token": shop.tokens.oldest(visit.id) is not None,
        "attack_list": attacks(),
        "plays_thief": desk.role is Role.THIEF,
        "desk_phone": scene.phone,
        "shown_at_once": SHOWN_AT_ONCE,
        "desk_owner": owner_of(request),
        "tour": tour_steps(),
        "tour_done": scene.done,
        "tour_next": next_step(scene.done),
    }
