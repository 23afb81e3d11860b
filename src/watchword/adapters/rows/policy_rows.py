"""Rows of policies as they were applied: none is ever changed or deleted, and the newest decides."""

from collections.abc import Sequence

from watchword.adapters.rows.event_rows import write_event
from watchword.adapters.rows.transaction import Row, Transaction
from watchword.domain.event import NOBODY, EventType
from watchword.domain.ids import ApplicationId
from watchword.domain.instant import Instant
from watchword.domain.user import UserRef
from watchword.ports.store.values import AppliedPolicy


def apply_policy(
    transaction: Transaction, application_id: ApplicationId, version: str, text: str, applied_by: str, why: str
) -> AppliedPolicy:
    """Note a policy as the one that decides from now on."""
    transaction.write(
        "INSERT INTO policies (application_id, version, text, applied_at, applied_by, why)"
        " VALUES (:application_id, :version, :text, :now, :applied_by, :why)",
        application_id=application_id,
        version=version,
        text=text,
        now=transaction.now,
        applied_by=applied_by,
        why=why,
    )
    nobody = UserRef(application_id=application_id, key=NOBODY)
    write_event(transaction, nobody, EventType.POLICY_APPLIED, version=version)
    return AppliedPolicy(
        application_id=application_id,
        version=version,
        text=text,
        applied_at=transaction.now,
        applied_by=applied_by,
        why=why,
    )


def list_policies(transaction: Transaction, application_id: ApplicationId, limit: int) -> Sequence[AppliedPolicy]:
    """Return the policies of an application, the one that decides first."""
    rows = transaction.all(
        "SELECT * FROM policies WHERE application_id = :application_id ORDER BY number DESC LIMIT :limit",
        application_id=application_id,
        limit=limit,
    )
    return [_read_policy(row) for row in rows]


def _read_policy(row: Row) -> AppliedPolicy:
    return AppliedPolicy(
        application_id=ApplicationId(row["application_id"]),
        version=row["version"],
        text=row["text"],
        applied_at=Instant(row["applied_at"]),
        applied_by=row["applied_by"],
        why=row["why"],
    )
