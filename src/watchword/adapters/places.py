"""Places of this process to hand messages over at: so many for each sender, and a short line before them."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

PLACES: Final = 32
"""Messages that one sender is busy with at the same time."""
WAITING: Final = 32
"""Messages that wait for a place with one sender; more are told at once that there is none."""


@dataclass(slots=True)
class SenderPlaces:
    """Keeps ``ports.sender.Places`` on one event loop."""

    places: int = PLACES
    waiting: int = WAITING
    _taken: dict[str, int] = field(default_factory=dict)
    _lines: "dict[str, dict[asyncio.Future[None], None]]" = field(default_factory=dict)

    def has(self, sender: str) -> bool:
        """Whether a message could be handed to this sender without waiting."""
        return self._taken.get(sender, 0) < self.places

    async def take(self, sender: str, wait_s: float) -> bool:
        """Take a place, in the order of asking; whoever got one gives it back with ``leave``."""
        if self.has(sender):
            self._taken[sender] = self._taken.get(sender, 0) + 1
            return True
        line = self._lines.setdefault(sender, {})
        if len(line) >= self.waiting:
            return False
        turn = asyncio.get_running_loop().create_future()
        line[turn] = None
        try:
            async with asyncio.timeout(wait_s):
                await turn
        except TimeoutError:
            # It may have been given in the very moment of giving up.
            return turn.done() and not turn.cancelled()
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave(sender)
            raise
        finally:
            line.pop(turn, None)
        return True

    def leave(self, sender: str) -> None:
        """Give a place back; the first who waits has it at once."""
        for turn in self._lines.get(sender, {}):
            if not turn.done():
                turn.set_result(None)
                return
        self._taken[sender] -= 1
