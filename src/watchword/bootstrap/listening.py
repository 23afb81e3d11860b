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
from typing_extensions import override

from watchword.bootstrap.connection import BoundedConnection
from watchword.bootstrap.door import Door
from watchword.domain.errors import ConfigurationError

LINGERING_S: Final = 3.0
"""How long a process that others stand in for leaves idle connections open while it stops: whoever is just sending a
request gets its answer, with the word that the connection ends. Clients under load come back within that time."""
_LOOKING_S: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Farewell:
    """How a server stops once it was told to."""

    notice_s: float = 0.0
    """How long it goes on listening after SIGTERM while ``/readyz`` says no, so that a load balancer looks elsewhere
    first. SIGINT is somebody at a terminal, who is not kept waiting."""
    lingering_s: float = 0.0
    """How long idle connections may be used for one more request after it has ceased to listen."""


AT_ONCE: Final = Farewell()
"""Where nobody stands in: what is not being answered is closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """An open socket and what is served on it."""

    socket: socket.socket
    app: ASGIApp
    is_shared: bool = False
    """Whether other processes take connections from it too."""


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


async def serve(
    listeners: Sequence[Listener],
    *,
    ready: Callable[[], Awaitable[None]],
    stopping: asyncio.Event | None = None,
    farewell: Farewell = AT_ONCE,
) -> None:
    """Serve until SIGINT, SIGTERM or ``stopping``, and let requests that are running finish.

    ``ready`` is called once every listener answers. ``stopping`` is set when the order comes, whoever gave it. Raises
    ``ConfigurationError`` where an application does not start. Whatever the caller has to put down comes after the
    return.
    """
    ordered = asyncio.Event() if stopping is None else stopping
    servers = [_Server(listener, farewell.lingering_s) for listener in listeners]
    tasks = [asyncio.create_task(_run(server)) for server in servers]
    announcing = asyncio.create_task(_announce(servers, tasks, ready))
    ending = asyncio.create_task(_end_when(ordered, servers, farewell.notice_s))
    try:
        with _stopped_by_signals(ordered, servers):
            await asyncio.gather(*tasks)
    finally:
        announcing.cancel()
        ending.cancel()
        # Where one of them failed, the others are told to stop as they would be by a signal.
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*tasks, return_exceptions=True)
        for listener in listeners:
            listener.socket.close()


class _Server(uvicorn.Server):
    """A server that leaves the signals to ``serve``; its own way would raise them again before anything is put down."""

    def __init__(self, listener: Listener, lingering_s: float) -> None:
        super().__init__(_settings_for(listener.app))
        self.own_sockets = [] if listener.is_shared else [listener.socket]
        self._shared = listener.socket if listener.is_shared else None
        self._lingering_s = lingering_s
        self._door: Door | None = None

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._shared is not None:
            self._door = Door(self._shared, self._admit, lambda: len(self.server_state.connections))
            self._door.open()

    def _admit(self) -> BoundedConnection:
        return BoundedConnection(self.config, self.server_state, self.lifespan.state)

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Cease to listen and let idle connections linger; the library's own way would close them at once."""
        if self._door is not None and self._shared is not None:
            self._door.close()
            self._shared.close()
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            if isinstance(connection, BoundedConnection):
                connection.leave()
        for _ in range(round(self._lingering_s / _LOOKING_S)):
            if not self.server_state.connections:
                break
            await asyncio.sleep(_LOOKING_S)
        await super().shutdown(sockets)


async def _run(server: _Server) -> None:
    try:
        await server.serve(sockets=server.own_sockets)
    except SystemExit:
        # uvicorn's way to say that the lifespan of the application failed; the log has said what it was.
        raise ConfigurationError(("the service could not start; its log says why",)) from None


@contextmanager
def _stopped_by_signals(ordered: asyncio.Event, servers: Sequence[uvicorn.Server]) -> Generator[None, None, None]:
    loop = asyncio.get_running_loop()

    def interrupt() -> None:
        ordered.set()
        _end(servers)

    # A second signal drops nothing: terminals and supervisors often send two for one wish.
    handlers = {signal.SIGINT: interrupt, **dict.fromkeys(orders_to_stop(), ordered.set)}
    for number, handler in handlers.items():
        loop.add_signal_handler(number, handler)
    try:
        yield
    finally:
        for number in handlers:
            loop.remove_signal_handler(number)


def orders_to_stop() -> tuple[signal.Signals, ...]:
    """Return the signals that tell a process to stop in order; a terminal that goes is one, but not under ``nohup``."""
    hangs_up = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
    return (signal.SIGTERM, signal.SIGHUP) if hangs_up else (signal.SIGTERM,)


async def _end_when(ordered: asyncio.Event, servers: Sequence[uvicorn.Server], notice_s: float) -> None:
    await ordered.wait()
    await asyncio.sleep(notice_s)
    _end(servers)


def _end(servers: Sequence[uvicorn.Server]) -> None:
    for server in servers:
        server.should_exit = True


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
