"""Writes of a connection that follow one another at once, sent together.

The server library writes the head of an answer and then its body, and uvloop hands each to the kernel as it comes: two
calls and two packets for every answer, 25 µs each on loopback, a twentieth of all that a request costs.
"""

from asyncio import AbstractEventLoop, BaseProtocol, Transport
from typing import Any

from typing_extensions import override


class JoinedWrites(Transport):
    """A transport whose first write waits for a second one, but not beyond this turn of the loop."""

    def __init__(self, transport: Transport, loop: AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._held = b""

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held + data)
        else:
            self._held = bytes(data)
            self._loop.call_soon(self._let_go)

    def _let_go(self) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held)

    @override
    def close(self) -> None:
        self._let_go()
        self._transport.close()

    @override
    def abort(self) -> None:
        self._held = b""
        self._transport.abort()

    @override
    def is_closing(self) -> bool:
        return self._transport.is_closing()

    @override
    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    @override
    def pause_reading(self) -> None:
        self._transport.pause_reading()

    @override
    def resume_reading(self) -> None:
        self._transport.resume_reading()

    @override
    def set_protocol(self, protocol: BaseProtocol) -> None:
        self._transport.set_protocol(protocol)
