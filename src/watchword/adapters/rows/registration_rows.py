"""How a user's list of contacts changes: freely at first, then by a grant that names it, else only after a wait."""

from dataclasses import dataclass

from watchword.adapters.rows.action_rows import find_action
from watchword.adapters.rows.challenge_endings import cancel_pending, kill_codes_to
from watchword.adapters.rows.contact_rows import (
    address_hash,
    change_contact,
    counting_contacts,
    insert_contact,
    listed_rows,
    reachable_contacts,
    set_preferred,
)
from watchword.adapters.rows.event_rows import write_event
from watchword.adapters.rows.grant_rows import (
    find_grant_row,
    problem_of,
    revoke_grants,
    use_grant,
    write_mismatch,
)
from watchword.adapters.rows.kept_rows import keep_outcome
from watchword.adapters.rows.notice_rows import routes_to, tell
from watchword.adapters.rows.transaction import Row, Transaction
from watchword.adapters.rows.user_rows import TOMBSTONE_MS, find_user, find_user_row, put_person, set_user
from watchword.domain.action import ACCOUNT_UPDATE, AccountField, Action
from watchword.domain.contact import Contact, ContactKind, read_address
from watchword.domain.event import EventType
from watchword.domain.grant import Assurance
from watchword.domain.ids import ActionId
from watchword.domain.instant import Instant, later
from watchword.domain.message import NoticeKind
from watchword.domain.user import UserRef
from watchword.ports.store.values import ContactDraft, GrantProblem, Keep, Registered, Registration


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """How the new list differs from the stored one."""

    added: dict[bytes, ContactDraft]
    """By the hash of the address."""
    removed: tuple[Row, ...]
    kept: tuple[tuple[Row, ContactDraft], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """From when the change counts, and what it is remembered under."""

    counts_from: Instant
    believes: bool
    """Whether ``confirmed_at`` is believed."""
    action_id: ActionId | None = None
    change_id: str | None = None


def register_user(
    transaction: Transaction, registration: Registration, keep: Keep[Registered] | None
) -> Registered | GrantProblem:
    """Store the whole list of a user's contacts."""
    ref = registration.ref
    before = find_user_row(transaction, ref)
    grant_row = None
    if registration.grant_id is not None:
        grant_row = find_grant_row(transaction, ref, registration.grant_id)
        problem = _grant_problem(transaction, registration, grant_row)
        if problem is not None:
            return problem
    is_free = _registers_freely(before, transaction.now)
    action = None if grant_row is None else find_action(transaction, ref, grant_row["action_id"])
    change = _compare_lists(transaction, registration, _named_removal(action))
    created = before is None or before["sealed_person"] is None
    put_person(
        transaction,
        ref,
        registration.user_id,
        registration.locale,
        has_contact=bool(registration.contacts) or not is_free,
    )
    if created:
        write_event(transaction, ref, EventType.USER_REGISTERED)
    _apply(transaction, ref, change, _terms(transaction, registration, change, grant_row, is_free=is_free))
    if not is_free and (change.added or change.removed):
        set_user(transaction, ref, changed_at=transaction.now)
    user = find_user(transaction, ref)
    if user is None:
        raise LookupError("a user vanished inside his own transaction")
    return keep_outcome(transaction, keep, Registered(user=user, created=created))


def _registers_freely(row: Row | None, now: Instant) -> bool:
    """Whether this user never had a contact, as far as anybody may remember."""
    if row is None:
        return True
    if row["erased_at"] is not None:
        return bool(row["erased_at"] + TOMBSTONE_MS <= now)
    return not row["had_contact"]


def _compare_lists(transaction: Transaction, registration: Registration, named: str | None) -> _Change:
    """Tell the new list from the stored one; ``named`` is a removal that counts though it is under way already."""
    ref = registration.ref
    drafts = {address_hash(transaction, ref, draft.address): draft for draft in reversed(registration.contacts)}
    stored = {row["address_hash"]: row for row in listed_rows(transaction, ref)}
    return _Change(
        added={key: draft for key, draft in reversed(drafts.items()) if key not in stored},
        removed=tuple(
            row for key, row in stored.items() if key not in drafts and (row["leaves_at"] is None or row["id"] == named)
        ),
        kept=tuple((stored[key], draft) for key, draft in drafts.items() if key in stored),
    )


def _named_removal(action: Action | None) -> str | None:
    return None if action is None else str(action.details.get("old_contact"))


def _grant_problem(transaction: Transaction, registration: Registration, row: Row | None) -> GrantProblem | None:
    """Return why the grant is not for exactly this change, or cannot be used."""
    ref = registration.ref
    action = None if row is None else find_action(transaction, ref, row["action_id"])
    if row is None or action is None:
        return GrantProblem.INVALID
    change = _compare_lists(transaction, registration, _named_removal(action))
    if not _is_named(transaction, ref, action, change):
        return write_mismatch(transaction, ref, row)
    return problem_of(row, transaction.now)


def _is_named(transaction: Transaction, ref: UserRef, action: Action, change: _Change) -> bool:
    """Whether an account update names exactly these additions and removals."""
    if action.type != ACCOUNT_UPDATE or action.account_field not in {AccountField.EMAIL, AccountField.PHONE}:
        return False
    kind = ContactKind.EMAIL if action.account_field is AccountField.EMAIL else ContactKind.PHONE
    added, removed = action.details.get("new_contact"), action.details.get("old_contact")
    address = None if added is None else read_address(kind, str(added))
    if added is not None and address is None:
        return False
    named_hashes = set() if address is None else {address_hash(transaction, ref, address)}
    named_ids = set() if removed is None else {removed}
    kinds = {*(draft.kind for draft in change.added.values()), *(row["kind"] for row in change.removed)}
    is_right_kind = kinds <= {kind}
    is_same = set(change.added) == named_hashes and {row["id"] for row in change.removed} == named_ids
    return is_right_kind and is_same and bool(named_hashes or named_ids)


def _terms(
    transaction: Transaction, registration: Registration, change: _Change, grant_row: Row | None, *, is_free: bool
) -> _Terms:
    """Redeem the grant where there is one, tell the older contacts, and say from when the change counts."""
    ref, now = registration.ref, transaction.now
    waits_until = later(now, seconds=registration.limits.contact_wait_s)
    if grant_row is not None:
        is_weak = grant_row["assurance"] == Assurance.EMAIL_CONTROL and _has_phone(transaction, ref)
        _redeem(transaction, ref, grant_row)
        return _Terms(
            counts_from=waits_until if is_weak else now, believes=False, action_id=ActionId(grant_row["action_id"])
        )
    if is_free:
        return _Terms(counts_from=now, believes=True)
    change_id = transaction.make_id("ccg", ref.key)
    if change.added or change.removed:
        # The unconfirmed too: where none is confirmed, what is added now could soon be the only one that counts.
        older = routes_to(counting_contacts(transaction, ref))
        tell(transaction, ref, NoticeKind.CONTACTS_CHANGED, older, change_id=change_id)
    return _Terms(counts_from=waits_until, believes=False, change_id=change_id)


def _has_phone(transaction: Transaction, ref: UserRef) -> bool:
    """Whether a phone is confirmed, so that a mailbox alone is not enough to change contacts at once."""
    return any(contact.kind is ContactKind.PHONE for contact in reachable_contacts(transaction, ref))


def _redeem(transaction: Transaction, ref: UserRef, grant_row: Row) -> None:
    """Use the grant before anything changes, so that the confirmation reaches the contact that is about to leave."""
    use_grant(transaction, ref, grant_row)
    tell(
        transaction,
        ref,
        NoticeKind.CONFIRMATION,
        routes_to(reachable_contacts(transaction, ref)),
        action_id=grant_row["action_id"],
        challenge_id=grant_row["challenge_id"],
    )
    cancel_pending(transaction, ref, "contact_change")
    revoke_grants(transaction, ref, reason="contact_change")


def _apply(transaction: Transaction, ref: UserRef, change: _Change, terms: _Terms) -> None:
    for row in change.removed:
        _remove(transaction, ref, row, terms)
    for row, _ in change.kept:
        _keep(transaction, ref, row)
    for draft in change.added.values():
        _add(transaction, ref, draft, terms)
    _prefer(transaction, ref, change)


def _remove(transaction: Transaction, ref: UserRef, row: Row, terms: _Terms) -> None:
    """Let a contact leave when the change counts; one that does not count yet itself leaves at once."""
    leaves_at = transaction.now if row["usable_from"] > transaction.now else terms.counts_from
    change_contact(
        transaction,
        ref,
        row["id"],
        "removed",
        leaves_at=leaves_at,
        removed_by=terms.action_id,
        removed_in=terms.change_id,
    )
    if leaves_at <= transaction.now:
        kill_codes_to(transaction, ref, row["id"])


def _keep(transaction: Transaction, ref: UserRef, row: Row) -> None:
    if row["leaves_at"] is not None:
        change_contact(transaction, ref, row["id"], "returned", leaves_at=None, removed_by=None, removed_in=None)


def _prefer(transaction: Transaction, ref: UserRef, change: _Change) -> None:
    """Prefer what the list prefers; a contact that is about to leave keeps its place while the list names no other."""
    kept = {row["id"] for row, draft in change.kept if draft.preferred}
    wanted = kept | {draft.id for draft in change.added.values() if draft.preferred}
    if wanted:
        set_preferred(transaction, ref, wanted.pop())
    elif any(row["preferred"] for row, _ in change.kept):
        set_preferred(transaction, ref, None)


def _add(transaction: Transaction, ref: UserRef, draft: ContactDraft, terms: _Terms) -> None:
    confirmed_at = draft.confirmed_at if terms.believes else None
    if confirmed_at is not None:
        confirmed_at = min(confirmed_at, transaction.now)
    contact = Contact(
        id=draft.id,
        kind=draft.kind,
        address=draft.address,
        added_at=transaction.now,
        usable_from=terms.counts_from,
        confirmed_at=confirmed_at,
        last_proven_at=confirmed_at,
        added_by=terms.action_id,
    )
    insert_contact(transaction, ref, contact, added_in=terms.change_id)
    write_event(
        transaction,
        ref,
        EventType.CONTACT_CHANGED,
        contact_id=draft.id,
        change="added",
        kind=draft.kind,
        usable_from=terms.counts_from,
        confirmed=confirmed_at is not None,
    )
