"""A served Watchword for each test that asks for one; it ends with the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.served import Served


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    server = Served(data=tmp_path / "data", environment={"WATCHWORD_LOG__LEVEL": "debug"})
    server.start()
    try:
        yield server
    finally:
        server.kill()
