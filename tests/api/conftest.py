"""Gives the tests of the API a fresh world each, and the default policy, read once."""

from collections.abc import AsyncIterator

import pytest

from tests.api.world import World, create_world
from tests.kit.default_policy import default_policy
from watchword.adapters.rows.row_store import RowStore
from watchword.risk.policy import Policy


@pytest.fixture(scope="session")
def policy() -> Policy:
    return default_policy()


@pytest.fixture
async def world(policy: Policy) -> AsyncIterator[World]:
    made = await create_world(policy)
    yield made
    assert isinstance(made.ports.store, RowStore)
    await made.ports.store.close()
