"""What actions teach, what a report takes back, what another label gives back, and what is forgotten after 30 days."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from watchword.adapters.rows.challenge_rows import challenge_row_of_action
from watchword.adapters.rows.contribution_rows import (
    COUNTING,
    Contributed,
    contribution_rows,
    delete_contribution,
    find_contribution_row,
    note_state,
    open_contribution,
    outlived_rows,
    reported_rows,
)
from watchword.adapters.rows.event_rows import write_event
from watchword.adapters.rows.memory_rows import FoundMemory, Remembering
from watchword.adapters.rows.transaction import Row, Transaction, ref_of
from watchword.adapters.rows.user_rows import bring_place_back, find_user_row, forget_places
from watchword.domain.action import Decision, Label
from watchword.domain.event import EventType
from watchword.domain.instant import Instant
from watchword.domain.user import UserRef
from watchword.risk.memory import PROVEN, PROVISIONAL, Contribution
from watchword.risk.memory.learning import day_of

_SHARES: Final = {Contributed.PROVISIONAL: PROVISIONAL, Contributed.PROVEN: PROVEN}


def teach_allowed(
    transaction: Transaction,
    ref: UserRef,
    contribution: Contribution,
    registered_at: Instant,
    found: FoundMemory | None,
) -> None:
    """Learn provisionally from an action that is allowed now."""
    memory = Remembering(transaction, ref, registered_at, found)
    memory.catch_up()  # before, because the limit of a day holds for the day that something was seen last
    memory.learn(contribution, PROVISIONAL)
    memory.write()


def teach_approved(
    transaction: Transaction, ref: UserRef, row: Row, registered_at: Instant, found: FoundMemory
) -> None:
    """Learn in full from an action whose challenge was approved; ``row`` has its number and what it teaches, sealed."""
    contribution = open_contribution(transaction, ref, row)
    if contribution is None:
        return
    memory = Remembering(transaction, ref, registered_at, found)
    memory.catch_up()  # before, because the limit of a day holds for the day that something was seen last
    memory.learn(contribution, PROVEN)
    note_state(transaction, ref, row, Contributed.PROVEN)
    memory.write()


def report_action(transaction: Transaction, ref: UserRef, action_row: Row) -> None:
    """Take back what the device of an action, or the action, taught: the application calls it fraud."""
    device_id = _device_of(transaction, ref, action_row)
    if device_id is not None:
        _note_reported(transaction, ref, device_id, transaction.now)
    if action_row["disputed_at"] is None:
        _judge(transaction, ref, action_row, Label.FRAUD)
    rows = contribution_rows(transaction, ref, device_id, action_row["number"])
    _take_back(transaction, ref, rows, by=action_row["id"], device_id=device_id)


def clear_action(transaction: Transaction, ref: UserRef, action_row: Row) -> None:
    """Give back what the label ``fraud`` of an action took, and let the action itself count in full.

    Where another action of the device is labelled fraud, what was taken stays taken until that label goes too.
    """
    device_id = _device_of(transaction, ref, action_row)
    _judge(transaction, ref, action_row, Label.LEGITIMATE)
    rows = contribution_rows(transaction, ref, device_id, action_row["number"])
    taken = [row for row in rows if row["taken_back_by"] == action_row["id"]]
    heir = next((row["id"] for row in rows if row["label"] == Label.FRAUD and row["id"] != action_row["id"]), None)
    if heir is not None:
        for row in taken:
            note_state(transaction, ref, row, Contributed.TAKEN_BACK, taken_back_by=heir)
        return
    if device_id is not None:
        _note_reported(transaction, ref, device_id, None)
    _give_back(transaction, ref, taken, by=action_row["id"], device_id=device_id)
    own = find_contribution_row(transaction, ref, action_row["number"])
    if own is not None and own["state"] == Contributed.PROVISIONAL:
        _count_in_full(transaction, ref, [own])


def dispute_action(transaction: Transaction, ref: UserRef, action_row: Row) -> None:
    """Take back for good what the device of an action, or the action, taught: the owner says it wasn't him."""
    if action_row["label"] != Label.FRAUD:
        _judge(transaction, ref, action_row, Label.FRAUD)
    device_id = _device_of(transaction, ref, action_row)
    rows = contribution_rows(transaction, ref, device_id, action_row["number"])
    _take_back_for_good(transaction, ref, rows, device_id)


def dispute_device(transaction: Transaction, ref: UserRef, device_id: str) -> None:
    """Take back for good what a device taught."""
    _take_back_for_good(transaction, ref, contribution_rows(transaction, ref, device_id, None), device_id)


def distrust_token(transaction: Transaction, ref: UserRef, device_id: str) -> None:
    """Take back what a device with a stolen token taught without a proof: since when it was stolen, nobody knows."""
    rows = contribution_rows(transaction, ref, device_id, None)
    unproven = [row for row in rows if row["decision"] == Decision.ALLOW]
    _take_back_for_good(transaction, ref, unproven, device_id)


def forget_contributions(transaction: Transaction, limit: int) -> int:
    """Forget what actions of a month ago taught; what was never reported comes to count in full before."""
    held = transaction.reserve([row["user_key"] for row in outlived_rows(transaction, limit)])
    rows = [row for row in outlived_rows(transaction, limit) if row["user_key"] in held]
    late: dict[UserRef, list[Row]] = {}
    for row in rows:
        if row["state"] == Contributed.PROVISIONAL:
            late.setdefault(ref_of(row), []).append(row)
    for ref, of_user in late.items():
        _count_in_full(transaction, ref, of_user)
    for row in rows:
        delete_contribution(transaction, row)
    return len(rows)


def _device_of(transaction: Transaction, ref: UserRef, action_row: Row) -> str | None:
    """Return the device of an action: the one its approval made known, or whose token it carried."""
    challenge = challenge_row_of_action(transaction, ref, action_row["id"])
    found: str | None = action_row["device_id"] if challenge is None else challenge["device_id"]
    return found


def _judge(transaction: Transaction, ref: UserRef, action_row: Row, verdict: Label) -> None:
    """Tell what an action turned out to be, while it is known what it was like."""
    memory, row = _remembering(transaction, ref), find_contribution_row(transaction, ref, action_row["number"])
    contribution = None if row is None else open_contribution(transaction, ref, row)
    if memory is not None and contribution is not None:
        memory.judge(_witnessed(transaction, ref, action_row["number"], contribution), verdict)


def _witnessed(transaction: Transaction, ref: UserRef, number: int, contribution: Contribution) -> Contribution:
    """Return what a verdict says of payee and size: one user is one witness, for a payee and for the sizes of a day.

    Otherwise somebody who buys three times at a payee and disowns it would have every customer of his asked.
    """
    if contribution.payee is None and contribution.log_amount is None:
        return contribution
    rows = reported_rows(transaction, ref, number)
    before = [one for one in (open_contribution(transaction, ref, row) for row in rows) if one is not None]
    day = day_of(contribution.at)
    is_counted = any(one.log_amount is not None and day_of(one.at) == day for one in before)
    return replace(
        contribution,
        payee=None if any(one.payee == contribution.payee for one in before) else contribution.payee,
        log_amount=None if is_counted else contribution.log_amount,
    )


def _take_back_for_good(transaction: Transaction, ref: UserRef, rows: Sequence[Row], device_id: str | None) -> None:
    for row in rows:
        if row["taken_back_by"] is not None:
            note_state(transaction, ref, row, Contributed.TAKEN_BACK)
    _take_back(transaction, ref, rows, by=None, device_id=device_id)


def _take_back(
    transaction: Transaction, ref: UserRef, rows: Sequence[Row], *, by: str | None, device_id: str | None
) -> None:
    """Take back what counts of these, and the countries that were first noted for them."""
    memory, counting = _remembering(transaction, ref), [row for row in rows if row["state"] in COUNTING]
    if memory is None or not counting:
        return
    for row in counting:
        contribution = open_contribution(transaction, ref, row)
        if contribution is not None:
            memory.take_back(contribution, _SHARES[Contributed(row["state"])])
        note_state(transaction, ref, row, Contributed.TAKEN_BACK, taken_back_by=by)
    memory.write()
    forget_places(transaction, ref, {row["id"] for row in counting})
    _tell(transaction, ref, EventType.MEMORY_TAKEN_BACK, counting, by, device_id)


def _give_back(transaction: Transaction, ref: UserRef, rows: Sequence[Row], *, by: str, device_id: str | None) -> None:
    """Let these count again, what nobody proved or vouched for as if it were new: after a day that is in full."""
    memory = _remembering(transaction, ref)
    if memory is None or not rows:
        return
    for row in rows:
        is_open = row["decision"] == Decision.ALLOW and row["label"] != Label.LEGITIMATE
        state = Contributed.PROVISIONAL if is_open else Contributed.PROVEN
        contribution = open_contribution(transaction, ref, row)
        if contribution is not None:
            memory.learn(contribution, _SHARES[state])
        note_state(transaction, ref, row, state)
        bring_place_back(transaction, ref, row)
    memory.write()
    _tell(transaction, ref, EventType.MEMORY_GIVEN_BACK, rows, by, device_id)


def _count_in_full(transaction: Transaction, ref: UserRef, rows: Sequence[Row]) -> None:
    memory = _remembering(transaction, ref)
    if memory is None:
        return
    for row in rows:
        contribution = open_contribution(transaction, ref, row)
        if contribution is not None:
            memory.count_in_full(contribution)
        note_state(transaction, ref, row, Contributed.PROVEN)
    memory.write()


def _remembering(transaction: Transaction, ref: UserRef) -> Remembering | None:
    """Return the memory of a user who is registered."""
    user = find_user_row(transaction, ref)
    if user is None or user["erased_at"] is not None:
        return None
    return Remembering(transaction, ref, Instant(user["created_at"]))


def _note_reported(transaction: Transaction, ref: UserRef, device_id: str, at: Instant | None) -> None:
    transaction.write(
        "UPDATE devices SET reported_at = :at WHERE application_id = :application_id AND user_key = :user_key"
        " AND id = :id",
        at=at,
        application_id=ref.application_id,
        user_key=ref.key,
        id=device_id,
    )


def _tell(
    transaction: Transaction, ref: UserRef, event: EventType, rows: Sequence[Row], by: str | None, device_id: str | None
) -> None:
    write_event(transaction, ref, event, action_id=by, device_id=device_id, contributions=len(rows))
