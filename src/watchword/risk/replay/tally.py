"""Adds up what another policy would change of recorded actions; bounded however many there are, and ready to be merged.

An action counts as it would have gone in life: a concealed one is asked whatever the policy says, and where no
challenge could open then, none opens now.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Final

from watchword.domain.action import Decision
from watchword.risk.reasons import RULE_ERROR
from watchword.risk.replay.distinct import Distinct
from watchword.risk.replay.judge import Ruling
from watchword.risk.replay.recorded import Asked, Recorded, Truth, Unjudged

EXAMPLES: Final = 3
"""Newest action ids kept of each kind of change."""

Kind = tuple[str, Decision, Decision]
"""Action type, decision then, decision now."""


@dataclass(slots=True, kw_only=True)
class Changes:
    """The actions of one type whose decision changes in one way."""

    truths: Counter[Truth] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    """What makes the change: the rules that now ask or refuse, or those that did and no longer do."""
    approved: int = 0
    """Of those that were asked then, how many proved it."""
    sends: Counter[str] = field(default_factory=Counter)
    """Messages of the challenges that there were, by channel."""
    newest: list[tuple[int, str]] = field(default_factory=list)
    """Number and id of the newest actions."""

    @property
    def count(self) -> int:
        """How many actions there are."""
        return self.truths.total()

    def add(self, recorded: Recorded, rules: tuple[str, ...]) -> None:
        """Count an action."""
        self.truths[recorded.truth] += 1
        self.rules.update(rules)
        if recorded.asked is not None:
            self.approved += recorded.asked.approved
            self.sends.update(() if recorded.asked.decoy else recorded.asked.channels)
        self._keep((recorded.number, recorded.action_id))

    def merge(self, other: "Changes") -> None:
        """Count the actions of another too."""
        self.truths.update(other.truths)
        self.rules.update(other.rules)
        self.approved += other.approved
        self.sends.update(other.sends)
        for one in other.newest:
            self._keep(one)

    def _keep(self, one: tuple[int, str]) -> None:
        self.newest = sorted([*self.newest, one], reverse=True)[:EXAMPLES]


@dataclass(slots=True, kw_only=True)
class Tally:
    """What a replay came to so far."""

    then: Counter[tuple[str, Truth, Decision]] = field(default_factory=Counter)
    """Actions by type, by what they turned out to be, and by what was answered."""
    changes: defaultdict[Kind, Changes] = field(default_factory=lambda: defaultdict(Changes))
    users: Distinct = field(default_factory=Distinct)
    """Users of whom at least one decision changes."""
    matches: Counter[str] = field(default_factory=Counter)
    """How often each rule matches or fails, those in mode ``log-only`` too."""
    failures: Counter[str] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    """The policies that decided then."""
    missing: Counter[str] = field(default_factory=Counter)
    """Signals that a rule mentions and that were not recorded; they count as left out."""
    incomplete: int = 0
    """Actions of which such a signal is missing."""
    challenges: Counter[str] = field(default_factory=Counter)
    """Challenges that could be answered, by action type."""
    sends: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Their messages, by action type and channel."""
    concealed: int = 0
    barred: int = 0
    """Concealed actions that the policy denies: asked all the same, and nobody can answer."""
    refused: int = 0
    """Actions that the policy asks, as it did then, and whose challenge could not open, so that they stay denied."""
    unjudged: Counter[Unjudged] = field(default_factory=Counter)

    @property
    def judged(self) -> int:
        """How many actions the policy was asked about."""
        return self.then.total()

    def add(self, recorded: Recorded, ruling: Ruling, missing: frozenset[str]) -> None:
        """Count an action and what the policy says of it."""
        self.then[recorded.type, recorded.truth, recorded.decision] += 1
        self.versions[recorded.policy_version] += 1
        for rule in ruling.matched:
            self.matches[rule] += 1
        for rule in ruling.failed:
            self.failures[rule] += 1
        if missing:
            self.incomplete += 1
            self.missing.update(missing)
        if recorded.asked is not None:
            self._count_challenge(recorded.type, recorded.asked, ruling)
        now = _in_life(recorded, ruling)
        if now is not recorded.decision:
            milder = recorded.decision.stricter(now) is recorded.decision
            self.changes[recorded.type, recorded.decision, now].add(
                recorded, _what_made(recorded) if milder else ruling.causes
            )
            self.users.add(recorded.user_key)
        elif now is not ruling.decision and not recorded.is_concealed:
            self.refused += 1

    def merge(self, other: "Tally") -> None:
        """Count what another counted too."""
        for mine, others in (
            (self.then, other.then),
            (self.matches, other.matches),
            (self.failures, other.failures),
            (self.versions, other.versions),
            (self.missing, other.missing),
            (self.challenges, other.challenges),
            (self.sends, other.sends),
            (self.unjudged, other.unjudged),
        ):
            mine.update(others)  # type: ignore[arg-type]  # each pair is of one type
        for kind, changes in other.changes.items():
            self.changes[kind].merge(changes)
        self.users.merge(other.users)
        self.incomplete += other.incomplete
        self.concealed += other.concealed
        self.barred += other.barred
        self.refused += other.refused

    def _count_challenge(self, action_type: str, asked: Asked, ruling: Ruling) -> None:
        if asked.concealed:
            self.concealed += 1
            self.barred += ruling.decision is Decision.DENY
        if not asked.decoy:
            self.challenges[action_type] += 1
            self.sends.update((action_type, channel) for channel in asked.channels)


def _in_life(recorded: Recorded, ruling: Ruling) -> Decision:
    """Return what would be answered, which is not always what the policy says."""
    if recorded.is_concealed:
        return Decision.CHALLENGE
    if recorded.is_refused and ruling.decision is Decision.CHALLENGE:
        return Decision.DENY
    return ruling.decision


def _what_made(recorded: Recorded) -> tuple[str, ...]:
    """Return the rules that asked or refused then; one that could not be evaluated gives its name elsewhere."""
    named = (reason for reason in recorded.reasons if reason != RULE_ERROR)
    return tuple(dict.fromkeys((*named, *recorded.failed_rules)))
