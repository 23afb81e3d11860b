"""A defect in one round of the worker is seen, quotes nothing, and does not end the other duties."""

import asyncio
from pathlib import Path

from structlog.testing import capture_logs

from tests.flow.world import World
from tests.kit.default_policy import default_policy, text_of_the_default_policy
from tests.kit.languages import LANGUAGES
from watchword.adapters.key_set import KeySet
from watchword.adapters.letters import CatalogueLetters
from watchword.bootstrap.key_source import KeyWatch
from watchword.bootstrap.policy_watch import PolicyWatch
from watchword.bootstrap.worker import Worker
from watchword.config.settings import DeclaredApplication, KeySource, PolicySource
from watchword.domain.secret import Secret
from watchword.risk.policy import version_of


async def test_a_defect_is_logged_by_its_place_and_never_by_its_words(tmp_path: Path) -> None:
    world = World.create(default_policy(), letters=CatalogueLetters(LANGUAGES))
    tried = asyncio.Event()

    def fail() -> None:
        tried.set()
        raise ArithmeticError("the code 918273 for ann@example.com")

    assert isinstance(world.ports.keyring, KeySet)
    source = KeySource(name="keys", path=tmp_path / "keys.toml", text=Secret(""))
    watch = KeyWatch(source, world.ports.keyring)
    worker = Worker(
        ports=world.ports, alone=True, key_watch=watch, policy_watch=PolicyWatch(declared=(), applied={}), tidy=fail
    )
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
    worker = Worker(ports=world.ports, alone=True, key_watch=keys, policy_watch=watch, tidy=rounds.set)
    await worker.start()
    await rounds.wait()
    await worker.stop()
    assert watch.policies[application.id].version == version_of(f"# {text}")
    await world.close()
