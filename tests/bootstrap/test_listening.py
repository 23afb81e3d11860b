"""Serving several applications together: they start or fail, and stop, as one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from watchword.bootstrap.listening import Farewell, Listener, open_socket, serve
from watchword.domain.errors import ConfigurationError


@asynccontextmanager
async def _sound(application: Starlette) -> AsyncIterator[None]:
    yield
    application.state.put_down = True


@asynccontextmanager
async def _broken(_: Starlette) -> AsyncIterator[None]:
    _fail()
    yield


def _fail() -> None:
    raise ValueError("the worker does not start")


async def _never() -> None:
    raise AssertionError("it was never ready")


@pytest.mark.parametrize("lifespans", [(_broken,), (_sound, _broken), (_broken, _sound)])
async def test_is_never_ready_where_an_application_does_not_start(lifespans: tuple[object, ...]) -> None:
    listeners = [
        Listener(socket=open_socket("127.0.0.1", 0), app=Starlette(lifespan=lifespan))  # type: ignore[arg-type]  # both kinds of lifespan are one type here
        for lifespan in lifespans
    ]
    with pytest.raises(ConfigurationError, match="could not start"):
        await serve(listeners, ready=_never)
    assert [listener.socket.fileno() for listener in listeners] == [-1] * len(listeners)


async def test_puts_down_what_had_started() -> None:
    sound, broken = Starlette(lifespan=_sound), Starlette(lifespan=_broken)
    listeners = [Listener(socket=open_socket("127.0.0.1", 0), app=app) for app in (sound, broken)]
    with pytest.raises(ConfigurationError):
        await serve(listeners, ready=_never)
    assert sound.state.put_down


async def _named(_: Request) -> Response:
    return PlainTextResponse("here")


@asynccontextmanager
async def _served(stopping: asyncio.Event, farewell: Farewell) -> AsyncIterator[tuple[str, int]]:
    opened = open_socket("127.0.0.1", 0)
    address: tuple[str, int] = opened.getsockname()
    ready = asyncio.Event()

    async def announce() -> None:
        ready.set()

    listener = Listener(socket=opened, app=Starlette(routes=[Route("/", _named)]), is_shared=True)
    serving = asyncio.create_task(serve([listener], ready=announce, stopping=stopping, farewell=farewell))
    await ready.wait()
    yield address
    await asyncio.wait_for(serving, timeout=30)


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n")
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), timeout=30)
    return head + await reader.readexactly(len("here"))


async def test_goes_on_listening_until_its_notice_is_over() -> None:
    stopping = asyncio.Event()
    async with _served(stopping, Farewell(notice_s=2)) as address:
        stopping.set()
        reader, writer = await asyncio.open_connection(*address)
        assert b"200 OK" in await _ask(reader, writer)
        writer.close()
        await writer.wait_closed()
    with pytest.raises(OSError):  # noqa: PT011 nobody listens any more, whatever the system says of it
        await asyncio.open_connection(*address)


async def test_an_idle_connection_is_told_that_it_ends_and_no_request_on_it_is_lost() -> None:
    stopping = asyncio.Event()
    async with _served(stopping, Farewell(lingering_s=30)) as address:
        reader, writer = await asyncio.open_connection(*address)
        assert b"connection: close" not in await _ask(reader, writer)
        stopping.set()
        for _ in range(10_000):
            if b"connection: close" in await _ask(reader, writer):
                break
        else:
            raise AssertionError("it was never told")
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
