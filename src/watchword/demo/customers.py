"""The store's customers: who they are, how they can be reached, and what Watchword advised about them."""

import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from watchword.demo.buying.postal import PostalAddress, postal_address_from
from watchword.demo.ledger import Ledger, now_s
from watchword_client import Advice, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One way to reach a customer, as the store knows it."""

    channel_type: str
    """``phone`` or ``email``."""
    address: str = field(repr=False)
    contact_id: str | None = None
    """Watchword's id of it."""
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A customer of the store."""

    id: str
    email: str = field(repr=False)
    """What he signs in with, in small letters."""
    password_hash: str = field(repr=False)
    postal_address: PostalAddress | None = field(repr=False)
    language: str
    """What codes, messages and code pages are written in, as a BCP 47 tag."""
    addresses: tuple[Address, ...]

    def address_of(self, contact_id: str) -> Address | None:
        """Return the address that Watchword knows by this id."""
        return next((address for address in self.addresses if address.contact_id == contact_id), None)


def new_customer_id() -> str:
    """Return an id for somebody who registers."""
    return f"u-{secrets.token_hex(12)}"


def register_customer(ledger: Ledger, customer: Customer) -> bool:
    """Keep a new customer; false, and nothing kept, if somebody signs in with this e-mail already."""
    postal_address = customer.postal_address
    with ledger.transaction():
        kept = ledger.write(
            "INSERT OR IGNORE INTO customers VALUES"
            " (:id, :email, :password_hash, :postal_address, :language, :created_at)",
            id=customer.id,
            email=customer.email,
            password_hash=customer.password_hash,
            postal_address="" if postal_address is None else postal_address.to_text(),
            language=customer.language,
            created_at=now_s(),
        )
        if kept:
            _keep_addresses(ledger, customer.id, customer.addresses)
    return bool(kept)


def forget_customer(ledger: Ledger, customer_id: str) -> None:
    """Take back a registration that Watchword did not take."""
    with ledger.transaction():
        ledger.write("DELETE FROM addresses WHERE customer_id = :id", id=customer_id)
        ledger.write("DELETE FROM customers WHERE id = :id", id=customer_id)


def find_customer(ledger: Ledger, customer_id: str) -> Customer | None:
    """Return a customer by id."""
    return _customer(ledger, ledger.row("SELECT * FROM customers WHERE id = :id", id=customer_id))


def find_customer_by_email(ledger: Ledger, email: str) -> Customer | None:
    """Return the customer who signs in with this e-mail."""
    return _customer(ledger, ledger.row("SELECT * FROM customers WHERE email = :email", email=email))


def set_password_hash(ledger: Ledger, customer_id: str, password_hash: str) -> None:
    """Replace the password."""
    ledger.write("UPDATE customers SET password_hash = :hash WHERE id = :id", hash=password_hash, id=customer_id)


def set_language(ledger: Ledger, customer_id: str, language: str) -> None:
    """Replace the language."""
    ledger.write("UPDATE customers SET language = :language WHERE id = :id", language=language, id=customer_id)


def set_postal_address(ledger: Ledger, customer_id: str, postal_address: str) -> None:
    """Replace the postal address, given in the form that the store keeps."""
    ledger.write("UPDATE customers SET postal_address = :text WHERE id = :id", text=postal_address, id=customer_id)


def set_addresses(ledger: Ledger, customer_id: str, email: str, addresses: Iterable[Address]) -> None:
    """Replace all addresses, and with them what the customer signs in with."""
    with ledger.transaction():
        ledger.write("UPDATE customers SET email = :email WHERE id = :id", email=email, id=customer_id)
        ledger.write("DELETE FROM addresses WHERE customer_id = :id", id=customer_id)
        _keep_addresses(ledger, customer_id, addresses)


def mark_confirmed(ledger: Ledger, customer_id: str, contact_id: str) -> None:
    """Remember that a contact was reached by a code."""
    ledger.write(
        "UPDATE addresses SET confirmed = 1 WHERE customer_id = :id AND contact_id = :contact_id",
        id=customer_id,
        contact_id=contact_id,
    )
    ledger.write(
        "DELETE FROM hints WHERE customer_id = :id AND contact_id = :contact_id", id=customer_id, contact_id=contact_id
    )


def with_contact_ids(addresses: Sequence[Address], user: User) -> tuple[Address, ...]:
    """Return the addresses with Watchword's ids.

    Watchword answers masked addresses only, so what is new is told by elimination: in one change at most one contact
    of each type is new. Contacts that are on their way out are still listed, with the time when they leave.
    """
    known = {address.contact_id for address in addresses}
    staying = [contact for contact in user.contacts if contact.leaves_at is None and contact.id not in known]
    unnamed = {contact.channel_type: contact for contact in staying}
    return tuple(
        address
        if address.contact_id is not None or address.channel_type not in unnamed
        else Address(
            channel_type=address.channel_type,
            address=address.address,
            contact_id=unnamed[address.channel_type].id,
            confirmed=unnamed[address.channel_type].confirmed_at is not None,
        )
        for address in addresses
    )


def keep_advice(ledger: Ledger, customer_id: str, advice: Sequence[Advice]) -> None:
    """Replace what Watchword advised about this customer."""
    with ledger.transaction():
        ledger.write("DELETE FROM hints WHERE customer_id = :id", id=customer_id)
        for hint in advice:
            ledger.write(
                "INSERT INTO hints SELECT id, :code, :contact_id FROM customers WHERE id = :id",
                id=customer_id,
                code=hint.code,
                contact_id=hint.contact_id,
            )


def advice_for(ledger: Ledger, customer_id: str) -> tuple[Advice, ...]:
    """Return what Watchword last advised about this customer."""
    found = ledger.rows("SELECT code, contact_id FROM hints WHERE customer_id = :id", id=customer_id)
    return tuple(Advice(code=row["code"], contact_id=row["contact_id"]) for row in found)


def _keep_addresses(ledger: Ledger, customer_id: str, addresses: Iterable[Address]) -> None:
    for address in addresses:
        ledger.write(
            "INSERT INTO addresses VALUES (:id, :channel_type, :address, :contact_id, :confirmed)",
            id=customer_id,
            channel_type=address.channel_type,
            address=address.address,
            contact_id=address.contact_id,
            confirmed=int(address.confirmed),
        )


def _customer(ledger: Ledger, row: sqlite3.Row | None) -> Customer | None:
    if row is None:
        return None
    found = ledger.rows("SELECT * FROM addresses WHERE customer_id = :id ORDER BY rowid", id=row["id"])
    return Customer(
        id=row["id"],
        email=row["email"],
        password_hash=row["password_hash"],
        postal_address=postal_address_from(row["postal_address"]),
        language=row["language"],
        addresses=tuple(
            Address(
                channel_type=address["channel_type"],
                address=address["address"],
                contact_id=address["contact_id"],
                confirmed=bool(address["confirmed"]),
            )
            for address in found
        ),
    )
