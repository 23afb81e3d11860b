"""Our sender before a message centre that another library speaks for: what we put on the wire is SMPP to others too."""

import asyncio
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from smpplib import gsm, smpp

from tests.adapters.envelopes import an_envelope
from tests.adapters.mail_server import LOOPBACK
from watchword.adapters.senders.smpp import SmppKeys
from watchword.adapters.senders.smpp_session import SmppSender, Waits
from watchword.domain.contact import Channel
from watchword.domain.message import DeliveryStatus
from watchword.domain.secret import Secret
from watchword.ports.sender import Receipt

IS_RESPONSE = 0x8000_0000
UNBIND = 0x06


@dataclass
class OtherCentre:
    """Reads and writes by smpplib: takes every message and reports it as delivered."""

    port: int = 0
    pdus: list[Any] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readexactly(16)
                length, command, _, sequence = struct.unpack(">IIII", head)
                whole = head + await reader.readexactly(length - 16)
                await self._answer(writer, whole, command, sequence)
        except asyncio.IncompleteReadError:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, whole: bytes, command: int, sequence: int) -> None:
        if command & IS_RESPONSE:
            return
        pdu = smpp.parse_pdu(whole, client=None, sequence=sequence, allow_unknown_opt_params=True)
        self.pdus.append(pdu)
        names = {"bind_transceiver": b"other\0", "submit_sm": f"o{sequence}\0".encode()}
        body = names.get(pdu.command, b"")
        writer.write(struct.pack(">IIII", 16 + len(body), command | IS_RESPONSE, 0, sequence) + body)
        if pdu.command == "submit_sm":
            writer.write(_receipt(f"o{sequence}"))
        await writer.drain()
        if command == UNBIND:
            writer.close()


def _receipt(message_id: str) -> bytes:
    pdu = smpp.make_pdu(
        "deliver_sm",
        client=None,
        sequence=1,
        source_addr="14155550123",
        destination_addr="Shop",
        esm_class=0x04,
        short_message=f"id:{message_id} sub:001 dlvrd:001 stat:DELIVRD err:000 text:".encode(),
    )
    written: bytes = pdu.generate()
    return written


@pytest.fixture
async def centre() -> AsyncIterator[OtherCentre]:
    centre = OtherCentre()
    server = await asyncio.start_server(centre.talk, LOOPBACK, 0)
    centre.port = server.sockets[0].getsockname()[1]
    async with server:
        yield centre


async def test_another_library_reads_what_we_send_and_we_read_what_it_reports(centre: OtherCentre) -> None:
    heard: list[Receipt] = []
    is_heard = asyncio.Event()

    async def hear(receipt: Receipt) -> None:
        heard.append(receipt)
        is_heard.set()

    keys = SmppKeys(
        host=LOOPBACK,
        port=centre.port,
        tls=False,
        system_id="shop",
        password=Secret("secret"),
        system_type="codes",
        source="+4930123456",
    )
    text = "012345 ist dein Code: 5 € für Köln"
    sender = SmppSender(keys, hear, Waits(first_pause_s=0.01))
    handover = await sender.send(
        an_envelope(channel=Channel.SMS, to="+14155550123", subject=None, html=None, text=text)
    )
    await asyncio.wait_for(is_heard.wait(), 10)
    await sender.close()
    receipt = heard[-1]
    bind, message, *rest = centre.pdus
    assert (bind.command, bind.system_id, bind.password, bind.system_type) == (
        "bind_transceiver",
        b"shop",
        b"secret",
        b"codes",
    )
    assert bind.interface_version == 0x34
    assert (message.command, message.source_addr, message.source_addr_ton, message.source_addr_npi) == (
        "submit_sm",
        b"4930123456",
        1,
        1,
    )
    assert (message.destination_addr, message.dest_addr_ton, message.dest_addr_npi) == (b"14155550123", 1, 1)
    assert (message.short_message, message.data_coding) == (gsm.gsm_encode(text), 0)
    assert (message.registered_delivery, message.validity_period) == (1, b"000000001000000R")
    assert [pdu.command for pdu in rest] == ["unbind"]
    assert (receipt.provider_message_id, receipt.status) == (handover.provider_message_id, DeliveryStatus.DELIVERED)
