"""Calls addresses that somebody else named, and reaches nothing by it that he could not reach himself.

A host is looked up, every address it has is checked (``domain.reach``), and the connection goes to exactly an address
that was checked, with the host in TLS and in ``Host``: there is no second look-up that could come to something else.
Redirects are answers like any other, no proxy and no sign-in is taken from the environment, and time and what is read
are bounded. Knows nothing of what is sent.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final

import httpcore2

from watchword.adapters.outward_names import NameLookup
from watchword.domain.reach import PUBLIC_PORTS, Reach, is_public, may_reach
from watchword.domain.web_target import Target, read_target

ANSWER_BYTES: Final = 65_536
"""How much of an answer is read; what comes after is not waited for."""
ADDRESSES_TRIED: Final = 4
CONNECT_S: Final = 5.0
"""For one address; then the next one is tried."""
_IDLE_CONNECTIONS: Final = 32
_IDLE_S: Final = 15.0


class Trouble(StrEnum):
    """Why there is no answer."""

    ADDRESS_REFUSED = "address_refused"
    """The address is malformed, or leads where it must not."""
    UNKNOWN_HOST = "unknown_host"
    NOT_CONNECTED = "not_connected"
    NOT_TRUSTED = "not_trusted"
    """No TLS, or a certificate that is not trusted or is for another host."""
    TIMED_OUT = "timed_out"
    BROKEN_OFF = "broken_off"
    """The connection ended before there was an answer."""
    NOT_HTTP = "not_http"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered; a redirect is an answer, and not followed."""

    status: int
    headers: Mapping[str, str]
    """By name in lower case; the last of several."""
    body: bytes
    """At most what was asked for, and less where the rest did not come in time."""
    is_whole: bool
    """Whether ``body`` is all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """Nothing was answered."""

    trouble: Trouble
    may_have_arrived: bool
    """Whether the request may have been read all the same."""


Dial = Callable[[str, int], Awaitable[httpcore2.AsyncNetworkStream]]
"""Opens a connection to an address in digits; raises what ``httpcore2`` raises."""
Lookup = Callable[[str], Awaitable[Sequence[IPv4Address | IPv6Address]]]
"""Returns every address of a host, and none for one that is not known."""


class OutwardClient:
    """Posts to addresses that others named; belongs to one event loop."""

    __slots__ = ("_dial", "_lookup", "_pools", "_tls")

    def __init__(
        self, *, tls: ssl.SSLContext | None = None, lookup: Lookup | None = None, dial: Dial | None = None
    ) -> None:
        """Trust what this machine trusts and ask its resolver, where ``tls`` and ``lookup`` say nothing else."""
        self._tls = tls
        self._lookup = NameLookup() if lookup is None else lookup
        self._dial = dial_digits if dial is None else dial
        self._pools: dict[tuple[Reach, bool], httpcore2.AsyncConnectionPool] = {}

    async def post(
        self,
        url: str,
        *,
        reach: Reach,
        headers: Mapping[str, str],
        body: bytes,
        timeout_s: float,
        answer_bytes: int = ANSWER_BYTES,
    ) -> Answer | Unanswered:
        """Post a body, and return what was answered within ``timeout_s`` in all, or why nothing was.

        In the clear (``http``) only an address that is not public is reached. An answer whose body breaks off, takes
        too long or is longer than ``answer_bytes`` is an answer; the headers that describe the body are not our words.
        """
        target = read_target(url)
        if target is None:
            return Unanswered(trouble=Trouble.ADDRESS_REFUSED, may_have_arrived=False)
        outgoing = _Outgoing(body)
        deadline = asyncio.get_running_loop().time() + timeout_s
        try:
            async with asyncio.timeout_at(deadline):
                pool = self._pool(reach, is_tls=target.scheme == "https")
                response = await pool.handle_async_request(_request(target, headers, outgoing))
        except _Refused as refused:
            return Unanswered(trouble=refused.trouble, may_have_arrived=False)
        except (TimeoutError, httpcore2.TimeoutException):
            return Unanswered(trouble=Trouble.TIMED_OUT, may_have_arrived=outgoing.was_begun)
        except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            return Unanswered(trouble=_trouble(error), may_have_arrived=outgoing.was_begun)
        return await _read_answer(response, deadline, answer_bytes)

    async def aclose(self) -> None:
        """Close the connections that are kept; the client can be used again."""
        for pool in self._pools.values():
            await pool.aclose()
        self._pools.clear()

    def _pool(self, reach: Reach, *, is_tls: bool) -> httpcore2.AsyncConnectionPool:
        pool = self._pools.get((reach, is_tls))
        if pool is None:
            if is_tls and self._tls is None:
                self._tls = httpcore2.default_ssl_context()
            pool = httpcore2.AsyncConnectionPool(
                ssl_context=self._tls,
                max_connections=None,  # whoever calls bounds it: one that hangs must not take the places of others
                max_keepalive_connections=_IDLE_CONNECTIONS,
                keepalive_expiry=_IDLE_S,
                network_backend=_CheckedNetwork(reach, is_tls=is_tls, lookup=self._lookup, dial=self._dial),
            )
            self._pools[reach, is_tls] = pool
        return pool


class _Refused(Exception):
    """A connection that is not to be made."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble)
        self.trouble = trouble


class _Outgoing:
    """The body of a request, which knows whether anybody began to send it."""

    __slots__ = ("body", "was_begun")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.was_begun = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.was_begun = True
        yield self.body


class _CheckedNetwork(httpcore2.AsyncNetworkBackend):
    """Connects to hosts all of whose addresses may be reached."""

    def __init__(self, reach: Reach, *, is_tls: bool, lookup: Lookup, dial: Dial) -> None:
        self._reach = reach
        self._is_tls = is_tls
        self._lookup = lookup
        self._dial = dial

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 the shape of the library's promise; the caller has a deadline
        local_address: str | None = None,  # noqa: ARG002 as above
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,  # noqa: ARG002 as above
    ) -> httpcore2.AsyncNetworkStream:
        """Look the host up once, and connect to the first of its addresses that answers."""
        addresses = await self._addresses(host)
        if not addresses:
            raise _Refused(Trouble.UNKNOWN_HOST)
        # One that is not allowed spoils all: nobody has a good reason to name a public and a private one.
        if not all(self._may_connect(address, port) for address in addresses):
            raise _Refused(Trouble.ADDRESS_REFUSED)
        failure: httpcore2.NetworkError | httpcore2.TimeoutException = httpcore2.ConnectError()
        for address in addresses[:ADDRESSES_TRIED]:
            try:
                return _Stream(await self._dial(str(address), port))
            except (httpcore2.NetworkError, httpcore2.TimeoutException) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,  # noqa: ARG002 the shape of the library's promise
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 as above
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,  # noqa: ARG002 as above
    ) -> httpcore2.AsyncNetworkStream:
        """Refuse: nothing outside is behind a file of this machine."""
        raise _Refused(Trouble.ADDRESS_REFUSED)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    async def _addresses(self, host: str) -> Sequence[IPv4Address | IPv6Address]:
        try:
            return (ip_address(host),)
        except ValueError:
            return await self._lookup(host)

    def _may_connect(self, address: IPv4Address | IPv6Address, port: int) -> bool:
        if not may_reach(address, self._reach):
            return False
        if not is_public(address):
            return True
        return self._is_tls and (port in PUBLIC_PORTS or self._reach is Reach.PRIVATE)


class _Stream(httpcore2.AsyncNetworkStream):
    """A connection that is closed whatever ends its TLS handshake: the library forgets it when time is up."""

    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 the library's shape
        """Read what is there."""
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 the library's shape
        """Write all of it."""
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """Close the connection."""
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 the library's shape
    ) -> httpcore2.AsyncNetworkStream:
        """Turn to TLS with a server that proves to be this host."""
        try:
            return await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:  # cancellation too: nobody else would close what is open already
            await self._stream.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 the library's shape
        """Return what is known of the connection."""
        return self._stream.get_extra_info(info)


async def dial_digits(address: str, port: int) -> httpcore2.AsyncNetworkStream:
    """Open a connection to an address in digits."""
    return await httpcore2.AnyIOBackend().connect_tcp(address, port, timeout=CONNECT_S)


def _request(target: Target, headers: Mapping[str, str], outgoing: _Outgoing) -> httpcore2.Request:
    return httpcore2.Request(
        "POST",
        httpcore2.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path),
        headers=[("host", target.authority), ("content-length", str(len(outgoing.body))), *headers.items()],
        content=outgoing,
    )


async def _read_answer(response: httpcore2.Response, deadline: float, answer_bytes: int) -> Answer:
    read = bytearray()
    is_whole = False
    try:
        async with asyncio.timeout_at(deadline), aclosing(response.aiter_stream()) as parts:
            async for part in parts:
                read += part
                if len(read) > answer_bytes:
                    break
            else:
                is_whole = True
    except (TimeoutError, httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError):
        is_whole = False
    finally:
        await response.aclose()
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
    return Answer(status=response.status, headers=headers, body=bytes(read[:answer_bytes]), is_whole=is_whole)


def _trouble(error: httpcore2.NetworkError | httpcore2.ProtocolError) -> Trouble:
    match error:
        case httpcore2.ConnectError() if error.args and isinstance(error.args[0], ssl.SSLError):
            return Trouble.NOT_TRUSTED
        case httpcore2.ConnectError():
            return Trouble.NOT_CONNECTED
        case httpcore2.RemoteProtocolError() if "disconnected" not in str(error):
            return Trouble.NOT_HTTP
        case _:
            return Trouble.BROKEN_OFF
