"""One rule of a policy, and what it says about one action."""

import re
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final

from watchword.domain.action import Decision, Reason
from watchword.domain.customer_text import CustomerText
from watchword.risk.policy.expression import Activation, Condition, Failure, evaluate, mentioned
from watchword.risk.reasons import fill, fill_customer_text
from watchword.risk.signals import Signals

_SCORE: Final = re.compile(r"\bscore\b")


class RuleMode(StrEnum):
    """Whether a rule counts."""

    OFF = "off"
    LOG_ONLY = "log-only"
    """It is evaluated and recorded, and changes no decision."""
    ON = "on"


class Verdict(Enum):
    """What a rule says about an action."""

    MISSED = "missed"
    MATCHED = "matched"
    FAILED = "failed"
    """It could not be evaluated, and counts as matched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One checked rule."""

    name: str
    actions: tuple[str, ...]
    """The types that it applies to; empty for every type."""
    when: Condition | None
    """None: always."""
    unless: Condition | None
    """Where it holds, this rule does not match. Never set on a deny rule."""
    then: Decision
    mode: RuleMode
    text: str
    customer_text: CustomerText | None
    """With its placeholders still in it; None where the customer is told nothing."""

    def applies_to(self, action_type: str) -> bool:
        """Whether the rule looks at actions of this type, whatever its mode."""
        return not self.actions or action_type in self.actions

    @property
    def looks_at(self) -> frozenset[str]:
        """The names of the signals that its conditions may look at."""
        conditions = (condition for condition in (self.when, self.unless) if condition is not None)
        return frozenset(name for condition in conditions for name in mentioned(condition))

    @property
    def looks_at_score(self) -> bool:
        """Whether the rule may match because of the score; a word of that name in a text counts too."""
        return any(one is not None and _SCORE.search(one.text) for one in (self.when, self.unless))

    @property
    def is_unconditional(self) -> bool:
        """Whether the rule matches every action that it applies to."""
        always = self.when is None or self.when.text.strip() == "true"
        return always and self.unless is None

    def judge(self, activation: Activation) -> Verdict:
        """Return whether the rule matches; ``unless`` is asked only where ``when`` holds."""
        holds = True if self.when is None else evaluate(self.when, activation)
        if isinstance(holds, Failure):
            return Verdict.FAILED
        if not holds:
            return Verdict.MISSED
        excepted = False if self.unless is None else evaluate(self.unless, activation)
        if isinstance(excepted, Failure):
            return Verdict.FAILED
        return Verdict.MISSED if excepted else Verdict.MATCHED

    def reason(self, signals: Signals) -> Reason:
        """Return the reason that the rule gives when it matches."""
        shown = None if self.customer_text is None else fill_customer_text(self.customer_text, signals)
        return Reason(rule=self.name, text=fill(self.text, signals), customer_text=shown)
