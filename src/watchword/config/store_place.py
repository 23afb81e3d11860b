"""Reads where the store is: a SQLite file, or a database on one or several PostgreSQL servers."""

from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

from msgspec import to_builtins

from watchword.config.config_problems import Problems
from watchword.config.secret_source import read_secret
from watchword.config.settings import PostgresAccess
from watchword.config.store_shape import StoreTable
from watchword.domain.secret import Secret

_SQLITE: Final = "sqlite:///"
_POSTGRES: Final = ("postgresql://", "postgres://")


def read_file_place(table: StoreTable, folder: Path, problems: Problems) -> Path:
    """Return the SQLite file of the store, where it is one."""
    is_file = table.url.startswith(_SQLITE) and table.url != _SQLITE
    if not is_file and not table.url.startswith(_POSTGRES):
        problems.add(
            ("store", "url"),
            "must be sqlite:/// and a path, such as sqlite:///watchword.sqlite3, or postgresql:// and a host",
        )
    return folder / table.url.removeprefix(_SQLITE) if is_file else folder


def read_postgres(table: StoreTable, folder: Path, problems: Problems) -> PostgresAccess | None:
    """Return how the PostgreSQL of the store is reached; None where it is a SQLite file."""
    password = read_secret("password", to_builtins(table), ("store",), folder, problems)
    if not table.url.startswith(_POSTGRES):
        if password is not None:
            problems.add(("store", "url"), "a SQLite file has no password; this is for postgresql://")
        return None
    named = _password_in(table.url, problems)
    if named and problems.origin_of(("store", "url")) is None:
        problems.add(
            ("store", "url"),
            "a password does not belong in this file: set WATCHWORD_STORE__PASSWORD, or name a password_file",
        )
    if named and password is not None:
        problems.add(("store", "url"), "there is a password already; give one of the two")
    return PostgresAccess(conninfo=_with_password(table.url, password), connections=table.connections)


def _password_in(url: str, problems: Problems) -> bool:
    """Return whether an address names a password, and say what else is wrong with it."""
    try:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError:
        problems.add(("store", "url"), "cannot be read as an address: postgresql://user@host:5432/database")
        return False
    if len(parts.path) < len("/x"):
        problems.add(("store", "url"), "names no database: postgresql://user@host:5432/database")
    user, _, _ = parts.netloc.rpartition("@")
    return ":" in user or "password" in query


def _with_password(url: str, password: Secret | None) -> Secret:
    if password is None:
        return Secret(url)
    return Secret(f"{url}{'&' if '?' in url else '?'}password={quote(password.reveal(), safe='')}")
