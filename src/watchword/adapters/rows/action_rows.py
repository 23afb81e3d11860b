"""Rows of actions with their assessments: what they say is sealed, what the rules count is in the clear."""

from decimal import Decimal
from typing import Final

from watchword.adapters.rows.contribution_rows import Contributed, insert_contribution
from watchword.adapters.rows.event_rows import write_event
from watchword.adapters.rows.packed_text import pack, unpack
from watchword.adapters.rows.sealed_text import read_action, read_assessment, write_action, write_assessment
from watchword.adapters.rows.transaction import Row, Transaction, ref_of
from watchword.domain.action import PURCHASE, Action, Assessment, Decision, Label
from watchword.domain.errors import StorageUnavailable
from watchword.domain.event import EventType
from watchword.domain.instant import Instant
from watchword.domain.user import UserRef
from watchword.ports.store.values import Decided, Opening
from watchword.risk.memory import Contribution

_TABLE: Final = "actions"
_ACTION: Final = "action"
_ASSESSMENT: Final = "assessment"
BOUGHT: Final = f"type = '{PURCHASE}' AND decision = '{Decision.ALLOW.value}'"
"""Literal words, because the index of these rows is found by them and not by values that are bound."""


def insert_action(
    transaction: Transaction,
    told: Decided | Opening,
    *,
    contribution: Contribution | None,
    contributed: Contributed = Contributed.WAITING,
    retry_at: Instant | None = None,
) -> UserRef:
    """Store an action with its assessment, what it teaches, and their events; return whose it is."""
    action, assessment = told.action, told.assessment
    ref = UserRef(application_id=action.application_id, key=action.user_key)
    number = transaction.number(
        "INSERT INTO actions (application_id, user_key, id, type, decision, lane, country, device_id, sealed_action,"
        " sealed_assessment, created_at, retry_at)"
        " VALUES (:application_id, :user_key, :id, :type, :decision, :lane, :country, :device_id, :sealed_action,"
        " :sealed_assessment, :now, :retry_at) RETURNING number",
        application_id=ref.application_id,
        user_key=ref.key,
        id=action.id,
        type=action.type,
        decision=assessment.decision,
        lane=told.lane,
        country=told.country,
        device_id=told.device_id,
        sealed_action=transaction.seal(ref, _TABLE, action.id, _ACTION, write_action(action)),
        sealed_assessment=transaction.seal_bytes(
            ref, _TABLE, action.id, _ASSESSMENT, pack(write_assessment(assessment))
        ),
        now=transaction.now,
        retry_at=retry_at,
    )
    if contribution is not None:
        insert_contribution(transaction, ref, number, contribution, contributed)
    write_event(
        transaction,
        ref,
        EventType.ACTION_DECIDED,
        action_id=action.id,
        type=action.type,
        decision=assessment.decision,
        lane=told.lane,
        policy_version=assessment.policy_version,
    )
    for rule in assessment.failed_rules:
        write_event(transaction, ref, EventType.RULE_FAILED, action_id=action.id, rule=rule)
    return ref


def find_action_row(transaction: Transaction, ref: UserRef, action_id: str) -> Row | None:
    """Return the row of an action of this user, unless he was erased since."""
    return transaction.one(
        "SELECT * FROM actions WHERE id = :id AND application_id = :application_id AND user_key = :user_key"
        " AND sealed_action IS NOT NULL",
        id=action_id,
        application_id=ref.application_id,
        user_key=ref.key,
    )


def find_action(transaction: Transaction, ref: UserRef, action_id: str) -> Action | None:
    """Return an action of this user, unless he was erased since."""
    row = find_action_row(transaction, ref, action_id)
    return None if row is None else open_action(transaction, row)


def open_action(transaction: Transaction, row: Row) -> Action:
    """Return what a row says was to be done."""
    return open_sealed_action(
        transaction, ref_of(row), row["id"], row["type"], Instant(row["created_at"]), row["sealed_action"]
    )


def open_action_of(transaction: Transaction, challenge_row: Row) -> Action:
    """Return what the action of a challenge says, from the challenge's row."""
    row = challenge_row
    return open_sealed_action(
        transaction, ref_of(row), row["action_id"], row["type"], Instant(row["action_created_at"]), row["sealed_action"]
    )


def open_sealed_action(
    transaction: Transaction, ref: UserRef, action_id: str, action_type: str, created_at: Instant, sealed: bytes
) -> Action:
    """Return what was to be done, from the columns of its row that say so."""
    text = transaction.open(ref, _TABLE, action_id, _ACTION, sealed)
    return read_action(text, ref, action_id, action_type, created_at)


def open_assessment(transaction: Transaction, row: Row) -> Assessment:
    """Return how an action was assessed."""
    packed = transaction.open_bytes(ref_of(row), _TABLE, row["id"], _ASSESSMENT, row["sealed_assessment"])
    try:
        text = unpack(packed)
    except ValueError as error:
        raise StorageUnavailable("an assessment was written by a newer release") from error
    return read_assessment(text, Decision(row["decision"]))


def action_rows(
    transaction: Transaction, ref: UserRef, limit: int, before: str | None, asked_since: Instant | None
) -> list[Row]:
    """Return the user's actions, newest first, older than ``before``; maybe only those asked about since then."""
    return transaction.all(
        "SELECT * FROM actions WHERE application_id = :application_id AND user_key = :user_key"
        " AND sealed_action IS NOT NULL AND (CAST(:before AS TEXT) IS NULL OR number < (SELECT number FROM actions"
        " WHERE id = :before AND application_id = :application_id AND user_key = :user_key))"
        " AND (CAST(:asked_since AS BIGINT) IS NULL OR (created_at >= :asked_since AND (decision = :deny OR EXISTS"
        " (SELECT 1 FROM challenges WHERE challenges.application_id = :application_id"
        " AND challenges.user_key = :user_key AND challenges.action_id = actions.id))))"
        " ORDER BY number DESC LIMIT :limit",
        application_id=ref.application_id,
        user_key=ref.key,
        before=before,
        asked_since=asked_since,
        deny=Decision.DENY,
        limit=limit,
    )


def sum_bought(
    transaction: Transaction, ref: UserRef, *, since: Instant, after_number: int, currency: str | None
) -> Decimal:
    """Return the sum of the purchases in one currency that were allowed without proof."""
    if currency is None:
        return Decimal(0)
    rows = transaction.all(
        "SELECT * FROM actions WHERE application_id = :application_id AND user_key = :user_key AND number > :after"  # noqa: S608 our own words, values bound
        f" AND {BOUGHT} AND created_at > :since AND sealed_action IS NOT NULL",
        application_id=ref.application_id,
        user_key=ref.key,
        after=after_number,
        since=since,
    )
    amounts = [open_action(transaction, row).amount for row in rows]
    return sum((one.value for one in amounts if one is not None and one.currency == currency), Decimal(0))


def label(transaction: Transaction, ref: UserRef, action_id: str, word: Label) -> None:
    """Note what the application says an action was."""
    transaction.write(
        "UPDATE actions SET label = :label"
        " WHERE id = :id AND application_id = :application_id AND user_key = :user_key",
        label=word,
        id=action_id,
        application_id=ref.application_id,
        user_key=ref.key,
    )
    write_event(transaction, ref, EventType.ACTION_LABELLED, action_id=action_id, label=word)


def mark_action_disputed(transaction: Transaction, ref: UserRef, action_id: str) -> bool:
    """Note that the owner says it wasn't him; return whether he says so for the first time."""
    changed = transaction.run(
        "UPDATE actions SET disputed_at = :now WHERE id = :id AND application_id = :application_id"
        " AND user_key = :user_key AND disputed_at IS NULL",
        now=transaction.now,
        id=action_id,
        application_id=ref.application_id,
        user_key=ref.key,
    )
    if changed:
        write_event(transaction, ref, EventType.ACTION_DISPUTED, action_id=action_id)
    return bool(changed)


def forget_words(transaction: Transaction, ref: UserRef) -> None:
    """Forget what the user's actions said and where they came from; that they were stays."""
    transaction.write(
        "UPDATE actions SET sealed_action = NULL, sealed_assessment = NULL, country = NULL, device_id = NULL"
        " WHERE application_id = :application_id AND user_key = :user_key",
        application_id=ref.application_id,
        user_key=ref.key,
    )
