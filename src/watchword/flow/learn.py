"""Learns from what came of actions: what the application's traffic looks like, and what happened of late.

What a user's own memory learns is the store's matter. Only an allow and an approval teach anything here; what failed,
was denied or abandoned never does.
"""

from collections.abc import Mapping
from itertools import islice
from typing import Final

from watchword.domain.action import CONTACT_CONFIRMATION, Decision, Label
from watchword.domain.challenge import ChallengeState
from watchword.domain.errors import StorageUnavailable
from watchword.domain.ids import ActionId, ApplicationId, ChallengeId
from watchword.domain.instant import DAY_MS, Instant
from watchword.domain.user import UserRef
from watchword.flow.gather import Case
from watchword.flow.guard import note_completed
from watchword.ports import Ports
from watchword.ports.store.attempting import TriedChallenge
from watchword.ports.store.values import ActionRecord, Keep, Lesson
from watchword.risk.challenge_budget import DEFAULT_THRESHOLD, Legitimate
from watchword.risk.policy import Policy
from watchword.risk.traffic import Traffic

WRITTEN_AT_ONCE: Final = 1_000
"""Numbers in one transaction: those of other processes wait for it, some tens of milliseconds."""
_HOURS_OF_DAY: Final = 24


def learn(traffic: Mapping[ApplicationId, Traffic], lesson: Lesson) -> None:
    """Let the application's traffic follow what a user's memory learned or gave back; called after the commit."""
    known = traffic.get(lesson.application_id)
    if known is None:
        return  # an application that is declared no longer
    if lesson.share:
        known.population.learn(
            lesson.contribution,
            lesson.memory_before,
            share=lesson.share,
            account_age_days=lesson.account_age_days,
        )
    if lesson.verdict is not None:
        known.population.label(lesson.contribution, is_fraud=lesson.verdict is Label.FRAUD)


def note_allowed(ports: Ports, case: Case) -> None:
    """Count an action that was allowed among the legitimate ones."""
    ports.traffic[case.application.id].legitimate.note(_legitimate(ports.policies[case.application.id], case))


def note_asked(ports: Ports, case: Case, challenge_id: ChallengeId) -> None:
    """Count a challenge as unproven, and keep what it would be once it is approved."""
    traffic = ports.traffic[case.application.id]
    traffic.velocity.asked(case.address, case.profile.now)
    if case.action.type != CONTACT_CONFIRMATION:  # nobody rated that
        traffic.asked.put(challenge_id, _legitimate(ports.policies[case.application.id], case))


def note_approved(ports: Ports, challenge: TriedChallenge, now: Instant) -> None:
    """Count a challenge as proven, and its action among the legitimate ones; soon, if another process decided it."""
    note_completed(ports, challenge)
    action, traffic = challenge.action, ports.traffic[challenge.action.application_id]
    if action.ip is not None:
        address = ports.tracer.address(action.application_id, ports.atlas.counted_as(action.ip))
        traffic.velocity.proved(address, action.created_at, now)
    legitimate = traffic.asked.take(challenge.id)
    if legitimate is not None:
        traffic.legitimate.note(legitimate)
    elif action.type != CONTACT_CONFIRMATION:
        traffic.proven.append((action.user_key, action.id))


async def count_proven(ports: Ports) -> None:
    """Count the actions that were approved here of late, and decided by another process or before a restart.

    No answer waits for what this reads. Raises ``StorageUnavailable``; what is left is counted the next time.
    """
    for application_id, traffic in ports.traffic.items():
        while traffic.proven:
            user_key, action_id = traffic.proven.popleft()
            try:
                record = await ports.store.action(UserRef(application_id=application_id, key=user_key), action_id)
            except StorageUnavailable:
                traffic.proven.appendleft((user_key, action_id))
                raise
            if record is not None:
                traffic.legitimate.note(_legitimate_of(ports.policies[application_id], record))


async def label(
    ports: Ports, ref: UserRef, action_id: ActionId, told: Label, *, keep: Keep[None] | None = None
) -> bool:
    """Note what the application says an action turned out to be. Return whether there is such an action."""
    before = await ports.store.action(ref, action_id) if told is Label.FRAUD else None
    if not await ports.store.label_action(ref, action_id, told, keep=keep):
        return False
    # An application may send its labels anew every day: only the first one takes something back.
    if before is not None and before.disputed_at is None:
        _count_as_fraud(ports, ref, before)
    return True


async def note_disputed(ports: Ports, ref: UserRef, action_id: ActionId) -> None:
    """Count an action that its owner disputed among the legitimate ones no more."""
    record = await ports.store.action(ref, action_id)
    if record is not None:
        _count_as_fraud(ports, ref, record)


def _count_as_fraud(ports: Ports, ref: UserRef, record: ActionRecord) -> None:
    """Count an action among the legitimate ones no more, unless its label has seen to that."""
    if record.label is not Label.FRAUD and _went_through(record):
        ports.traffic[ref.application_id].legitimate.take_back(
            _legitimate_of(ports.policies[ref.application_id], record)
        )


async def read_traffic(ports: Ports) -> None:
    """Take up what the store has counted of every application."""
    for application_id, traffic in ports.traffic.items():
        traffic.population.counts.absorb(await ports.store.population(application_id))


async def write_traffic(ports: Ports) -> int:
    """Write what was counted since the last time, and return how many numbers; what fails is kept for the next."""
    written = 0
    for application_id, traffic in ports.traffic.items():
        counts = traffic.population.counts
        fresh = dict(counts.drain())
        while fresh:
            some = dict(islice(fresh.items(), WRITTEN_AT_ONCE))
            try:
                await ports.store.add_to_population(application_id, some)
            except StorageUnavailable:
                counts.give_back(fresh)
                raise
            written += len(some)
            for key in some:
                del fresh[key]
    return written


def prune_traffic(ports: Ports) -> int:
    """Forget the lightest counts of tables that have become too large, and return how many; the store does alike."""
    return sum(len(traffic.population.counts.prune()) for traffic in ports.traffic.values())


def _legitimate(policy: Policy, case: Case) -> Legitimate:
    registered_at, now = case.profile.registered_at, case.profile.now
    return Legitimate(
        action_type=case.action.type,
        user_key=case.action.user_key,
        score=case.assessment.score,
        threshold=case.facts.threshold,
        asked_anyway=policy.asks_without_score(case.assessment),
        account_age_days=0.0 if registered_at is None else (now - registered_at) / DAY_MS,
        at=now,
    )


def _legitimate_of(policy: Policy, record: ActionRecord) -> Legitimate:
    signals = record.assessment.signals
    return Legitimate(
        action_type=record.action.type,
        user_key=record.action.user_key,
        score=record.assessment.score,
        threshold=float(signals.get("risk.threshold", DEFAULT_THRESHOLD)),
        asked_anyway=policy.asks_without_score(record.assessment),
        account_age_days=float(signals.get("user.age_hours", 0.0)) / _HOURS_OF_DAY,
        at=record.action.created_at,
    )


def _went_through(record: ActionRecord) -> bool:
    if record.decision is Decision.ALLOW:
        return True
    return record.challenge is not None and record.challenge.state is ChallengeState.APPROVED
