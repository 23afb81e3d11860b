"""Messages by services that Apprise knows: a web hook and a mail server on loopback."""

import sys
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.adapters.amazon_endpoint import Answered, Endpoint, endpoint
from tests.adapters.envelopes import NOON, an_envelope
from tests.adapters.mail_server import LOOPBACK, Postbox, free_port, serve
from tests.kit.clock_and_chance import MovableClock, SeededEntropy
from watchword.adapters.senders.apprise import APPRISE, AppriseKeys, AppriseSender
from watchword.adapters.senders.kind import SenderSurroundings
from watchword.domain.contact import Channel
from watchword.domain.errors import ConfigurationError, DeliveryFailed
from watchword.domain.message import DeliveryStatus, Envelope
from watchword.domain.secret import Secret
from watchword.ports.sender import Receipt, ReceiptReader

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
"""One of Apprise's two hundred services imports it."""


@pytest.fixture
def gateway() -> Iterator[Endpoint]:
    with endpoint() as one:
        yield one


async def deaf(_: Receipt) -> None:
    """Nothing is ever reported."""


def make(url: str, **fields: Any) -> AppriseSender:
    surroundings = SenderSurroundings(name="tail", clock=MovableClock(NOON), entropy=SeededEntropy(1), hearing=deaf)
    sender = APPRISE.make(AppriseKeys(url=Secret(url), **fields), surroundings)
    assert isinstance(sender, AppriseSender)
    return sender


@pytest.fixture
async def sender(gateway: Endpoint) -> AsyncIterator[AppriseSender]:
    sender = make(gateway.url.replace("http://", "json://user:key@") + "/{digits}", timeout_s=10)
    yield sender
    await sender.close()


def a_text(**fields: Any) -> Envelope:
    values: dict[str, Any] = {"channel": Channel.SMS, "to": "+14155550123", "subject": None, "html": None}
    return an_envelope(**(values | fields))


async def test_a_short_message_reaches_the_service(sender: AppriseSender, gateway: Endpoint) -> None:
    handover = await sender.send(a_text(text="012345 is your code.\n\n@shop.example #012345"))
    [asked] = gateway.asked
    assert asked.path == "/14155550123"
    assert (asked.fields["title"], asked.fields["message"]) == ("", "012345 is your code.\n\n@shop.example #012345")
    assert (handover.provider, handover.provider_message_id, handover.status) == (
        "apprise",
        None,
        DeliveryStatus.ACCEPTED,
    )


async def test_nothing_is_ever_heard_of_a_message(sender: AppriseSender) -> None:
    assert not isinstance(sender, ReceiptReader)


async def test_a_mail_reaches_its_customer() -> None:
    postbox = Postbox()
    controller = serve(postbox)
    sender = make(f"mailto://{LOOPBACK}:{controller.port}?mode=insecure&from=codes@shop.example&to={{to}}")
    try:
        await sender.send(an_envelope(to="ada+shop@home.example"))
    finally:
        await sender.close()
        controller.stop()
    assert postbox.recipients == [["ada+shop@home.example"]]
    assert postbox.mails[0]["Subject"] == "012345 is your Example Shop code"


@pytest.mark.parametrize("status", [400, 401, 500])
async def test_a_service_that_refuses_is_tried_again_since_nobody_knows_why(
    sender: AppriseSender, gateway: Endpoint, status: int
) -> None:
    gateway.answers.append(Answered(status=status))
    with pytest.raises(DeliveryFailed) as failure:
        await sender.send(a_text())
    assert (failure.value.retryable, len(gateway.asked)) == (True, 1)
    assert "key" not in str(failure.value)


async def test_a_service_that_is_not_there_is_tried_again() -> None:
    sender = make(f"json://{LOOPBACK}:{free_port()}/{{digits}}")
    with pytest.raises(DeliveryFailed) as failure:
        await sender.send(a_text())
    await sender.close()
    assert failure.value.retryable


async def test_a_service_that_hangs_is_tried_again(gateway: Endpoint) -> None:
    gateway.held = threading.Event()
    sender = make(gateway.url.replace("http://", "json://") + "/{digits}", timeout_s=1)
    with pytest.raises(DeliveryFailed) as failure:
        await sender.send(a_text())
    gateway.held.set()
    await sender.close()
    assert failure.value.retryable


@pytest.mark.parametrize(
    "to",
    [
        "ada%2Cthief@home.example",
        "ada,thief@home.example",
        "ada%252Cthief@home.example",
        "ada@home.example?to=thief@example.org",
        "ada@home.example/thief@example.org",
        "łódź@home.example",
        "",
    ],
)
async def test_an_address_that_could_mean_another_is_not_given_to_apprise(
    sender: AppriseSender, gateway: Endpoint, to: str
) -> None:
    with pytest.raises(DeliveryFailed) as failure:
        await sender.send(an_envelope(to=to))
    assert not failure.value.retryable
    assert gateway.asked == []


async def test_a_call_is_refused_for_good(sender: AppriseSender) -> None:
    with pytest.raises(DeliveryFailed) as failure:
        await sender.send(a_text(channel=Channel.VOICE))
    assert not failure.value.retryable


@pytest.mark.parametrize("url", ["nonsense://user:key@{to}", "json://a/{to}, json://b", "{to}"])
def test_an_address_that_apprise_does_not_know_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ConfigurationError) as failure:
        make(url)
    assert "key" not in str(failure.value)


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("json://gateway.example/{to}", []),
        ("json://gateway.example/{digits}", []),
        ("json://gateway.example/", ["url"]),
        ("json://gateway.example/{to}/{digits}", ["url"]),
    ],
)
def test_an_address_says_once_where_the_customers_belongs(url: str, wrong: list[str]) -> None:
    assert [key for key, _ in APPRISE.problems(AppriseKeys(url=Secret(url)))] == wrong


def test_the_extra_is_named_where_the_library_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "watchword.adapters.senders.apprise_library", raising=False)
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'watchword\[apprise\]'"):
        make("json://gateway.example/{to}")
