"""A defect in one round of the worker is seen, quotes nothing, and does not end the other duties."""

import asyncio
from pathlib import Path

from structlog.testing import capture_logs

from tests.flow.world import World
from tests.kit.default_policy import default_policy
from tests.kit.languages import LANGUAGES
from watchword.adapters.key_set import KeySet
from watchword.adapters.letters import CatalogueLetters
from watchword.bootstrap.key_source import KeyWatch
from watchword.bootstrap.policy_watch import PolicyWatch
from watchword.bootstrap.worker import Worker
from watchword.config.settings import KeySource
from watchword.domain.secret import Secret


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
