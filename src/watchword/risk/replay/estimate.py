"""How many messages a changed policy sends and spares: those that were sent are counted, those to come estimated."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from watchword.domain.action import Decision
from watchword.risk.replay.tally import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Messages by channel."""

    per_challenge: float | None
    """Messages that a recorded challenge took on average; None where there was none to learn from."""
    added: Mapping[str, float]
    """What the added challenges would send, if they took as many as recorded ones of their type, or else of any."""
    removed: Mapping[str, int]
    """What the removed challenges did send."""

    @property
    def balance(self) -> float:
        """Return how many more messages there would be; fewer, where negative."""
        return sum(self.added.values()) - sum(self.removed.values())

    def cost(self, prices: Mapping[str, float]) -> float:
        """Return what the difference costs at a price per message; a channel without one costs nothing."""
        more = sum(prices.get(channel, 0.0) * count for channel, count in self.added.items())
        return more - sum(prices.get(channel, 0.0) * count for channel, count in self.removed.items())

    def unpriced(self, prices: Mapping[str, float]) -> tuple[str, ...]:
        """Return the channels that messages go over and that have no price."""
        return tuple(sorted({*self.added, *self.removed} - prices.keys()))


def estimate(tally: Tally) -> Estimate:
    """Return the messages that the changes of a replay come to."""
    removed: Counter[str] = Counter()
    asked_more: Counter[str] = Counter()
    for (action_type, then, now), changes in tally.changes.items():
        if then is Decision.CHALLENGE:
            removed.update(changes.sends)
        elif now is Decision.CHALLENGE:
            asked_more[action_type] += changes.count
    added: Counter[str] = Counter()
    for action_type, count in asked_more.items():
        for channel, average in _averages(tally, action_type).items():
            added[channel] += average * count  # type: ignore[assignment]  # a counter of parts of messages
    opened = tally.challenges.total()
    return Estimate(
        per_challenge=tally.sends.total() / opened if opened else None, added=dict(added), removed=dict(removed)
    )


def _averages(tally: Tally, action_type: str) -> Mapping[str, float]:
    """Return the messages of a challenge of this type by channel, or of any challenge where there is none."""
    types = {action_type} if tally.challenges[action_type] else set(tally.challenges)
    opened = sum(tally.challenges[one] for one in types)
    sent: Counter[str] = Counter()
    for (one, channel), count in tally.sends.items():
        if one in types:
            sent[channel] += count
    return {channel: count / opened for channel, count in sent.items()} if opened else {}
