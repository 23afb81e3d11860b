"""Reads where the challenge budgets of an application stand, from what all its processes have written."""

from collections.abc import Sequence

from watchword.bootstrap.key_source import open_keys
from watchword.bootstrap.upkeep import with_store
from watchword.config.settings import DeclaredApplication, Settings
from watchword.domain.action import ALWAYS_CHALLENGED, BUILT_IN_TYPES
from watchword.ports.store import Store
from watchword.risk.challenge_budget import BudgetState, state_of
from watchword.risk.counts import Counts


def read_budgets(settings: Settings, declared: DeclaredApplication) -> Sequence[BudgetState]:
    """Return where each action type stands that the score may have challenged; the last seconds may be missing."""
    application = declared.application
    types = [one for one in (*BUILT_IN_TYPES, *application.action_types) if one not in ALWAYS_CHALLENGED]

    async def read(store: Store) -> Sequence[BudgetState]:
        counts = Counts()
        counts.absorb(await store.population(application.id))
        now = await store.now()
        return [state_of(counts, application, action_type, now) for action_type in types]

    return with_store(settings, open_keys(settings.keys, create=False), read)
