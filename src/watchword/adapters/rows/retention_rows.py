"""Forgets actions of long ago, each with its challenge and its grant; what still refers to one keeps it."""

from itertools import takewhile
from typing import Final

from watchword.adapters.rows.transaction import Row, Transaction
from watchword.domain.action import Decision
from watchword.domain.instant import Instant, later
from watchword.domain.limits import bounds_of

_SWEEPER: Final = b"\x00forget\x00"
"""Reserved like a user, so that of many processes one forgets at a time: all of them would begin with the same rows."""
_MINE: Final = "WHERE application_id = :application_id AND user_key = :user_key"
_OF_CHALLENGE: Final = f"{_MINE} AND challenge_id IN (SELECT id FROM challenges {_MINE} AND action_id = :id)"  # noqa: S608 our own text, values bound
_GRANT: Final = f"DELETE FROM grants {_MINE} AND action_id = :id"  # noqa: S608 our own text, values bound
_ACTION: Final = f"DELETE FROM actions {_MINE} AND id = :id"  # noqa: S608 our own text, values bound
_BY_DECISION: Final = {
    Decision.ALLOW: (_GRANT, _ACTION),
    Decision.DENY: (_ACTION,),
    Decision.CHALLENGE: (
        f"DELETE FROM sends {_OF_CHALLENGE}",  # noqa: S608 our own text, values bound
        f"DELETE FROM generations {_OF_CHALLENGE}",  # noqa: S608 our own text, values bound
        _GRANT,
        f"DELETE FROM challenges {_MINE} AND action_id = :id",  # noqa: S608 our own text, values bound
        _ACTION,
    ),
}
"""What goes with an action, in an order in which nothing ever refers to what is gone.

By key and one by one: a statement about many rows is planned by guesses of how many, and a wrong one walks through a
table.
"""
_PENDING_MOST_S: Final = max(bounds_of("lifetime_s").high, bounds_of("purchase_lifetime_s").high)


def forget_actions(transaction: Transaction, before: Instant, limit: int) -> int:
    """Forget the oldest actions up to a time, at most ``limit``; return how many.

    It ends at the first whose user somebody else is changing, and at one that still teaches or has a pending challenge.
    """
    if not transaction.reserve([_SWEEPER]) or _has_pending(transaction, before):
        return 0
    oldest = list(takewhile(lambda row: row["created_at"] <= before, _oldest_rows(transaction, limit)))
    held = transaction.reserve([row["user_key"] for row in oldest]) if oldest else frozenset()
    kept_from = _kept_from(transaction) if held else 0
    gone = list(takewhile(lambda row: row["user_key"] in held and row["number"] < kept_from, oldest))
    for row in gone:
        _forget(transaction, row)
    return len(gone)


def _oldest_rows(transaction: Transaction, limit: int) -> list[Row]:
    return transaction.all(
        "SELECT application_id, user_key, number, id, decision, created_at FROM actions ORDER BY number LIMIT :limit",
        limit=limit,
    )


def _kept_from(transaction: Transaction) -> int:
    """Return the number of the first action that stays whatever its age: the oldest that teaches, or the newest of all.

    SQLite numbers on from the highest number there is, and users remember the numbers of theirs (``proven_through``).
    """
    return transaction.number(
        "SELECT min(number) FROM (SELECT min(number) AS number FROM contributions"
        " UNION ALL SELECT max(number) FROM actions) AS kept"
    )


def _has_pending(transaction: Transaction, before: Instant) -> bool:
    """Whether a challenge of that long ago has not ended yet: its expiry has to be written first, with its event."""
    return bool(
        transaction.number(
            "SELECT EXISTS (SELECT 1 FROM challenges WHERE state = 'pending' AND expires_at > 0"
            " AND expires_at <= :latest)",
            latest=later(before, seconds=_PENDING_MOST_S),
        )
    )


def _forget(transaction: Transaction, row: Row) -> None:
    for statement in _BY_DECISION[Decision(row["decision"])]:
        transaction.write(statement, application_id=row["application_id"], user_key=row["user_key"], id=row["id"])
