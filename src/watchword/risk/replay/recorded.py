"""A recorded action, as far as a replay looks at it: no address, no name, nothing of what was bought."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final

from watchword.domain.action import Decision, Detail
from watchword.risk.reasons import SentenceKey
from watchword.risk.signals import SignalValue

_REFUSALS: Final = frozenset({SentenceKey.USER_LOCKED.value, SentenceKey.NO_USABLE_CONTACT.value})
"""Reasons that stand before the policy's where a challenge could not open, so that the answer was a deny."""


class Truth(StrEnum):
    """What an action turned out to be, as far as anybody has said so."""

    LEGITIMATE = "legitimate"
    """The application labelled it so."""
    FRAUD = "fraud"
    """The application labelled it so."""
    DISPUTED = "disputed"
    """The owner said "this wasn't me", and the application said nothing."""
    UNLABELLED = "unlabelled"


class Unjudged(Enum):
    """Why a recorded action is not replayed."""

    ERASED = "erased"
    """Its user was erased, and what was known of it with him."""
    CONFIRMATION = "confirmation"
    """The confirmation of a contact, about which no policy is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The challenge of an action."""

    approved: bool
    concealed: bool
    decoy: bool
    """Nobody could answer it, and nothing was sent."""
    channels: tuple[str, ...]
    """One for each send that was ordered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One action that was decided."""

    number: int
    """Its place in the order of all actions."""
    action_id: str
    user_key: bytes
    """A keyed hash of 8 bytes."""
    type: str
    decision: Decision
    """What was answered; where a challenge could not open, that is not what the policy said."""
    reasons: tuple[str, ...]
    """Names of rules, and of reasons that no rule gives, the strictest first."""
    failed_rules: tuple[str, ...]
    signals: Mapping[str, SignalValue]
    """As the rules saw them, by name, with the score."""
    details: Mapping[str, Detail]
    """Empty unless a rule of the policy that is replayed looks at them."""
    policy_version: str
    truth: Truth
    asked: Asked | None

    @property
    def is_concealed(self) -> bool:
        """Whether it was asked whatever the policy said, because it was concealed."""
        return self.asked is not None and self.asked.concealed

    @property
    def is_refused(self) -> bool:
        """Whether the policy asked, and no challenge could open."""
        return self.decision is Decision.DENY and bool(self.reasons) and self.reasons[0] in _REFUSALS
