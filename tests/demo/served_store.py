"""The store on a free port of loopback, for tests that need a real browser in front of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Final

import uvicorn

from tests.demo.stand_in import StandIn
from watchword.demo import create_store

ANY_PORT: Final = 0


@contextmanager
def serving_store(watchword: StandIn, data: Path) -> Iterator[str]:
    """Serve the store with a stand-in behind it; give its address."""
    config = uvicorn.Config(_refused, host="127.0.0.1", port=ANY_PORT, log_config=None, log_level="error", ws="none")
    listener = config.bind_socket()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config.app = create_store(
        api_url=watchword.url,
        secret_key="wk_test_secret",
        base_url=url,
        data_dir=data,
        inbox_url=None,
        settings_note="The limits of this demo are relaxed.",
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield url
    finally:
        server.should_exit = True
        thread.join()


async def _refused(_scope: object, _receive: object, _send: object) -> None:
    """Stand where the store will be once its address is known."""
