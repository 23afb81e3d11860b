"""What the "pretend to be" panel beside the shop shows on every page, by the names that its template uses."""

from starlette.requests import Request

from watchword.demo.pretending import places
from watchword.demo.shop import shop_of
from watchword.demo.visits import device_token_of, visit_of


def panel_values(request: Request) -> dict[str, object]:
    """Return the values for ``pretend_panel.html``; the page has them too."""
    shop, visit = shop_of(request), visit_of(request)
    return {
        "places": places(),
        "place": visit.place,
        "has_device_cookie": device_token_of(request) is not None,
        "has_old_token": shop.tokens.oldest(visit.id) is not None,
    }
