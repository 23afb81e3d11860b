"""Opens the store that the settings name: the one place that knows which databases there are.

What is needed for PostgreSQL is imported where it is used: with a file nobody needs its driver, which takes 9 MB.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import structlog

from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.sqlite import schema
from watchword.adapters.sqlite.process_lock import ProcessLock
from watchword.adapters.sqlite.recorded_rows import RecordedRows
from watchword.adapters.sqlite.sqlite_store import open_sqlite_store
from watchword.adapters.system import SystemClock, SystemEntropy, SystemHorizon, elapsed_ms
from watchword.config.settings import PostgresAccess, Settings
from watchword.ports.keyring import Keyring
from watchword.ports.store.values import Lesson

_log = structlog.get_logger(__name__)

if TYPE_CHECKING:
    from watchword.adapters.postgres.postgres_records import PostgresRecords


class RecordsPlace(Protocol):
    """What has to be known to find recorded actions."""

    @property
    def store_path(self) -> Path:
        """The SQLite file, unless there is a PostgreSQL."""
        ...

    @property
    def postgres(self) -> PostgresAccess | None:
        """How the PostgreSQL is reached."""
        ...


class OpenStore(Protocol):
    """How a house comes to its store; benchmarks bring one of their own."""

    def __call__(
        self,
        settings: Settings,
        keyring: Keyring,
        *,
        on_event: Callable[[str], None] = ...,
        on_lesson: Callable[[Lesson], None] = ...,
    ) -> Awaitable[RowStore]:
        """Return the store; whoever opens it closes it."""
        ...


def is_for_many(settings: Settings) -> bool:
    """Whether several processes may serve and work on this store at once."""
    return settings.postgres is not None


def sole_process(settings: Settings) -> AbstractContextManager[object]:
    """Return what a serving or working process holds while it runs: a lock where there can be one only.

    Entering it raises ``ConfigurationError`` where another process has it.
    """
    return nullcontext() if is_for_many(settings) else ProcessLock(str(settings.store_path))


async def open_store(
    settings: Settings,
    keyring: Keyring,
    *,
    on_event: Callable[[str], None] = lambda _: None,
    on_lesson: Callable[[Lesson], None] = lambda _: None,
) -> RowStore:
    """Return the store of the settings, which is migrated; it belongs to the event loop that is running.

    Raises ``ConfigurationError`` for one that this version cannot work on, ``StorageUnavailable`` for one that does not
    answer.
    """
    horizon = SystemHorizon(SystemClock(), elapsed_ms)
    if settings.postgres is not None:
        from watchword.adapters.postgres.postgres_runner import Terms  # noqa: PLC0415 see above
        from watchword.adapters.postgres.postgres_store import open_postgres_store  # noqa: PLC0415 see above

        return await open_postgres_store(
            settings.postgres.conninfo.reveal(),
            SystemEntropy(),
            keyring,
            on_event=on_event,
            on_lesson=on_lesson,
            terms=Terms(
                connections=settings.postgres.connections,
                latest=horizon.latest,
                elapsed_ms=elapsed_ms,
                on_outage=_tell_of_outage,
            ),
        )
    return open_sqlite_store(
        str(settings.store_path),
        SystemClock(),
        SystemEntropy(),
        keyring,
        on_event=on_event,
        on_lesson=on_lesson,
        on_loss=_tell_of_loss,
        latest=horizon.latest,
    )


def _tell_of_outage(reason: str | None) -> None:
    """Write to the log that the database is away, or back; a command has no log, and says itself what failed."""
    if not structlog.is_configured():
        return
    if reason is None:
        _log.warning("store.back")
    else:
        _log.error("store.away", reason=reason)


def _tell_of_loss(reason: str) -> None:
    """Write to the log that the disk did not take what was answered before; nothing was shown or sent because of it."""
    if structlog.is_configured():
        _log.error("store.lost", reason=reason)


def open_records(settings: RecordsPlace, keyring: Keyring, application_id: str) -> "RecordedRows | PostgresRecords":
    """Return the recorded actions of an application; whoever opens them closes them, and no event loop runs.

    Raises ``ConfigurationError`` where there are none yet, or of another release.
    """
    if settings.postgres is not None:
        from watchword.adapters.postgres.postgres_records import PostgresRecords  # noqa: PLC0415 see above

        return PostgresRecords(settings.postgres.conninfo.reveal(), keyring, application_id)
    return RecordedRows(str(settings.store_path), keyring, application_id)


def is_there(settings: Settings) -> bool:
    """Whether there may be a store yet, for those who can do without one."""
    return is_for_many(settings) or settings.store_path.exists()


def migrate_store(settings: Settings) -> int:
    """Bring the store to the version of this program and return that version."""
    if settings.postgres is not None:
        from watchword.adapters.postgres import postgres_schema  # noqa: PLC0415 see above

        return postgres_schema.migrate(settings.postgres.conninfo.reveal())
    return schema.migrate(str(settings.store_path))
