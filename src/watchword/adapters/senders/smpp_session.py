"""Keeps a session with a message centre (SMPP 3.4), hands short messages over, and hears its receipts.

The library acknowledges a receipt before we have it. So one that arrives while this process dies is lost, and the
delivery stays ``accepted``.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import smpp34

from watchword.adapters.senders.smpp import LongMessages, SmppKeys
from watchword.adapters.senders.smpp_text import (
    HAS_HEADER,
    PAYLOAD_TAG,
    CentreReceipt,
    canonical_id,
    read_receipt,
    with_headers,
    write,
)
from watchword.domain.contact import Channel
from watchword.domain.errors import DeliveryFailed, StorageUnavailable
from watchword.domain.ids import DeliveryId
from watchword.domain.message import DeliveryStatus, Envelope
from watchword.ports.sender import Handover, Hearing, Receipt

PROVIDER: Final = "smpp"
REMEMBERED: Final = 10_000
"""Messages whose ids are kept, so that a receipt finds its delivery before the hand-over is written down."""
SETTLING_S: Final = 0.02
"""What the library's threads get to let go of their last futures; without it one process in ten ended with SIGABRT."""
FAREWELL_S: Final = 1.0
"""How long the centre may take to answer our good-bye."""
_REJECTED: Final = 0x66
"""ESME_RX_R_APPN: the message is refused for what it is."""
_PERMANENT: Final = frozenset(
    {0x01, 0x0A, 0x0B, 0x33, 0x40, 0x42, 0x43, 0x45, 0x48, 0x49, 0x50, 0x51, 0x61, 0x62, 0x63, 0x65, _REJECTED}
)
"""Of SMPP 3.4 §5.1.3: what is wrong with the message, its addresses or its options, and stays so."""
_UNKNOWN, _INTERNATIONAL, _NETWORK_SPECIFIC, _ALPHANUMERIC = 0, 1, 3, 5
"""Types of number (SMPP 3.4 §5.2.5); the first is a numbering plan too."""
_E164: Final = 1
"""Numbering plan (SMPP 3.4 §5.2.6)."""
Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How long things may take, in seconds."""

    bind_s: float = 5.0
    answer_s: float = 20.0
    """For one message in all; below the 30 s lease of a delivery."""
    first_pause_s: float = 1.0
    longest_pause_s: float = 30.0
    """Between two attempts to bind; each is twice the one before."""


class SmppSender:
    """Keeps ``ports.sender.Sender``, ``Reporting`` and ``Listening`` for ``Channel.SMS``."""

    def __init__(self, keys: SmppKeys, hearing: Hearing, waits: Waits | None = None) -> None:
        self._keys = keys
        self._waits = waits or Waits()
        self._hearing = hearing
        self._keeper: asyncio.Task[None] | None = None
        self._session: asyncio.Future[smpp34.Smsc | None]
        """Not done: an attempt to bind is under way; None: the last one failed."""
        self._deliveries: OrderedDict[str, DeliveryId] = OrderedDict()
        self._early: OrderedDict[str, Receipt] = OrderedDict()
        """Receipts of messages that we know nothing of: another process sent them, or our answer is still coming."""

    @property
    def receipt_within_s(self) -> int | None:
        """After how long without a receipt a message goes to the next sender."""
        return self._keys.receipt_within_s or None

    async def listen(self) -> None:
        """Begin to keep a session, so that receipts are heard though nothing is sent."""
        if self._keeper is None or self._keeper.done():
            self._session = asyncio.get_running_loop().create_future()
            self._keeper = asyncio.create_task(self._keep_bound())

    async def send(self, envelope: Envelope) -> Handover:
        """Hand a short message over; SMPP knows no idempotency key, so a repeat may reach the customer twice."""
        if envelope.channel is not Channel.SMS:
            raise DeliveryFailed("SMPP carries short messages only", retryable=False)
        await self.listen()
        try:
            async with asyncio.timeout(self._waits.answer_s):
                session = await self._bound()
                message_id = await self._submit(session, envelope)
        except TimeoutError as error:
            raise DeliveryFailed("the message centre did not answer in time", retryable=True) from error
        except smpp34.SmppError as error:
            raise DeliveryFailed("the session with the message centre ended", retryable=True) from error
        await self._remember(message_id, envelope.delivery_id)
        return Handover(provider=PROVIDER, provider_message_id=message_id, status=DeliveryStatus.ACCEPTED)

    async def close(self) -> None:
        """End the session; nothing is sent or heard afterwards."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.wait((keeper,))
            await asyncio.sleep(SETTLING_S)

    async def _bound(self) -> smpp34.Smsc:
        """Return the session, or wait for the outcome of the attempt that is under way."""
        session = await asyncio.shield(self._session)
        if session is None:
            raise DeliveryFailed("no session with the message centre", retryable=True, certain=True)
        return session

    async def _keep_bound(self) -> None:
        """Bind, listen until the session ends, and bind again, for ever."""
        pause_s = self._waits.first_pause_s
        while True:
            client = self._client()
            try:
                session = await self._bind(client)
                self._tell(session)
                if session is not None:
                    await self._listen(session)
                    # Whoever comes now waits for the next attempt, which most likely succeeds.
                    self._session = asyncio.get_running_loop().create_future()
                    pause_s = self._waits.first_pause_s
            finally:
                await client.stop()
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, self._waits.longest_pause_s)

    def _client(self) -> smpp34.Client:
        keys = self._keys
        return smpp34.Client(
            keys.host,
            keys.port,
            keys.system_id,
            keys.password.reveal(),
            bind_type="TRX",
            system_type=keys.system_type or "",
            tls=keys.tls,
            window_size=keys.window,
            connect_timeout_ms=int(self._waits.bind_s * 1000),
        )

    async def _bind(self, client: smpp34.Client) -> smpp34.Smsc | None:
        """Return a session, or None: the library does not tell a wrong password from a centre that says nothing."""
        try:
            async with asyncio.timeout(self._waits.bind_s):
                return await client.connect()
        except (TimeoutError, smpp34.SmppError):
            return None

    def _tell(self, session: smpp34.Smsc | None) -> None:
        """Tell everybody who waits, and who comes, what the last attempt came to."""
        if self._session.done():
            self._session = asyncio.get_running_loop().create_future()
        self._session.set_result(session)

    async def _listen(self, session: smpp34.Smsc) -> None:
        """Hear receipts until the session ends. Answers of customers are taken and dropped: they never count."""
        try:
            while isinstance(event := await session.next(), smpp34.DeliverSmEvent):
                tlvs = {one.tag: one.value for one in event.tlvs}
                text = event.short_message or tlvs.get(PAYLOAD_TAG, b"")
                report = read_receipt(event.esm_class, text, tlvs)
                if report is not None:
                    await self._hear(report)
        except asyncio.CancelledError:
            with suppress(TimeoutError):
                await asyncio.wait_for(session.unbind(), FAREWELL_S)
            raise

    async def _hear(self, report: CentreReceipt) -> None:
        """Leave a receipt. While the store is away none is taken, and the centre keeps the others for us."""
        message_id = canonical_id(report.message_id, is_hex=self._keys.reported_id_is_hex)
        receipt = Receipt(
            delivery_id=self._deliveries.get(message_id),
            provider_message_id=message_id,
            status=report.status,
            reason=report.reason,
        )
        if receipt.delivery_id is None:
            _keep(self._early, message_id, receipt)
        while True:
            try:
                await self._hearing(receipt)
            except StorageUnavailable:
                await asyncio.sleep(self._waits.first_pause_s)
            else:
                return

    async def _remember(self, message_id: str, delivery_id: DeliveryId) -> None:
        """Know a message by its id, and leave the receipt that was faster than the answer to the hand-over."""
        _keep(self._deliveries, message_id, delivery_id)
        early = self._early.pop(message_id, None)
        if early is not None:
            with suppress(StorageUnavailable):  # it was left without our id before; this is the better word of two
                await self._hearing(replace(early, delivery_id=delivery_id))

    async def _submit(self, session: smpp34.Smsc, envelope: Envelope) -> str:
        """Hand all parts over and return the centre's id of the last one: only that one's receipt is asked for."""
        coded = write(envelope.message.text, self._keys.alphabet)
        if len(coded.parts) > 1 and self._keys.long_messages is LongMessages.PAYLOAD:
            payload = smpp34.Tlv(PAYLOAD_TAG, b"".join(coded.parts))
            return await self._submit_part(session, envelope, b"", coded.data_coding, tlvs=[payload])
        *first, last = with_headers(coded.parts, envelope.delivery_id)
        esm_class = HAS_HEADER if first else 0
        for part in first:
            await self._submit_part(session, envelope, part, coded.data_coding, esm_class=esm_class, is_last=False)
        return await self._submit_part(session, envelope, last, coded.data_coding, esm_class=esm_class)

    async def _submit_part(
        self,
        session: smpp34.Smsc,
        envelope: Envelope,
        body: bytes,
        data_coding: int,
        *,
        esm_class: int = 0,
        is_last: bool = True,
        tlvs: Sequence[smpp34.Tlv] = (),
    ) -> str:
        source, ton, npi = _source(self._keys)
        answer = await session.submit_sm(
            envelope.to.reveal().removeprefix("+"),
            body,
            source_addr=source,
            source_addr_ton=ton,
            source_addr_npi=npi,
            dest_addr_ton=_INTERNATIONAL,
            dest_addr_npi=_E164,
            esm_class=esm_class,
            validity_period=_relative(self._keys.validity_min) if envelope.is_code else "",
            registered_delivery=int(is_last),
            data_coding=data_coding,
            tlvs=list(tlvs),
        )
        if not answer.is_success:
            raise _refusal(answer.command_status)
        return canonical_id(answer.message_id or "", is_hex=self._keys.submitted_id_is_hex)


def _source(keys: SmppKeys) -> tuple[str, int, int]:
    """Return the sender's name with its type of number and its numbering plan (SMPP 3.4 §5.2.5, §5.2.6)."""
    source = keys.source
    if source.startswith("+"):
        looks_like = (_INTERNATIONAL, _E164)
    elif source.isdigit():
        looks_like = (_NETWORK_SPECIFIC, _UNKNOWN)
    else:
        looks_like = (_ALPHANUMERIC, _UNKNOWN)
    ton = looks_like[0] if keys.source_ton is None else keys.source_ton
    npi = looks_like[1] if keys.source_npi is None else keys.source_npi
    return source.removeprefix("+"), ton, npi


def _relative(minutes: int) -> str:
    """Return a time from now (SMPP 3.4 §7.1.1.1); empty for none."""
    hours, rest = divmod(minutes, 60)
    return f"000000{hours:02}{rest:02}00000R" if minutes else ""


def _refusal(command_status: int) -> DeliveryFailed:
    detail = f"the message centre answered 0x{command_status:X}"
    if command_status == _REJECTED:
        return DeliveryFailed(detail, retryable=False, status=DeliveryStatus.BLOCKED)
    return DeliveryFailed(detail, retryable=command_status not in _PERMANENT, certain=True)


def _keep(kept: OrderedDict[str, Kept], key: str, value: Kept) -> None:
    """Keep a value, and forget the oldest where there are too many."""
    kept[key] = value
    while len(kept) > REMEMBERED:
        kept.popitem(last=False)
