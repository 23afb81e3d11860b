"""One connection of a server: how large a request's head may be, how long it may take to arrive, and how it ends.

The server library bounds neither, so that anybody could fill the memory with one endless header, or keep every
connection busy with requests that never end (Slowloris).
"""

from asyncio import AbstractEventLoop, TimerHandle, Transport
from typing import Any, ClassVar, Final

from typing_extensions import override
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from watchword.bootstrap.joined_writes import JoinedWrites

LARGEST_HEAD: Final = 64 * 1024
"""Bytes of request line and headers that are read in vain; all of ours, cookies included, are a few thousand."""
_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"  # RFC 6585 §5
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class BoundedConnection(HttpToolsProtocol):
    """A connection that ends where the head of a request is too large, or the request too slow."""

    slowest_s: ClassVar[float] = 30.0
    """Seconds from the first byte of a request (for the first one: from the connection) to its last."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._is_in_head = True
        self._head_bytes = 0
        self._has_completed = False
        self._deadline: TimerHandle | None = None
        self._is_leaving = False

    def leave(self) -> None:
        """Say with the next answer that the connection ends; nothing is closed that a request may be on its way to."""
        self._is_leaving = True
        if self.cycle is not None:
            self.cycle.keep_alive = False

    @override
    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as the library has it
        super().connection_made(JoinedWrites(transport, self.loop))
        self._begin()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        self._has_completed = False
        super().data_received(data)
        if not self._is_in_head:
            return
        # Where another request ends in the same piece, how much of it belongs to this head is not worth knowing.
        self._head_bytes = 0 if self._has_completed else self._head_bytes + len(data)
        if self._head_bytes > LARGEST_HEAD and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    @override
    def on_message_begin(self) -> None:
        self._begin()
        super().on_message_begin()

    @override
    def on_headers_complete(self) -> None:
        self._is_in_head = False
        super().on_headers_complete()
        if self._is_leaving:
            self.leave()

    @override
    def on_message_complete(self) -> None:
        self._end()
        self._is_in_head, self._head_bytes, self._has_completed = True, 0, True
        super().on_message_complete()

    def _begin(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.slowest_s, self._give_up)

    def _end(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        self.transport.abort()
