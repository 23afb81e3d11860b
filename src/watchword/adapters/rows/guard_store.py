"""Where guards count: every operation of ``ports.guarding`` by its name, as rows; what each promises is told there."""

from collections.abc import Sequence

from watchword.adapters.rows import closure_rows, guard_rows
from watchword.adapters.rows.runner import Runner
from watchword.domain.closures import Closure, Completion
from watchword.domain.guards import Guard, Shut, Toll
from watchword.domain.ids import ApplicationId
from watchword.ports.guarding import Spent


class RowGuardStore:
    """Keeps the promise of ``ports.guarding.GuardStore`` on the runner of a store."""

    __slots__ = ("_runner",)

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def admit(self, toll: Toll) -> Shut | None:
        """Charge a message about to be handed over, or return what shuts it."""
        return await self._runner.write(_owner(toll), lambda write: guard_rows.admit(write, toll))

    async def take_back(self, toll: Toll) -> None:
        """Give back what a try was charged."""
        await self._runner.write(_owner(toll), lambda write: guard_rows.take_back(write, toll))

    async def complete(self, completed: Sequence[Completion]) -> None:
        """Note that codes came back."""
        await self._runner.write(None, lambda write: guard_rows.complete(write, completed))

    async def closed(self) -> Sequence[Closure]:
        """Return what is closed now."""
        return await self._runner.ask(closure_rows.closed_now)

    async def closures(self, application_id: ApplicationId) -> Sequence[Closure]:
        """Return what is closed now and was of late."""
        return await self._runner.ask(lambda read: closure_rows.list_closures(read, application_id))

    async def spent(self, application_id: ApplicationId) -> Sequence[Spent]:
        """Return what was spent today."""
        return await self._runner.ask(lambda read: closure_rows.spent_today(read, application_id))

    async def release(self, application_id: ApplicationId, guard: Guard, place: str, *, reason: str, cap: int) -> int:
        """Open what a guard keeps closed."""
        return await self._runner.write(
            application_id.encode(),
            lambda write: closure_rows.release(write, application_id, guard, place, reason, cap),
        )


def _owner(toll: Toll) -> bytes:
    """Return what whoever counts money holds: the country of an application, which every range of numbers lies in."""
    return f"guards {toll.application_id} {toll.country}".encode()
