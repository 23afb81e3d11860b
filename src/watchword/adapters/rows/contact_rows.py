"""Rows of contacts: sealed addresses with a keyed hash beside them, kept for a while after they left."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from watchword.adapters.rows.event_rows import write_event
from watchword.adapters.rows.transaction import Row, Transaction, Value, ref_of
from watchword.domain.action import SIGN_IN
from watchword.domain.contact import Contact, ContactKind, carriers
from watchword.domain.event import EventType
from watchword.domain.ids import ActionId, ContactId
from watchword.domain.instant import DAY_MS, Instant
from watchword.domain.secret import Secret
from watchword.domain.user import UserRef
from watchword.ports.keyring import Purpose

LEFT_KEPT_MS: Final = 30 * DAY_MS
"""How long a dispute can bring a contact back: as long as the link of a notice counts."""
_TABLE: Final = "contacts"
_ADDRESS: Final = "address"
CONTACT_COLUMNS: Final = (
    "contacts.kind, contacts.sealed_address, contacts.added_at, contacts.usable_from, contacts.leaves_at,"
    " contacts.confirmed_at, contacts.last_proven_at, contacts.preferred, contacts.disabled_at, contacts.bounced_at,"
    " contacts.added_by"
)
"""What a contact is read from besides its id, by names that no other table has."""
_RESEAL_PAGE: Final = 500
_TOLD: Final = frozenset({"leaves_at", "disabled_at", "bounced_at"})
"""What the event of a change says of it, so that the list can be rebuilt from the events (I15)."""


def address_hash(transaction: Transaction, ref: UserRef, address: Secret) -> bytes:
    """Return the keyed hash by which an address is found again; of the exact address, for identity."""
    return transaction.keyring.index(Purpose.ADDRESS, ref.application_id.encode(), address.reveal().encode())


def insert_contact(transaction: Transaction, ref: UserRef, contact: Contact, *, added_in: str | None = None) -> None:
    """Store a new contact."""
    transaction.write(
        "INSERT INTO contacts (application_id, user_key, id, kind, sealed_address, address_hash, added_at, usable_from,"
        " confirmed_at, last_proven_at, preferred, added_by, added_in)"
        " VALUES (:application_id, :user_key, :id, :kind, :sealed_address, :address_hash, :added_at, :usable_from,"
        " :confirmed_at, :last_proven_at, :preferred, :added_by, :added_in)",
        application_id=ref.application_id,
        user_key=ref.key,
        id=contact.id,
        kind=contact.kind,
        sealed_address=transaction.seal(ref, _TABLE, contact.id, _ADDRESS, contact.address.reveal()),
        address_hash=address_hash(transaction, ref, contact.address),
        added_at=contact.added_at,
        usable_from=contact.usable_from,
        confirmed_at=contact.confirmed_at,
        last_proven_at=contact.last_proven_at,
        preferred=int(contact.preferred),
        added_by=contact.added_by,
        added_in=added_in,
    )


def listed_rows(transaction: Transaction, ref: UserRef) -> list[Row]:
    """Return the rows of contacts that have not left, oldest first."""
    return transaction.all(
        "SELECT * FROM contacts WHERE application_id = :application_id AND user_key = :user_key"
        " AND (leaves_at IS NULL OR leaves_at > :now) ORDER BY added_at, rowid",
        application_id=ref.application_id,
        user_key=ref.key,
        now=transaction.now,
    )


def listed_contacts(transaction: Transaction, ref: UserRef) -> list[Contact]:
    """Return the contacts that have not left, oldest first."""
    return [read_contact(transaction, row) for row in listed_rows(transaction, ref)]


def counting_contacts(transaction: Transaction, ref: UserRef) -> list[Contact]:
    """Return the contacts that count by now, confirmed or not, oldest first."""
    return [contact for contact in listed_contacts(transaction, ref) if contact.is_usable(transaction.now)]


def reachable_contacts(transaction: Transaction, ref: UserRef) -> list[Contact]:
    """Return the confirmed contacts that a notice can go to, oldest first.

    One that does not count yet is told nothing: a notice carries the owner's word, and whoever holds a session could
    otherwise add an address of his own and have the last word about it.
    """
    return [contact for contact in counting_contacts(transaction, ref) if contact.is_confirmed]


def find_contact(transaction: Transaction, ref: UserRef, contact_id: str) -> Contact | None:
    """Return one contact of a user, listed or kept after it left."""
    row = transaction.one(
        "SELECT * FROM contacts WHERE application_id = :application_id AND user_key = :user_key AND id = :id",
        application_id=ref.application_id,
        user_key=ref.key,
        id=contact_id,
    )
    return None if row is None else read_contact(transaction, row)


def may_carry(contact: Contact | None, now: Instant, *, confirms: str | None) -> bool:
    """Whether a code may leave for this contact now: usable, or confirmed, after a bounce again, by this very code."""
    if contact is None or not contact.is_listed(now) or contact.disabled_at is not None:
        return False
    return contact.id == confirms or (contact.usable_from <= now and contact.bounced_at is None)


def change_contact(
    transaction: Transaction, ref: UserRef, contact_id: str, change: str, **columns: int | str | None
) -> None:
    """Set columns of one contact and write its ``contact.changed``; names of columns come from our own code."""
    assignments = ", ".join(f"{name} = :{name}" for name in columns)
    transaction.write(
        f"UPDATE contacts SET {assignments}"  # noqa: S608 names from our own code, values bound
        " WHERE application_id = :application_id AND user_key = :user_key AND id = :id",
        application_id=ref.application_id,
        user_key=ref.key,
        id=contact_id,
        **columns,
    )
    told = {name: value for name, value in columns.items() if name in _TOLD}
    write_event(transaction, ref, EventType.CONTACT_CHANGED, contact_id=contact_id, change=change, **told)


def prefer_by_user(transaction: Transaction, ref: UserRef, contact_id: ContactId, *, preferred: bool) -> Contact | None:
    """Prefer a contact that can carry a code, or prefer it no more; return it, or None if it is not listed."""
    contact = find_contact(transaction, ref, contact_id)
    if contact is None or not contact.is_listed(transaction.now):
        return None
    if contact.preferred is preferred:
        return contact
    # A preference that codes do not follow, because an unconfirmed contact carries none, would mislead its owner.
    able = carriers(listed_contacts(transaction, ref), transaction.now, action_type=SIGN_IN).contacts
    if preferred and contact_id not in {one.id for one in able}:
        return contact
    set_preferred(transaction, ref, contact_id if preferred else None)
    return replace(contact, preferred=preferred)


def set_preferred(transaction: Transaction, ref: UserRef, contact_id: str | None) -> None:
    """Make this contact, or none, the one that the user prefers; those that left lose it too, lest two come together.

    What was so before writes nothing.
    """
    before = {row["id"] for row in contact_rows_of(transaction, ref, "preferred", 1)}
    if before == ({contact_id} - {None}):
        return
    transaction.write(
        "UPDATE contacts SET preferred = CASE WHEN id = :contact_id THEN 1 ELSE 0 END"
        " WHERE application_id = :application_id AND user_key = :user_key",
        contact_id=contact_id,
        application_id=ref.application_id,
        user_key=ref.key,
    )
    write_event(transaction, ref, EventType.CONTACT_PREFERRED, contact_id=contact_id)


def prove_contact(transaction: Transaction, ref: UserRef, contact: Contact) -> None:
    """Note that a right code came over this contact, and that it is confirmed by that if it was not before."""
    transaction.write(
        "UPDATE contacts SET last_proven_at = :now, confirmed_at = coalesce(confirmed_at, :now)"
        " WHERE application_id = :application_id AND user_key = :user_key AND id = :id",
        now=transaction.now,
        application_id=ref.application_id,
        user_key=ref.key,
        id=contact.id,
    )
    if contact.confirmed_at is None:
        write_event(transaction, ref, EventType.CONTACT_CONFIRMED, contact_id=contact.id)
    if contact.bounced_at is not None:
        change_contact(transaction, ref, contact.id, "reached", bounced_at=None)


def bring_back(transaction: Transaction, ref: UserRef, rows: Iterable[Row]) -> int:
    """List removed contacts again; where the same address was added anew meanwhile, the older row stands for it."""
    count = 0
    for row in rows:
        for double in _listed_doubles(transaction, ref, row["address_hash"]):
            change_contact(transaction, ref, double["id"], "replaced", leaves_at=transaction.now)
        change_contact(transaction, ref, row["id"], "restored", leaves_at=None, removed_by=None, removed_in=None)
        count += 1
    return count


def _listed_doubles(transaction: Transaction, ref: UserRef, address: bytes) -> list[Row]:
    return transaction.all(
        "SELECT id FROM contacts WHERE application_id = :application_id AND user_key = :user_key"
        " AND address_hash = :address_hash AND leaves_at IS NULL",
        application_id=ref.application_id,
        user_key=ref.key,
        address_hash=address,
    )


def reseal_contacts(transaction: Transaction, limit: int) -> int:
    """Seal addresses anew that are under an older key, at most ``limit``."""
    count = 0
    after: dict[str, Value] = {"application_id": "", "user_key": b"", "id": ""}
    while count < limit:
        page = transaction.all(
            "SELECT * FROM contacts WHERE (application_id, user_key, id) > (:application_id, :user_key, :id)"
            " ORDER BY application_id, user_key, id LIMIT :page",
            page=_RESEAL_PAGE,
            **after,
        )
        if not page:
            break
        after = {name: page[-1][name] for name in after}
        stale = [row for row in page if not transaction.keyring.is_newest(row["sealed_address"])]
        for row in stale[: limit - count]:
            _reseal(transaction, row)
            count += 1
    return count


def _reseal(transaction: Transaction, row: Row) -> None:
    ref = ref_of(row)
    address = transaction.open(ref, _TABLE, row["id"], _ADDRESS, row["sealed_address"])
    transaction.write(
        "UPDATE contacts SET sealed_address = :sealed_address"
        " WHERE application_id = :application_id AND user_key = :user_key AND id = :id",
        sealed_address=transaction.seal(ref, _TABLE, row["id"], _ADDRESS, address),
        application_id=ref.application_id,
        user_key=ref.key,
        id=row["id"],
    )


def forget_left_contacts(transaction: Transaction, limit: int) -> int:
    """Forget contacts that left too long ago to be brought back."""
    return transaction.run(
        "DELETE FROM contacts WHERE (application_id, user_key, id) IN"
        " (SELECT application_id, user_key, id FROM contacts WHERE leaves_at <= :before LIMIT :limit)"
        # Said once more of the row itself, for one that a dispute brings back at this moment (kept_rows).
        " AND leaves_at <= :before",
        before=transaction.now - LEFT_KEPT_MS,
        limit=limit,
    )


def read_contact(transaction: Transaction, row: Row) -> Contact:
    """Return a row as a contact."""
    ref = ref_of(row)
    return Contact(
        id=ContactId(row["id"]),
        kind=ContactKind(row["kind"]),
        address=Secret(transaction.open(ref, _TABLE, row["id"], _ADDRESS, row["sealed_address"])),
        added_at=Instant(row["added_at"]),
        usable_from=Instant(row["usable_from"]),
        leaves_at=row["leaves_at"],
        confirmed_at=row["confirmed_at"],
        last_proven_at=row["last_proven_at"],
        preferred=bool(row["preferred"]),
        disabled_at=row["disabled_at"],
        bounced_at=row["bounced_at"],
        added_by=None if row["added_by"] is None else ActionId(row["added_by"]),
    )


def contact_rows_of(transaction: Transaction, ref: UserRef, column: str, mark: str | int) -> Sequence[Row]:
    """Return the rows whose ``column`` (added_by, added_in, removed_by, removed_in, preferred) holds this mark."""
    return transaction.all(
        f"SELECT * FROM contacts WHERE application_id = :application_id AND user_key = :user_key AND {column} = :mark",  # noqa: S608 the name comes from our own code
        application_id=ref.application_id,
        user_key=ref.key,
        mark=mark,
    )
