"""Leases messages that are due to a worker, and reports as failed what must not leave any more (I7, I9)."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from watchword.adapters.rows.action_rows import find_action
from watchword.adapters.rows.challenge_endings import settle
from watchword.adapters.rows.challenge_reading import read_challenge
from watchword.adapters.rows.challenge_rows import contact_in, live_code, row_for_message
from watchword.adapters.rows.contact_rows import find_contact, may_carry
from watchword.adapters.rows.device_rows import name_of
from watchword.adapters.rows.notice_rows import find_notice_row
from watchword.adapters.rows.outbox_rows import due_rows, lease, step_of, withdraw
from watchword.adapters.rows.transaction import Row, Transaction, ref_of
from watchword.adapters.rows.user_rows import locale_in, locale_of
from watchword.domain.challenge import Challenge, ChallengeState
from watchword.domain.contact import Channel, Contact
from watchword.domain.ids import DeliveryId, user_key_of
from watchword.domain.instant import Instant, later
from watchword.domain.message import NoticeKind
from watchword.domain.secret import Secret
from watchword.domain.user import UserRef
from watchword.ports.store.outbox import ClaimedDelivery

_ROUNDS_AT_MOST: Final = 8
"""Failed messages do not count against the limit; this bounds one transaction all the same."""


def claim_deliveries(transaction: Transaction, codes: int, notices: int, lease_s: int) -> Sequence[ClaimedDelivery]:
    """Lease up to so many codes and notices, oldest first; those of users whom somebody else changes come next time."""
    claimed: list[ClaimedDelivery] = []
    for _ in range(_ROUNDS_AT_MOST):
        rows = _held_rows(transaction, codes, notices)
        found = _claim_all(transaction, rows, lease_s)
        claimed += found
        codes = _left_over(
            codes, [row for row in rows if row["notice_id"] is None], [one for one in found if not one.notice]
        )
        notices = _left_over(notices, [row for row in rows if row["notice_id"]], [one for one in found if one.notice])
        if not codes and not notices:
            break
    return claimed


def _left_over(limit: int, rows: Sequence[Row], claimed: Sequence[ClaimedDelivery]) -> int:
    """Return how many more of a lane are to be looked for; none where fewer were due than were looked for."""
    return 0 if len(rows) < limit else limit - len(claimed)


def find_spoken(transaction: Transaction, sender: str, delivery_id: DeliveryId) -> ClaimedDelivery | None:
    """Return a code that a sender is saying in a call, as long as it may leave; nothing is leased."""
    row = transaction.one(
        "SELECT * FROM deliveries WHERE id = :id AND user_key = :user_key AND channel = 'voice'"
        " AND (sender = :sender OR (sender IS NULL AND state = 'leased'))",
        id=delivery_id,
        user_key=user_key_of("dlv", delivery_id),
        sender=sender,
    )
    found = None if row is None or row["challenge_id"] is None else _claim(transaction, row)
    return found if isinstance(found, ClaimedDelivery) else None


def _claim_all(transaction: Transaction, rows: Sequence[Row], lease_s: int) -> list[ClaimedDelivery]:
    """Lease messages, those of different users side by side: their owners cannot be changed meanwhile."""
    by_user: dict[bytes, list[Row]] = {}
    for row in rows:
        by_user.setdefault(row["user_key"], []).append(row)

    def claim_of_user(of_user: list[Row]) -> dict[str, ClaimedDelivery]:
        found = {row["id"]: _claim_or_fail(transaction, row, lease_s) for row in of_user}
        return {row_id: claimed for row_id, claimed in found.items() if claimed is not None}

    found = transaction.side_by_side([partial(claim_of_user, of_user) for of_user in by_user.values()])
    claimed = {row_id: one for of_user in found for row_id, one in of_user.items()}
    return [claimed[row["id"]] for row in rows if row["id"] in claimed]


def _claim_or_fail(transaction: Transaction, row: Row, lease_s: int) -> ClaimedDelivery | None:
    found = _claim(transaction, row)
    if isinstance(found, str):
        withdraw(transaction, row, found)
        return None
    lease(transaction, row, lease_s)
    return replace(found, leased_until=later(transaction.now, seconds=lease_s))


def _held_rows(transaction: Transaction, codes: int, notices: int) -> list[Row]:
    """Return messages that are due, of users whom nobody else changes before this transaction ends."""
    held = transaction.reserve([row["user_key"] for row in due_rows(transaction, codes, notices)])
    return [row for row in due_rows(transaction, codes, notices) if row["user_key"] in held] if held else []


def _claim(transaction: Transaction, row: Row) -> ClaimedDelivery | str:
    """Return the message with all that its wording needs, or a word that says why it must not leave."""
    if row["expires_at"] <= transaction.now:
        return "expired"
    return _claim_notice(transaction, row) if row["challenge_id"] is None else _claim_code(transaction, row)


def _claim_code(transaction: Transaction, row: Row) -> ClaimedDelivery | str:
    found = row_for_message(transaction, row["challenge_id"], row["contact_id"])
    if found is None or settle(transaction, found) is not ChallengeState.PENDING:
        return "challenge_ended"
    contact = contact_in(transaction, found)
    if contact is None:
        return "contact_gone"
    challenge = read_challenge(transaction, found)
    if challenge is None or not challenge.generations or challenge.generations[-1].number != row["generation"]:
        return "superseded"
    if not may_carry(contact, transaction.now, confirms=found["confirms"]):
        return "contact_left"
    code = live_code(transaction, found, row["generation"])
    if code is None:
        return "code_killed"
    return ClaimedDelivery(
        id=DeliveryId(row["id"]),
        ref=ref_of(row),
        channel=Channel(row["channel"]),
        address=contact.address,
        contact=contact,
        locale=challenge.action.locale or locale_in(transaction, ref_of(row), found),
        tries=row["tries"],
        step=step_of(row),
        expires_at=Instant(row["expires_at"]),
        action=challenge.action,
        challenge=challenge,
        code=code,
        notice=None,
        notice_id=None,
        device_name=None,
        happened_at=challenge.created_at,
    )


def claimed_at_opening(
    transaction: Transaction,
    delivery_id: str,
    challenge: Challenge,
    code: Secret,
    contact: Contact,
    locale: str | None,
    lease_s: int,
) -> ClaimedDelivery:
    """Return the message that a challenge opens with, leased as it was queued: what a claim would have made of it."""
    return ClaimedDelivery(
        id=DeliveryId(delivery_id),
        ref=UserRef(application_id=challenge.action.application_id, key=challenge.action.user_key),
        channel=challenge.generations[-1].channel,
        address=contact.address,
        contact=contact,
        locale=locale,
        tries=0,
        step=0,
        expires_at=challenge.expires_at,
        action=challenge.action,
        challenge=challenge,
        code=code,
        notice=None,
        notice_id=None,
        device_name=None,
        happened_at=challenge.created_at,
        leased_until=later(transaction.now, seconds=lease_s),
    )


def _claim_notice(transaction: Transaction, row: Row) -> ClaimedDelivery | str:
    """A notice goes out even to a contact that has left since: its owner is whom it concerns most."""
    ref = ref_of(row)
    contact = find_contact(transaction, ref, row["contact_id"])
    if contact is None:
        return "contact_gone"
    notice = find_notice_row(transaction, row["notice_id"])
    if notice is None:
        return "notice_gone"
    if contact.disabled_at is not None or contact.bounced_at is not None:
        return "contact_disabled"
    return ClaimedDelivery(
        id=DeliveryId(row["id"]),
        ref=ref,
        channel=Channel(row["channel"]),
        address=contact.address,
        contact=contact,
        locale=locale_of(transaction, ref),
        tries=row["tries"],
        step=step_of(row),
        expires_at=Instant(row["expires_at"]),
        action=None if notice["action_id"] is None else find_action(transaction, ref, notice["action_id"]),
        challenge=None,
        code=None,
        notice=NoticeKind(notice["kind"]),
        notice_id=notice["id"],
        device_name=None if notice["device_id"] is None else name_of(transaction, ref, notice["device_id"]),
        happened_at=Instant(notice["created_at"]),
    )
