"""What was bought."""

import secrets
from dataclasses import dataclass

from watchword.demo.ledger import Ledger, now_s

LISTED = 100
"""How many orders a customer sees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One purchase that went ahead."""

    id: str
    product: str
    pieces: int
    amount: str
    currency: str
    assurance: str
    """What was proven for it, in Watchword's words."""
    placed_at_s: int


def keep_order(
    ledger: Ledger, customer_id: str, *, product: str, pieces: int, amount: str, currency: str, assurance: str
) -> str:
    """Keep an order and return its number."""
    number = f"F{secrets.token_hex(4).upper()}"
    ledger.write(
        "INSERT INTO orders VALUES (:id, :customer_id, :product, :pieces, :amount, :currency, :assurance, :placed_at)",
        id=number,
        customer_id=customer_id,
        product=product,
        pieces=pieces,
        amount=amount,
        currency=currency,
        assurance=assurance,
        placed_at=now_s(),
    )
    return number


def orders_of(ledger: Ledger, customer_id: str) -> tuple[Order, ...]:
    """Return a customer's orders, the newest first."""
    found = ledger.rows(
        "SELECT * FROM orders WHERE customer_id = :id ORDER BY placed_at DESC, rowid DESC LIMIT :most",
        id=customer_id,
        most=LISTED,
    )
    return tuple(
        Order(
            id=row["id"],
            product=row["product"],
            pieces=row["pieces"],
            amount=row["amount"],
            currency=row["currency"],
            assurance=row["assurance"],
            placed_at_s=row["placed_at"],
        )
        for row in found
    )
