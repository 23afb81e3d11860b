"""One guess: charged, compared, and approved or not, all in one transaction (I1, I2, I3, I5, I6)."""

import hmac
from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import NamedTuple

from watchword.adapters.rows.approval_rows import approve
from watchword.adapters.rows.attempt_reading import failures_in, read_tried, rows_for_attempt
from watchword.adapters.rows.budget_rows import Charge, charge_failure, lane_free_after
from watchword.adapters.rows.challenge_endings import end, settle
from watchword.adapters.rows.challenge_rows import contact_in
from watchword.adapters.rows.contact_rows import may_carry
from watchword.adapters.rows.event_rows import write_event
from watchword.adapters.rows.kept_rows import keep_outcome, read_kept
from watchword.adapters.rows.notice_rows import alert
from watchword.adapters.rows.transaction import Row, Transaction, ref_of
from watchword.adapters.rows.user_rows import lock_user
from watchword.domain.budget import Lane
from watchword.domain.challenge import (
    AttemptOutcome,
    BudgetExhausted,
    ChallengeState,
    Ended,
    Incorrect,
    Malformed,
    Superseded,
)
from watchword.domain.contact import Contact
from watchword.domain.event import EventType
from watchword.domain.ids import ChallengeId
from watchword.domain.limits import Limits
from watchword.domain.message import NoticeKind
from watchword.ports.store.attempting import Attempt, Attempted, Spending, TriedChallenge
from watchword.ports.store.values import AlreadyKept, Keep


class _Verdict(Enum):
    RIGHT = auto()
    WRONG = auto()
    OLDER = auto()
    """The code of an older generation, or of a contact that has left in the meantime."""
    KILLED = auto()
    """Not compared: the live code was killed with the contact it went to."""
    WITHHELD = auto()
    """Not compared: a concealed challenge whose lane is spent."""


def spend_attempt(
    transaction: Transaction,
    challenge_id: ChallengeId,
    attempt: Attempt,
    call: bytes | None,
    keep: Keep[Attempted] | None,
) -> Attempted | None:
    """Ask what is guessed and evaluate it, or say why none is evaluated; None where there is no such challenge."""
    transaction.only_asked = True  # until something comes of it: also where ``attempt`` refuses
    rows = rows_for_attempt(transaction, challenge_id)
    if not rows:
        return None
    if call is not None and read_kept(transaction, rows[0]["application_id"], call):
        # Before anything is compared: one key with many codes at many processes would compare all and charge one.
        raise AlreadyKept
    challenge = read_tried(transaction, rows)
    guess = attempt(challenge)
    # An expiry that is due is written now, and not before: an attempt that is refused leaves no trace.
    state = settle(transaction, rows[0])
    is_spent = state is ChallengeState.PENDING and isinstance(guess, Spending)
    transaction.only_asked = not is_spent and state.value == rows[0]["state"] and keep is None
    outcome = _outcome(transaction, rows, challenge, guess, state)
    return keep_outcome(transaction, keep, Attempted(challenge=challenge, outcome=outcome, at=transaction.now))


def _outcome(
    transaction: Transaction,
    rows: Sequence[Row],
    challenge: TriedChallenge,
    guess: Spending | Malformed | Ended,
    state: ChallengeState,
) -> AttemptOutcome:
    """Return what a guess comes to; what ended meanwhile compares nothing, whatever is guessed (I5)."""
    if state is not ChallengeState.PENDING:
        return Ended(state=state)
    return _evaluate(transaction, rows, challenge, guess) if isinstance(guess, Spending) else guess


def _evaluate(
    transaction: Transaction, rows: Sequence[Row], challenge: TriedChallenge, spending: Spending
) -> AttemptOutcome:
    row = rows[0]
    ref, lane, limits = ref_of(row), Lane(row["lane"]), spending.limits
    failures = failures_in(row, transaction.now, limits)
    free_at = lane_free_after(failures, lane, limits)
    if free_at is not None and not row["conceal"]:
        return BudgetExhausted(attempts_left=challenge.attempts_left, free_at=free_at)
    if free_at is not None:
        return _miss(transaction, row, _Verdict.WITHHELD, _charge_try(transaction, row))
    # Whatever comes of it, no guess is compared without its charge: both are of this one transaction.
    compared = _compare(transaction, rows, spending.candidates)
    if compared.verdict is _Verdict.RIGHT and compared.contact is not None:
        return approve(transaction, row, challenge.action, spending, compared.contact)
    attempts_left = _charge_try(transaction, row)
    charge_failure(transaction, ref, lane)
    outcome = _miss(transaction, row, compared.verdict, attempts_left)
    _lock_if_spent(transaction, row, [*failures, (transaction.now, lane)], limits)
    return outcome


def _charge_try(transaction: Transaction, row: Row) -> int:
    """Charge a try that does not succeed, and return how many are left; a CHECK of the table is behind it."""
    return transaction.number(
        "UPDATE challenges SET tries_spent = tries_spent + 1 WHERE id = :id AND application_id = :application_id"
        " AND user_key = :user_key AND state = 'pending' RETURNING tries_allowed - tries_spent",
        application_id=row["application_id"],
        user_key=row["user_key"],
        id=row["id"],
    )


class _Compared(NamedTuple):
    """What came of a comparison."""

    verdict: _Verdict
    contact: Contact | None = None
    """The contact that a right code went to."""


def _compare(transaction: Transaction, rows: Sequence[Row], candidates: Mapping[int, bytes]) -> _Compared:
    """Compare in constant time; a challenge without a code (a decoy) is wrong whatever was typed."""
    *older, live = rows
    if live["generation"] is None:
        return _Compared(_Verdict.WRONG)
    if _is_equal(live["mac"], candidates[live["generation"]]):
        contact = contact_in(transaction, live)
        # A contact that left in the meantime kills the code that went to it.
        counts = may_carry(contact, transaction.now, confirms=live["confirms"])
        return _Compared(_Verdict.RIGHT, contact) if counts else _Compared(_Verdict.OLDER)
    if any(_is_equal(entry["mac"], candidates[entry["generation"]]) for entry in older):
        return _Compared(_Verdict.OLDER)
    return _Compared(_Verdict.KILLED if live["mac"] is None else _Verdict.WRONG)


def _is_equal(mac: bytes | None, candidate: bytes) -> bool:
    return mac is not None and hmac.compare_digest(mac, candidate)


def _miss(transaction: Transaction, row: Row, verdict: _Verdict, attempts_left: int) -> AttemptOutcome:
    """Write a guess that did not succeed, and exhaust the challenge with the last one."""
    ref = ref_of(row)
    is_older = verdict in {_Verdict.OLDER, _Verdict.KILLED}
    write_event(
        transaction,
        ref,
        EventType.CHALLENGE_ATTEMPTED,
        challenge_id=row["id"],
        attempts_left=attempts_left,
        compared=verdict is not _Verdict.WITHHELD,
        superseded=is_older,
    )
    if attempts_left == 0:
        end(transaction, row, ChallengeState.EXHAUSTED, "tries")
        alert(transaction, ref, NoticeKind.CHALLENGE_EXHAUSTED, action_id=row["action_id"], challenge_id=row["id"])
    # Only who holds an older code may learn from a concealed challenge that it ever had one (I17).
    if verdict is _Verdict.OLDER or (verdict is _Verdict.KILLED and not row["conceal"]):
        return Superseded(attempts_left=attempts_left)
    return Incorrect(attempts_left=attempts_left)


def _lock_if_spent(transaction: Transaction, row: Row, failures: Sequence[Charge], limits: Limits) -> None:
    """Write that this guess spent the lane, and tell the owner."""
    ref, lane = ref_of(row), Lane(row["lane"])
    lock_user(transaction, ref, lane_free_after(failures, Lane.OPEN, limits))
    free_at = lane_free_after(failures, lane, limits)
    if free_at is None:
        return
    write_event(transaction, ref, EventType.USER_LOCKED, lane=lane, challenge_id=row["id"], free_at=free_at)
    alert(transaction, ref, NoticeKind.BUDGET_EXHAUSTED, action_id=row["action_id"], challenge_id=row["id"])
