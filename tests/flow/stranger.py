"""What a stranger can see or measure of a script of calls: everything that was answered, and the work of the store.

Ids, tokens, references and links differ from one run to the next; of them the form is compared.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final, cast

from tests.flow.world import ADA, World
from watchword.adapters.letters import CatalogueLetters
from watchword.domain.action import Action
from watchword.domain.errors import Refusal
from watchword.domain.secret import Secret
from watchword.flow.assess import Assessed
from watchword.ports.store import Store
from watchword.risk.policy import Policy

Script = Callable[[World], Awaitable[list[object]]]
Person = Callable[[World], Awaitable[None]]
_CHANGING: Final = re.compile(r"\b(act|chl|ctc|wct)_[0-9a-z]+")


class CountingStore:
    """Passes every call on to a real store and notes its name."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.calls.append(name)
        return getattr(self._store, name)


async def work_of(policy: Policy, letters: CatalogueLetters, person: Person, script: Script) -> list[str]:
    """Give the operations that a script has the store do."""
    async with _prepared(policy, letters, person) as world:
        counting = CountingStore(world.ports.store)
        world.ports = replace(world.ports, store=cast("Store", counting))
        await script(world)
        return counting.calls


async def transcript_of(policy: Policy, letters: CatalogueLetters, person: Person, script: Script) -> list[str]:
    async with _prepared(policy, letters, person) as world:
        start = world.clock.at
        return _told(await script(world), start)


@asynccontextmanager
async def _prepared(policy: Policy, letters: CatalogueLetters, person: Person) -> AsyncIterator[World]:
    world = World.create(policy, letters=letters)
    try:
        await person(world)
        yield world
    finally:
        await world.close()


async def answer_or_refusal(call: Awaitable[object]) -> object:
    """Give what a call answers, or how it is refused."""
    try:
        return await call
    except Refusal as refusal:
        return (refusal.code, str(refusal), refusal.pointer, refusal.free_at)


def _told(seen: list[object], start: int) -> list[str]:
    return [_CHANGING.sub(lambda found: f"{found[1]}_{len(found[0])}", repr(_plain(one, start))) for one in seen]


def _plain(value: Any, start: int) -> Any:
    """Give everything in a value that an application could pass on; times count from the start of the script."""
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Action):
        return value.id
    if isinstance(value, Assessed):
        assert value.action.user_id == ADA
    if is_dataclass(value) and not isinstance(value, type):
        seen = {entry.name: getattr(value, entry.name) for entry in fields(value) if entry.name != "contact_id"}
        return {name: len(told) if name == "reference" else _plain(told, start) for name, told in seen.items()}
    if isinstance(value, list | tuple):
        return [_plain(one, start) for one in value]
    return value - start if isinstance(value, int) and value > 10**12 else value
