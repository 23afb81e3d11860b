"""Lives of a shop at random, each from its seed: I1 to I11, I14, I15 and I18 hold after every step.

``pytest tests/simulation --simulation-steps 5000 --simulation-seeds 20`` lives longer and more often. A seed that fails
becomes a test of its own, named after what it found.
"""

from pathlib import Path

import pytest

from tests.flow.world import World
from tests.kit.default_policy import default_policy
from tests.kit.languages import LANGUAGES
from tests.simulation.life import Life
from watchword.adapters.letters import CatalogueLetters
from watchword.adapters.sqlite.schema import migrate
from watchword.domain.limits import Limits
from watchword.risk.policy import Policy

LIMITS = Limits(
    failures_per_user=15,
    open_lane_failures=10,
    starts_per_hour=200,
    sends_per_contact_hour=20,
    sends_per_contact_day=60,
    open_lane_sends_per_contact_hour=12,
    open_lane_sends_per_contact_day=40,
)
"""Budgets small enough to be spent within a short life."""


@pytest.fixture(scope="module")
def policy() -> Policy:
    return default_policy("withdrawal")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(1, 1 + int(metafunc.config.getoption("--simulation-seeds"))))


async def test_nothing_breaks_in_a_life_full_of_accidents(
    policy: Policy, tmp_path: Path, seed: int, steps: int
) -> None:
    await live(policy, tmp_path, seed, steps)


async def live(policy: Policy, folder: Path, seed: int, steps: int) -> None:
    """Live one life; a failure names its seed and what led to it."""
    path = str(folder / "watchword.sqlite3")
    migrate(path)
    world = World.create(policy, letters=CatalogueLetters(LANGUAGES), seed=seed, path=path, limits=LIMITS)
    life = await Life.begin(world, path, seed)
    try:
        for _ in range(steps):
            await life.step()
        await life.finish()
    except BaseException as error:
        lines = "\n".join(f"{number}: {line}" for number, line in enumerate(life.story))
        error.add_note(f"seed {seed} after {len(life.story)} steps:\n{lines[-3_000:]}")
        raise
    finally:
        await world.store.close()
