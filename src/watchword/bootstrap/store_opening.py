"""Opens the store that the settings name: the one place that knows which databases there are."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Final, Protocol

from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.sqlite import schema
from watchword.adapters.sqlite.process_lock import ProcessLock
from watchword.adapters.sqlite.sqlite_store import open_sqlite_store
from watchword.adapters.system import SystemClock, SystemEntropy
from watchword.config.settings import Settings
from watchword.ports.keyring import Keyring
from watchword.ports.store.values import Lesson

ONE_WRITER: Final = (
    "SQLite has one writing process, and a second one would only wait for it: server.workers is 1 there;"
    " for more, name a PostgreSQL in store.url"
)


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


def is_for_many(settings: Settings) -> bool:  # noqa: ARG001 SQLite is the only store yet
    """Whether several processes may serve and work on this store at once."""
    return False


def sole_process(settings: Settings) -> AbstractContextManager[object]:
    """Return what a serving or working process holds while it runs: a lock where there can be one only.

    Entering it raises ``ConfigurationError`` where another process has it.
    """
    return ProcessLock(str(settings.store_path))


async def open_store(
    settings: Settings,
    keyring: Keyring,
    *,
    on_event: Callable[[str], None] = lambda _: None,
    on_lesson: Callable[[Lesson], None] = lambda _: None,
) -> RowStore:
    """Return the store of the settings, which is migrated; it belongs to the event loop that is running.

    Raises ``ConfigurationError`` for one that is not exactly of this version, ``StorageUnavailable`` for one that does
    not answer.
    """
    return open_sqlite_store(
        str(settings.store_path), SystemClock(), SystemEntropy(), keyring, on_event=on_event, on_lesson=on_lesson
    )


def is_there(settings: Settings) -> bool:
    """Whether there may be a store yet, for those who can do without one."""
    return settings.store_path.exists()


def migrate_store(settings: Settings) -> int:
    """Bring the store to the version of this program and return that version."""
    return schema.migrate(str(settings.store_path))
