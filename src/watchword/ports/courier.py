"""The courier: whoever in this process can bring a message right away, without its being claimed first."""

from typing import Protocol

from watchword.ports.store.outbox import ClaimedDelivery


class Courier(Protocol):
    """Takes messages that this process has leased as it wrote them."""

    def has_room(self) -> bool:
        """Whether a message that is queued now would begin to leave at once: nothing older waits and hands are free."""
        ...

    def take(self, claimed: ClaimedDelivery) -> None:
        """Begin to hand a message over and return; its lease runs already, and ends by itself if nothing comes of it.

        Never refuses: where there was room when it was queued, a few more than fit may come at once.
        """
        ...
