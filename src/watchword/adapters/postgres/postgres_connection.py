"""Opens connections to PostgreSQL with what each of ours must have: limits on waiting, and a server that writes."""

import re
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
_UNKNOWN_OPTION: Final = re.compile(r'invalid URI query parameter: "(?P<name>[a-z_]{1,40})"', re.ASCII)
_OPTIONS: Final = (
    f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS}"
    f" -c idle_in_transaction_session_timeout={IDLE_TIMEOUT_MS}"
)


def connection_settings(url: str) -> Mapping[str, str]:
    """Return what libpq is told; whatever the URL says comes before what we would choose.

    Several hosts may stand in it, of which the one that writes is found. Raises as ``parts_of``.
    """
    told = {name: str(value) for name, value in parts_of(url).items()}
    options = f"{_OPTIONS} {told.get('options', '')}".strip()
    return {**_DEFAULTS, **told, "options": options, "client_encoding": "UTF8"}


def parts_of(url: str) -> Mapping[str, Any]:
    """Return what libpq reads in an address; raises ``ConfigurationError`` where it does not understand it."""
    try:
        parts = conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        unknown = _UNKNOWN_OPTION.search(str(error))
    else:
        if "@" in f"{parts.get('host')}{parts.get('dbname')}":
            # What was meant as a password ended too early: the rest of it would be shown as the host or the database.
            raise ConfigurationError(
                ("store.url: an @ stands behind the host; in a password / is written %2F, and @ %40",)
            )
        return parts
    # Outside, so that nothing refers to what libpq said: it quotes what it could not read, which can be a password.
    if unknown is not None and "password" not in url.partition("?")[2]:
        raise ConfigurationError((f"store.url: PostgreSQL knows no option {unknown['name']}",))
    raise ConfigurationError(("store.url is not an address of PostgreSQL",))


async def open_connection(settings: Mapping[str, str]) -> psycopg.AsyncConnection[Any]:
    """Return a new connection to the server that writes; raises what psycopg raises."""
    return await psycopg.AsyncConnection.connect(conninfo.make_conninfo("", **settings), autocommit=True)


async def open_pipeline(settings: Mapping[str, str]) -> Pipeline:
    """Return a new connection in pipeline mode; raises ``ConnectionLost`` where there is none to be had."""
    connection: psycopg.AsyncConnection[Any] | None = None
    try:
        connection = await open_connection(settings)
        return Pipeline(connection)
    except psycopg.OperationalError as error:
        if connection is not None:
            # Its server ended between the greeting and the first word.
            await connection.close()
        raise ConnectionLost(f"no connection: {error}") from error
