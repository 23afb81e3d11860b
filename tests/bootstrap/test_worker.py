"""The worker: a defect in one round is seen and ends nothing else, and what was counted is written and read again."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.flow.ailing_store import ailing
from tests.flow.world import SHOP, World, challenge_of
from tests.kit.default_policy import default_policy, text_of_the_default_policy
from tests.kit.languages import LANGUAGES
from watchword.adapters.key_set import KeySet
from watchword.adapters.letters import CatalogueLetters
from watchword.bootstrap import worker as worker_module
from watchword.bootstrap.key_source import KeyWatch
from watchword.bootstrap.policy_watch import PolicyWatch
from watchword.bootstrap.worker import Worker
from watchword.config.settings import DeclaredApplication, KeySource, PolicySource
from watchword.domain.action import PURCHASE, SIGN_IN
from watchword.domain.contact import Channel
from watchword.domain.message import DeliveryStatus, Envelope
from watchword.domain.routes import Routes
from watchword.domain.secret import Secret
from watchword.flow.deliver import pass_by
from watchword.flow.learn import count_proven, read_traffic
from watchword.flow.retain import forget_actions
from watchword.ports import Ports
from watchword.ports.sender import Handover
from watchword.risk.fading import growth
from watchword.risk.hearsay import Hearsay
from watchword.risk.policy import version_of
from watchword.risk.traffic import Traffic


async def test_a_defect_is_logged_by_its_place_and_never_by_its_words(tmp_path: Path) -> None:
    world = World.create(default_policy(), letters=CatalogueLetters(LANGUAGES))
    tried = asyncio.Event()

    def fail() -> None:
        tried.set()
        raise ArithmeticError("the code 918273 for ann@example.com")

    worker = _worker(world, tmp_path)
    worker.tidy = fail
    with capture_logs() as logged:
        await worker.start()
        await tried.wait()
        await worker.stop()
    (entry,) = [one for one in logged if one["event"] == "worker.round_failed"]
    assert entry["error"] == "ArithmeticError"
    assert any(place.startswith("fail:") for place in entry["places"])
    assert "918273" not in str(logged)
    assert "ann@" not in str(logged)
    await world.close()


async def test_an_applied_policy_is_taken_up_in_the_next_round(tmp_path: Path) -> None:
    world = World.create(default_policy(), letters=CatalogueLetters(LANGUAGES))
    (application,) = world.ports.applications.values()
    text = text_of_the_default_policy()
    declared = DeclaredApplication(
        application=application, senders={}, policy=PolicySource(name="policy.toml", text=text)
    )
    watch, rounds = PolicyWatch(declared=(declared,), applied={}), asyncio.Event()
    await world.ports.store.apply_policy(
        application.id, version=version_of(f"# {text}"), text=f"# {text}", applied_by="ann", why="test"
    )
    assert isinstance(world.ports.keyring, KeySet)
    keys = KeyWatch(KeySource(name="keys", path=tmp_path / "keys.toml", text=Secret("")), world.ports.keyring)
    worker = Worker(
        ports=world.ports, alone=True, key_watch=keys, policy_watch=watch, tidy=rounds.set, retention_days=400
    )
    await worker.start()
    await rounds.wait()
    await worker.stop()
    assert watch.policies[application.id].version == version_of(f"# {text}")
    await world.close()


def _worker(world: World, tmp_path: Path, *, alone: bool = True) -> Worker:
    assert isinstance(world.ports.keyring, KeySet)
    source = KeySource(name="keys", path=tmp_path / "keys.toml", text=Secret(""))
    return Worker(
        ports=world.ports,
        alone=alone,
        key_watch=KeyWatch(source, world.ports.keyring),
        policy_watch=PolicyWatch(declared=(), applied={}),
        tidy=lambda: None,
        retention_days=400,
    )


async def test_what_was_counted_is_written_when_the_worker_stops_and_read_when_it_starts(tmp_path: Path) -> None:
    world = World.create(default_policy(), letters=CatalogueLetters(LANGUAGES))
    await world.register()
    worker = _worker(world, tmp_path)
    await worker.start()
    await (await world.known_browser()).report(PURCHASE)
    counts = world.ports.traffic[SHOP].population.counts
    await worker.stop()
    assert len(await world.store.population(SHOP)) == len(counts) > 0
    world.ports = replace(world.ports, traffic={SHOP: Traffic()})
    again = _worker(world, tmp_path)
    await again.start()
    assert len(world.ports.traffic[SHOP].population.counts) == len(counts)
    await again.stop()


async def test_what_was_counted_is_written_while_the_worker_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "TRAFFIC_PAUSE_S", 0.01)
    monkeypatch.setattr(worker_module, "TRAFFIC_ROUNDS", 1)
    world = World.create(default_policy(), letters=CatalogueLetters(LANGUAGES))
    counts, key, now = world.ports.traffic[SHOP].population.counts, b"v" + bytes(8), world.clock.now()
    added_up = asyncio.Event()

    async def read_and_tell(ports: Ports) -> None:
        await read_traffic(ports)
        if counts.get(key, now) > 1.9:
            added_up.set()

    monkeypatch.setattr(worker_module, "read_traffic", read_and_tell)
    worker = _worker(world, tmp_path, alone=False)
    await worker.start()
    counts.add(key, 1.0, now)
    await world.store.add_to_population(SHOP, {key: growth(now)})  # what another process counted
    await asyncio.wait_for(added_up.wait(), timeout=10)
    await worker.stop()


@pytest.mark.parametrize("stops", [False, True], ids=["while it runs", "as it stops"])
async def test_what_was_approved_here_and_decided_elsewhere_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, stops: bool
) -> None:
    monkeypatch.setattr(worker_module, "TRAFFIC_PAUSE_S", 3_600.0 if stops else 0.01)
    world = World.create(default_policy(), letters=CatalogueLetters(LANGUAGES))
    await world.register()
    asked = await world.browser().report()
    code = await world.code_of(asked)
    traffic = Traffic()
    world.ports = replace(world.ports, traffic={SHOP: traffic})
    counted = asyncio.Event()

    async def count_and_tell(ports: Ports) -> None:
        await count_proven(ports)
        if len(traffic.population.counts):
            counted.set()

    monkeypatch.setattr(worker_module, "count_proven", count_and_tell)
    worker = _worker(world, tmp_path)
    await worker.start()
    await world.check(challenge_of(asked).id, code)
    if not stops:
        await asyncio.wait_for(counted.wait(), timeout=10)
    else:
        assert len(traffic.population.counts) == 0
    await worker.stop()
    assert len(traffic.population.counts) > 0


async def test_actions_are_forgotten_while_the_worker_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World.create(default_policy(), letters=CatalogueLetters(LANGUAGES))
    await world.register()
    old = await world.browser().report()
    world.clock.move(days=401)
    await world.browser().report()
    forgotten = asyncio.Event()

    async def forget_and_tell(ports: Ports, *, days: int) -> int:
        count = await forget_actions(ports, days=days)
        forgotten.set()
        return count

    monkeypatch.setattr(worker_module, "forget_actions", forget_and_tell)
    worker = _worker(world, tmp_path)
    await worker.start()
    await asyncio.wait_for(forgotten.wait(), timeout=10)
    await worker.stop()
    assert await world.store.action(world.ref(), old.action.id) is None


async def test_a_store_that_is_away_at_the_end_is_logged_and_does_not_stop_the_stopping(tmp_path: Path) -> None:
    world = World.create(default_policy(), letters=CatalogueLetters(LANGUAGES))
    worker = _worker(world, tmp_path)
    await worker.start()
    world.ports.traffic[SHOP].population.counts.add(b"v" + bytes(8), 1.0, world.clock.now())
    broken, _ = ailing(world.store, "add_to_population", is_done=False)
    worker.ports = replace(world.ports, store=broken)
    with capture_logs() as logged:
        await worker.stop()
    assert [one["event"] for one in logged] == ["worker.traffic_not_written"]
    await world.close()


class _Keeping:
    """A sender that takes a message and says so."""

    def __init__(self) -> None:
        self.has_one = asyncio.Event()

    async def send(self, _: Envelope) -> Handover:
        self.has_one.set()
        return Handover(provider="kept", provider_message_id=None, status=DeliveryStatus.SENT)


class _Hanging:
    """A sender that takes a message and never answers."""

    def __init__(self) -> None:
        self.has_one = asyncio.Event()

    async def send(self, _: Envelope) -> Handover:
        self.has_one.set()
        await asyncio.Event().wait()
        raise AssertionError("nobody waits so long")


async def test_a_message_on_its_way_is_given_back_when_the_worker_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "CLOSING_S", 0.05)
    world = World.create(default_policy(), letters=CatalogueLetters(LANGUAGES))
    await world.register()
    await world.browser().report(SIGN_IN)
    hanging = _Hanging()
    world.ports = replace(world.ports, senders=dict.fromkeys(world.ports.senders, hanging))
    worker = _worker(world, tmp_path)
    await worker.start()
    await hanging.has_one.wait()
    assert await world.store.claim_deliveries(limit=10, lease_s=30) == []
    await worker.stop()
    (again,) = await world.store.claim_deliveries(limit=10, lease_s=30)
    assert again.tries == 1
    await world.close()


class _Breaking:
    """A sender with an error in its program."""

    async def send(self, envelope: Envelope) -> Handover:
        raise KeyError(envelope.message.text)


async def test_a_sender_with_a_defect_is_passed_by_and_the_next_one_has_the_message(tmp_path: Path) -> None:
    world = World.create(default_policy(), letters=CatalogueLetters(LANGUAGES))
    await world.register()
    await world.browser().report(SIGN_IN)
    kept = _Keeping()
    world.ports = replace(
        world.ports,
        senders={"breaking": _Breaking(), "kept": kept},
        routes=Routes(orders={(SHOP, one, None): ("breaking", "kept") for one in Channel}),
    )
    worker = _worker(world, tmp_path)
    with capture_logs() as logged:
        await worker.start()
        await asyncio.wait_for(kept.has_one.wait(), timeout=10)
        await worker.stop()
    (entry,) = [one for one in logged if one["event"] == "worker.delivery_failed"]
    assert (entry["error"], set(entry)) == ("KeyError", {"event", "log_level", "delivery_id", "error"})
    await world.close()


async def test_the_only_sender_with_a_defect_is_asked_again_after_a_pause(tmp_path: Path) -> None:
    world = World.create(default_policy(), letters=CatalogueLetters(LANGUAGES))
    await world.register()
    await world.browser().report(SIGN_IN)
    (claimed,) = await world.store.claim_deliveries(limit=10, lease_s=30)
    await pass_by(world.ports, claimed)
    world.clock.move(seconds=5)
    (again,) = await world.store.claim_deliveries(limit=10, lease_s=30)
    assert (again.id, again.step, again.tries) == (claimed.id, claimed.step, claimed.tries + 1)
    await world.close()


async def test_workers_hear_of_each_others_traffic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "TELLING_PAUSE_S", 0.01)
    world = World.create(default_policy(), letters=CatalogueLetters(LANGUAGES))
    here, there = (_worker(world, tmp_path, alone=False) for _ in range(2))
    here.ports, there.ports = (replace(world.ports, traffic={SHOP: Traffic(Hearsay())}) for _ in range(2))
    heard, traffic = asyncio.Event(), there.ports.traffic[SHOP]
    monkeypatch.setattr(type(traffic), "hear", lambda _self, notes: heard.set() if list(notes) else None)
    await here.start()
    await there.start()
    here.ports.traffic[SHOP].velocity.asked(10, world.clock.now())
    await asyncio.wait_for(heard.wait(), timeout=10)
    await here.stop()
    await there.stop()
    await world.close()
