"""What the tests of the client share: the canned server and a client that asks it."""

from collections.abc import Iterator

import pytest

from tests.sdk.canned import CannedServer, canned_server
from watchword_client import Client


@pytest.fixture
def server() -> Iterator[CannedServer]:
    """Run a server that answers what the test tells it to."""
    with canned_server() as running:
        yield running


@pytest.fixture
def client(server: CannedServer) -> Iterator[Client]:
    """Return a client of that server."""
    with Client(base_url=server.url, secret_key="wk_test_secret") as opened:
        yield opened
