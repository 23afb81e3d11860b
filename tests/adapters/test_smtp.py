"""Handing e-mail to a real mail server on loopback: what arrives, what may be tried again, and what must not."""

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.adapters.envelopes import NOON, an_envelope
from tests.adapters.mail_server import LOOPBACK, Postbox, free_port, login_is, serve, tls_pair
from tests.hostile_texts import HOSTILE_TEXTS
from tests.kit.clock_and_chance import MovableClock
from watchword.adapters.senders.mail_building import MailHead
from watchword.adapters.senders.smtp import KEPT_CONNECTIONS, Encryption, MailServer, SmtpSender
from watchword.domain.contact import Channel
from watchword.domain.errors import DeliveryFailed
from watchword.domain.message import DeliveryStatus
from watchword.domain.secret import Secret


def a_server(port: int, **fields: Any) -> MailServer:
    values: dict[str, Any] = {
        "host": LOOPBACK,
        "port": port,
        "encryption": Encryption.NONE,
        "head": MailHead(from_address="codes@shop.example", reply_to=None),
        "command_timeout_s": 5.0,
        "send_timeout_s": 10.0,
    }
    return MailServer(**(values | fields))


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def controller(postbox: Postbox) -> Iterator[Controller]:
    controller = serve(postbox)
    yield controller
    controller.stop()


@pytest.fixture
async def sender(controller: Controller) -> AsyncIterator[SmtpSender]:
    head = MailHead(from_address="codes@shop.example", reply_to="help@shop.example")
    sender = SmtpSender(a_server(controller.port, head=head), MovableClock(NOON))
    yield sender
    await sender.close()


async def test_a_mail_arrives_with_its_headers_and_both_parts(sender: SmtpSender, postbox: Postbox) -> None:
    handover = await sender.send(an_envelope())
    [mail] = postbox.mails
    assert (mail["From"], mail["To"]) == ("Example Shop <codes@shop.example>", "ada@home.example")
    assert mail["Subject"] == "012345 is your Example Shop code"
    assert mail["Reply-To"] == "help@shop.example"
    assert mail["Date"] == "Sun, 22 Nov 2026 12:00:00 +0000"
    assert mail["Message-ID"] == "<dlv_1@shop.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["Feedback-ID"] == "code:shop::watchword"
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().splitlines() == ["012345 is your Example Shop code to sign in."]
    assert (handover.provider, handover.provider_message_id, handover.status) == (
        "smtp",
        "<dlv_1@shop.example>",
        DeliveryStatus.SENT,
    )
    assert (postbox.senders, postbox.recipients) == (["codes@shop.example"], [["ada@home.example"]])


async def test_a_message_without_html_is_plain_text(sender: SmtpSender, postbox: Postbox) -> None:
    await sender.send(an_envelope(html=None))
    assert postbox.mails[0].get_content_type() == "text/plain"


async def test_letters_of_every_script_arrive_as_they_were(sender: SmtpSender, postbox: Postbox) -> None:
    await sender.send(an_envelope(brand="Łódź 株式会社", subject="012345: Łódź", text="Zażółć 株 متجر\n"))
    [mail] = postbox.mails
    assert mail["From"].addresses[0].display_name == "Łódź 株式会社"
    assert mail["Subject"] == "012345: Łódź"
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().splitlines() == ["Zażółć 株 متجر"]


async def test_every_byte_of_a_mail_is_ascii_so_that_no_server_recodes_it(sender: SmtpSender, postbox: Postbox) -> None:
    await sender.send(an_envelope(brand="Łódź", subject="012345: Łódź", text="Zażółć 株 متجر\n", html="<p>株</p>"))
    assert postbox.wires[0].isascii()


async def test_introduces_itself_by_the_name_it_was_given(controller: Controller, postbox: Postbox) -> None:
    sender = SmtpSender(a_server(controller.port, hello_name="codes.shop.example"), MovableClock(NOON))
    await sender.send(an_envelope())
    await sender.close()
    assert postbox.greetings == ["codes.shop.example"]


async def test_the_same_delivery_always_has_the_same_message_id(sender: SmtpSender, postbox: Postbox) -> None:
    await sender.send(an_envelope())
    await sender.send(an_envelope())
    await sender.send(an_envelope(delivery_id="dlv_2"))
    assert [mail["Message-ID"] for mail in postbox.mails] == [
        "<dlv_1@shop.example>",
        "<dlv_1@shop.example>",
        "<dlv_2@shop.example>",
    ]


async def test_a_connection_is_used_again(sender: SmtpSender, postbox: Postbox) -> None:
    for _ in range(3):
        await sender.send(an_envelope())
    assert len(set(postbox.peers)) == 1


async def test_messages_at_the_same_time_have_connections_of_their_own(sender: SmtpSender, postbox: Postbox) -> None:
    many = KEPT_CONNECTIONS + 3
    await asyncio.gather(*(sender.send(an_envelope(delivery_id=f"dlv_{n}")) for n in range(many)))
    assert len(postbox.mails) == many
    assert len(set(postbox.peers)) == many
    await asyncio.gather(*(sender.send(an_envelope(delivery_id=f"dlv_{n}")) for n in range(KEPT_CONNECTIONS)))
    assert len(set(postbox.peers)) == many


async def test_a_connection_that_the_server_closed_meanwhile_is_replaced(postbox: Postbox) -> None:
    port = free_port()
    first = serve(postbox, port=port)
    sender = SmtpSender(a_server(port), MovableClock(NOON))
    await sender.send(an_envelope())
    first.stop()
    second = serve(postbox, port=port)
    try:
        await sender.send(an_envelope())
    finally:
        await sender.close()
        second.stop()
    assert len(postbox.mails) == 2


@pytest.mark.parametrize("answer", ["550 no such user", "553 bad name", "501 bad syntax"])
async def test_a_recipient_that_is_refused_for_good_is_not_tried_again(
    sender: SmtpSender, postbox: Postbox, answer: str
) -> None:
    postbox.recipient_answer = answer
    with pytest.raises(DeliveryFailed, match=answer[:3]) as failure:
        await sender.send(an_envelope())
    assert not failure.value.retryable
    assert "home.example" not in str(failure.value)


async def test_a_dead_mailbox_and_a_closed_door_are_told_apart(sender: SmtpSender, postbox: Postbox) -> None:
    statuses = []
    for answer in ("550 5.1.1 no such user", "550 5.7.1 we know you", "550 no"):
        postbox.recipient_answer = answer
        with pytest.raises(DeliveryFailed) as failure:
            await sender.send(an_envelope())
        statuses.append(failure.value.status.value)
    assert statuses == ["bounced", "blocked", "undelivered"]


@pytest.mark.parametrize("answer", ["450 mailbox busy", "451 try later", "452 full"])
async def test_a_recipient_that_is_refused_for_now_is_tried_again(
    sender: SmtpSender, postbox: Postbox, answer: str
) -> None:
    postbox.recipient_answer = answer
    with pytest.raises(DeliveryFailed, match=answer[:3]) as failure:
        await sender.send(an_envelope())
    assert failure.value.retryable


@pytest.mark.parametrize(("answer", "retryable"), [("554 no", False), ("552 too big", False), ("451 later", True)])
async def test_a_message_that_is_refused_at_its_end_is_judged_alike(
    sender: SmtpSender, postbox: Postbox, answer: str, *, retryable: bool
) -> None:
    postbox.data_answer = answer
    with pytest.raises(DeliveryFailed) as failure:
        await sender.send(an_envelope())
    assert failure.value.retryable is retryable


async def test_a_refusal_leaves_the_connection_good_for_the_next(sender: SmtpSender, postbox: Postbox) -> None:
    await sender.send(an_envelope())
    postbox.recipient_answer = "550 no such user"
    with pytest.raises(DeliveryFailed):
        await sender.send(an_envelope())
    postbox.recipient_answer = "250 OK"
    await sender.send(an_envelope())
    assert len(set(postbox.peers)) == 1


async def test_a_server_that_hangs_up_in_the_middle_is_tried_again(sender: SmtpSender, postbox: Postbox) -> None:
    postbox.hang_up_at_data = 1
    with pytest.raises(DeliveryFailed) as failure:
        await sender.send(an_envelope())
    assert failure.value.retryable
    await sender.send(an_envelope())
    assert len(postbox.mails) == 1


async def test_a_server_that_hangs_up_before_it_has_the_whole_message_is_tried_again() -> None:
    async def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example\r\n")
        while not (line := await reader.readline()).startswith(b"DATA"):
            writer.write(b"250 OK\r\n" if line else b"")
        writer.write(b"354 go on\r\n")
        await reader.read(10)
        writer.transport.abort()

    server = await asyncio.start_server(begin, LOOPBACK, 0)
    async with server:
        sender = SmtpSender(a_server(server.sockets[0].getsockname()[1]), MovableClock(NOON))
        with pytest.raises(DeliveryFailed, match="went away") as failure:
            await sender.send(an_envelope(text="a line of the message\n" * 50_000, html=None))
        await sender.close()
    assert (failure.value.retryable, failure.value.certain) == (True, False)


async def test_a_server_that_is_not_there_is_tried_again() -> None:
    sender = SmtpSender(a_server(free_port()), MovableClock(NOON))
    with pytest.raises(DeliveryFailed, match="no connection") as failure:
        await sender.send(an_envelope())
    assert failure.value.retryable


@pytest.mark.parametrize("waits", [{"command_timeout_s": 0.05}, {"send_timeout_s": 0.05}], ids=["command", "message"])
async def test_a_server_that_does_not_answer_in_time_is_tried_again(
    controller: Controller, postbox: Postbox, waits: dict[str, float]
) -> None:
    sender = SmtpSender(a_server(controller.port, **waits), MovableClock(NOON))
    postbox.held = threading.Event()
    try:
        with pytest.raises(DeliveryFailed, match="did not answer in time") as failure:
            await sender.send(an_envelope())
    finally:
        postbox.held.set()
        await sender.close()
    assert failure.value.retryable


async def test_a_port_that_speaks_no_smtp_is_tried_again() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(greet, LOOPBACK, 0)
    async with server:
        sender = SmtpSender(a_server(server.sockets[0].getsockname()[1]), MovableClock(NOON))
        with pytest.raises(DeliveryFailed) as failure:
            await sender.send(an_envelope())
    assert failure.value.retryable


async def test_a_hostile_brand_adds_no_header(sender: SmtpSender, postbox: Postbox) -> None:
    await sender.send(an_envelope())
    for brand in HOSTILE_TEXTS:
        await sender.send(an_envelope(brand=brand))
    plain, *hostile = postbox.mails
    assert len(hostile) == len(HOSTILE_TEXTS)
    for mail in hostile:
        assert mail.keys() == plain.keys()
        assert [address.addr_spec for address in mail["From"].addresses] == ["codes@shop.example"]


@pytest.mark.parametrize(
    "envelope",
    [
        an_envelope(subject="hello\r\nBcc: victim@example.org"),
        an_envelope(subject="hello\nBcc: victim@example.org"),
        an_envelope(subject="hello\rBcc: victim@example.org"),
        an_envelope(to="ada@home.example\r\nBcc: victim@example.org"),
        an_envelope(to="ada@home.example\nDATA"),
        an_envelope(to="ada@home.example, victim@example.org"),
        an_envelope(to="ada@home.example> SIZE=1 RCPT TO:<victim@example.org"),
        an_envelope(to="not an address"),
        an_envelope(to="łódź@home.example"),
        an_envelope(to=""),
        an_envelope(to="@"),
        an_envelope(channel=Channel.SMS, to="+14155550123", subject=None, html=None),
    ],
    ids=lambda envelope: ascii(f"{envelope.message.subject} {envelope.to.reveal()}"),
)
async def test_what_would_add_a_header_or_a_recipient_is_refused_for_good(
    sender: SmtpSender, postbox: Postbox, envelope: Any
) -> None:
    with pytest.raises(DeliveryFailed) as failure:
        await sender.send(envelope)
    assert not failure.value.retryable
    assert "example" not in str(failure.value)
    assert postbox.mails == []


async def test_a_line_with_a_full_stop_alone_does_not_end_the_message(sender: SmtpSender, postbox: Postbox) -> None:
    text = "one\n.\nQUIT\n..\ntwo\n"
    await sender.send(an_envelope(text=text, html=None))
    [mail] = postbox.mails
    assert mail.get_content().splitlines() == text.splitlines()


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return tls_pair(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def secure_controller(postbox: Postbox, contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> Iterator[Controller]:
    controller = serve(
        postbox,
        tls_context=contexts[0],
        require_starttls=True,
        authenticator=login_is(b"shop", b"secret"),
        auth_required=True,
    )
    yield controller
    controller.stop()


def secure(port: int, **fields: Any) -> MailServer:
    values: dict[str, Any] = {
        "encryption": Encryption.STARTTLS,
        "username": "shop",
        "password": Secret("secret"),
    }
    return a_server(port, **(values | fields))


async def test_turns_to_tls_and_logs_in_before_anything_is_said(
    secure_controller: Controller, postbox: Postbox, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    sender = SmtpSender(secure(secure_controller.port), MovableClock(NOON), tls_context=contexts[1])
    await sender.send(an_envelope())
    await sender.close()
    assert postbox.used_tls == [True]


async def test_a_wrong_password_is_tried_again_because_it_says_nothing_about_the_message(
    secure_controller: Controller, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    server = secure(secure_controller.port, password=Secret("wrong"))
    sender = SmtpSender(server, MovableClock(NOON), tls_context=contexts[1])
    with pytest.raises(DeliveryFailed, match="SMTPAuthenticationError") as failure:
        await sender.send(an_envelope())
    assert failure.value.retryable
    assert "wrong" not in str(failure.value)


async def test_a_certificate_of_nobody_we_trust_is_not_believed(
    secure_controller: Controller, postbox: Postbox
) -> None:
    sender = SmtpSender(secure(secure_controller.port), MovableClock(NOON), tls_context=ssl.create_default_context())
    with pytest.raises(DeliveryFailed) as failure:
        await sender.send(an_envelope())
    assert failure.value.retryable
    assert postbox.mails == []


async def test_a_server_without_tls_gets_nothing_where_tls_is_asked(controller: Controller, postbox: Postbox) -> None:
    sender = SmtpSender(a_server(controller.port, encryption=Encryption.STARTTLS), MovableClock(NOON))
    with pytest.raises(DeliveryFailed) as failure:
        await sender.send(an_envelope())
    assert failure.value.retryable
    assert postbox.mails == []


async def test_speaks_tls_from_the_first_byte(
    postbox: Postbox, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    controller = serve(postbox, ssl_context=contexts[0])
    server = a_server(controller.port, encryption=Encryption.TLS)
    sender = SmtpSender(server, MovableClock(NOON), tls_context=contexts[1])
    try:
        await sender.send(an_envelope())
    finally:
        await sender.close()
        controller.stop()
    assert len(postbox.mails) == 1
