"""Rows of users: the person sealed, and what the rules need to know beside it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from watchword.adapters.rows.contact_rows import CONTACT_COLUMNS, listed_contacts
from watchword.adapters.rows.event_rows import write_event
from watchword.adapters.rows.json_columns import read_json, write_json
from watchword.adapters.rows.transaction import Row, Transaction
from watchword.domain.event import EventType
from watchword.domain.ids import UserId
from watchword.domain.instant import DAY_MS, Instant
from watchword.domain.user import User, UserRef
from watchword.ports.store.values import UserGone

TOMBSTONE_MS: Final = 30 * DAY_MS
"""How long an erased user who comes back does not count as new, so that erasure wins nobody a free registration."""
_TABLE: Final = "users"
_PERSON: Final = "person"
_RECIPIENT: Final = (
    f"SELECT users.application_id, users.user_key, sealed_person, contacts.id, {CONTACT_COLUMNS} FROM users"  # noqa: S608 our own text, values bound
    " LEFT JOIN contacts ON contacts.application_id = users.application_id AND contacts.user_key = :user_key"
    " AND contacts.id = :contact_id"
    " WHERE users.application_id = :application_id AND users.user_key = :user_key AND sealed_person IS NOT NULL"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A registered user at the moment an action of his is allowed or approved."""

    registered_at: Instant
    by_reported_device: bool
    """The device of the action is labelled fraud: only a proof teaches from it."""


def find_user_row(transaction: Transaction, ref: UserRef) -> Row | None:
    """Return the row of a user, tombstones included."""
    return transaction.one(
        "SELECT * FROM users WHERE application_id = :application_id AND user_key = :user_key",
        application_id=ref.application_id,
        user_key=ref.key,
    )


def find_user(transaction: Transaction, ref: UserRef) -> User | None:
    """Return a registered user with the contacts that are listed now."""
    return read_user(transaction, ref, find_user_row(transaction, ref))


def require_user(transaction: Transaction, ref: UserRef) -> None:
    """Raise ``UserGone`` for a user who is not registered, or not any more."""
    found = transaction.one(
        "SELECT user_key FROM users WHERE application_id = :application_id AND user_key = :user_key"
        " AND sealed_person IS NOT NULL",
        application_id=ref.application_id,
        user_key=ref.key,
    )
    if found is None:
        raise UserGone


def find_recipient(transaction: Transaction, ref: UserRef, contact_id: str) -> Row | None:
    """Return a registered user and the contact that a message is for, in one row; None for a user who is not there.

    A contact that is gone leaves its columns empty. Read it with ``read_contact``, and the language with ``locale_in``.
    """
    return transaction.one(_RECIPIENT, application_id=ref.application_id, user_key=ref.key, contact_id=contact_id)


def read_user(transaction: Transaction, ref: UserRef, row: Row | None) -> User | None:
    """Return the user of a row, or None for a tombstone."""
    if row is None or row["sealed_person"] is None:
        return None
    person = _open_person(transaction, ref, row)
    locked_until = row["locked_until"]
    return User(
        ref=ref,
        id=UserId(str(person["id"])),
        contacts=tuple(listed_contacts(transaction, ref)),
        locale=person["locale"],
        created_at=Instant(row["created_at"]),
        disputed_at=row["disputed_at"],
        locked_until=locked_until if locked_until is not None and locked_until > transaction.now else None,
    )


def locale_of(transaction: Transaction, ref: UserRef) -> str | None:
    """Return the language a user is written to in."""
    row = find_user_row(transaction, ref)
    return None if row is None else locale_in(transaction, ref, row)


def locale_in(transaction: Transaction, ref: UserRef, row: Row) -> str | None:
    """Return the language of the person whose sealed words stand in a row."""
    return None if row["sealed_person"] is None else _open_person(transaction, ref, row)["locale"]


def put_person(
    transaction: Transaction, ref: UserRef, user_id: UserId, locale: str | None, *, has_contact: bool
) -> None:
    """Register a user, or note what the application says of him now."""
    person = write_json({"id": user_id, "locale": locale})
    transaction.write(
        "INSERT INTO users (application_id, user_key, sealed_person, created_at, had_contact)"
        " VALUES (:application_id, :user_key, :sealed_person, :now, :had_contact)"
        " ON CONFLICT (application_id, user_key) DO UPDATE SET sealed_person = excluded.sealed_person,"
        " erased_at = NULL,"
        " created_at = CASE WHEN users.erased_at IS NULL THEN users.created_at ELSE excluded.created_at END,"
        " had_contact = CASE WHEN users.had_contact = 1 THEN 1 ELSE excluded.had_contact END",
        application_id=ref.application_id,
        user_key=ref.key,
        sealed_person=transaction.seal(ref, _TABLE, ref.key.hex(), _PERSON, person),
        now=transaction.now,
        had_contact=int(has_contact),
    )


def set_user(transaction: Transaction, ref: UserRef, **columns: int | str | None) -> int:
    """Set columns of one user; their names come from our own code."""
    assignments = ", ".join(f"{name} = :{name}" for name in columns)
    return transaction.run(
        f"UPDATE users SET {assignments}"  # noqa: S608 names from our own code, values bound
        " WHERE application_id = :application_id AND user_key = :user_key",
        application_id=ref.application_id,
        user_key=ref.key,
        **columns,
    )


def lock_user(transaction: Transaction, ref: UserRef, until: Instant | None) -> None:
    """Note until when the open lane of a user is spent; None for not at all."""
    transaction.write(
        "UPDATE users SET locked_until = :until WHERE application_id = :application_id AND user_key = :user_key"
        " AND locked_until IS DISTINCT FROM CAST(:until AS BIGINT)",
        until=until,
        application_id=ref.application_id,
        user_key=ref.key,
    )


def find_seen(transaction: Transaction, ref: UserRef, device_id: str | None) -> Seen | None:
    """Return what has to be known of a user whose action is approved or allowed; None for one who is not registered."""
    row = transaction.one(
        "SELECT created_at, erased_at, EXISTS (SELECT 1 FROM devices WHERE application_id = :application_id"
        " AND user_key = :user_key AND id = :device_id AND reported_at IS NOT NULL) AS is_reported"
        " FROM users WHERE application_id = :application_id AND user_key = :user_key",
        application_id=ref.application_id,
        user_key=ref.key,
        device_id=device_id,
    )
    return seen_of(row, by_reported_device=row is not None and bool(row["is_reported"]))


def seen_of(row: Row | None, *, by_reported_device: bool = False) -> Seen | None:
    """Return the user of a row as he is when his action is approved or allowed; None for one who is not registered."""
    if row is None or row["erased_at"] is not None:
        return None
    return Seen(registered_at=Instant(row["created_at"]), by_reported_device=by_reported_device)


def note_place(transaction: Transaction, ref: UserRef, seen: Seen | None, country: str | None, action_id: str) -> None:
    """Note that the user was seen, and the country in which an action of his was approved or allowed.

    The country of a device that is labelled fraud is not noted.
    """
    transaction.write(
        "UPDATE users SET last_seen_at = :now WHERE application_id = :application_id AND user_key = :user_key",
        now=transaction.now,
        application_id=ref.application_id,
        user_key=ref.key,
    )
    if country is not None and not (seen is not None and seen.by_reported_device):
        put_place(transaction, ref, country, action_id)


def put_place(transaction: Transaction, ref: UserRef, country: str, action_id: str) -> None:
    """Note the country in which an action of the user was allowed or approved."""
    transaction.write(
        "INSERT INTO places (application_id, user_key, country, first_at, last_at, first_by)"
        " VALUES (:application_id, :user_key, :country, :now, :now, :action_id)"
        " ON CONFLICT (application_id, user_key, country) DO UPDATE SET last_at = excluded.last_at",
        application_id=ref.application_id,
        user_key=ref.key,
        country=country,
        now=transaction.now,
        action_id=action_id,
    )


def note_proof(transaction: Transaction, ref: UserRef, *, changes_account: bool) -> None:
    """Note that it was the user himself: later purchases add up from here, and maybe the account counts as changed."""
    transaction.write(
        "UPDATE users SET last_seen_at = :now, changed_at = coalesce(CAST(:changed_at AS BIGINT), changed_at),"
        " proven_through = (SELECT coalesce(max(number), 0) FROM actions WHERE application_id = :application_id"
        " AND user_key = :user_key) WHERE application_id = :application_id AND user_key = :user_key",
        now=transaction.now,
        changed_at=transaction.now if changes_account else None,
        application_id=ref.application_id,
        user_key=ref.key,
    )


def forget_places(transaction: Transaction, ref: UserRef, action_ids: Collection[str]) -> None:
    """Forget the countries first noted for these actions, unless another that still counts was there too."""
    noted = transaction.all(
        "SELECT country, first_by FROM places WHERE application_id = :application_id AND user_key = :user_key",
        application_id=ref.application_id,
        user_key=ref.key,
    )
    for row in noted:
        if row["first_by"] in action_ids:
            _forget_place(transaction, ref, row["country"])


def _forget_place(transaction: Transaction, ref: UserRef, country: str) -> None:
    other = transaction.one(
        "SELECT id FROM contributions JOIN actions ON actions.application_id = :application_id"
        " AND actions.user_key = :user_key AND actions.number = contributions.number"
        " WHERE contributions.application_id = :application_id AND contributions.user_key = :user_key"
        " AND state IN ('provisional', 'proven') AND country = :country ORDER BY contributions.number LIMIT 1",
        application_id=ref.application_id,
        user_key=ref.key,
        country=country,
    )
    transaction.write(
        "DELETE FROM places WHERE application_id = :application_id AND user_key = :user_key AND country = :country"
        if other is None
        else "UPDATE places SET first_by = :other WHERE application_id = :application_id AND user_key = :user_key"
        " AND country = :country",
        application_id=ref.application_id,
        user_key=ref.key,
        country=country,
        other=None if other is None else other["id"],
    )


def bring_place_back(transaction: Transaction, ref: UserRef, row: Row) -> None:
    """Note the country of an action that counts again."""
    if row["country"] is not None:
        transaction.write(
            "INSERT INTO places (application_id, user_key, country, first_at, last_at, first_by)"
            " VALUES (:application_id, :user_key, :country, :at, :at, :action_id) ON CONFLICT DO NOTHING",
            application_id=ref.application_id,
            user_key=ref.key,
            country=row["country"],
            at=row["created_at"],
            action_id=row["id"],
        )


def mark_disputed(transaction: Transaction, ref: UserRef) -> None:
    """Have the user challenged everywhere until he proves an old contact."""
    if set_user(transaction, ref, disputed_at=transaction.now):
        write_event(transaction, ref, EventType.USER_DISPUTED)


def clear_dispute(transaction: Transaction, ref: UserRef) -> None:
    """Take the consequence of a dispute back."""
    row = find_user_row(transaction, ref)
    if row is not None and row["disputed_at"] is not None:
        set_user(transaction, ref, disputed_at=None)
        write_event(transaction, ref, EventType.USER_CLEARED)


def forget_tombstones(transaction: Transaction, limit: int) -> int:
    """Forget erased users who count as new again."""
    return transaction.run(
        "DELETE FROM users WHERE (application_id, user_key) IN"
        " (SELECT application_id, user_key FROM users WHERE erased_at <= :before LIMIT :limit)"
        # Said once more of the row itself, for one who registers again at this moment (kept_rows).
        " AND erased_at <= :before",
        before=transaction.now - TOMBSTONE_MS,
        limit=limit,
    )


def _open_person(transaction: Transaction, ref: UserRef, row: Row) -> Mapping[str, str | None]:
    person: dict[str, str | None] = read_json(
        transaction.open(ref, _TABLE, ref.key.hex(), _PERSON, row["sealed_person"])
    )
    return person
