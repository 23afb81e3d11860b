"""A gateway for messages on this machine, over real HTTP, that fails as a test wants it; and a sender that uses it."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qs, urlsplit

import httpx2

from watchword.domain.errors import DeliveryFailed, ReceiptRefused
from watchword.domain.ids import DeliveryId
from watchword.domain.message import DeliveryStatus, Envelope
from watchword.ports.sender import AskWords, Document, Handover, ProviderCall, Receipt

SIGNATURE: Final = "x-gateway-signature"
_SECRET: Final = b"a secret of the tests"


class Manner(StrEnum):
    """How a gateway treats a message."""

    TAKES = "takes"
    REFUSES = "refuses"
    """It says no, for good."""
    FAILS = "fails"
    """It says not now."""
    HANGS = "hangs"
    """It takes the message and never answers."""
    DROPS = "drops"
    """It takes the message, and the connection breaks in the middle of its answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A message as the gateway has it."""

    key: str
    """The idempotency key."""
    to: str
    text: str
    callback_url: str | None


@dataclass(kw_only=True)
class Gateway:
    """A provider of one test."""

    manner: Callable[[Taken], Manner] = field(default=lambda _: Manner.TAKES)
    asked: list[Taken] = field(default_factory=list)
    """Every message that came, in the order of its coming."""
    taken: list[Taken] = field(default_factory=list)
    """Those that it has, whether it could say so or not."""
    url: str = ""
    _came: asyncio.Condition = field(default_factory=asyncio.Condition)
    _closing: asyncio.Event = field(default_factory=asyncio.Event)
    _served: set["asyncio.Task[None]"] = field(default_factory=set)

    async def wait_for(self, count: int) -> Taken:
        """Wait until so many messages were taken, and give the last of them."""
        async with self._came:
            await self._came.wait_for(lambda: len(self.taken) >= count)
        return self.taken[count - 1]

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Gateway"]:
        """Serve on a free port of this machine."""
        server = await asyncio.start_server(self._welcome, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            self._closing.set()
            for task in self._served:
                task.cancel()
            await asyncio.gather(*self._served, return_exceptions=True)

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._served.add(task)
        task.add_done_callback(self._served.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while message := await _read_message(reader):
                if not await self._answer(message, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, message: Taken, writer: asyncio.StreamWriter) -> bool:
        """Treat a message as the test wants it. Return whether the connection stays."""
        manner = self.manner(message)
        async with self._came:
            self.asked.append(message)
            if manner in {Manner.TAKES, Manner.HANGS, Manner.DROPS}:
                self.taken.append(message)
            self._came.notify_all()
        match manner:
            case Manner.HANGS:
                await self._closing.wait()
                return False
            case Manner.DROPS:
                writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 40\r\n\r\n{"id": ')
                await writer.drain()
                return False
            case Manner.TAKES:
                _write(writer, 200, {"id": f"gw-{message.key}"})
            case Manner.REFUSES:
                _write(writer, 400, {"error": "no route"})
            case Manner.FAILS:
                _write(writer, 503, {"error": "busy"})
        await writer.drain()
        return True


async def _read_message(reader: asyncio.StreamReader) -> Taken | None:
    head = await reader.readuntil(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().lower().split("\r\n")[1:] if line)
    fields = json.loads(await reader.readexactly(int(headers["content-length"])))
    return Taken(key=fields["key"], to=fields["to"], text=fields["text"], callback_url=fields["callback_url"])


def _write(writer: asyncio.StreamWriter, status: int, answer: dict[str, str]) -> None:
    body = json.dumps(answer).encode()
    writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)


class GatewaySender:
    """Hands messages to a gateway, reads its receipts, and says codes in its calls."""

    def __init__(self, url: str, *, receipt_within_s: int | None = None) -> None:
        self.receipt_within_s = receipt_within_s
        self._client = httpx2.AsyncClient(base_url=url, timeout=30.0)

    async def send(self, envelope: Envelope) -> Handover:
        fields = {
            "key": envelope.delivery_id,
            "to": envelope.to.reveal(),
            "text": envelope.message.text,
            "callback_url": envelope.callback_url,
        }
        try:
            answer = await self._client.post("/messages", json=fields)
        except httpx2.HTTPError as error:
            raise DeliveryFailed(f"the gateway went away ({type(error).__name__})", retryable=True) from error
        if answer.status_code != 200:
            retryable = answer.status_code >= 500
            raise DeliveryFailed(f"the gateway answered {answer.status_code}", retryable=retryable)
        return Handover(provider="gateway", provider_message_id=answer.json()["id"], status=DeliveryStatus.ACCEPTED)

    async def read(self, call: ProviderCall) -> Sequence[Receipt]:
        _check(call)
        return [
            Receipt(
                delivery_id=None if one["delivery"] is None else DeliveryId(one["delivery"]),
                provider_message_id=one["id"],
                status=DeliveryStatus(one["status"]),
                reason=one["reason"],
            )
            for one in json.loads(call.body)
        ]

    async def speak(self, call: ProviderCall, ask_words: AskWords) -> Document:
        _check(call)
        words = await ask_words()
        if words is None:
            said = "good-bye"
        else:
            pressed = parse_qs(call.body.decode()).get("digits")
            said = f"{words.locale}: {words.message.text if pressed else words.message.prompt}"
        return Document(media_type="text/plain", body=said.encode())

    async def close(self) -> None:
        await self._client.aclose()


def sign(url: str, body: bytes) -> dict[str, str]:
    """Give the header by which a gateway shows that a call is its own."""
    return {SIGNATURE: hmac.digest(_SECRET, url.encode() + body, hashlib.sha256).hex()}


def receipts(*told: tuple[str | None, str, str]) -> bytes:
    """Give the body of a call that tells of deliveries: our id, the status, the reason."""
    return json.dumps(
        [{"delivery": delivery, "id": None, "status": status, "reason": reason} for delivery, status, reason in told]
    ).encode()


def path_of(url: str) -> str:
    """Give what of an address is asked for at a server."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _check(call: ProviderCall) -> None:
    if not hmac.compare_digest(call.headers.get(SIGNATURE, ""), sign(call.url, call.body)[SIGNATURE]):
        raise ReceiptRefused("not signed by the gateway")
