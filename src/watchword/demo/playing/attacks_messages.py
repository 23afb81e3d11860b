"""Messages that are not what they seem, or never arrive: the fake text, and the phone that cannot be reached."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from watchword.demo.forms import read_form
from watchword.demo.playing.desks import Mark, desk_of, keep_mark
from watchword.demo.playing.phone import plant, take_planted
from watchword.demo.shop import shop_of

FAKE_REFERENCE = "9ZK4T7WQ"
"""Looks like any other, and is on nobody's list: the demo made it up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MagicAddress:
    """An address whose messages have a fate of their own in the local inbox (docs/demo.md)."""

    address: str
    title: str


def magic_phones() -> tuple[MagicAddress, ...]:
    """Return the numbers to try."""
    return (
        MagicAddress(address="+15035550101", title="Out of reach: texts and calls both fail"),
        MagicAddress(address="+15035550102", title="A landline: texts fail, calls come through"),
        MagicAddress(address="+15035550103", title="Never heard of again: taken by the network, and no receipt"),
    )


def message_routes() -> list[Route]:
    """Return the routes of the fake message."""
    return [
        Route("/attacks/fake-message/plant", plant_fake, methods=["POST"]),
        Route("/phone/report", report, methods=["POST"]),
    ]


def message_values(request: Request) -> dict[str, object]:
    """Return what the pages about messages show."""
    rows = shop_of(request).ledger.rows("SELECT id FROM planted WHERE desk_id = :id", id=desk_of(request).id)
    return {"fake_reference": FAKE_REFERENCE, "magic_phones": magic_phones(), "planted_count": len(rows)}


async def plant_fake(request: Request) -> Response:
    """Put a fake message on the phone."""
    await read_form(request)
    shop = shop_of(request)
    plant(
        shop.ledger,
        desk_of(request),
        channel="sms",
        sender="Fernwick",
        text=f"Fernwick: your account will be closed today. Confirm it at {shop.base_url}/phisher or reply with your"
        f" code. Reference {FAKE_REFERENCE}.",
    )
    return RedirectResponse("/attacks/fake-message", status_code=303)


async def report(request: Request) -> Response:
    """Take a message away that was found to be a fake."""
    form = await read_form(request)
    shop, desk = shop_of(request), desk_of(request)
    if take_planted(shop.ledger, desk, form.get("message", "")):
        keep_mark(shop.ledger, desk.id, Mark.FOUND_FAKE)
    return RedirectResponse("/attacks/fake-message?said=fake_found", status_code=303)
