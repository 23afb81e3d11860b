"""A store that dies once at a planned call: before its work, at its commit, or before its answer is heard."""

from collections.abc import Awaitable, Callable
from enum import Enum, auto
from typing import Any

from tests.kit.database import connections
from watchword.adapters.rows.row_store import RowStore
from watchword.domain.errors import StorageUnavailable


class Trouble(Enum):
    """How a process dies."""

    UNREACHED = auto()
    ROLLED_BACK = auto()
    UNHEARD = auto()


class FailingStore:
    """Passes calls on until its hour comes; from then on it answers nothing."""

    def __init__(self, store: RowStore) -> None:
        self._store = store
        self._planned: tuple[Trouble, int] | None = None
        self.is_down = False

    def plan(self, trouble: Trouble, *, after: int) -> None:
        """Die at the call after so many others."""
        self._planned = (trouble, after)

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        operation: Callable[..., Awaitable[Any]] = getattr(self._store, name)

        async def call(*arguments: Any, **named: Any) -> Any:
            trouble = self._trouble()
            if trouble is None:
                return await operation(*arguments, **named)
            if trouble is Trouble.ROLLED_BACK:
                connections(self._store)[0].set_commit_hook(lambda: True)
                await operation(*arguments, **named)
            elif trouble is Trouble.UNHEARD:
                await operation(*arguments, **named)
            raise StorageUnavailable("the process died")

        return call

    def _trouble(self) -> Trouble | None:
        if self.is_down:
            return Trouble.UNREACHED
        if self._planned is None:
            return None
        trouble, after = self._planned
        self._planned = (trouble, after - 1) if after else None
        self.is_down = after == 0
        return trouble if after == 0 else None
