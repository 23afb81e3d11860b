"""What actions taught: taken back by a report, given back by another label, and forgotten after 30 days."""

from collections.abc import Sequence
from typing import Final

from watchword.adapters.sqlite.challenge_rows import challenge_row_of_action
from watchword.adapters.sqlite.event_rows import write_event
from watchword.adapters.sqlite.memory_rows import Remembering, note_contributed, open_contribution
from watchword.adapters.sqlite.transaction import Row, Transaction, ref_of
from watchword.adapters.sqlite.user_rows import bring_place_back, find_user_row, forget_place
from watchword.domain.action import Decision, Label
from watchword.domain.event import EventType
from watchword.domain.instant import DAY_MS, Instant
from watchword.domain.user import UserRef
from watchword.risk.memory import PROVEN, PROVISIONAL, Contribution

KEPT_MS: Final = 30 * DAY_MS
"""How long an action can be taken back: as long as "this wasn't me" counts."""
_SHARES: Final = {"provisional": PROVISIONAL, "proven": PROVEN}
_OF_DEVICE: Final = (
    "SELECT actions.* FROM actions LEFT JOIN challenges ON challenges.action_id = actions.id"
    " WHERE actions.application_id = :application_id AND actions.user_key = :user_key"
    " AND sealed_contribution IS NOT NULL AND actions.created_at > :since"
    " AND (actions.id = :action_id OR actions.device_id = :device_id OR challenges.device_id = :device_id)"
)
"""The actions of a device within 30 days, with the one whose approval made it known; and the named one."""


def teach_allowed(transaction: Transaction, ref: UserRef, contribution: Contribution, registered_at: Instant) -> None:
    """Learn provisionally from an action that is allowed now."""
    memory = Remembering(transaction, ref, registered_at)
    memory.learn_provisionally(contribution, transaction.now)
    memory.write()


def teach_approved(transaction: Transaction, ref: UserRef, row: Row, registered_at: Instant) -> None:
    """Learn in full from an action whose challenge was approved."""
    if row["sealed_contribution"] is None:
        return
    memory = Remembering(transaction, ref, registered_at)
    memory.learn(open_contribution(transaction, ref, row), PROVEN)
    note_contributed(transaction, row, "proven")
    memory.write()


def report_action(transaction: Transaction, ref: UserRef, row: Row) -> None:
    """Take back what the device of an action taught because the application calls the action fraud."""
    device_id = _device_of(transaction, row)
    if device_id is not None:
        _note_reported(transaction, ref, device_id, transaction.now)
    _judge(transaction, ref, row, Label.FRAUD)
    taught = [one for one in _rows_of(transaction, ref, device_id, row["id"]) if one["contributed"] in _SHARES]
    _take_back(transaction, ref, taught, by=row["id"], device_id=device_id)


def clear_action(transaction: Transaction, ref: UserRef, row: Row) -> None:
    """Give back what the label ``fraud`` of an action took, and let the action itself count in full."""
    device_id = _device_of(transaction, row)
    others = _rows_of(transaction, ref, device_id, row["id"])
    _judge(transaction, ref, row, Label.LEGITIMATE)
    heir = next((one["id"] for one in others if one["label"] == Label.FRAUD and one["id"] != row["id"]), None)
    taken = [one for one in others if one["taken_back_by"] == row["id"]]
    if heir is not None:
        for one in taken:
            note_contributed(transaction, one, "taken_back", taken_back_by=heir)
        return
    if device_id is not None:
        _note_reported(transaction, ref, device_id, None)
    _give_back(transaction, ref, taken, device_id=device_id)
    _count_in_full(transaction, ref, row["id"])


def dispute_action(transaction: Transaction, ref: UserRef, row: Row) -> None:
    """Take back for good what the device of an action, or the action, taught: the owner says it wasn't him."""
    if row["label"] != Label.FRAUD:
        _judge(transaction, ref, row, Label.FRAUD)
    _take_back_for_good(transaction, ref, _device_of(transaction, row), row["id"])


def dispute_device(transaction: Transaction, ref: UserRef, device_id: str) -> None:
    """Take back for good what a device taught."""
    _take_back_for_good(transaction, ref, device_id, None)


def distrust_token(transaction: Transaction, ref: UserRef, device_id: str) -> None:
    """Take back what a device with a stolen token taught without a proof: since when it was stolen, nobody knows."""
    rows = _rows_of(transaction, ref, device_id, None)
    taught = [one for one in rows if one["contributed"] in _SHARES and one["decision"] == Decision.ALLOW]
    _take_back(transaction, ref, taught, by=None, device_id=device_id)


def forget_contributions(transaction: Transaction, limit: int) -> int:
    """Forget what actions of a month ago taught; what was never reported comes to count in full before."""
    rows = transaction.all(
        "SELECT * FROM actions WHERE sealed_contribution IS NOT NULL AND created_at <= :before"
        " ORDER BY created_at LIMIT :limit",
        before=transaction.now - KEPT_MS,
        limit=limit,
    )
    late: dict[bytes, list[Row]] = {}
    for row in rows:
        if row["contributed"] == "provisional":
            late.setdefault(f"{row['application_id']}/".encode() + row["user_key"], []).append(row)
    for of_user in late.values():
        _promote(transaction, ref_of(of_user[0]), of_user)
    for row in rows:
        transaction.run("UPDATE actions SET sealed_contribution = NULL WHERE number = :number", number=row["number"])
    return len(rows)


def _device_of(transaction: Transaction, row: Row) -> str | None:
    """Return the device of an action: the one its approval made known, or whose token it carried."""
    challenge = challenge_row_of_action(transaction, row["id"])
    found: str | None = row["device_id"] if challenge is None else challenge["device_id"]
    return found


def _rows_of(transaction: Transaction, ref: UserRef, device_id: str | None, action_id: str | None) -> list[Row]:
    return transaction.all(
        _OF_DEVICE,
        application_id=ref.application_id,
        user_key=ref.key,
        since=transaction.now - KEPT_MS,
        action_id=action_id,
        device_id=device_id,
    )


def _judge(transaction: Transaction, ref: UserRef, row: Row, verdict: Label) -> None:
    """Tell what an action turned out to be, while it is known what it was like."""
    memory = _remembering(transaction, ref)
    if memory is not None and row["sealed_contribution"] is not None:
        memory.judge(open_contribution(transaction, ref, row), verdict)


def _take_back_for_good(transaction: Transaction, ref: UserRef, device_id: str | None, action_id: str | None) -> None:
    rows = _rows_of(transaction, ref, device_id, action_id)
    for row in rows:
        if row["taken_back_by"] is not None:
            note_contributed(transaction, row, "taken_back")
    taught = [row for row in rows if row["contributed"] in _SHARES]
    _take_back(transaction, ref, taught, by=None, device_id=device_id)


def _take_back(
    transaction: Transaction, ref: UserRef, rows: Sequence[Row], *, by: str | None, device_id: str | None
) -> None:
    memory = _remembering(transaction, ref)
    if memory is None or not rows:
        return
    for row in rows:
        memory.take_back(open_contribution(transaction, ref, row), _SHARES[row["contributed"]])
        note_contributed(transaction, row, "taken_back", taken_back_by=by)
    memory.write()
    for row in rows:
        forget_place(transaction, ref, row["country"], row["id"])
    _tell(transaction, ref, EventType.MEMORY_TAKEN_BACK, rows, by, device_id)


def _give_back(transaction: Transaction, ref: UserRef, rows: Sequence[Row], *, device_id: str | None) -> None:
    memory = _remembering(transaction, ref)
    if memory is None or not rows:
        return
    for row in rows:
        contribution = open_contribution(transaction, ref, row)
        if row["decision"] == Decision.ALLOW:
            memory.learn_provisionally(contribution, row["created_at"])
            note_contributed(transaction, row, "provisional")
        else:
            memory.learn(contribution, PROVEN)
            note_contributed(transaction, row, "proven")
        bring_place_back(transaction, ref, row)
    memory.write()
    _tell(transaction, ref, EventType.MEMORY_GIVEN_BACK, rows, rows[0]["taken_back_by"], device_id)


def _count_in_full(transaction: Transaction, ref: UserRef, action_id: str) -> None:
    row = transaction.one("SELECT * FROM actions WHERE id = :id", id=action_id)
    if row is not None and row["contributed"] == "provisional" and row["sealed_contribution"] is not None:
        _promote(transaction, ref, [row])


def _promote(transaction: Transaction, ref: UserRef, rows: Sequence[Row]) -> None:
    memory = _remembering(transaction, ref)
    if memory is None:
        return
    for row in rows:
        memory.count_in_full(open_contribution(transaction, ref, row))
        note_contributed(transaction, row, "proven")
    memory.write()


def _remembering(transaction: Transaction, ref: UserRef) -> Remembering | None:
    """Return the memory of a user who is registered."""
    user = find_user_row(transaction, ref)
    if user is None or user["erased_at"] is not None:
        return None
    return Remembering(transaction, ref, Instant(user["created_at"]))


def _note_reported(transaction: Transaction, ref: UserRef, device_id: str, at: Instant | None) -> None:
    transaction.run(
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
