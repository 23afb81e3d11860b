"""A message centre on loopback that speaks SMPP 3.4 and does as it is told, and a line to it that can be cut."""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count

import smpp34

from tests.adapters.mail_server import LOOPBACK, free_port

TAG_PAYLOAD = 0x0424


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """One short message as the centre got it."""

    message_id: str
    source: str
    destination: str
    body: bytes
    data_coding: int
    esm_class: int
    wants_receipt: bool
    payload: bytes | None


def receipt_text(message_id: str, state: str, error: str = "000") -> bytes:
    """Give the text of a receipt in the form of SMPP 3.4 appendix B."""
    done = "001" if state == "DELIVRD" else "000"
    dates = "submit date:2611221200 done date:2611221201"
    return f"id:{message_id} sub:001 dlvrd:{done} {dates} stat:{state} err:{error} text:012345 is you".encode()


@dataclass
class MessageCentre:
    """Takes what is handed in, or refuses it, and reports what it is told to report."""

    port: int = field(default_factory=free_port)
    messages: list[Submitted] = field(default_factory=list)
    answers: deque[int | None] = field(default_factory=deque)
    """What the next messages are answered: a status, 0 to take it, None never to answer; afterwards all are taken."""
    states: tuple[str, ...] = ()
    """What is reported of each message whose receipt is asked for, in this order."""
    reports_first: bool = False
    """Whether the receipts go out before the message is answered."""
    bound: list[str] = field(default_factory=list)
    name_of: Callable[[int], str] = "m{}".format
    """How the centre names its messages."""
    _kept: list[object] = field(default_factory=list)
    _sessions: dict[str, smpp34.Esme] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    happened: asyncio.Event = field(default_factory=asyncio.Event)

    async def report(self, text: bytes, *, esm_class: int = 0x04) -> None:
        """Send a ``deliver_sm`` over the session that bound last, which takes it."""
        is_taken = await self._deliver(text, esm_class)
        assert is_taken

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds that only a session, a message or its end can change."""
        async with asyncio.timeout(10):
            while not holds():
                await self.happened.wait()
                self.happened.clear()

    async def serve(self, server: smpp34.Server) -> None:
        """Do as told until cancelled."""
        while True:
            event = await server.next()
            if isinstance(event, smpp34.Esme):
                self._sessions[event.session_id] = event
                self.bound.append(event.system_id)
            elif isinstance(event, smpp34.SubmitSmEvent):
                await self._take(event)
            else:
                self._sessions.pop(event.session_id, None)
            self.happened.set()

    async def _take(self, event: smpp34.SubmitSmEvent) -> None:
        answer = self.answers.popleft() if self.answers else 0
        if answer is None:
            self._kept.append(event)
            return
        if answer:
            event.reject(answer)
            return
        payloads = [one.value for one in event.tlvs if one.tag == TAG_PAYLOAD]
        message = Submitted(
            message_id=self.name_of(next(self._numbers)),
            source=event.source_addr,
            destination=event.destination_addr,
            body=event.short_message,
            data_coding=event.data_coding,
            esm_class=event.esm_class,
            wants_receipt=bool(event.registered_delivery & 0x03),
            payload=payloads[0] if payloads else None,
        )
        self.messages.append(message)
        if self.reports_first:
            await self._report_all(message)
        event.accept(message.message_id)
        if not self.reports_first:
            await self._report_all(message)

    async def _report_all(self, message: Submitted) -> None:
        with suppress(smpp34.SmppError):  # whoever should hear it has gone
            for state in self.states if message.wants_receipt else ():
                await self._deliver(receipt_text(message.message_id, state), 0x04)

    async def _deliver(self, text: bytes, esm_class: int) -> bool:
        session = list(self._sessions.values())[-1]
        answer = await session.deliver_sm("4412345", text, source_addr="14155550123", esm_class=esm_class)
        return answer.is_success


@asynccontextmanager
async def serving(centre: MessageCentre) -> AsyncIterator[MessageCentre]:
    """Let a centre serve."""
    server = await _listening(centre)
    task = asyncio.create_task(centre.serve(server))
    try:
        yield centre
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await server.stop()


async def _listening(centre: MessageCentre, tries: int = 5) -> smpp34.Server:
    """Start a server; its library takes no port 0, and one that was found free may be somebody else's by then."""
    server = smpp34.Server(LOOPBACK, centre.port, system_id="centre")
    try:
        await server.start()
    except smpp34.SmppError:
        if tries == 1:
            raise
        centre.port = free_port()
        return await _listening(centre, tries - 1)
    return server


@dataclass
class Line:
    """A line to a centre, in TLS if it has a context."""

    port: int = 0
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    def cut(self) -> None:
        """Break every connection without a word."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()


@asynccontextmanager
async def line_to(port: int, tls: ssl.SSLContext | None = None) -> AsyncIterator[Line]:
    """Lay a line to a port."""
    line = Line()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(LOOPBACK, port)
        except OSError:
            writer.transport.abort()
            return
        line._writers += (writer, far_writer)
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))

    server = await asyncio.start_server(connect, LOOPBACK, 0, ssl=tls)
    line.port = server.sockets[0].getsockname()[1]
    async with server:
        try:
            yield line
        finally:
            line.cut()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()
