"""Listens on an address and serves ASGI applications on it, together and until told to stop."""

import asyncio
import errno
import signal
import socket
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from watchword.bootstrap.connection import BoundedConnection
from watchword.domain.errors import ConfigurationError

_STOPPING: Final = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """An open socket and what is served on it."""

    socket: socket.socket
    app: ASGIApp


class Stopping:
    """Says once that the process stops."""

    __slots__ = ("_is_set",)

    def __init__(self) -> None:
        self._is_set = False

    def set(self) -> None:
        """Take note of the order."""
        self._is_set = True

    def is_set(self) -> bool:
        """Whether the order came."""
        return self._is_set


def open_socket(host: str, port: int, *, chosen_with: str = "server.port") -> socket.socket:
    """Return a listening socket; port 0 takes a free one.

    ``chosen_with`` names the option or setting of the port, for the refusal.

    Raises ``ConfigurationError`` where the port is taken or the address is not of this machine.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        opened = socket.socket(family, socket.SOCK_STREAM)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
        opened.listen(2_048)
    except OSError as error:
        raise ConfigurationError((_why_not(host, port, chosen_with, error),)) from error
    opened.setblocking(False)
    return opened


def address_of(opened: socket.socket) -> str:
    """Return the http address of a listening socket."""
    host, port = opened.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(listeners: Sequence[Listener], *, ready: Callable[[], Awaitable[None]]) -> None:
    """Serve until SIGINT or SIGTERM, and let requests that are running finish.

    ``ready`` is called once every listener answers. Raises ``ConfigurationError`` where an application does not start.
    Whatever the caller has to put down comes after the return.
    """
    servers = [_Server(_settings_for(listener.app)) for listener in listeners]
    tasks = [asyncio.create_task(_run(server, listener)) for server, listener in zip(servers, listeners, strict=True)]
    announcing = asyncio.create_task(_announce(servers, tasks, ready))
    try:
        with _stopped_by_signals(servers):
            await asyncio.gather(*tasks)
    finally:
        announcing.cancel()
        # Where one of them failed, the others are told to stop as they would be by a signal.
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*tasks, return_exceptions=True)
        for listener in listeners:
            listener.socket.close()


class _Server(uvicorn.Server):
    """A server that leaves the signals to ``serve``; its own way would raise them again before anything is put down."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def _run(server: uvicorn.Server, listener: Listener) -> None:
    try:
        await server.serve(sockets=[listener.socket])
    except SystemExit:
        # uvicorn's way to say that the lifespan of the application failed; the log has said what it was.
        raise ConfigurationError(("the service could not start; its log says why",)) from None


@contextmanager
def _stopped_by_signals(servers: Sequence[uvicorn.Server]) -> Generator[None, None, None]:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for server in servers:
            # A second signal drops nothing: terminals and supervisors often send two for one wish.
            server.should_exit = True

    for number in _STOPPING:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in _STOPPING:
            loop.remove_signal_handler(number)


def _settings_for(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=BoundedConnection,
        ws="none",
        lifespan="on",
        access_log=False,  # our own holds route templates, never paths with tokens
        log_config=None,
        log_level="warning",  # that it starts and stops is said once, by whoever runs it
        server_header=False,
        proxy_headers=False,  # the client's address is read by web/client_address, from trusted proxies only
        timeout_graceful_shutdown=15,
    )


async def _announce(
    servers: Sequence[uvicorn.Server], tasks: Sequence[asyncio.Task[None]], ready: Callable[[], Awaitable[None]]
) -> None:
    while not all(server.started for server in servers):
        if any(task.done() for task in tasks):
            return
        await asyncio.sleep(0.01)
    await ready()


def _why_not(host: str, port: int, chosen_with: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        choice = f"choose another with {chosen_with} (0 takes any)"
        return f"port {port} on {host} is taken: stop what listens there, or {choice}"
    if error.errno == errno.EACCES:
        return f"port {port} on {host} needs rights that this user lacks: choose one above 1023 with {chosen_with}"
    return f"cannot listen on {host} port {port}: {error.strerror or error}"
