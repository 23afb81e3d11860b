"""Opens connections to PostgreSQL with what each of ours must have: limits on waiting, and a server that writes."""

from collections.abc import Mapping
from typing import Any, Final

import psycopg
from psycopg import conninfo

from watchword.adapters.postgres.pipeline import ConnectionLost, Pipeline
from watchword.domain.errors import ConfigurationError

STATEMENT_TIMEOUT_MS: Final = 5_000
"""A statement that takes longer has met a fault: the longest of ours takes a few milliseconds."""
LOCK_TIMEOUT_MS: Final = 2_000
"""Others hold a lock for one short transaction."""
IDLE_TIMEOUT_MS: Final = 10_000
"""After this a process that stopped in the middle of a transaction has lost its locks."""
_DEFAULTS: Final[Mapping[str, str]] = {
    "application_name": "watchword",
    "connect_timeout": "3",
    "target_session_attrs": "read-write",
    # A host that is gone says nothing: this notices within about ten seconds.
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
_OPTIONS: Final = (
    f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS}"
    f" -c idle_in_transaction_session_timeout={IDLE_TIMEOUT_MS}"
)


def connection_settings(url: str) -> Mapping[str, str]:
    """Return what libpq is told; whatever the URL says comes before what we would choose.

    Several hosts may stand in it, of which the one that writes is found. Raises ``ConfigurationError`` for a URL that
    libpq does not understand.
    """
    try:
        told = {name: str(value) for name, value in conninfo.conninfo_to_dict(url).items()}
    except psycopg.ProgrammingError as error:
        # libpq quotes what it could not read, which can be a password.
        raise ConfigurationError(("store.url is not an address of PostgreSQL",)) from error
    options = f"{_OPTIONS} {told.get('options', '')}".strip()
    return {**_DEFAULTS, **told, "options": options, "client_encoding": "UTF8"}


async def open_connection(settings: Mapping[str, str]) -> psycopg.AsyncConnection[Any]:
    """Return a new connection to the server that writes; raises what psycopg raises."""
    return await psycopg.AsyncConnection.connect(conninfo.make_conninfo("", **settings), autocommit=True)


async def open_pipeline(settings: Mapping[str, str]) -> Pipeline:
    """Return a new connection in pipeline mode; raises ``ConnectionLost`` where there is none to be had."""
    try:
        return Pipeline(await open_connection(settings))
    except psycopg.OperationalError as error:
        raise ConnectionLost(f"no connection: {error}") from error
