"""Asks a service for breached passwords without telling it the password (k-anonymity); nothing does unless given one.

What is sent are the first five of the forty digits of the SHA-1; the answer holds the rest of all hashes that begin so.
Where it fails, the answer is ``NotChecked``, never an error: what that means for a sign-up, the application chooses.
"""

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import anyio
import httpx2

from watchword_client.passwords.breached import hash_of
from watchword_client.passwords.hash_list import RANGE_LINE
from watchword_client.passwords.verdicts import Breached, LookupAnswer, NotChecked, NotSeen
from watchword_client.version import VERSION

PUBLIC_SERVICE = "https://api.pwnedpasswords.com"
"""Pwned Passwords, which needs no key; a mirror that answers ``/range/<five digits>`` alike will do."""
TIMEOUT_S = 2.0
"""The default for one look-up in all: a customer waits for it."""
_ANSWER_BYTES = 1024 * 1024
"""Padded answers have about 1,000 lines of 40 bytes; this leaves room for the list to grow twentyfold."""
_PREFIX_DIGITS = 5
_FOUND = 200
_HEADERS: Mapping[str, str] = {
    "user-agent": f"watchword-client-python/{VERSION}",
    # Makes all answers about as long as each other, so that their length does not tell which one it was.
    "add-padding": "true",
    # Nothing to unpack, so nothing that unpacks to more than was sent.
    "accept-encoding": "identity",
}


class RangeLookup:
    """Looks passwords up at a service; for code that waits. Safe to share between threads."""

    def __init__(
        self,
        *,
        base_url: str = PUBLIC_SERVICE,
        timeout_s: float = TIMEOUT_S,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._base_url = _checked(base_url, timeout_s)
        self._timeout_s = timeout_s
        self._http = httpx2.Client(transport=transport, trust_env=False, follow_redirects=False, headers=_HEADERS)

    def look_up(self, password: str) -> LookupAnswer:
        """Say whether a normalised password is known to the service; raises nothing."""
        wanted = hash_of(password)
        deadline_s = time.monotonic() + self._timeout_s
        body = bytearray()
        try:
            with self._http.stream("GET", _address(self._base_url, wanted), timeout=self._timeout_s) as response:
                for chunk in response.iter_raw():
                    body += chunk
                    # A server that drips would keep each single read within its time-out for ever.
                    if len(body) > _ANSWER_BYTES or time.monotonic() > deadline_s:
                        return NotChecked(reason="no_answer")
        except httpx2.HTTPError:
            return NotChecked(reason="no_answer")
        return _read(response.status_code, bytes(body), wanted)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncRangeLookup:
    """Looks passwords up at a service; for asyncio and Trio."""

    def __init__(
        self,
        *,
        base_url: str = PUBLIC_SERVICE,
        timeout_s: float = TIMEOUT_S,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._base_url = _checked(base_url, timeout_s)
        self._timeout_s = timeout_s
        self._http = httpx2.AsyncClient(transport=transport, trust_env=False, follow_redirects=False, headers=_HEADERS)

    async def look_up(self, password: str) -> LookupAnswer:
        """Say whether a normalised password is known to the service; raises nothing."""
        wanted = hash_of(password)
        body = bytearray()
        try:
            with anyio.fail_after(self._timeout_s):
                async with self._http.stream("GET", _address(self._base_url, wanted), timeout=None) as response:
                    async for chunk in response.aiter_raw():
                        body += chunk
                        if len(body) > _ANSWER_BYTES:
                            return NotChecked(reason="no_answer")
        except (httpx2.HTTPError, TimeoutError):
            return NotChecked(reason="no_answer")
        return _read(response.status_code, bytes(body), wanted)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _checked(base_url: str, timeout_s: float) -> str:
    parts = urlsplit(base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("base_url is an http or https address without query, such as https://api.pwnedpasswords.com")
    if not timeout_s > 0:
        raise ValueError("timeout_s is above zero")
    return base_url.rstrip("/")


def _address(base_url: str, wanted: bytes) -> str:
    return f"{base_url}/range/{wanted[:_PREFIX_DIGITS].decode()}"


def _read(status: int, body: bytes, wanted: bytes) -> LookupAnswer:
    if status != _FOUND:
        return NotChecked(reason="no_answer")
    lines = [RANGE_LINE.fullmatch(line) for line in body.splitlines()]
    # Every range has lines, so an empty answer is as wrong as a page of a proxy.
    if not lines:
        return NotChecked(reason="unreadable_answer")
    times = 0
    for line in lines:
        if line is None:
            return NotChecked(reason="unreadable_answer")
        if line[1].upper() == wanted[_PREFIX_DIGITS:]:
            times = int(line[2])  # 0 in a line that is only padding
    return Breached(times=times) if times else NotSeen()
