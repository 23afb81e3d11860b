"""Turns templates into answers, each with what every page of the store shows."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from importlib import resources
from importlib.resources.abc import Traversable

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from watchword.demo.buying.basket import count_pieces
from watchword.demo.buying.catalogue import PAYEE, products
from watchword.demo.playing.pretend_panel import panel_values
from watchword.demo.shop import shop_of
from watchword.demo.visits import customer_of, visit_of

_SAID = {
    "signed_in": "You are signed in.",
    "sign_in_to_buy": "Please sign in to check out. Your basket waits for you.",
    "added": "It is in your basket.",
    "basket_changed": "Your basket was changed.",
    "removed": "It was taken out of your basket.",
    "basket_full": "There can be nine pieces of one product in a basket, and no more.",
    "pieces_unclear": "Choose a number of pieces from one to nine.",
    "ordered": "Your order is placed, thank you.",
    "language_changed": "Codes and messages will be in this language.",
    "signed_out": "You are signed out. This device stays known.",
    "sign_in_first": "Please sign in first.",
    "password_changed": "Your password was changed. You are signed out everywhere else.",
    "password_reset": "Your password was set. Sign in with it.",
    "address_changed": "Your postal address was changed.",
    "contact_changed": "Your contacts were changed. Confirm a new one, so that codes can reach you there.",
    "contact_confirmed": "This contact reached you and is confirmed.",
    "device_forgotten": "This device counts as new again.",
    "devices_forgotten": "Every device counts as new again.",
    "moved": "You are somewhere else now: the store reports the address that is chosen below.",
    "browser_forgotten": "This is a browser now that nobody knows. Sign in or buy something to see what is asked.",
    "myself": "You are yourself again, at home.",
    "visitor_first": "Become a visitor first: it takes one press.",
    "fake_found": "Right: its reference is on no list, so nobody from the store sent it.",
    "cookie_stolen": "You hold an old copy of the device cookie now, as a thief would. Buy something and see.",
}


def load_templates() -> Environment:
    """Return the store's templates; a name that is missing in one is an error, and everything shown is escaped."""
    environment = Environment(
        loader=PackageLoader("watchword.demo"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["moment"] = in_words
    environment.filters["money"] = money_in_words
    environment.globals["categories_by_product"] = {product.id: product.category for product in products()}
    return environment


def load_assets() -> dict[str, bytes]:
    """Return the files that browsers fetch beside the pages, by their path below ``/static``."""
    return dict(_files_in(resources.files("watchword.demo").joinpath("static"), ""))


def _files_in(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files_in(entry, f"{path}{entry.name}/")
        else:
            yield f"{path}{entry.name}", entry.read_bytes()


def render(request: Request, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """Return a page."""
    shop, visit = shop_of(request), visit_of(request)
    shared: dict[str, object] = {
        "store": PAYEE,
        "customer": customer_of(request),
        "basket_pieces": count_pieces(shop.ledger, visit.id),
        "form_token": visit.form_token,
        "api_url": shop.api_url,
        "inbox_url": shop.inbox_url,
        "settings_note": shop.settings_note,
        "path": request.url.path,
        "query": "",
        "then": "",
        "said": _SAID.get(request.query_params.get("said", "")),
    }
    text = shop.templates.get_template(template).render(panel_values(request) | shared | values)
    return HTMLResponse(text, status_code=status, headers={"cache-control": "no-store"})


def in_words(moment: datetime | int | str | None) -> str:
    """Return a time as customers read it; times without a meaning stay as they are."""
    if isinstance(moment, int):
        moment = datetime.fromtimestamp(moment, UTC)
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            return str(moment)
    return "" if moment is None else f"{moment.astimezone(UTC):%d %B %Y, %H:%M} UTC"


def money_in_words(value: Decimal | str, currency: str) -> str:
    """Return a price as it also stands in messages and on code pages, with a space that does not break."""
    return f"{Decimal(value):,.2f}\N{NO-BREAK SPACE}{currency}"


def duration_in_words(seconds: int) -> str:
    """Return how long that is, rounded up, as one says it."""
    for unit, length_s in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds > length_s:
            count = -(-seconds // length_s)
            return f"{count} {unit}s"
    return "a minute" if seconds > 1 else "a moment"
