"""The basket: what somebody means to buy, kept with the visit, and paid one currency at a time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from watchword.demo.buying.catalogue import MOST_PIECES, Product, find_product, products
from watchword.demo.ledger import Ledger, now_s

KEEP_S = 12 * 60 * 60
"""How long a basket that nobody touches is kept: as long as a visit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Some pieces of one product."""

    product: Product
    pieces: int

    @property
    def total(self) -> Decimal:
        """What they cost."""
        return self.product.price * self.pieces


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """The lines of one currency: what can be paid at once."""

    currency: str
    lines: tuple[Line, ...]

    @property
    def total(self) -> Decimal:
        """What all of it costs."""
        return sum((line.total for line in self.lines), Decimal(0))

    @property
    def pieces(self) -> int:
        """How many pieces there are."""
        return sum(line.pieces for line in self.lines)

    @property
    def contents(self) -> str:
        """What it holds, as one reads it."""
        return ", ".join(f"{line.pieces} × {line.product.title}" for line in self.lines)


def basket_of(ledger: Ledger, visit_id: str) -> tuple[Parcel, ...]:
    """Return what is in the basket of a visit, one parcel for each currency."""
    found = ledger.rows("SELECT product, pieces FROM baskets WHERE visit_id = :id", id=visit_id)
    return parcels({row["product"]: row["pieces"] for row in found})


def parcels(pieces: Mapping[str, int]) -> tuple[Parcel, ...]:
    """Return the parcels for these numbers of pieces by product id; what is not sold any more is left out."""
    lines = [Line(product=product, pieces=pieces[product.id]) for product in products() if product.id in pieces]
    currencies = dict.fromkeys(line.product.currency for line in lines)
    return tuple(
        Parcel(currency=currency, lines=tuple(line for line in lines if line.product.currency == currency))
        for currency in currencies
    )


def count_pieces(ledger: Ledger, visit_id: str) -> int:
    """Return how many pieces are in the basket."""
    return sum(parcel.pieces for parcel in basket_of(ledger, visit_id))


def add_pieces(ledger: Ledger, visit_id: str, product_id: str, pieces: int, *, form_key: str) -> bool:
    """Put pieces into the basket; false, and as many as may be, where there would be too many of them.

    A form that was sent before adds nothing, so that two clicks do not add twice.
    """
    at = {"id": visit_id, "product": product_id}
    row = ledger.row("SELECT pieces, form_key FROM baskets WHERE visit_id = :id AND product = :product", **at)
    if row is not None and row["form_key"] == form_key:
        return True
    wanted = pieces + (0 if row is None else row["pieces"])
    set_pieces(ledger, visit_id, product_id, min(wanted, MOST_PIECES))
    ledger.write("UPDATE baskets SET form_key = :key WHERE visit_id = :id AND product = :product", **at, key=form_key)
    return wanted <= MOST_PIECES


def set_pieces(ledger: Ledger, visit_id: str, product_id: str, pieces: int) -> None:
    """Have this many pieces of a product in the basket; none removes it."""
    if find_product(product_id) is None or not 0 <= pieces <= MOST_PIECES:
        raise ValueError("the basket takes products of the catalogue, and not too many of each")
    ledger.write("DELETE FROM baskets WHERE touched_at <= :limit", limit=now_s() - KEEP_S)
    ledger.write(
        "INSERT INTO baskets VALUES (:id, :product, :pieces, '', :now)"
        " ON CONFLICT (visit_id, product) DO UPDATE SET pieces = :pieces",
        id=visit_id,
        product=product_id,
        pieces=pieces,
        now=now_s(),
    )
    ledger.write("UPDATE baskets SET touched_at = :now WHERE visit_id = :id", id=visit_id, now=now_s())
    _forget_empty_lines(ledger, visit_id)


def take_out(ledger: Ledger, visit_id: str, bought: Iterable[Line]) -> None:
    """Take out what was bought; pieces that were added meanwhile stay."""
    for line in bought:
        ledger.write(
            "UPDATE baskets SET pieces = pieces - :pieces WHERE visit_id = :id AND product = :product",
            id=visit_id,
            product=line.product.id,
            pieces=line.pieces,
        )
    _forget_empty_lines(ledger, visit_id)


def move_basket(ledger: Ledger, visit_id: str, new_visit_id: str) -> None:
    """Keep the basket under the name that the visit has after signing in."""
    ledger.write("UPDATE baskets SET visit_id = :new WHERE visit_id = :old", old=visit_id, new=new_visit_id)


def drop_basket(ledger: Ledger, visit_id: str) -> None:
    """Forget the basket: what somebody meant to buy is nobody's business once he has signed out."""
    ledger.write("DELETE FROM baskets WHERE visit_id = :id", id=visit_id)


def _forget_empty_lines(ledger: Ledger, visit_id: str) -> None:
    ledger.write("DELETE FROM baskets WHERE visit_id = :id AND pieces <= 0", id=visit_id)
