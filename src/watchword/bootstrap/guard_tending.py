"""What an operator does about guards from the command line: one short transaction each, beside a running server."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from watchword.adapters.rows.guard_store import RowGuardStore
from watchword.adapters.rows.row_store import RowStore
from watchword.bootstrap.key_source import open_keys
from watchword.bootstrap.upkeep import with_store
from watchword.config.settings import Settings
from watchword.domain.application import Application
from watchword.domain.closures import Closure
from watchword.domain.errors import ConfigurationError
from watchword.domain.guards import Guard, Guards, is_country
from watchword.domain.instant import Instant
from watchword.ports.guarding import Spent

_INTERNATIONAL: Final = "+"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardAccount:
    """What guards of an application have closed, and what it has spent."""

    guards: Guards
    now: Instant
    closures: Sequence[Closure]
    """What is closed now and was within a week, the newest first."""
    spent: Sequence[Spent]
    """Today, the dearest country first."""


def account_of_guards(settings: Settings, application: Application) -> GuardAccount:
    """Return what the guards of an application have closed, and what it has spent."""
    keys = open_keys(settings.keys, create=False)

    async def read(store: RowStore) -> GuardAccount:
        guard_store = RowGuardStore(store.runner)
        return GuardAccount(
            guards=application.guards,
            now=await store.now(),
            closures=await guard_store.closures(application.id),
            spent=await guard_store.spent(application.id),
        )

    return with_store(settings, keys, read)


def release_guard(settings: Settings, application: Application, place: str, reason: str) -> int:
    """Open a range of numbers, or let a country cost its cap once more today; return how many closures that were.

    Raises ``ConfigurationError`` for what is neither.
    """
    keys = open_keys(settings.keys, create=False)
    guard = Guard.PREFIX if place.startswith(_INTERNATIONAL) else Guard.SPENDING
    if guard is Guard.SPENDING and not is_country(place):
        raise ConfigurationError(
            (f"{place} is neither a range of numbers such as +491701234 nor a country such as DE",)
        )
    cap = application.guards.cap(place) if guard is Guard.SPENDING else 0
    return with_store(
        settings,
        keys,
        lambda store: RowGuardStore(store.runner).release(application.id, guard, place, reason=reason, cap=cap),
    )
