"""A client that never gives up: it calls again under the same key until it is answered, and starts the dead again."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from tests.flow.world import SHOP, World
from tests.simulation.failing_store import FailingStore
from watchword.adapters.rows.guard_store import RowGuardStore
from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.sqlite.sqlite_store import open_sqlite_store
from watchword.domain.errors import StorageUnavailable
from watchword.domain.secret import Secret
from watchword.ports.store.values import AlreadyKept, Keep, KeptAnswer

if TYPE_CHECKING:
    from watchword.ports.store import Store

Answer = TypeVar("Answer")
TRIES_OF_A_CALL: Final = 8


class PatientClient:
    """Calls the service of a world whose store may die at any time."""

    def __init__(self, world: World, path: str, random: Random) -> None:
        self._world = world
        self._path = path
        self._random = random
        self._answers: dict[str, Any] = {}
        self._starts = 0
        self.use(world.store)

    async def call(self, operation: Callable[[Keep[Answer]], Awaitable[Answer]]) -> Answer:
        """Call as a client does who never gives up: again under the same key, also after a lost answer (I11)."""
        scope, is_lost = self._random.randbytes(16), self._random.random() < 0.1
        for _ in range(TRIES_OF_A_CALL):
            starts = self._starts
            try:
                kept = await self._world.ports.store.kept_answer(SHOP, scope)
                if kept is not None:
                    return cast("Answer", self._answers[kept.body.reveal()])
                answer = await operation(self._keeper(scope))
            except AlreadyKept:
                continue
            except StorageUnavailable:
                await self.recover(since=starts)
                continue
            if not is_lost:
                return answer
            is_lost = False
        raise AssertionError("nobody ever answers")

    def _keeper(self, scope: bytes) -> Keep[Any]:
        def keep(answer: Any) -> KeptAnswer:
            name = f"answer {len(self._answers)}"
            self._answers[name] = answer
            return KeptAnswer(application_id=SHOP, scope=scope, fingerprint=b"", status=200, body=Secret(name))

        return keep

    async def persist(self, operation: Callable[[], Awaitable[Answer]]) -> Answer:
        """Call something that does no harm twice until it is answered."""
        for _ in range(TRIES_OF_A_CALL):
            starts = self._starts
            try:
                return await operation()
            except StorageUnavailable:
                await self.recover(since=starts)
        raise AssertionError("nobody ever answers")

    async def recover(self, *, since: int | None = None) -> None:
        """Start the service again if it died, which is the only reason for an answer not to come."""
        if self.failing.is_down:
            await self.reopen()
        elif since == self._starts:
            raise AssertionError("a healthy store was called unavailable")

    async def reopen(self) -> None:
        """Start again on the same file, as after ``kill -9``."""
        self._starts += 1
        world, old = self._world, self._world.store
        await old.close()
        ports = world.ports
        world.store = open_sqlite_store(self._path, world.clock, ports.entropy, ports.keyring)
        self.use(world.store)
        await world.store.take_back_leases()

    def use(self, store: RowStore) -> None:
        """Go on with a store that no accident is planned for."""
        self.failing = FailingStore(store)
        guarding = replace(self._world.ports.guarding, store=RowGuardStore(store.runner))
        self._world.ports = replace(self._world.ports, store=cast("Store", self.failing), guarding=guarding)
