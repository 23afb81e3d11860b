"""The store's own SQLite file: opens it, knows its tables, and runs one transaction at a time.

It is used on the event loop alone, so that whatever stands between two awaits is one step for everybody.
"""

import hashlib
import hmac
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

FILE_NAME: Final = "shop.sqlite3"
_KEY_BYTES: Final = 32
_OWNER_ONLY: Final = 0o600

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS customers (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    postal_address TEXT NOT NULL,
    language TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS addresses (
    customer_id TEXT NOT NULL REFERENCES customers (id),
    channel_type TEXT NOT NULL,
    address TEXT NOT NULL,
    contact_id TEXT,
    confirmed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (customer_id, channel_type, address)
) STRICT;
CREATE TABLE IF NOT EXISTS hints (
    customer_id TEXT NOT NULL REFERENCES customers (id),
    code TEXT NOT NULL,
    contact_id TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS visits (
    id TEXT PRIMARY KEY,
    customer_id TEXT REFERENCES customers (id),
    place TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS intentions (
    state TEXT PRIMARY KEY,
    visit_id TEXT NOT NULL,
    customer_id TEXT,
    kind TEXT NOT NULL,
    bound TEXT NOT NULL,
    wish TEXT NOT NULL,
    step TEXT NOT NULL,
    challenge_id TEXT,
    challenge_url TEXT,
    reference TEXT,
    form_key TEXT UNIQUE,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS baskets (
    visit_id TEXT NOT NULL,
    product TEXT NOT NULL,
    pieces INTEGER NOT NULL,
    form_key TEXT NOT NULL,
    touched_at INTEGER NOT NULL,
    PRIMARY KEY (visit_id, product)
) STRICT;
CREATE TABLE IF NOT EXISTS deliveries (
    visit_id TEXT PRIMARY KEY,
    address TEXT NOT NULL,
    chosen_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY,
    customer_id TEXT NOT NULL REFERENCES customers (id),
    amount TEXT NOT NULL,
    currency TEXT NOT NULL,
    assurance TEXT NOT NULL,
    reference TEXT,
    delivered_to TEXT NOT NULL,
    placed_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS order_lines (
    order_id TEXT NOT NULL REFERENCES orders (id),
    product TEXT NOT NULL,
    title TEXT NOT NULL,
    pieces INTEGER NOT NULL,
    price TEXT NOT NULL
) STRICT;
"""


class Ledger:
    """One connection to the store's file, and the key that the store signs its own things with."""

    def __init__(self, data_dir: Path) -> None:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = data_dir / FILE_NAME
        path.touch(mode=_OWNER_ONLY)
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.executescript(_TABLES)
        self._key = bytes.fromhex(self._kept_setting("key", secrets.token_hex(_KEY_BYTES)))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def rows(self, statement: str, **values: object) -> list[sqlite3.Row]:
        """Return the rows of a question, or of a single statement that answers with what it wrote."""
        return self._connection.execute(statement, values).fetchall()

    def row(self, statement: str, **values: object) -> sqlite3.Row | None:
        """Return the first row, or ``None``."""
        found = self.rows(statement, **values)
        return found[0] if found else None

    def write(self, statement: str, **values: object) -> int:
        """Run one statement and return how many rows it changed."""
        return self._connection.execute(statement, values).rowcount

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Let all that is written inside happen together or not at all; nothing inside may await."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:  # cancellation too: whatever it is takes everything back and goes on its way
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def sign(self, purpose: str, text: str) -> str:
        """Return a keyed digest: the same for the same text, and nothing that anybody else could make."""
        return hmac.new(self._key, f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()

    def _kept_setting(self, name: str, first: str) -> str:
        self.write("INSERT OR IGNORE INTO settings VALUES (:name, :value)", name=name, value=first)
        return str(self.rows("SELECT value FROM settings WHERE name = :name", name=name)[0]["value"])


def now() -> datetime:
    """Return the present time in UTC, the store's one clock."""
    return datetime.now(UTC)  # noqa: TID251 - the store stands outside Watchword and has its own clock


def now_s() -> int:
    """Return the present time in seconds since 1970."""
    return int(now().timestamp())
