"""Rows of servers of applications: since when one takes nothing, and whether it is told anything."""

from typing import Final

from watchword.adapters.rows.event_rows import write_event
from watchword.adapters.rows.transaction import Row, Transaction
from watchword.domain.event import NOBODY, EventType
from watchword.domain.user import UserRef
from watchword.domain.webhook import is_past_hope
from watchword.ports.webhooks import ClaimedMessage, EndpointKey

ASKED_TO_STOP: Final = "gone"
"""Why an endpoint is disabled that answered 410."""
KEPT_FAILING: Final = "failing"
"""Why an endpoint is disabled that has taken nothing for days."""


def note_taken(transaction: Transaction, key: EndpointKey) -> None:
    """Note that an endpoint has taken a call, so that its failures before count no more."""
    transaction.write(
        "UPDATE webhook_endpoints SET first_failed_at = NULL"
        " WHERE application_id = :application_id AND name = :name AND first_failed_at IS NOT NULL",
        **of_endpoint(key),
    )


def note_failing(transaction: Transaction, claimed: ClaimedMessage) -> bool:
    """Keep since when an endpoint has taken nothing, and disable it after days of that; return whether this did."""
    transaction.write(
        "UPDATE webhook_endpoints SET first_failed_at = :now"
        " WHERE application_id = :application_id AND name = :name AND first_failed_at IS NULL",
        **of_endpoint(claimed.to),
        now=transaction.now,
    )
    endpoint = find_endpoint(transaction, claimed.to)
    if endpoint is None or not is_past_hope(endpoint["first_failed_at"], claimed.failures + 1, transaction.now):
        return False
    return disable_endpoint(transaction, claimed.to, KEPT_FAILING)


def disable_endpoint(transaction: Transaction, key: EndpointKey, reason: str) -> bool:
    """Tell an endpoint nothing more, with one event; return whether it was told before."""
    found = transaction.run(
        "UPDATE webhook_endpoints SET disabled_at = :now, disabled_reason = :reason"
        " WHERE application_id = :application_id AND name = :name AND disabled_at IS NULL",
        **of_endpoint(key),
        now=transaction.now,
        reason=reason,
    )
    if found:
        write_event(transaction, about_nobody(key), EventType.WEBHOOK_DISABLED, endpoint=key.name, reason=reason)
    return bool(found)


def enable_endpoint(transaction: Transaction, key: EndpointKey) -> bool:
    """Go on from where an endpoint stopped, with one event; return whether it had stopped."""
    found = transaction.run(
        "UPDATE webhook_endpoints SET disabled_at = NULL, disabled_reason = NULL, first_failed_at = NULL"
        " WHERE application_id = :application_id AND name = :name AND disabled_at IS NOT NULL",
        **of_endpoint(key),
    )
    if found:
        write_event(transaction, about_nobody(key), EventType.WEBHOOK_ENABLED, endpoint=key.name)
    return bool(found)


def find_endpoint(transaction: Transaction, key: EndpointKey) -> Row | None:
    """Return the row of an endpoint."""
    return transaction.one(
        "SELECT * FROM webhook_endpoints WHERE application_id = :application_id AND name = :name",
        **of_endpoint(key),
    )


def of_endpoint(key: EndpointKey) -> dict[str, str]:
    """Return the values that name an endpoint in a statement."""
    return {"application_id": key.application_id, "name": key.name}


def about_nobody(key: EndpointKey) -> UserRef:
    """Return what an event of an endpoint is written for: its application, and no user."""
    return UserRef(application_id=key.application_id, key=NOBODY)
