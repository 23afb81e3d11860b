"""Upkeep: writes expiries that are due and forgets what is past its time."""

from watchword.adapters.rows.budget_rows import forget_old_charges
from watchword.adapters.rows.challenge_endings import expire_due
from watchword.adapters.rows.closure_rows import forget_old_guards
from watchword.adapters.rows.contact_rows import forget_left_contacts
from watchword.adapters.rows.device_rows import forget_revoked_devices
from watchword.adapters.rows.hearsay_rows import forget_old_words
from watchword.adapters.rows.kept_rows import forget_old_answers
from watchword.adapters.rows.lesson_rows import forget_contributions
from watchword.adapters.rows.outbox_rows import forget_old_messages
from watchword.adapters.rows.population_rows import prune_population
from watchword.adapters.rows.transaction import Transaction
from watchword.adapters.rows.user_rows import forget_tombstones
from watchword.adapters.rows.webhook_rows import forget_old_calls
from watchword.ports.store.values import Swept


def sweep(transaction: Transaction, limit: int) -> Swept:
    """Do at most ``limit`` of each kind of work, so that one sweep holds nobody up."""
    sealed = transaction.number(
        "SELECT count(*) FROM (SELECT 1 FROM challenges WHERE state = 'pending' AND expires_at > 0"
        " AND expires_at <= :now AND sealed_code IS NOT NULL ORDER BY expires_at LIMIT :limit) AS due",
        now=transaction.now,
        limit=limit,
    )
    expired = expire_due(transaction, limit)
    forgotten = sum(
        forget(transaction, limit)
        for forget in (
            forget_old_charges,
            forget_old_answers,
            forget_old_messages,
            forget_left_contacts,
            forget_revoked_devices,
            forget_tombstones,
            forget_contributions,
            forget_old_words,
            forget_old_guards,
            forget_old_calls,
            prune_population,
        )
    )
    return Swept(expired=expired, wiped=min(sealed, expired), forgotten=forgotten)
