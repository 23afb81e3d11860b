"""What calls addresses that others named: it answers for every way a receiver can fail, and never connects inside."""

import asyncio
import gc
from collections.abc import Sequence
from contextlib import AsyncExitStack
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import httpcore2
import pytest

from tests.adapters.mail_server import tls_pair
from tests.adapters.receiver import answering, drop, hang, listening, status
from watchword.adapters.outward import Answer, OutwardClient, Trouble, Unanswered
from watchword.domain.reach import Reach

PATIENT_S = 30.0
HASTY_S = 0.3
PUBLIC = "93.184.216.34"


class Names:
    """A resolver that gives other addresses each time it is asked, as one does that rebinds."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str) -> Sequence[IPv4Address | IPv6Address]:
        self.asked.append(host)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return tuple(ip_address(text) for text in found)


class Roads:
    """Where connections would go; all of them are closed, so that no test calls anybody."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    async def __call__(self, address: str, _port: int) -> httpcore2.AsyncNetworkStream:
        self.taken.append(address)
        raise httpcore2.ConnectError


async def _post(
    url: str,
    *,
    reach: Reach = Reach.THIS_MACHINE,
    timeout_s: float = PATIENT_S,
    client: OutwardClient | None = None,
    answer_bytes: int = 1_000,
) -> Answer | Unanswered:
    client = client or OutwardClient()
    try:
        return await client.post(
            url,
            reach=reach,
            headers={"content-type": "application/json"},
            body=b"{}",
            timeout_s=timeout_s,
            answer_bytes=answer_bytes,
        )
    finally:
        await client.aclose()


async def test_a_request_comes_as_it_was_meant() -> None:
    async with listening() as receiver:
        answer = await _post(receiver.url("/a/b?c=d"))
    (received,) = receiver.received
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body, answer.is_whole) == (200, b"ok", True)
    assert received.start == "POST /a/b?c=d HTTP/1.1"
    assert received.headers == {
        "host": f"127.0.0.1:{receiver.port}",
        "content-type": "application/json",
        "content-length": "2",
    }
    assert received.body == b"{}"


@pytest.mark.parametrize("code", [204, 400, 410, 500, 503])
async def test_every_status_is_an_answer(code: int) -> None:
    async with listening(status(code)) as receiver:
        answer = await _post(receiver.url())
    assert isinstance(answer, Answer)
    assert answer.status == code


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(code: int) -> None:
    async with listening() as inside:
        async with listening(status(code, f"location: {inside.url()}\r\n".encode())) as receiver:
            answer = await _post(receiver.url())
        assert isinstance(answer, Answer)
        assert (answer.status, answer.headers["location"]) == (code, inside.url())
    assert inside.connections == 0


async def test_silence_ends_when_the_time_is_over() -> None:
    async with listening(hang) as receiver:
        answer = await _post(receiver.url(), timeout_s=HASTY_S)
    assert answer == Unanswered(trouble=Trouble.TIMED_OUT, may_have_arrived=True)


async def test_a_connection_that_ends_without_a_word_may_have_brought_the_request() -> None:
    async with listening(drop) as receiver:
        answer = await _post(receiver.url())
    assert answer == Unanswered(trouble=Trouble.BROKEN_OFF, may_have_arrived=True)


async def test_an_answer_that_breaks_off_is_an_answer_and_not_whole() -> None:
    async def break_off(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbeginning")
        await writer.drain()
        writer.close()

    async with listening(break_off) as receiver:
        answer = await _post(receiver.url())
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body, answer.is_whole) == (200, b"beginning", False)


async def test_a_slow_answer_is_read_for_as_long_as_there_is_time() -> None:
    async def trickle(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nb")
        await asyncio.Event().wait()

    async with listening(trickle) as receiver:
        answer = await _post(receiver.url(), timeout_s=HASTY_S)
    assert isinstance(answer, Answer)
    assert (answer.status, answer.is_whole) == (200, False)


async def test_a_head_that_never_ends_is_not_waited_for() -> None:
    async def trickle(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nx-a: ")
        await asyncio.Event().wait()

    async with listening(trickle) as receiver:
        answer = await _post(receiver.url(), timeout_s=HASTY_S)
    assert answer == Unanswered(trouble=Trouble.TIMED_OUT, may_have_arrived=True)


async def test_an_endless_answer_is_not_read_to_its_end() -> None:
    written = 0

    async def pour(writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10000000000\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            written += 65_536
            await writer.drain()

    async with listening(pour) as receiver:
        answer = await _post(receiver.url())
    assert isinstance(answer, Answer)
    assert (len(answer.body), answer.is_whole) == (1_000, False)
    assert written < 100_000_000


async def test_an_endless_head_is_refused() -> None:
    async with listening(answering(b"HTTP/1.1 200 OK\r\nx-a: " + b"x" * 1_000_000)) as receiver:
        answer = await _post(receiver.url())
    assert answer == Unanswered(trouble=Trouble.NOT_HTTP, may_have_arrived=True)


async def test_what_is_not_http_is_no_answer() -> None:
    async with listening(answering(b"+OK POP3 ready\r\n\r\n")) as receiver:
        answer = await _post(receiver.url())
    assert answer == Unanswered(trouble=Trouble.NOT_HTTP, may_have_arrived=True)


async def test_a_closed_port_took_nothing() -> None:
    async with listening() as receiver:
        pass
    assert await _post(receiver.url()) == Unanswered(trouble=Trouble.NOT_CONNECTED, may_have_arrived=False)


async def test_a_trusted_certificate_is_taken(tmp_path: Path) -> None:
    server, trusting = tls_pair(tmp_path)
    async with listening(tls=server) as receiver:
        answer = await _post(receiver.url(scheme="https"), client=OutwardClient(tls=trusting))
    assert isinstance(answer, Answer)
    assert answer.status == 200


async def test_an_untrusted_certificate_gets_nothing(tmp_path: Path) -> None:
    server, _ = tls_pair(tmp_path)
    async with listening(tls=server) as receiver:
        answer = await _post(receiver.url(scheme="https"))
    assert answer == Unanswered(trouble=Trouble.NOT_TRUSTED, may_have_arrived=False)
    assert receiver.received == []


async def test_a_certificate_for_another_host_gets_nothing(tmp_path: Path) -> None:
    server, trusting = tls_pair(tmp_path)
    async with listening(tls=server) as receiver:
        client = OutwardClient(tls=trusting, lookup=Names(["127.0.0.1"]))
        answer = await _post(receiver.url(scheme="https", host="shop.example"), client=client)
    assert answer == Unanswered(trouble=Trouble.NOT_TRUSTED, may_have_arrived=False)
    assert receiver.received == []


async def test_a_handshake_that_never_ends_is_given_up_and_closed() -> None:
    async with listening() as receiver:
        answer = await _post(receiver.url(scheme="https"), timeout_s=HASTY_S)
    assert answer == Unanswered(trouble=Trouble.TIMED_OUT, may_have_arrived=False)
    gc.collect()  # a connection that nobody closed would be told of here


async def test_tls_with_a_server_that_has_none_is_refused() -> None:
    server = await asyncio.start_server(_speak_plainly, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        answer = await _post(f"https://127.0.0.1:{port}/")
    assert answer == Unanswered(trouble=Trouble.NOT_TRUSTED, may_have_arrived=False)


async def _speak_plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await writer.drain()
    writer.close()


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001"),
        *(
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[0:0:0:0:0:0:0:1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
        ),
        *("0.0.0.0", "0", "[::]", "169.254.169.254", "[fd00:ec2::254]", "[fe80::1]", "[fe80::1%25lo]", "10.0.0.1"),
        *("100.64.0.1", "192.168.0.1", "172.16.0.1", "192.0.2.1", "localhost", "LOCALHOST", "localhost.", "127.0.0.1."),
        *(
            "１２７.0.0.1",
            "①②⑦.0.0.1",
            "127。0。0。1",
            "user@127.0.0.1",
            "shop.example@127.0.0.1",
            "127.0.0.1%00.example",
        ),
        *("127.0.0.1\\.shop.example", "shop.example\r\nhost: a", "", " 127.0.0.1", "::1", "[::1", "[v1.a]", "a" * 64),
    ],
)
@pytest.mark.parametrize("scheme", ["https", "http"])
async def test_no_way_of_writing_an_address_leads_inside(host: str, scheme: str) -> None:
    roads = Roads()
    client = OutwardClient(dial=roads)
    answer = await _post(f"{scheme}://{host}/hook", reach=Reach.PUBLIC, client=client)
    assert answer in (
        Unanswered(trouble=Trouble.ADDRESS_REFUSED, may_have_arrived=False),
        Unanswered(trouble=Trouble.UNKNOWN_HOST, may_have_arrived=False),
    )
    assert roads.taken == []


@pytest.mark.parametrize(
    "url",
    ["ftp://shop.example/", "file:///etc/passwd", "gopher://127.0.0.1/", "//shop.example", "shop.example", "https:/x"],
)
async def test_nothing_but_http_is_spoken(url: str) -> None:
    roads = Roads()
    answer = await _post(url, client=OutwardClient(dial=roads, lookup=Names([PUBLIC])))
    assert answer == Unanswered(trouble=Trouble.ADDRESS_REFUSED, may_have_arrived=False)
    assert roads.taken == []


async def test_a_name_that_is_public_once_and_private_then_is_connected_to_where_it_was_checked() -> None:
    names, roads = Names([PUBLIC], ["127.0.0.1"]), Roads()
    client = OutwardClient(lookup=names, dial=roads)
    first = await _post("https://shop.example/", reach=Reach.PUBLIC, client=client)
    second = await _post("https://shop.example/", reach=Reach.PUBLIC, client=client)
    assert (names.asked, roads.taken) == (["shop.example"] * 2, [PUBLIC])
    assert isinstance(first, Unanswered)
    assert second == Unanswered(trouble=Trouble.ADDRESS_REFUSED, may_have_arrived=False)


async def test_no_socket_goes_inside_when_a_name_rebinds(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening() as inside:
        names = Names(["127.0.0.1"])
        answer = await _post(
            f"https://shop.example:{inside.port}/", reach=Reach.PUBLIC, client=OutwardClient(lookup=names)
        )
    assert answer == Unanswered(trouble=Trouble.ADDRESS_REFUSED, may_have_arrived=False)
    assert inside.connections == 0


@pytest.mark.parametrize("other", ["10.0.0.1", "::1", "::ffff:10.0.0.1", "169.254.169.254"])
async def test_one_private_address_among_public_ones_is_enough_to_refuse(other: str) -> None:
    roads = Roads()
    client = OutwardClient(lookup=Names([PUBLIC, other]), dial=roads)
    answer = await _post("https://shop.example/", reach=Reach.PUBLIC, client=client)
    assert answer == Unanswered(trouble=Trouble.ADDRESS_REFUSED, may_have_arrived=False)
    assert roads.taken == []


async def test_the_next_address_is_tried_where_one_does_not_answer() -> None:
    roads = Roads()
    client = OutwardClient(lookup=Names([PUBLIC, "1.1.1.1"]), dial=roads)
    await _post("https://shop.example/", reach=Reach.PUBLIC, client=client)
    assert roads.taken == [PUBLIC, "1.1.1.1"]


async def test_a_public_address_is_never_called_in_the_clear() -> None:
    for reach in Reach:
        roads = Roads()
        client = OutwardClient(lookup=Names([PUBLIC]), dial=roads)
        answer = await _post("http://shop.example:443/", reach=reach, client=client)
        assert answer == Unanswered(trouble=Trouble.ADDRESS_REFUSED, may_have_arrived=False)
        assert roads.taken == []


@pytest.mark.parametrize(("port", "is_called"), [(443, True), (8443, True), (22, False), (25, False), (6379, False)])
async def test_public_addresses_are_called_at_the_ports_of_the_web(port: int, *, is_called: bool) -> None:
    roads = Roads()
    client = OutwardClient(lookup=Names([PUBLIC]), dial=roads)
    await _post(f"https://shop.example:{port}/", reach=Reach.PUBLIC, client=client)
    assert roads.taken == ([PUBLIC] if is_called else [])


async def test_a_connection_is_used_again_without_being_looked_up_again() -> None:
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    client = OutwardClient(lookup=names)
    async with AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(listening())
        stack.push_async_callback(client.aclose)
        for _ in range(3):
            answer = await client.post(
                receiver.url(host="shop.example"), reach=Reach.THIS_MACHINE, headers={}, body=b"", timeout_s=PATIENT_S
            )
            assert isinstance(answer, Answer)
    assert (receiver.connections, len(receiver.received), names.asked) == (1, 3, ["shop.example"])


async def test_a_receiver_that_hangs_keeps_no_other_waiting() -> None:
    client = OutwardClient()
    async with listening(hang) as silent, listening() as other:
        waiting = [
            asyncio.create_task(
                client.post(silent.url(), reach=Reach.THIS_MACHINE, headers={}, body=b"", timeout_s=PATIENT_S)
            )
            for _ in range(50)
        ]
        answer = await client.post(other.url(), reach=Reach.THIS_MACHINE, headers={}, body=b"", timeout_s=PATIENT_S)
        assert isinstance(answer, Answer)
        assert not any(task.done() for task in waiting)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await client.aclose()


async def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening() as proxy, listening() as receiver:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url(""))
        await _post(receiver.url())
    assert (proxy.connections, receiver.connections) == (0, 1)


async def test_the_resolver_of_this_machine_is_asked() -> None:
    async with listening() as receiver:
        answer = await _post(receiver.url(host="localhost"))
    assert isinstance(answer, Answer)
    assert receiver.received[0].headers["host"] == f"localhost:{receiver.port}"
