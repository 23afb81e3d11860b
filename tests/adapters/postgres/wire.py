"""A wire to a server that can be cut: what goes over it is passed on, held back, or lost, as a test wants it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_CHUNK_BYTES = 65_536


@dataclass(slots=True)
class Wire:
    """Passes bytes on between the runner and the server, until it is told to lose them."""

    port: int = 0
    loses_questions: bool = False
    """Whether what the runner says is lost from now on."""
    loses_answers: bool = False
    """Whether what the server says is lost from now on."""
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    """Set as soon as something was lost."""
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    def cut(self) -> None:
        """End every connection that goes over it, and lose nothing on those that come."""
        self.loses_questions = self.loses_answers = False
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    async def join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server_port: int) -> None:
        """Carry one connection."""
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", server_port)
        self._writers += [writer, server_writer]
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass_on(reader, server_writer, from_server=False))
                both.create_task(self._pass_on(server_reader, writer, from_server=True))
        finally:
            writer.close()
            server_writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, from_server: bool) -> None:
        try:
            while said := await reader.read(_CHUNK_BYTES):
                if self.loses_answers if from_server else self.loses_questions:
                    self.heard.set()
                    continue
                writer.write(said)
                await writer.drain()
        except ConnectionError:
            # One end is gone; the other one is told below.
            pass
        finally:
            writer.close()


@asynccontextmanager
async def wire_to(server_port: int) -> AsyncIterator[Wire]:
    """Give a wire to the server on a port of this machine."""
    wire = Wire()
    joined: set[asyncio.Task[None]] = set()

    def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        joined.add(asyncio.get_running_loop().create_task(wire.join(reader, writer, server_port)))

    listening = await asyncio.start_server(join, "127.0.0.1", 0)
    wire.port = listening.sockets[0].getsockname()[1]
    yield wire
    listening.close()
    wire.cut()
    for task in joined:
        task.cancel()
    await asyncio.gather(*joined, return_exceptions=True)
