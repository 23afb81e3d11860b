"""The store on PostgreSQL: any number of equal processes work on one database."""

from collections.abc import Callable

from watchword.adapters.postgres.postgres_connection import connection_settings, open_connection
from watchword.adapters.postgres.postgres_runner import USUAL_TERMS, PostgresRunner, Terms
from watchword.adapters.postgres.postgres_schema import explained, place_of, require_fit, require_time
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
    terms: Terms = USUAL_TERMS,
) -> RowStore:
    """Return the store in a migrated database; it belongs to one event loop. The time is the database's.

    ``on_event`` is told of each event of the audit log that this store wrote, after its commit, and ``on_lesson`` of
    what was learned; they must not fail. Raises ``ConfigurationError`` for a database that cannot be reached, whose
    schema this release does not know, or that says it is later than it can be.
    """
    settings = connection_settings(url)
    with explained(place_of(url)):
        connection = await open_connection(settings)
        async with connection:
            await require_fit(connection, url)
            await require_time(connection, url, terms.latest())
    runner = PostgresRunner(
        settings,
        entropy,
        keyring,
        on_event=on_event,
        on_lesson=on_lesson,
        terms=terms,
    )
    return RowStore(runner)
