"""A store that stops answering at one of its operations, before or after the real one has done its work."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

from watchword.domain.errors import StorageUnavailable
from watchword.ports.store import Store
from watchword.ports.store.outbox import Outbox

OPERATIONS: Final = tuple(name for name in {**vars(Store), **vars(Outbox)} if not name.startswith("_"))
"""Every operation of the port."""


class AilingStore:
    """Passes every call on to a real store until the operation named ``broken``, which answers nothing."""

    def __init__(self, store: Store, *, broken: str, is_done: bool) -> None:
        self._store = store
        self._broken = broken
        self._is_done = is_done
        """Whether the work is done and only its answer is lost."""
        self.was_reached = False

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        operation: Callable[..., Awaitable[Any]] = getattr(self._store, name)
        if name != self._broken:
            return operation

        async def fail(*arguments: Any, **named: Any) -> Any:
            self.was_reached = True
            if self._is_done:
                await operation(*arguments, **named)
            raise StorageUnavailable("nobody answers")

        return fail


def ailing(store: Store, broken: str, *, is_done: bool) -> tuple[Store, AilingStore]:
    """Give the store as the flow sees it, and as the test asks it whether it was reached."""
    ill = AilingStore(store, broken=broken, is_done=is_done)
    return cast("Store", ill), ill
