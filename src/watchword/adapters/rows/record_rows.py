"""Reads actions and challenges with everything that became of them, and writes those that need no proof."""

from collections.abc import Sequence

from watchword.adapters.rows.action_rows import (
    action_rows,
    find_action_row,
    insert_action,
    label,
    open_action,
    open_assessment,
)
from watchword.adapters.rows.challenge_reading import read_challenge
from watchword.adapters.rows.challenge_rows import challenge_row_of_action, find_challenge_row
from watchword.adapters.rows.contribution_rows import Contributed
from watchword.adapters.rows.device_rows import find_device
from watchword.adapters.rows.grant_rows import grant_of_action, insert_grant, live_grant_of_action
from watchword.adapters.rows.kept_rows import insert_kept, keep_outcome
from watchword.adapters.rows.lesson_rows import clear_action, report_action, teach_allowed
from watchword.adapters.rows.memory_rows import FoundMemory
from watchword.adapters.rows.profile_rows import recall
from watchword.adapters.rows.transaction import Row, Transaction, ref_of
from watchword.adapters.rows.user_rows import Seen, find_seen, note_place, require_user
from watchword.domain.action import Decision, Label
from watchword.domain.challenge import ChallengeState
from watchword.domain.ids import ChallengeId
from watchword.domain.instant import Instant
from watchword.domain.user import UserRef
from watchword.ports.store.deciding import Judge, ProfileQuery, Told
from watchword.ports.store.values import ActionRecord, AlreadyKept, ChallengeResult, Decided, Keep


def decide(transaction: Transaction, query: ProfileQuery, judge: Judge[Told]) -> Told:
    """Read what is known of a user, ask ``judge``, and write what he decides."""
    recalled = recall(transaction, query)
    judgement = judge(recalled.known)
    decided = judgement.decided
    transaction.only_asked = decided is None and query.presented is None
    if decided is None:
        return judgement.told
    seen = recalled.seen
    if decided.device_id is not None and (query.presented is None or decided.device_id != query.presented.device_id):
        seen = find_seen(transaction, query.ref, decided.device_id)
    _write_decision(transaction, decided, seen, recalled.memory)
    if judgement.kept is not None and not insert_kept(transaction, judgement.kept):
        raise AlreadyKept
    return judgement.told


def record_decision(transaction: Transaction, decided: Decided, keep: Keep[None] | None) -> None:
    """Write an action that is allowed or denied."""
    owner = UserRef(application_id=decided.action.application_id, key=decided.action.user_key)
    if decided.registered:
        require_user(transaction, owner)
    _write_decision(transaction, decided, find_seen(transaction, owner, decided.device_id), None)
    keep_outcome(transaction, keep, None)


def _write_decision(transaction: Transaction, decided: Decided, seen: Seen | None, memory: FoundMemory | None) -> None:
    if decided.assessment.decision is Decision.CHALLENGE:
        raise ValueError("an action that is challenged is written with its challenge")
    owner = UserRef(application_id=decided.action.application_id, key=decided.action.user_key)
    is_allow = decided.assessment.decision is Decision.ALLOW
    if is_allow:
        note_place(transaction, owner, seen, decided.country, decided.action.id)
    contribution = decided.contribution if is_allow and seen is not None else None
    teaches = seen is not None and contribution is not None and not seen.by_reported_device
    ref = insert_action(
        transaction,
        decided,
        contribution=contribution,
        contributed=Contributed.PROVISIONAL if teaches else Contributed.WAITING,
        retry_at=decided.retry_at,
    )
    if seen is not None and contribution is not None and teaches:
        teach_allowed(transaction, ref, contribution, seen.registered_at, memory)
    if is_allow and decided.grant is not None:
        insert_grant(transaction, ref, decided.grant)


def label_action(transaction: Transaction, ref: UserRef, action_id: str, word: Label, keep: Keep[None] | None) -> bool:
    """Note what the application says an action was; return whether there is such an action."""
    row = find_action_row(transaction, ref, action_id)
    if row is None:
        return False
    label(transaction, ref, action_id, word)
    if row["label"] != word:
        report_action(transaction, ref, row) if word is Label.FRAUD else clear_action(transaction, ref, row)
    keep_outcome(transaction, keep, None)
    return True


def find_record(transaction: Transaction, ref: UserRef, action_id: str) -> ActionRecord | None:
    """Return one action of this user."""
    row = find_action_row(transaction, ref, action_id)
    return None if row is None else _read_record(transaction, row)


def list_records(
    transaction: Transaction, ref: UserRef, limit: int, before: str | None, asked_since: Instant | None
) -> Sequence[ActionRecord]:
    """Return the user's actions, newest first."""
    return [_read_record(transaction, row) for row in action_rows(transaction, ref, limit, before, asked_since)]


def find_result(transaction: Transaction, challenge_id: ChallengeId) -> ChallengeResult | None:
    """Return a challenge with what its approval earned, as long as that can be handed out."""
    row = find_challenge_row(transaction, challenge_id)
    challenge = None if row is None else read_challenge(transaction, row)
    if row is None or challenge is None:
        return None
    ref = ref_of(row)
    is_approved = challenge.state is ChallengeState.APPROVED
    return ChallengeResult(
        challenge=challenge,
        grant=live_grant_of_action(transaction, ref, row["action_id"]) if is_approved else None,
        device=find_device(transaction, ref, row["device_id"]) if is_approved else None,
    )


def _read_record(transaction: Transaction, row: Row) -> ActionRecord:
    ref = ref_of(row)
    challenge_row = challenge_row_of_action(transaction, ref, row["id"])
    challenge = None if challenge_row is None else read_challenge(transaction, challenge_row)
    word = row["label"]
    return ActionRecord(
        action=open_action(transaction, row),
        assessment=open_assessment(transaction, row),
        decision=Decision(row["decision"]),
        challenge=challenge,
        grant=grant_of_action(transaction, ref, row["id"]),
        device=find_device(transaction, ref, row["device_id"] if challenge is None else challenge.device_id),
        label=None if word is None else Label(word),
        disputed_at=row["disputed_at"],
        retry_at=row["retry_at"],
    )
