"""Finds a recorded action, and says what the policy of today makes of what was known of it."""

from dataclasses import dataclass
from typing import Final

from watchword.bootstrap.key_source import open_keys
from watchword.bootstrap.policy_versions import load_source, policy_in_force
from watchword.bootstrap.upkeep import with_store
from watchword.config.settings import DeclaredApplication, Settings
from watchword.domain.action import Decision
from watchword.domain.errors import ConfigurationError
from watchword.domain.ids import ActionId, user_key_of
from watchword.domain.user import UserRef
from watchword.ports.store import Store
from watchword.ports.store.values import ActionRecord
from watchword.risk.policy import Explanation, Policy, explain
from watchword.risk.reasons import NO_RULE, RULE_ERROR
from watchword.risk.score import Rating
from watchword.risk.signals import SCORE, declarations, read_signals

_OF_THE_POLICY: Final = frozenset({NO_RULE, RULE_ERROR})
"""Reasons that no rule is called by and that are the policy's all the same; rules' own names have no underscore."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedAction:
    """An action as it was recorded, and the same looked at by the policy of today."""

    owner: DeclaredApplication
    record: ActionRecord
    judged: Decision
    """What the policy said then; a limit, or a lack of contacts, may have made a denial of it."""
    today: Explanation
    today_version: str
    left_out: int
    """Signals that there were none of when it was recorded; today's policy takes each at its riskiest."""

    @property
    def is_same(self) -> bool:
        """Whether the policy of today says the same, for the same reasons."""
        return self.decision_today is self.judged and self.rules_then == self.rules_today

    @property
    def decision_today(self) -> Decision:
        """What the action would come to today; a concealed one is asked whatever the policy says."""
        return Decision.CHALLENGE if self.record.action.conceal else self.today.assessment.decision

    @property
    def rules_then(self) -> tuple[str, ...]:
        """The rules that decided."""
        named = (reason.rule for reason in self.record.assessment.reasons)
        return tuple(rule for rule in named if "_" not in rule or rule in _OF_THE_POLICY)

    @property
    def rules_today(self) -> tuple[str, ...]:
        """The rules that would decide today."""
        return tuple(reason.rule for reason in self.today.assessment.reasons)


def find_decided(settings: Settings, application_id: str | None, action_id: str) -> DecidedAction:
    """Return a recorded action of one application, or of whichever has it.

    Raises ``ConfigurationError`` where there is none.
    """
    owners = [one for one in settings.applications if application_id in (None, one.application.id)]
    found = _look_up(settings, owners, action_id)
    if found is None:
        where = application_id or " or ".join(one.application.id for one in owners)
        problem = f"{action_id}: {where} has no such action, or its user was erased"
        raise ConfigurationError((problem,))
    owner, record = found
    in_force = policy_in_force(settings, owner)
    return look_again(owner, record, load_source(owner, in_force.source))


def look_again(owner: DeclaredApplication, record: ActionRecord, policy: Policy) -> DecidedAction:
    """Return what a policy makes of a recorded action: the signals, the details and the score as they were."""
    assessment = record.assessment
    known = {declared.name for declared in declarations() if declared.name != SCORE.name}
    recorded = {name: value for name, value in assessment.signals.items() if name in known}
    try:
        signals = read_signals(recorded, record.action.details)
    except ValueError as error:
        raise ConfigurationError((f"{record.action.id}: its record cannot be read by this release: {error}",)) from None
    rating = Rating(score=assessment.score, terms=assessment.terms)
    return DecidedAction(
        owner=owner,
        record=record,
        judged=_judged(record),
        today=explain(policy, signals, rating),
        today_version=policy.version,
        left_out=len(known) - len(recorded) - _DETAILS,
    )


_DETAILS: Final = 1
"""The details are declared beside the signals and recorded with the action."""


def _look_up(
    settings: Settings, owners: list[DeclaredApplication], action_id: str
) -> tuple[DeclaredApplication, ActionRecord] | None:
    user_key = user_key_of("act", action_id)
    if user_key is None:
        raise ConfigurationError((f"{action_id}: is not the id of an action, such as act_ and some forty characters",))

    async def look(store: Store) -> tuple[DeclaredApplication, ActionRecord] | None:
        for owner in owners:
            ref = UserRef(application_id=owner.application.id, key=user_key)
            record = await store.action(ref, ActionId(action_id))
            if record is not None:
                return owner, record
        return None

    return with_store(settings, open_keys(settings.keys, create=False), look)


def _judged(record: ActionRecord) -> Decision:
    """Return what the policy said: only what it would ask can be refused for a limit or for want of a contact."""
    first = record.assessment.reasons[0].rule if record.assessment.reasons else NO_RULE
    is_refused = record.decision is Decision.DENY and "_" in first and first not in _OF_THE_POLICY
    return Decision.CHALLENGE if is_refused else record.decision
