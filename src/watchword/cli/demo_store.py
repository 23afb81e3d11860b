"""Opens the demo store beside a server for development; it is a customer of ours like any other."""

import logging
from typing import Final

from starlette.types import ASGIApp

from watchword.bootstrap.running import Ready
from watchword.demo.storefront import create_store

RELAXED: Final = (
    "This demo relaxes some limits so that you can play: 60 messages an hour and 200 a day to one address instead of 8 "
    "and 15, 100 challenges an hour instead of 10, and waits of 2 minutes instead of 72 hours for new contacts and "
    "after a reset. The number of wrong codes is not relaxed."
)


def open_store(ready: Ready) -> ASGIApp:
    """Return the store for the addresses and the key of a server that is about to be ready."""
    if ready.store is None:
        raise ValueError("the store is made once its address is known")
    # Whatever the store asks, the server writes down by itself; its phone asks every few seconds.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    return create_store(
        api_url=ready.api,
        secret_key=ready.secret_key.reveal(),
        base_url=ready.store,
        data_dir=ready.data,
        inbox_url=ready.inbox,
        settings_note=RELAXED,
    )
