"""The worker comes when it is called, and a sender that hangs holds up nobody but its own messages."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from tests.flow.world import BEA, PHONE, SHOP, World, email, phone
from tests.kit.default_policy import default_policy
from tests.kit.languages import LANGUAGES
from watchword.adapters.key_set import KeySet
from watchword.adapters.letters import CatalogueLetters
from watchword.adapters.places import SenderPlaces
from watchword.bootstrap import worker as worker_module
from watchword.bootstrap.house import House, build
from watchword.bootstrap.key_source import KeyWatch, open_keys
from watchword.bootstrap.policy_watch import PolicyWatch
from watchword.bootstrap.store_opening import migrate_store
from watchword.bootstrap.worker import Worker
from watchword.config.loading import load_settings
from watchword.config.settings import KeySource, Situation
from watchword.domain.contact import Channel, ContactKind
from watchword.domain.ids import UserId
from watchword.domain.instant import Instant
from watchword.domain.message import DeliveryStatus, Envelope
from watchword.domain.routes import Routes
from watchword.domain.secret import Secret
from watchword.flow.assess import assess
from watchword.flow.gather import Report
from watchword.flow.register import ContactEntry, put_user
from watchword.ports.sender import Handover
from watchword.web.metrics import Metrics

SETTINGS = """\
[server]
page_base = "https://verify.shop.example"
[senders.mail]
kind = "smtp"
host = "mail.shop.example"
from_address = "codes@shop.example"
[applications.shop]
name = "Example Shop"
mode = "live"
[applications.shop.senders]
email = "mail"
"""


@dataclass
class Kept:
    """Takes everything."""

    sent: list[Envelope] = field(default_factory=list)
    has_one: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, envelope: Envelope) -> Handover:
        self.sent.append(envelope)
        self.has_one.set()
        return Handover(provider="kept", provider_message_id=None, status=DeliveryStatus.SENT)


@dataclass
class Hanging:
    """Takes every message and answers none, until it is let go."""

    asked: int = 0
    is_let_go: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, _: Envelope) -> Handover:
        self.asked += 1
        await self.is_let_go.wait()
        return Handover(provider="hanging", provider_message_id=None, status=DeliveryStatus.SENT)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    path = tmp_path / "watchword.toml"
    path.write_text(SETTINGS)
    settings = load_settings(path, situation=Situation.SERVE, environ={})
    migrate_store(settings)
    house = await build(settings, open_keys(settings.keys, create=True))
    yield house
    await house.close()


async def test_a_message_leaves_as_soon_as_its_start_is_written(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "DELIVERY_PAUSE_S", 3_600.0)
    kept = Kept()
    house.worker.ports = replace(house.ports, senders={"mail": kept})
    await house.worker.start()
    await asyncio.sleep(0)  # it has looked, and found nothing
    await _ask_ann(house, conceal=False)
    await asyncio.wait_for(kept.has_one.wait(), timeout=60)
    await house.worker.stop()
    assert [one.to.reveal() for one in kept.sent] == ["ann@home.example"]


@pytest.mark.parametrize("conceal", [False, True], ids=["leased as it is written", "claimed"])
async def test_a_message_is_counted_as_queued_whichever_way_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, conceal: bool
) -> None:
    monkeypatch.setattr(Worker, "has_room", lambda _: True)
    monkeypatch.setattr(Worker, "take", lambda *_: None)  # nothing is to leave here
    path, registry = tmp_path / "watchword.toml", CollectorRegistry()
    path.write_text(SETTINGS)
    settings = load_settings(path, situation=Situation.SERVE, environ={})
    migrate_store(settings)
    house = await build(settings, open_keys(settings.keys, create=True), metrics=Metrics(registry))
    await _ask_ann(house, conceal=conceal)
    assert registry.get_sample_value("watchword_events_total", {"type": "delivery.queued"}) == 1.0
    assert house.worker.bell.is_set() is conceal
    await house.close()


async def test_a_sender_that_hangs_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "AT_ONCE", 4)
    world = World.create(default_policy(), letters=CatalogueLetters(LANGUAGES))
    hanging, kept = Hanging(), Kept()
    world.ports = replace(
        world.ports,
        senders={"hanging": hanging, "kept": kept},
        routes=Routes(orders={(SHOP, Channel.EMAIL, None): ("hanging",), (SHOP, Channel.SMS, None): ("kept",)}),
        places=SenderPlaces(places=1, waiting=1),
    )
    for number in range(6):
        user_id = UserId(f"u-{number}")
        await world.register(email(f"{user_id}@home.example"), user_id=user_id)
        await world.browser(user_id).report()
    await world.register(phone(), user_id=BEA)
    await world.browser(BEA).report()
    worker = _worker(world)
    await worker.start()
    await asyncio.wait_for(kept.has_one.wait(), timeout=60)
    assert hanging.asked == 1
    hanging.is_let_go.set()
    await worker.stop()
    assert [one.to.reveal() for one in kept.sent] == [PHONE]
    await world.close()


async def _ask_ann(house: House, *, conceal: bool) -> None:
    """Register Ann and ask her for a code."""
    application, user_id = next(iter(house.ports.applications.values())), UserId("ann")
    entry = ContactEntry(
        kind=ContactKind.EMAIL, address="ann@home.example", confirmed_at=Instant(0), preferred=False, pointer=""
    )
    await put_user(house.ports, application, user_id, (entry,), locale=None, grant=None)
    await assess(house.ports, application, Report(type="password_reset", user_id=user_id, details={}, conceal=conceal))


def _worker(world: World) -> Worker:
    assert isinstance(world.ports.keyring, KeySet)
    return Worker(
        ports=world.ports,
        alone=True,
        key_watch=KeyWatch(KeySource(name="keys", path=Path("keys"), text=Secret("")), world.ports.keyring),
        policy_watch=PolicyWatch(declared=(), applied={}),
        tidy=lambda: None,
        retention_days=400,
    )
