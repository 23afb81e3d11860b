"""Rows of notices: what the owner is told, each with a delivery in the outbox for every address it goes to."""

from collections.abc import Iterable
from typing import Final

from watchword.adapters.rows.contact_rows import reachable_contacts
from watchword.adapters.rows.outbox_rows import queue_notice_to
from watchword.adapters.rows.transaction import Row, Transaction
from watchword.domain.contact import Channel, Contact, ContactKind
from watchword.domain.ids import user_key_of
from watchword.domain.instant import DAY_MS
from watchword.domain.message import NoticeKind
from watchword.domain.user import UserRef

LINK_KEPT_MS: Final = 30 * DAY_MS
"""How long "this wasn't me" from a notice counts."""


def alert(
    transaction: Transaction,
    ref: UserRef,
    kind: NoticeKind,
    *,
    action_id: str | None = None,
    challenge_id: str | None = None,
    device_id: str | None = None,
) -> bool:
    """Tell every confirmed contact, at most once a kind and day (B18); return whether this was that once."""
    before = transaction.one(
        "SELECT 1 AS found FROM notices WHERE application_id = :application_id AND user_key = :user_key"
        " AND kind = :kind AND created_at > :since",
        application_id=ref.application_id,
        user_key=ref.key,
        kind=kind,
        since=transaction.now - DAY_MS,
    )
    if before is not None:
        return False
    contacts = reachable_contacts(transaction, ref)
    tell(
        transaction, ref, kind, routes_to(contacts), action_id=action_id, challenge_id=challenge_id, device_id=device_id
    )
    return True


def tell(
    transaction: Transaction,
    ref: UserRef,
    kind: NoticeKind,
    routes: Iterable[tuple[str, Channel]],
    *,
    action_id: str | None = None,
    challenge_id: str | None = None,
    device_id: str | None = None,
    change_id: str | None = None,
) -> None:
    """Queue a notice to these contacts, in their order."""
    notice_id = transaction.make_id("ntc", ref.key)
    transaction.write(
        "INSERT INTO notices (application_id, user_key, id, kind, action_id, challenge_id, device_id, change_id,"
        " created_at)"
        " VALUES (:application_id, :user_key, :id, :kind, :action_id, :challenge_id, :device_id, :change_id, :now)",
        application_id=ref.application_id,
        user_key=ref.key,
        id=notice_id,
        kind=kind,
        action_id=action_id,
        challenge_id=challenge_id,
        device_id=device_id,
        change_id=change_id,
        now=transaction.now,
    )
    for contact_id, channel in routes:
        queue_notice_to(transaction, ref, notice_id, contact_id, channel)


def routes_to(contacts: Iterable[Contact]) -> list[tuple[str, Channel]]:
    """Return by which channel a notice reaches each contact."""
    return [(contact.id, Channel.EMAIL if contact.kind is ContactKind.EMAIL else Channel.SMS) for contact in contacts]


def find_notice_row(transaction: Transaction, notice_id: str) -> Row | None:
    """Return a notice whose link still counts."""
    return transaction.one(
        "SELECT * FROM notices WHERE id = :id AND user_key = :user_key AND created_at > :since",
        id=notice_id,
        user_key=user_key_of("ntc", notice_id),
        since=transaction.now - LINK_KEPT_MS,
    )
