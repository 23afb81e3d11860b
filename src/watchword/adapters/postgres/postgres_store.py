"""The store on PostgreSQL: any number of equal processes work on one database."""

from collections.abc import Callable

from watchword.adapters.postgres.postgres_connection import connection_settings, open_connection
from watchword.adapters.postgres.postgres_runner import ANSWER_LIMIT_S, CONNECTIONS, PATIENCE_S, PostgresRunner
from watchword.adapters.postgres.postgres_schema import explained, place_of, require_fit
from watchword.adapters.rows.row_store import RowStore
from watchword.ports.clock import Entropy
from watchword.ports.keyring import Keyring
from watchword.ports.store.values import Lesson


async def open_postgres_store(
    url: str,
    entropy: Entropy,
    keyring: Keyring,
    *,
    on_event: Callable[[str], None] = lambda _: None,
    on_lesson: Callable[[Lesson], None] = lambda _: None,
    connections: int = CONNECTIONS,
    patience_s: float = PATIENCE_S,
    answer_limit_s: float = ANSWER_LIMIT_S,
) -> RowStore:
    """Return the store in a migrated database; it belongs to one event loop. The time is the database's.

    ``on_event`` is told of each event of the audit log that this store wrote, after its commit, and ``on_lesson`` of
    what was learned; they must not fail. ``connections`` are held open, at least two. A caller waits ``patience_s`` for
    a database that does not take his operation; a server that is silent for ``answer_limit_s`` is taken for gone.
    Raises ``ConfigurationError`` for a database that cannot be reached, or whose schema this release does not know.
    """
    settings = connection_settings(url)
    with explained(place_of(url)):
        connection = await open_connection(settings)
        async with connection:
            await require_fit(connection, url)
    runner = PostgresRunner(
        settings,
        entropy,
        keyring,
        on_event=on_event,
        on_lesson=on_lesson,
        connections=connections,
        patience_s=patience_s,
        answer_limit_s=answer_limit_s,
    )
    return RowStore(runner)
