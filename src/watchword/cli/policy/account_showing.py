"""Prints the account of a recorded action, for somebody who reads it aloud or for a script."""

from watchword.bootstrap.decided_actions import DecidedAction
from watchword.cli.policy.action_account import account_of
from watchword.cli.printing import print_line
from watchword.domain.instant import rfc3339


def show_decided(decided: DecidedAction) -> None:
    """Print the account, a paragraph for each of its parts."""
    action = decided.record.action
    print_line(f"{action.id} of {action.application_id}", style="dim")
    for section in account_of(decided):
        print_line(f"\n{section.title}", style="bold")
        for line in section.lines:
            print_line(f"  {line}")


def describe_decided(decided: DecidedAction) -> dict[str, object]:
    """Return the facts and the account as plain values for JSON."""
    record, assessment = decided.record, decided.record.assessment
    today = decided.today.assessment
    return {
        "id": record.action.id,
        "application_id": record.action.application_id,
        "user_id": record.action.user_id,
        "type": record.action.type,
        "created_at": rfc3339(record.action.created_at),
        "decision": record.decision.value,
        "reasons": [{"rule": reason.rule, "text": reason.text} for reason in assessment.reasons],
        "score": assessment.score,
        "terms": [{"signal": term.signal, "nats": term.nats, "text": term.text} for term in assessment.terms],
        "signals": dict(assessment.signals),
        "policy_version": assessment.policy_version,
        "shadow_rules": list(assessment.shadow_rules),
        "failed_rules": list(assessment.failed_rules),
        "challenge_state": None if record.challenge is None else record.challenge.state.value,
        "label": None if record.label is None else record.label.value,
        "disputed_at": None if record.disputed_at is None else rfc3339(record.disputed_at),
        "today": {
            "policy_version": decided.today_version,
            "decision": decided.decision_today.value,
            "reasons": [{"rule": reason.rule, "text": reason.text} for reason in today.reasons],
            "same": decided.is_same,
            "signals_left_out": decided.left_out,
        },
        "account": [{"title": section.title, "lines": list(section.lines)} for section in account_of(decided)],
    }
