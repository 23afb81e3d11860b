"""Rows of contributions: what each action of the last 30 days taught or would teach, and how much of it counts."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from watchword.adapters.rows.transaction import Row, Transaction
from watchword.domain.errors import StorageUnavailable
from watchword.domain.instant import DAY_MS
from watchword.domain.user import UserRef
from watchword.risk.memory import Contribution, decode_contribution

REPORTABLE_MS: Final = DAY_MS
"""How long an allowed action counts provisionally: who reads of it the next day can still say that it wasn't him."""
PROMOTED_AT_ONCE: Final = 16
"""Most contributions of a user that come to count in full at once. More than one for each write, so none pile up."""
REPORTED_MOST: Final = 64
"""Reported actions of a user that a further report is compared with."""
KEPT_MS: Final = 30 * DAY_MS
"""How long an action can be taken back: as long as "this wasn't me" counts."""
_TABLE: Final = "contributions"
_CONTRIBUTION: Final = "contribution"
_WITH_ACTIONS: Final = (
    "JOIN actions ON actions.application_id = :application_id AND actions.user_key = :user_key"
    " AND actions.number = contributions.number"
)


class Contributed(StrEnum):
    """How much of a contribution the memory of its user holds."""

    WAITING = "waiting"
    """Nothing: it was not approved, or its device is reported."""
    PROVISIONAL = "provisional"
    PROVEN = "proven"
    """All of it: it was approved, or nobody reported it for a day."""
    TAKEN_BACK = "taken_back"


COUNTING: Final = (Contributed.PROVISIONAL, Contributed.PROVEN)


def insert_contribution(
    transaction: Transaction, ref: UserRef, number: int, contribution: Contribution, state: Contributed
) -> None:
    """Keep what the action of this number teaches."""
    transaction.write(
        "INSERT INTO contributions (number, application_id, user_key, state, sealed_contribution, created_at)"
        " VALUES (:number, :application_id, :user_key, :state, :sealed_contribution, :now)",
        number=number,
        application_id=ref.application_id,
        user_key=ref.key,
        state=state,
        sealed_contribution=transaction.seal_bytes(ref, _TABLE, str(number), _CONTRIBUTION, contribution.encode()),
        now=transaction.now,
    )


def open_contribution(transaction: Transaction, ref: UserRef, row: Row) -> Contribution | None:
    """Return what the action of a row taught or would teach; None where that is damaged, or of another release."""
    sealed = row["sealed_contribution"]
    try:
        return decode_contribution(transaction.open_bytes(ref, _TABLE, str(row["number"]), _CONTRIBUTION, sealed))
    except (StorageUnavailable, ValueError):
        return None


def find_contribution_row(transaction: Transaction, ref: UserRef, number: int) -> Row | None:
    """Return what the action of this number teaches, with the action's country."""
    return transaction.one(
        f"SELECT contributions.*, actions.id, country, decision FROM contributions {_WITH_ACTIONS}"  # noqa: S608 our own text, values bound
        " WHERE contributions.application_id = :application_id AND contributions.user_key = :user_key"
        " AND contributions.number = :number",
        application_id=ref.application_id,
        user_key=ref.key,
        number=number,
    )


def contribution_rows(
    transaction: Transaction, ref: UserRef, device_id: str | None, number: int | None
) -> Sequence[Row]:
    """Return what a device taught or would have taught within 30 days, and what the action of this number did.

    To a device belongs the action whose approval made it known, and every one that carried its token.
    """
    return transaction.all(
        f"SELECT contributions.*, actions.id, country, decision, label FROM contributions {_WITH_ACTIONS}"  # noqa: S608 our own text, values bound
        " LEFT JOIN challenges ON challenges.application_id = :application_id AND challenges.user_key = :user_key"
        " AND challenges.action_id = actions.id"
        " WHERE contributions.application_id = :application_id AND contributions.user_key = :user_key"
        " AND contributions.created_at > :since AND (contributions.number = :number"
        " OR actions.device_id = :device_id OR challenges.device_id = :device_id) ORDER BY contributions.number",
        application_id=ref.application_id,
        user_key=ref.key,
        since=transaction.now - KEPT_MS,
        number=number,
        device_id=device_id,
    )


def reported_rows(transaction: Transaction, ref: UserRef, number: int) -> Sequence[Row]:
    """Return what a user's other actions taught that are reported, the newest ``REPORTED_MOST``."""
    return transaction.all(
        f"SELECT contributions.number, sealed_contribution FROM contributions {_WITH_ACTIONS}"  # noqa: S608 our own text, values bound
        " WHERE contributions.application_id = :application_id AND contributions.user_key = :user_key"
        " AND contributions.number <> :number AND (label = 'fraud' OR disputed_at IS NOT NULL)"
        " ORDER BY contributions.number DESC LIMIT :limit",
        application_id=ref.application_id,
        user_key=ref.key,
        number=number,
        limit=REPORTED_MOST,
    )


def due_rows(transaction: Transaction, ref: UserRef) -> Sequence[Row]:
    """Return the oldest contributions that count in full by now, at most ``PROMOTED_AT_ONCE``."""
    return transaction.all(
        "SELECT number, sealed_contribution FROM contributions WHERE application_id = :application_id"
        " AND user_key = :user_key AND state = 'provisional' AND created_at <= :before"
        " ORDER BY created_at, number LIMIT :limit",
        application_id=ref.application_id,
        user_key=ref.key,
        before=transaction.now - REPORTABLE_MS,
        limit=PROMOTED_AT_ONCE,
    )


def note_state(
    transaction: Transaction, ref: UserRef, row: Row, state: Contributed, *, taken_back_by: str | None = None
) -> None:
    """Note how much of a contribution of this user counts now."""
    transaction.write(
        "UPDATE contributions SET state = :state, taken_back_by = :taken_back_by"
        " WHERE application_id = :application_id AND user_key = :user_key AND number = :number",
        application_id=ref.application_id,
        user_key=ref.key,
        state=state,
        taken_back_by=taken_back_by,
        number=row["number"],
    )


def outlived_rows(transaction: Transaction, limit: int) -> Sequence[Row]:
    """Return the oldest contributions that are not kept any longer."""
    return transaction.all(
        "SELECT * FROM (SELECT * FROM contributions ORDER BY number LIMIT :limit) AS oldest"
        " WHERE created_at <= :before",
        before=transaction.now - KEPT_MS,
        limit=limit,
    )


def delete_contribution(transaction: Transaction, row: Row) -> None:
    """Forget what an action taught."""
    transaction.write(
        "DELETE FROM contributions"
        " WHERE application_id = :application_id AND user_key = :user_key AND number = :number",
        application_id=row["application_id"],
        user_key=row["user_key"],
        number=row["number"],
    )
