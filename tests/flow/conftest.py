"""Gives the tests of the story a world of their own, and the parts of it that can be shared."""

from collections.abc import AsyncIterator

import pytest

from tests.flow.world import World
from tests.kit.default_policy import default_policy
from tests.kit.languages import LANGUAGES
from watchword.adapters.letters import CatalogueLetters
from watchword.risk.policy import Policy


@pytest.fixture(scope="session")
def policy() -> Policy:
    return default_policy("withdrawal")


@pytest.fixture(scope="session")
def letters() -> CatalogueLetters:
    return CatalogueLetters(LANGUAGES)


@pytest.fixture
async def world(policy: Policy, letters: CatalogueLetters) -> AsyncIterator[World]:
    """Gives a shop with the limits of the product and one customer, Ada, with a confirmed phone and e-mail address."""
    world = World.create(policy, letters=letters)
    await world.register()
    yield world
    await world.close()
