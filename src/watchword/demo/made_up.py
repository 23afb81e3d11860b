"""Makes up a visitor: addresses that reach nobody, a number out of films, and a password of four words."""

import secrets
from importlib import resources

from watchword.demo.buying.postal import PostalAddress

# Area codes of large places; with 555-01xx behind them the numbers belong to nobody (North American Numbering Plan).
_AREAS = (201, 202, 206, 212, 213, 214, 215, 216, 303, 305, 312, 313, 314, 315, 404, 407, 410, 412, 413, 414, 415)
_LAST_DIGITS = 100
_FIRST_NAMES = ("Ada", "Bela", "Edith", "Felix", "Greta", "Hugo", "Iris", "Jonas", "Marta", "Noor", "Robin", "Tariq")
_LAST_NAMES = ("Alder", "Birch", "Elm", "Hazel", "Linden", "Maple", "Rowan", "Willow")
_STREETS = ("Clover Lane", "Ferry Road", "Mill Street", "Orchard Row", "Station Hill")


def email_of_nobody() -> str:
    """Return an address under a name that is set aside for examples (RFC 2606, section 3)."""
    return f"visitor-{secrets.token_hex(5)}@example.com"


def phone_of_nobody() -> str:
    """Return a number that no carrier gives out, in E.164."""
    return f"+1{secrets.choice(_AREAS)}55501{secrets.randbelow(_LAST_DIGITS):02d}"


def postal_address_of_nobody() -> PostalAddress:
    """Return an address in a town that is on no map."""
    return PostalAddress(
        name=f"{secrets.choice(_FIRST_NAMES)} {secrets.choice(_LAST_NAMES)}",
        street=f"{secrets.randbelow(98) + 1} {secrets.choice(_STREETS)}",
        town="Fernwick, Vermont",
        postcode="05000",
        country="United States",
    )


def memorable_password() -> str:
    """Return four words and a number: about 40 random bits, enough for a visitor of one afternoon."""
    chosen = "-".join(secrets.choice(_words()) for _ in range(4))
    return f"{chosen}-{secrets.randbelow(900) + 100}"


def _words() -> tuple[str, ...]:
    text = resources.files("watchword.demo").joinpath("visitor_words.txt").read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))
