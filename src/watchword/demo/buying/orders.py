"""What was bought, and what was proven for it."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from watchword.demo.buying.basket import Parcel
from watchword.demo.buying.postal import PostalAddress, postal_address_from
from watchword.demo.ledger import Ledger

LISTED = 100
"""How many orders a customer sees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """Some pieces of one product, at the price they had."""

    product: str
    """The product's id."""
    title: str
    pieces: int
    price: Decimal

    @property
    def total(self) -> Decimal:
        """What they cost."""
        return self.price * self.pieces


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One purchase that went ahead."""

    id: str
    lines: tuple[OrderLine, ...]
    amount: Decimal
    currency: str
    assurance: str
    """What was proven for it, in Watchword's words."""
    reference: str | None
    """What the code page, the message and support call the request; ``None`` if no code was asked for."""
    delivered_to: PostalAddress | None = field(repr=False)
    placed_at_s: int

    @property
    def pieces(self) -> int:
        """How many pieces there are."""
        return sum(line.pieces for line in self.lines)


def order_number(ledger: Ledger, state: str) -> str:
    """Return the number that the order of an intention has, placed or not."""
    return f"F{ledger.sign('order', state)[:8].upper()}"


def keep_order(ledger: Ledger, customer_id: str, order: Order) -> None:
    """Keep an order."""
    ledger.write(
        "INSERT INTO orders VALUES"
        " (:id, :customer_id, :amount, :currency, :assurance, :reference, :delivered_to, :placed_at)",
        id=order.id,
        customer_id=customer_id,
        amount=str(order.amount),
        currency=order.currency,
        assurance=order.assurance,
        reference=order.reference,
        delivered_to="" if order.delivered_to is None else order.delivered_to.to_text(),
        placed_at=order.placed_at_s,
    )
    for line in order.lines:
        ledger.write(
            "INSERT INTO order_lines VALUES (:id, :product, :title, :pieces, :price)",
            id=order.id,
            product=line.product,
            title=line.title,
            pieces=line.pieces,
            price=str(line.price),
        )


def order_lines(parcel: Parcel) -> tuple[OrderLine, ...]:
    """Return what an order keeps of a parcel."""
    return tuple(
        OrderLine(product=line.product.id, title=line.product.title, pieces=line.pieces, price=line.product.price)
        for line in parcel.lines
    )


def orders_of(ledger: Ledger, customer_id: str, *, limit: int = LISTED) -> tuple[Order, ...]:
    """Return a customer's orders, the newest first."""
    found = ledger.rows(
        "SELECT * FROM orders WHERE customer_id = :id ORDER BY placed_at DESC, rowid DESC LIMIT :limit",
        id=customer_id,
        limit=limit,
    )
    return tuple(_order(ledger, row) for row in found)


def find_order(ledger: Ledger, customer_id: str, number: str) -> Order | None:
    """Return one of a customer's orders."""
    row = ledger.row("SELECT * FROM orders WHERE id = :id AND customer_id = :owner", id=number, owner=customer_id)
    return None if row is None else _order(ledger, row)


def _order(ledger: Ledger, row: sqlite3.Row) -> Order:
    return Order(
        id=row["id"],
        lines=_lines(ledger.rows("SELECT * FROM order_lines WHERE order_id = :id ORDER BY rowid", id=row["id"])),
        amount=Decimal(row["amount"]),
        currency=row["currency"],
        assurance=row["assurance"],
        reference=row["reference"],
        delivered_to=postal_address_from(row["delivered_to"]),
        placed_at_s=row["placed_at"],
    )


def _lines(rows: Sequence[sqlite3.Row]) -> tuple[OrderLine, ...]:
    return tuple(
        OrderLine(product=row["product"], title=row["title"], pieces=row["pieces"], price=Decimal(row["price"]))
        for row in rows
    )
