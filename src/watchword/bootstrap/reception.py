"""Where senders leave receipts that reach them otherwise than by a call to us."""

from dataclasses import dataclass
from functools import partial

from watchword.domain.errors import StorageUnavailable
from watchword.flow.report import report
from watchword.ports import Ports
from watchword.ports.sender import Hearing, Receipt


@dataclass(slots=True, kw_only=True)
class Reception:
    """Takes receipts down; senders are made before there are ports to do it with."""

    ports: Ports | None = None

    def hearing(self, sender: str) -> Hearing:
        """Return where the sender of this name leaves receipts; it raises ``StorageUnavailable``."""
        return partial(self._hear, sender)

    async def _hear(self, sender: str, receipt: Receipt) -> None:
        if self.ports is None:
            raise StorageUnavailable("the house is not put together yet")
        await report(self.ports, sender, receipt)
