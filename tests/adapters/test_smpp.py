"""Short messages over SMPP to a message centre on loopback: what arrives, what is reported, and what goes wrong."""

import asyncio
import struct
import sys
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import smpplib.client
import smpplib.exceptions
import smpplib.gsm

from tests.adapters.certificates import loopback_chain
from tests.adapters.envelopes import NOON, an_envelope
from tests.adapters.mail_server import LOOPBACK, free_port
from tests.adapters.message_centre import Line, MessageCentre, line_to, serving
from tests.kit.clock_and_chance import MovableClock, SeededEntropy
from watchword.adapters.senders.kind import SenderSurroundings
from watchword.adapters.senders.smpp import SMPP, LongMessages, SmppKeys
from watchword.adapters.senders.smpp_session import SmppSender, Waits
from watchword.adapters.senders.smpp_text import Alphabet
from watchword.domain.contact import Channel
from watchword.domain.errors import ConfigurationError, DeliveryFailed, StorageUnavailable
from watchword.domain.ids import DeliveryId
from watchword.domain.message import DeliveryStatus, Envelope
from watchword.domain.secret import Secret
from watchword.ports.sender import Receipt

TEXT = "012345 is your Example Shop code.\n\n@shop.example #012345"


class Ear:
    """Keeps receipts, and may be deaf for a while."""

    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self.deaf_for = 0
        self._heard = asyncio.Event()

    async def hear(self, receipt: Receipt) -> None:
        if self.deaf_for:
            self.deaf_for -= 1
            raise StorageUnavailable
        self.receipts.append(receipt)
        self._heard.set()

    async def until(self, number: int) -> list[Receipt]:
        async with asyncio.timeout(10):
            while len(self.receipts) < number:
                await self._heard.wait()
                self._heard.clear()
        return self.receipts


def keys(port: int, **fields: Any) -> SmppKeys:
    values: dict[str, Any] = {
        "host": LOOPBACK,
        "port": port,
        "tls": False,
        "system_id": "shop",
        "password": Secret("secret"),
        "source": "ExampleShop",
    }
    return SmppKeys(**(values | fields))


def a_text(text: str = TEXT, **fields: Any) -> Envelope:
    return an_envelope(channel=Channel.SMS, to="+14155550123", subject=None, html=None, text=text, **fields)


@asynccontextmanager
async def a_sender(port: int, ear: Ear | None = None, **fields: Any) -> AsyncIterator[SmppSender]:
    waits = Waits(bind_s=5.0, answer_s=10.0, first_pause_s=0.01, longest_pause_s=0.05)
    sender = SmppSender(keys(port, **fields), (ear or Ear()).hear, waits)
    try:
        yield sender
    finally:
        await sender.close()


@pytest.fixture
async def centre() -> AsyncIterator[MessageCentre]:
    async with serving(MessageCentre()) as centre:
        yield centre


@pytest.fixture
async def line(centre: MessageCentre) -> AsyncIterator[Line]:
    async with line_to(centre.port) as line:
        yield line


async def test_a_message_arrives_with_its_sender_and_its_text(centre: MessageCentre) -> None:
    async with a_sender(centre.port) as sender:
        handover = await sender.send(a_text())
    [message] = centre.messages
    assert (message.source, message.destination) == ("ExampleShop", "14155550123")
    assert (message.body, message.data_coding) == (smpplib.gsm.gsm_encode(TEXT), 0)
    assert message.wants_receipt
    assert (handover.provider, handover.provider_message_id, handover.status) == ("smpp", "m1", DeliveryStatus.ACCEPTED)
    assert centre.bound == ["shop"]


@pytest.mark.parametrize(
    ("source", "arrives"), [("+4930123456", "4930123456"), ("12345", "12345"), ("Example", "Example")]
)
async def test_a_sender_may_be_a_number_a_short_code_or_a_name(
    centre: MessageCentre, source: str, arrives: str
) -> None:
    async with a_sender(centre.port, source=source) as sender:
        await sender.send(a_text())
    assert centre.messages[0].source == arrives


async def test_letters_of_other_scripts_go_as_ucs_2(centre: MessageCentre) -> None:
    async with a_sender(centre.port) as sender:
        await sender.send(a_text("123456 是您的验证码"))
    [message] = centre.messages
    assert (message.body.decode("utf-16-be"), message.data_coding) == ("123456 是您的验证码", 8)


async def test_a_long_text_travels_in_parts_and_asks_for_the_receipt_of_the_last(centre: MessageCentre) -> None:
    async with a_sender(centre.port) as sender:
        handover = await sender.send(a_text("x" * 300))
    first, last = centre.messages
    assert [first.body[4:6], last.body[4:6]] == [b"\x02\x01", b"\x02\x02"]
    assert first.body[6:] + last.body[6:] == b"x" * 300
    assert [first.esm_class, last.esm_class] == [0x40, 0x40]
    assert [first.wants_receipt, last.wants_receipt] == [False, True]
    assert handover.provider_message_id == last.message_id


async def test_a_long_text_travels_in_one_piece_where_the_centre_cuts_it(centre: MessageCentre) -> None:
    async with a_sender(centre.port, long_messages=LongMessages.PAYLOAD) as sender:
        await sender.send(a_text("x" * 300))
    [message] = centre.messages
    assert (message.body, message.payload, message.esm_class) == (b"", b"x" * 300, 0)


async def test_a_centre_that_takes_latin_1_gets_it(centre: MessageCentre) -> None:
    async with a_sender(centre.port, alphabet=Alphabet.LATIN) as sender:
        await sender.send(a_text("Grüße @ 012345"))
    assert (centre.messages[0].body, centre.messages[0].data_coding) == ("Grüße @ 012345".encode("latin-1"), 3)


async def test_another_channel_is_refused_for_good() -> None:
    sender = SmppSender(keys(free_port()), Ear().hear)
    with pytest.raises(DeliveryFailed) as failure:
        await sender.send(an_envelope())
    assert not failure.value.retryable


async def test_messages_at_the_same_time_share_one_session(centre: MessageCentre) -> None:
    async with a_sender(centre.port, window=4) as sender:
        handovers = await asyncio.gather(*(sender.send(a_text(delivery_id=f"dlv_{n}")) for n in range(30)))
    assert len({handover.provider_message_id for handover in handovers}) == 30
    assert centre.bound == ["shop"]


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("DELIVRD", DeliveryStatus.DELIVERED),
        ("UNDELIV", DeliveryStatus.UNDELIVERED),
        ("EXPIRED", DeliveryStatus.UNDELIVERED),
        ("REJECTD", DeliveryStatus.BLOCKED),
    ],
)
async def test_a_receipt_is_left_with_the_delivery_it_is_about(
    centre: MessageCentre, state: str, status: DeliveryStatus
) -> None:
    centre.states, ear = (state,), Ear()
    async with a_sender(centre.port, ear) as sender:
        await sender.send(a_text())
        receipts = await ear.until(1)
    receipt = receipts[-1]
    assert (receipt.provider_message_id, receipt.status, receipt.reason) == ("m1", status, state)


async def test_a_receipt_that_is_faster_than_the_answer_finds_its_delivery(centre: MessageCentre) -> None:
    centre.states, centre.reports_first, ear = ("DELIVRD",), True, Ear()
    async with a_sender(centre.port, ear) as sender:
        await sender.send(a_text())
        receipts = await ear.until(1)
        while receipts[-1].delivery_id is None:
            receipts = await ear.until(len(receipts) + 1)
    assert (receipts[-1].delivery_id, receipts[-1].status) == (DeliveryId("dlv_1"), DeliveryStatus.DELIVERED)


async def test_repeated_and_disordered_receipts_are_left_as_they_come(centre: MessageCentre) -> None:
    ear = Ear()
    async with a_sender(centre.port, ear) as sender:
        await sender.send(a_text())
        for state in ("DELIVRD", "ENROUTE", "DELIVRD"):
            await centre.report(b"id:m1 stat:" + state.encode())
        receipts = await ear.until(3)
    assert [receipt.status.value for receipt in receipts] == ["delivered", "sent", "delivered"]
    assert {receipt.delivery_id for receipt in receipts} == {"dlv_1"}


async def test_a_receipt_of_another_process_is_left_by_its_id_alone(centre: MessageCentre) -> None:
    ear = Ear()
    async with a_sender(centre.port, ear) as sender:
        await sender.listen()
        await centre.until(lambda: centre.bound == ["shop"])
        await centre.report(b"id:other stat:DELIVRD")
        [receipt] = await ear.until(1)
    assert (receipt.delivery_id, receipt.provider_message_id) == (None, "other")


async def test_an_answer_of_a_customer_is_no_receipt(centre: MessageCentre) -> None:
    ear = Ear()
    async with a_sender(centre.port, ear) as sender:
        await sender.send(a_text())
        await centre.report(b"id:m1 stat:DELIVRD", esm_class=0)
        await centre.report(b"012345", esm_class=0)
        await centre.report(b"id:m1 stat:UNDELIV")
        receipts = await ear.until(1)
    assert [receipt.status for receipt in receipts] == [DeliveryStatus.UNDELIVERED]


async def test_ids_that_the_centre_writes_in_two_notations_are_the_same(centre: MessageCentre) -> None:
    centre.name_of, ear = "{:08X}".format, Ear()
    async with a_sender(centre.port, ear, submitted_id_is_hex=True) as sender:
        handovers = [await sender.send(a_text(delivery_id=f"dlv_{number}")) for number in range(26)]
        await centre.report(b"id:26 stat:DELIVRD")
        [receipt] = await ear.until(1)
    assert handovers[-1].provider_message_id == "26"
    assert receipt.delivery_id == "dlv_25"


async def test_a_receipt_waits_while_the_store_is_away(centre: MessageCentre) -> None:
    ear = Ear()
    ear.deaf_for = 3
    centre.states = ("DELIVRD",)
    async with a_sender(centre.port, ear) as sender:
        await sender.send(a_text())
        receipts = await ear.until(1)
    assert (receipts[0].status, ear.deaf_for) == (DeliveryStatus.DELIVERED, 0)


@pytest.mark.parametrize(
    ("answer", "retryable", "status"),
    [
        (0x58, True, DeliveryStatus.UNDELIVERED),
        (0x14, True, DeliveryStatus.UNDELIVERED),
        (0x08, True, DeliveryStatus.UNDELIVERED),
        (0x64, True, DeliveryStatus.UNDELIVERED),
        (0x0B, False, DeliveryStatus.UNDELIVERED),
        (0x0A, False, DeliveryStatus.UNDELIVERED),
        (0x65, False, DeliveryStatus.UNDELIVERED),
        (0x66, False, DeliveryStatus.BLOCKED),
    ],
)
async def test_a_refusal_says_whether_to_try_again(
    centre: MessageCentre, answer: int, status: DeliveryStatus, *, retryable: bool
) -> None:
    centre.answers = deque([answer])
    async with a_sender(centre.port) as sender:
        with pytest.raises(DeliveryFailed, match=f"0x{answer:X}$") as failure:
            await sender.send(a_text())
        await sender.send(a_text())
    assert (failure.value.retryable, failure.value.status, failure.value.certain) == (retryable, status, True)
    assert len(centre.messages) == 1


async def rebound(centre: MessageCentre, ear: Ear, *, times: int = 2) -> None:
    """Wait until both sides know of the session: a receipt went through it."""
    await centre.until(lambda: len(centre.bound) == times)
    await centre.report(b"id:other stat:DELIVRD")
    await ear.until(1)


async def test_a_line_that_is_cut_before_the_answer_is_tried_again_and_bound_anew(
    centre: MessageCentre, line: Line
) -> None:
    centre.answers, ear = deque([None]), Ear()
    async with a_sender(line.port, ear) as sender:
        handing_over = asyncio.create_task(sender.send(a_text()))
        await centre.until(lambda: not centre.answers)
        line.cut()
        with pytest.raises(DeliveryFailed) as failure:
            await handing_over
        assert (failure.value.retryable, failure.value.certain) == (True, False)
        await rebound(centre, ear)
        await sender.send(a_text())
    assert (len(centre.messages), centre.bound) == (1, ["shop", "shop"])


async def test_receipts_are_heard_again_after_the_line_was_cut(centre: MessageCentre, line: Line) -> None:
    ear = Ear()
    async with a_sender(line.port, ear) as sender:
        await sender.send(a_text())
        line.cut()
        await centre.until(lambda: len(centre.bound) == 2)
        await centre.report(b"id:m1 stat:DELIVRD")
        [receipt] = await ear.until(1)
    assert receipt.delivery_id == "dlv_1"


async def test_a_centre_that_is_not_there_is_tried_again_and_found_when_it_comes() -> None:
    port, ear = free_port(), Ear()
    async with a_sender(port, ear) as sender:
        with pytest.raises(DeliveryFailed, match="no session") as failure:
            await sender.send(a_text())
        assert failure.value.retryable
        async with serving(MessageCentre(port=port)) as centre:
            await rebound(centre, ear, times=1)
            await sender.send(a_text())
    assert len(centre.messages) == 1


async def test_a_centre_that_does_not_answer_in_time_is_tried_again(centre: MessageCentre) -> None:
    centre.answers = deque([None])
    sender = SmppSender(keys(centre.port), Ear().hear, Waits(answer_s=0.2))
    with pytest.raises(DeliveryFailed, match="in time") as failure:
        await sender.send(a_text())
    await sender.close()
    assert failure.value.retryable


async def test_a_wrong_password_is_no_session() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readexactly(16)
        length, _, _, sequence = struct.unpack(">IIII", head)
        await reader.readexactly(length - 16)
        writer.write(struct.pack(">IIII", 17, 0x8000_0009, 0x0E, sequence) + b"\0")
        await writer.drain()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(refuse, LOOPBACK, 0)
    sender = SmppSender(keys(server.sockets[0].getsockname()[1]), Ear().hear, Waits(bind_s=0.3))
    with pytest.raises(DeliveryFailed, match="no session") as failure:
        await sender.send(a_text())
    await sender.close()
    server.close()
    await server.wait_closed()
    assert failure.value.retryable
    assert "secret" not in str(failure.value)


async def test_speaks_tls_and_believes_nobody_whom_the_system_does_not_trust(
    centre: MessageCentre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = loopback_chain(tmp_path)
    async with line_to(centre.port, chain.context) as line:
        async with a_sender(line.port, tls=True) as sender:
            with pytest.raises(DeliveryFailed, match="no session"):
                await sender.send(a_text())
        assert centre.messages == []
        monkeypatch.setenv("SSL_CERT_FILE", str(chain.authority))
        async with a_sender(line.port, tls=True) as sender:
            await sender.send(a_text())
    assert len(centre.messages) == 1


async def test_another_library_gets_the_same_from_our_centre(centre: MessageCentre) -> None:
    """So what the sender is tested against is a message centre to others too."""
    centre.states = ("DELIVRD",)
    reports: list[tuple[int, bytes]] = []

    def converse() -> str:
        client = smpplib.client.Client(LOOPBACK, centre.port, timeout=10, allow_unknown_opt_params=True)
        client.set_message_received_handler(lambda pdu: reports.append((pdu.esm_class, pdu.short_message)))
        answers: list[bytes] = []
        client.set_message_sent_handler(lambda pdu: answers.append(pdu.message_id))
        client.connect()
        client.bind_transceiver(system_id="other", password="secret")
        client.send_message(
            source_addr_ton=5,
            source_addr="Shop",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr="14155550123",
            short_message=b"012345",
            registered_delivery=True,
        )
        while not (answers and reports):
            client.read_once()
        with suppress(smpplib.exceptions.PDUError, smpplib.exceptions.ConnectionError):
            client.unbind()
        client.disconnect()
        return answers[0].decode()

    message_id = await asyncio.get_running_loop().run_in_executor(None, converse)
    assert (message_id, centre.messages[0].body, centre.messages[0].destination) == ("m1", b"012345", "14155550123")
    [(esm_class, text)] = reports
    assert (esm_class, text.startswith(b"id:m1 ")) == (4, True)


def test_the_extra_is_named_where_the_library_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "watchword.adapters.senders.smpp_session", raising=False)
    monkeypatch.setitem(sys.modules, "smpp34", None)
    surroundings = SenderSurroundings(
        name="centre", clock=MovableClock(NOON), entropy=SeededEntropy(1), hearing=Ear().hear
    )
    with pytest.raises(ConfigurationError, match=r"needs smpp34.*pip install 'watchword\[smpp\]'"):
        SMPP.make(keys(2775), surroundings)
    monkeypatch.undo()
    assert isinstance(SMPP.make(keys(2775), surroundings), SmppSender)


@pytest.mark.parametrize("source", ["+4930123456", "12345", "ExampleShop", "Shop 24"])
def test_a_source_that_networks_take_is_no_problem(source: str) -> None:
    assert list(SMPP.problems(keys(2775, source=source))) == []


@pytest.mark.parametrize("source", ["", "+1", "Example Shop!", "ExampleShop1", "+49 30 123456", "1", "Łódź"])
def test_a_source_that_no_network_takes_is_a_problem(source: str) -> None:
    assert [key for key, _ in SMPP.problems(keys(2775, source=source))] == ["source"]
