"""From a challenge to what its network reports: worker, SMPP, message centre, and back into the store."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.adapters.mail_server import LOOPBACK
from tests.adapters.message_centre import MessageCentre, serving
from tests.flow.world import OUTBOX, SHOP, World, phone
from tests.kit.default_policy import default_policy
from tests.kit.languages import LANGUAGES
from watchword.adapters.key_set import KeySet
from watchword.adapters.letters import CatalogueLetters
from watchword.adapters.senders.smpp import SmppKeys
from watchword.adapters.senders.smpp_session import SmppSender, Waits
from watchword.bootstrap.key_source import KeyWatch
from watchword.bootstrap.policy_watch import PolicyWatch
from watchword.bootstrap.reception import Reception
from watchword.bootstrap.worker import Worker
from watchword.config.settings import KeySource
from watchword.domain.contact import Channel
from watchword.domain.event import EventType
from watchword.domain.message import DeliveryStatus
from watchword.domain.routes import Routes
from watchword.domain.secret import Secret

CENTRE = "centre"


@pytest.fixture
async def centre() -> AsyncIterator[MessageCentre]:
    async with serving(MessageCentre()) as centre:
        yield centre


@pytest.fixture
async def world(centre: MessageCentre) -> AsyncIterator[World]:
    """A shop that sends by the message centre first, and by the outbox where that comes to nothing."""
    world = World.create(default_policy(), letters=CatalogueLetters(LANGUAGES))
    reception = Reception()
    keys = SmppKeys(
        host=LOOPBACK, port=centre.port, tls=False, system_id="shop", password=Secret("secret"), source="Shop"
    )
    sender = SmppSender(keys, reception.hearing(CENTRE), Waits(first_pause_s=0.01))
    world.ports = replace(
        world.ports,
        senders={CENTRE: sender, OUTBOX: world.outbox},
        routes=Routes(
            orders={(SHOP, Channel.SMS, None): (CENTRE, OUTBOX)}, receipt_within_s={CENTRE: keys.receipt_within_s}
        ),
    )
    reception.ports = world.ports
    await world.register(phone())
    yield world
    await sender.close()
    await world.close()


def a_worker(world: World, tmp_path: Path, *, delivers: bool = True) -> Worker:
    assert isinstance(world.ports.keyring, KeySet)
    source = KeySource(name="keys", path=tmp_path / "keys.toml", text=Secret(""))
    return Worker(
        ports=world.ports,
        alone=True,
        key_watch=KeyWatch(source, world.ports.keyring),
        policy_watch=PolicyWatch(declared=(), applied={}),
        tidy=lambda: None,
        retention_days=400,
        delivers=delivers,
    )


async def test_a_process_that_delivers_binds_before_there_is_anything_to_send(
    world: World, centre: MessageCentre, tmp_path: Path
) -> None:
    idle = a_worker(world, tmp_path, delivers=False)
    await idle.start()
    await idle.stop()
    worker = a_worker(world, tmp_path)
    await worker.start()
    await centre.until(lambda: centre.bound == ["shop"])
    await worker.stop()
    assert centre.bound == ["shop"]


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Ask again and again, with everybody else's turn between."""
    async with asyncio.timeout(10):
        while not await holds():  # noqa: ASYNC110 neither store nor outbox tells anybody
            await asyncio.sleep(0)


async def test_the_challenge_says_what_the_network_reports(world: World, centre: MessageCentre, tmp_path: Path) -> None:
    async def is_delivered() -> bool:
        return (await world.view(assessed)).delivery_status is DeliveryStatus.DELIVERED

    centre.states = ("ENROUTE", "DELIVRD", "UNDELIV", "DELIVRD")
    worker = a_worker(world, tmp_path)
    await worker.start()
    assessed = await world.browser().report()
    worker.bell.set()
    await until(is_delivered)
    await worker.stop()
    assert {message.destination for message in centre.messages} == {"14155550123"}
    assert world.outbox.sent == []
    assert len(await world.events(EventType.DELIVERY_DELIVERED)) == 1


async def test_the_next_sender_gets_the_same_code_where_the_network_says_it_did_not_arrive(
    world: World, centre: MessageCentre, tmp_path: Path
) -> None:
    async def is_sent_again() -> bool:
        return bool(world.outbox.sent)

    centre.states = ("UNDELIV",)
    worker = a_worker(world, tmp_path)
    await worker.start()
    await world.browser().report()
    worker.bell.set()
    await until(is_sent_again)
    await worker.stop()
    [again] = world.outbox.sent
    code = again.message.text.rsplit("#", 1)[1].strip()
    assert code.encode() in b"".join(message.body for message in centre.messages)
