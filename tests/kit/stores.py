"""Opens a store of either kind by its place: the path of a file, or the address of a PostgreSQL database."""

from collections.abc import Callable

from watchword.adapters.postgres.postgres_runner import Terms
from watchword.adapters.postgres.postgres_store import open_postgres_store
from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.sqlite.sqlite_store import open_sqlite_store
from watchword.domain.instant import END_OF_TIME, Instant
from watchword.ports.clock import Clock, Entropy
from watchword.ports.keyring import Keyring
from watchword.ports.store.values import Lesson


async def open_store_at(
    place: str,
    clock: Clock,
    entropy: Entropy,
    keyring: Keyring,
    *,
    on_event: Callable[[str], None] = lambda _: None,
    on_lesson: Callable[[Lesson], None] = lambda _: None,
    latest: Callable[[], Instant] = lambda: END_OF_TIME,
) -> RowStore:
    """Return the store at a migrated place; whoever opens one closes it.

    The time of a store on PostgreSQL is that of its database, whatever ``clock`` says: see ``PostgresClock``. No time
    after ``latest`` is believed.
    """
    if not place.startswith("postgresql:"):
        return open_sqlite_store(place, clock, entropy, keyring, on_event=on_event, on_lesson=on_lesson, latest=latest)
    terms = Terms(latest=latest)
    return await open_postgres_store(place, entropy, keyring, on_event=on_event, on_lesson=on_lesson, terms=terms)
