"""Where parcels go: postal addresses as customers write them, and the choice of one for the present order."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from watchword.demo.ledger import Ledger, now_s

LONGEST_FIELD = 80
"""Characters of one line of an address."""
KEEP_S = 12 * 60 * 60
"""How long the choice for one order is kept: as long as a visit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostalAddress:
    """One address; every field is a line's worth of text."""

    name: str = field(repr=False)
    street: str = field(repr=False)
    extra: str = field(default="", repr=False)
    """A second line: flat, floor, company. May be empty."""
    postcode: str = field(repr=False)
    town: str = field(repr=False)
    country: str

    @property
    def lines(self) -> tuple[str, ...]:
        """The address as it is written on a parcel."""
        town = f"{self.town} {self.postcode}".strip()
        return tuple(line for line in (self.name, self.street, self.extra, town, self.country) if line)

    def to_text(self) -> str:
        """Return the form that the store keeps."""
        return json.dumps(asdict(self))


def postal_address_from(text: str) -> PostalAddress | None:
    """Return a kept address; ``None`` for an empty text."""
    return PostalAddress(**json.loads(text)) if text else None


def countries() -> tuple[str, ...]:
    """Return where the store delivers to."""
    return (
        "United States",
        "Austria",
        "Brazil",
        "Canada",
        "China",
        "Egypt",
        "France",
        "Germany",
        "India",
        "Ireland",
        "Italy",
        "Mexico",
        "Netherlands",
        "Poland",
        "Portugal",
        "Spain",
        "Switzerland",
        "Türkiye",
        "United Kingdom",
    )


def read_postal_address(form: Mapping[str, str]) -> PostalAddress:
    """Return what stands in the fields of an address, tidied, right or wrong."""
    typed = {name: " ".join(form.get(name, "").split()) for name in _NEEDED}
    return PostalAddress(**typed, extra=" ".join(form.get("extra", "").split()))


def problems_with(address: PostalAddress) -> dict[str, str]:
    """Return what is wrong with an address, by field, each as a sentence for the customer."""
    problems = {name: words for name, words in _NEEDED.items() if not getattr(address, name)}
    if address.country not in countries():
        problems["country"] = _NEEDED["country"]
    too_long = {name for name, text in asdict(address).items() if len(text) > LONGEST_FIELD}
    return problems | dict.fromkeys(sorted(too_long), f"Write at most {LONGEST_FIELD} characters.")


def empty_address(country: str = "United States") -> PostalAddress:
    """Return an address with nothing written into it."""
    return PostalAddress(name="", street="", postcode="", town="", country=country)


def choose_delivery(ledger: Ledger, visit_id: str, address: PostalAddress | None) -> None:
    """Let the present order go to this address; ``None``: to the one of the account."""
    ledger.write(
        "DELETE FROM deliveries WHERE visit_id = :id OR chosen_at <= :limit", id=visit_id, limit=now_s() - KEEP_S
    )
    if address is not None:
        ledger.write(
            "INSERT INTO deliveries VALUES (:id, :text, :now)", id=visit_id, text=address.to_text(), now=now_s()
        )


def chosen_delivery(ledger: Ledger, visit_id: str) -> PostalAddress | None:
    """Return the address that was chosen for the present order, if it is not the one of the account."""
    row = ledger.row("SELECT address FROM deliveries WHERE visit_id = :id", id=visit_id)
    return None if row is None else postal_address_from(row["address"])


_NEEDED = {
    "name": "Write whom the parcel is for.",
    "street": "Write the street and the number.",
    "postcode": "Write the postcode.",
    "town": "Write the town.",
    "country": "Choose a country from the list.",
}
