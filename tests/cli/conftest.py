"""Gives one server for development to all tests that only need one to be there."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.processes import Running, running
from watchword_client import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Dev:
    """A server that runs, its folder, and a client for it."""

    server: Running
    data: Path
    client: Client

    @property
    def api(self) -> str:
        return str(self.server.ready["api"])

    @property
    def key(self) -> str:
        return str(self.server.ready["secret_key"])

    @property
    def inbox(self) -> str:
        return str(self.server.ready["inbox"])


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """Gives a running ``watchword dev``."""
    folder = tmp_path_factory.mktemp("dev")
    with running("dev", "--port", "0", "--data", str(folder / "data"), cwd=folder) as server:
        client = Client(base_url=server.ready["api"], secret_key=server.ready["secret_key"], timeout_s=30)
        with client:
            yield Dev(server=server, data=folder / "data", client=client)
