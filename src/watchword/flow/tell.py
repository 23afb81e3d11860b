"""Tells the other processes what came to this one, and listens to what they tell.

Whoever asks here decides how often; how late one process knows of another is the sum of two pauses.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from watchword.domain.errors import StorageUnavailable
from watchword.domain.instant import MINUTE_MS, SECOND_MS, Instant
from watchword.ports import Ports
from watchword.ports.store.values import Overheard
from watchword.risk.hearsay import write_words

FIRST_MS: Final = MINUTE_MS
"""How far back a process listens that has just started: further back would keep it busy where much is told."""
OVERLAP_MS: Final = 3 * SECOND_MS
"""What was told a moment ago may be committed after what was told later, so it is asked for again."""


@dataclass(slots=True, kw_only=True)
class Ear:
    """What one process has heard so far."""

    teller: bytes
    """What this process calls itself."""
    heard_at: Instant | None = None
    heard: frozenset[int] = field(default_factory=frozenset)
    """The numbers of what it may be told again."""


async def tell_others(ports: Ports, teller: bytes) -> None:
    """Tell what was noted since the last time; what fails is kept for the next.

    Raises ``StorageUnavailable``. What was told all the same is told twice then, and counts more rather than less.
    """
    noted = {
        application_id: (traffic.hearsay, traffic.hearsay.drain())
        for application_id, traffic in ports.traffic.items()
        if traffic.hearsay is not None
    }
    told = {application_id: write_words(notes) for application_id, (_, notes) in noted.items() if notes}
    if not told:
        return
    try:
        await ports.store.tell(teller, told)
    except StorageUnavailable:
        for hearsay, notes in noted.values():
            hearsay.give_back(notes)
        raise


async def listen(ports: Ports, ear: Ear) -> Sequence[Overheard]:
    """Return what the others told and this process has not heard."""
    now = await ports.store.now()
    since = now - FIRST_MS if ear.heard_at is None else ear.heard_at - OVERLAP_MS
    told = await ports.store.told_by_others(ear.teller, since=Instant(since))
    fresh = [one for one in told if one.number not in ear.heard]
    ear.heard_at, ear.heard = now, frozenset(one.number for one in told)
    return fresh
