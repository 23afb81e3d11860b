"""Gives the tests of the story a world of their own, and the parts of it that can be shared."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from tests.flow.world import World
from watchword.adapters.letters import JinjaLetters
from watchword.risk.policy import Policy, load_policy, new_environment

DEFAULT_POLICY: Final = Path(__file__).parents[2] / "src" / "watchword" / "config" / "default_policy.toml"


@pytest.fixture(scope="session")
def policy() -> Policy:
    return load_policy(
        DEFAULT_POLICY.read_text(),
        source_name=DEFAULT_POLICY.name,
        action_types=("withdrawal",),
        environment=new_environment(),
    )


@pytest.fixture(scope="session")
def letters() -> JinjaLetters:
    return JinjaLetters()


@pytest.fixture
async def world(policy: Policy, letters: JinjaLetters) -> AsyncIterator[World]:
    """Gives a shop with the limits of the product and one customer, Ada, with a confirmed phone and e-mail address."""
    world = World.create(policy, letters=letters)
    await world.register()
    yield world
    await world.close()
