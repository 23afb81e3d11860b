"""A served Watchword for each test that asks for one, or a database for several; they end with the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.mail_server import Postbox, serve
from tests.process.estate import Estate
from tests.process.served import Served


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    server = Served(data=tmp_path / "data", environment={"WATCHWORD_LOG__LEVEL": "debug"})
    server.start()
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture
def estate(tmp_path: Path, postgres_database: str) -> Iterator[Estate]:
    """Gives a migrated PostgreSQL with keys and a postbox, for as many machines as a test starts."""
    postbox = Postbox()
    mail = serve(postbox)
    estate = Estate(folder=tmp_path, url=postgres_database, postbox=postbox, mail_port=mail.port).furnish()
    try:
        yield estate
    finally:
        estate.close()
        mail.stop()
