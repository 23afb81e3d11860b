"""Customers who come one after the other to a store that may vanish, and a note of everything that they were told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

from tests.contract.builders import EMAIL, Planned, Scene
from tests.contract.guessing import spend
from watchword.domain.challenge import Approved, Incorrect
from watchword.domain.errors import StorageUnavailable
from watchword.domain.grant import Redeemed
from watchword.domain.ids import GrantId
from watchword.domain.secret import Secret
from watchword.ports.store.values import GrantProblem, KeptAnswer, Opened


@dataclass(slots=True, kw_only=True)
class Cycle:
    """One challenge from its start to its redemption, as far as it came; what was asked and not answered is open."""

    planned: Planned
    scope: bytes
    """The idempotency key of the start."""
    is_started: bool = False
    attempts: int = 0
    grant_id: GrantId | None = None
    is_redeemed: bool = False


@dataclass(slots=True, kw_only=True)
class Customers:
    """Any number of customers at once; each begins anew when a cycle is over, or the store did not answer."""

    scene: Scene
    cycles: list[Cycle] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    """What was said to those who got no answer."""
    _numbers: "count[int]" = field(default_factory=count)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def coming(self, at_once: int) -> AsyncIterator[None]:
        """Let them come until the end of the block, and the last ones finish."""
        stopping = asyncio.Event()
        # As a group: an answer that must not be ends the block at once.
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(self._come(stopping))
            yield
            stopping.set()

    async def redeemed(self, more: int) -> None:
        """Return once so many more redemptions were acknowledged than are now."""
        wanted = self._redeemed + more
        while self._redeemed < wanted:
            self._changed.clear()
            await self._changed.wait()

    @property
    def _redeemed(self) -> int:
        return sum(cycle.is_redeemed for cycle in self.cycles)

    async def _come(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            try:
                await self._whole_way(f"u-{next(self._numbers)}")
            except StorageUnavailable as trouble:
                self.troubles.append(f"{trouble}: {trouble.__cause__!r}")
            self._changed.set()

    async def _whole_way(self, user_id: str) -> None:
        scene = self.scene
        user = await scene.register(EMAIL, user_id=user_id)
        opening, planned = scene.opening(scene.action(user_id=user_id), user.contacts)
        cycle = Cycle(planned=planned, scope=opening.challenge_id.encode())
        self.cycles.append(cycle)
        kept = kept_answer(scene, cycle)
        assert isinstance(await scene.store.open_challenge(opening, keep=lambda _: kept), Opened)
        cycle.is_started = True
        assert isinstance(await spend(scene.store, scene.wrong(planned)), Incorrect)
        cycle.attempts = 1
        approved = await spend(scene.store, scene.guess(planned))
        assert isinstance(approved, Approved)
        assert approved.grant is not None
        cycle.attempts, cycle.grant_id = 2, approved.grant.id
        redeemed = await scene.store.redeem_grant(scene.redemption(planned, approved.grant.id))
        assert isinstance(redeemed, Redeemed)
        cycle.is_redeemed = True


def kept_answer(scene: Scene, cycle: Cycle) -> KeptAnswer:
    """Return the answer that is kept for the start of a cycle, under its idempotency key."""
    return KeptAnswer(
        application_id=scene.application_id, scope=cycle.scope, fingerprint=b"f", status=201, body=Secret("{}")
    )


async def contradictions(scene: Scene, cycles: list[Cycle]) -> list[str]:
    """Return what the store says otherwise than it said before, and what it accepts twice."""
    found = []
    for cycle in cycles:
        found += [f"{cycle.planned.id}: {text}" for text in await _contradictions(scene, cycle)]
    return found


async def _contradictions(scene: Scene, cycle: Cycle) -> list[str]:
    planned, store, found = cycle.planned, scene.store, []
    result = await store.challenge(planned.id)
    is_kept = await store.kept_answer(scene.application_id, cycle.scope) is not None
    if is_kept != (result is not None):
        found.append("the idempotency key says otherwise than the challenge")
    if result is None:
        return [*found, "an acknowledged start is missing"] if cycle.is_started else found
    if result.challenge.tries_spent < cycle.attempts:
        found.append(f"{cycle.attempts} attempts were acknowledged, {result.challenge.tries_spent} are charged")
    if cycle.grant_id is not None:
        if isinstance(await spend(store, scene.guess(planned)), Approved):
            found.append("a code was accepted twice")
        again = await store.redeem_grant(scene.redemption(planned, cycle.grant_id))
        if again is GrantProblem.INVALID:
            found.append("an acknowledged grant is missing")
        elif cycle.is_redeemed and again is not GrantProblem.ALREADY_REDEEMED:
            found.append("an acknowledged redemption is missing")
    return found
