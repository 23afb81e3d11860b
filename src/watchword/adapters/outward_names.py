"""Looks hosts up without holding anybody else up."""

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

LOOKUPS_AT_ONCE: Final = 8
"""Hosts that are looked up at the same time; one whose name servers are silent takes one of these places."""


class NameLookup:
    """Asks this machine's resolver, in threads of its own: one that hangs must not take those of the store.

    Whoever asks for a host that is being looked up already shares the answer. Belongs to one event loop.
    """

    __slots__ = ("_running", "_threads")

    def __init__(self) -> None:
        self._threads: ThreadPoolExecutor | None = None
        self._running: dict[str, asyncio.Future[Sequence[IPv4Address | IPv6Address]]] = {}

    async def __call__(self, host: str) -> Sequence[IPv4Address | IPv6Address]:
        """Return every address of a host in the order of preference; none for one that is not known."""
        running = self._running.get(host)
        if running is None:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(LOOKUPS_AT_ONCE, thread_name_prefix="look-up")
            running = asyncio.get_running_loop().run_in_executor(self._threads, look_up, host)
            self._running[host] = running
            running.add_done_callback(lambda _: self._running.pop(host, None))
        return await asyncio.shield(running)


def look_up(host: str) -> Sequence[IPv4Address | IPv6Address]:
    """Ask this machine's resolver, and wait for it."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(ip_address(entry[4][0]) for entry in found))
