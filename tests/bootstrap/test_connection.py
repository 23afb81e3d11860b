"""What one caller can take of a server: no endless head, and no request that never ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from watchword.bootstrap.connection import LARGEST_HEAD, BoundedConnection
from watchword.bootstrap.listening import Listener, open_socket, serve

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _length(request: Request) -> Response:
    return PlainTextResponse(f"{len(await request.body())} bytes")


@asynccontextmanager
async def _connection() -> AsyncIterator[Streams]:
    listener = Listener(
        socket=open_socket("127.0.0.1", 0), app=Starlette(routes=[Route("/", _length, methods=["POST"])])
    )
    ready = asyncio.Event()

    async def announce() -> None:
        ready.set()

    host, port = listener.socket.getsockname()
    serving = asyncio.create_task(serve([listener], ready=announce))
    await ready.wait()
    reader, writer = await asyncio.open_connection(host, port)
    try:
        yield reader, writer
    finally:
        writer.close()
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


async def _answer(streams: Streams, *pieces: bytes) -> bytes:
    """Send, and give what comes back until the other side closes the connection."""
    reader, writer = streams
    async with asyncio.timeout(10):  # so that a server without bounds fails the test, and does not hang it
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        return await reader.read()


@pytest.mark.parametrize("line", [b"x-long: ", b"x: y\r\n"], ids=["one endless header", "headers without end"])
async def test_a_head_without_end_is_refused(line: bytes) -> None:
    async with _connection() as streams:
        endless = line * (LARGEST_HEAD // len(line) + 1)
        answer = await _answer(streams, b"POST / HTTP/1.1\r\nhost: here\r\n", endless)
    assert answer.startswith(b"HTTP/1.1 431 ")


async def test_an_endless_address_is_refused() -> None:
    async with _connection() as streams:
        answer = await _answer(streams, b"POST /" + b"a" * LARGEST_HEAD)
    assert answer.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "begun",
    [b"", b"POST / HTTP/1.1\r\nhost: ", b"POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 9\r\n\r\n{"],
    ids=["nothing", "a head", "a body"],
)
async def test_a_request_that_does_not_end_ends_the_connection(begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoundedConnection, "slowest_s", 0.05)
    async with _connection() as streams:
        assert await _answer(streams, begun) == b""


async def test_requests_of_a_usual_size_share_one_connection() -> None:
    one = b"POST / HTTP/1.1\r\nhost: here\r\ncookie: " + b"c" * 4_000 + b"\r\ncontent-length: %d\r\n%s\r\n%s"
    large = b"b" * 2 * LARGEST_HEAD
    async with _connection() as streams:
        last = one % (len(large), b"connection: close\r\n", large)
        answer = await _answer(streams, *[one % (3, b"", b"abc")] * 30, last)
    assert answer.count(b"3 bytes") == 30
    assert answer.endswith(b"131072 bytes")
