"""A memory or a lesson in the database that cannot be read: its user is asked, and goes on with a new one."""

from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from tests.flow.world import World
from watchword.adapters.letters import CatalogueLetters
from watchword.adapters.sqlite.schema import migrate
from watchword.domain.action import SIGN_IN, Decision, Label
from watchword.flow.dispute import by_owner
from watchword.flow.learn import label
from watchword.ports.store.values import OwnersWord
from watchword.risk.policy import Policy

MEMORIES = "UPDATE memories SET sealed_memory = x'0102030405060708090a0b0c0d0e0f10'"
LESSONS = "UPDATE contributions SET sealed_contribution = x'0102030405060708090a0b0c0d0e0f10'"
MOVED = "UPDATE memories SET sealed_memory = (SELECT sealed_contribution FROM contributions LIMIT 1)"


@pytest.fixture
def path(tmp_path: Path) -> str:
    path = str(tmp_path / "watchword.sqlite3")
    migrate(path)
    return path


@pytest.fixture
async def world(policy: Policy, letters: CatalogueLetters, path: str) -> AsyncIterator[World]:
    """Gives a world in a file, so that a test can get at what is in it."""
    world = World.create(policy, letters=letters, path=path)
    await world.register()
    yield world
    await world.close()


async def damage(world: World, path: str, statement: str) -> None:
    await world.store.runner.confirm()  # what was answered before its commit holds the file until then
    # By the library that the store has the file open with: another one would let go of its locks.
    with closing(apsw.Connection(path)) as database:
        database.execute(statement)
        assert database.changes() > 0


@pytest.mark.parametrize("statement", [MEMORIES, MOVED])
async def test_whose_memory_is_damaged_is_asked_and_goes_on_with_a_new_one(
    world: World, path: str, statement: str
) -> None:
    browser = await world.known_browser()
    assert (await browser.report(SIGN_IN)).decision is Decision.ALLOW
    await damage(world, path, statement)
    asked = await browser.report(SIGN_IN)
    assert (asked.decision, asked.score, asked.terms) == (Decision.CHALLENGE, 1.0, ())
    assert [reason.rule for reason in asked.reasons] == ["suspicious"]
    checked = await browser.enter(asked, await world.code_of(asked))
    assert checked.outcome == "approved"
    assert (await browser.report(SIGN_IN)).decision is Decision.ALLOW


async def test_a_lesson_that_is_damaged_keeps_nobody_out(world: World, path: str) -> None:
    browser = await world.known_browser()
    first = await browser.report(SIGN_IN)
    await damage(world, path, LESSONS)
    world.clock.move(hours=25)
    assert (await browser.report(SIGN_IN)).decision is Decision.ALLOW
    assert await label(world.ports, world.ref(), first.action.id, Label.FRAUD)
    assert await label(world.ports, world.ref(), first.action.id, Label.LEGITIMATE)


async def test_the_owner_is_heard_where_nothing_can_be_taken_back(world: World, path: str) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    await browser.enter(asked, await world.code_of(asked))
    await damage(world, path, MEMORIES)
    await damage(world, path, LESSONS)
    assert await by_owner(world.ports, world.shop, asked.action.user_id, asked.action.id) is OwnersWord.DISPUTED
