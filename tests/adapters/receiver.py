"""A receiver on loopback, byte by byte, so that it can answer as badly as anybody on the internet does."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

LOOPBACK = "127.0.0.1"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    start: str
    headers: dict[str, str]
    body: bytes


Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""Answers one request, or does whatever else it likes with the connection."""


def answering(text: bytes) -> Behaviour:
    """Give a behaviour that writes one text as the answer."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()

    return answer


def status(code: int, more: bytes = b"") -> Behaviour:
    """Give a behaviour that answers with a status and no body."""
    return answering(b"HTTP/1.1 %d Word\r\ncontent-length: 0\r\n%s\r\n" % (code, more))


async def hang(_: asyncio.StreamWriter) -> None:
    """Say nothing for as long as the connection lives."""
    await asyncio.Event().wait()


async def drop(writer: asyncio.StreamWriter) -> None:
    """End the connection without a word."""
    writer.close()


@dataclass
class Receiver:
    """What listens, with everything it was sent."""

    port: int = 0
    behaviour: Behaviour = field(default_factory=lambda: answering(OK))
    received: list[Received] = field(default_factory=list)
    connections: int = 0

    def url(self, path: str = "/hook", *, scheme: str = "http", host: str = LOOPBACK) -> str:
        """Give an address of this receiver."""
        return f"{scheme}://{host}:{self.port}{path}"


@asynccontextmanager
async def listening(behaviour: Behaviour | None = None, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """Listen on a free port of loopback until the block ends."""
    receiver = Receiver()
    if behaviour is not None:
        receiver.behaviour = behaviour
    at_work: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        at_work.add(task)
        receiver.connections += 1
        try:
            while (one := await _read(reader)) is not None:
                receiver.received.append(one)
                await receiver.behaviour(writer)
                if writer.is_closing():
                    return
        except (ConnectionError, asyncio.CancelledError):
            return
        finally:
            at_work.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, LOOPBACK, 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in at_work:
            task.cancel()
        await asyncio.gather(*at_work, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Received | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
    except asyncio.IncompleteReadError:
        return None
    start, *lines = head.rstrip("\r\n").split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    return Received(start, headers, await reader.readexactly(int(headers.get("content-length", "0"))))
