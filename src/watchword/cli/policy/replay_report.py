"""Tells what a replay came to: for a person in tables and sentences, for a script as plain values.

Action ids and rule names, numbers, and nothing about anybody.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from watchword.bootstrap.replaying import Replayed
from watchword.cli.printing import print_line, print_table
from watchword.domain.action import Decision
from watchword.domain.instant import rfc3339
from watchword.risk.replay import Changes, Estimate, Tally, Truth, Unjudged, estimate

RULES_SHOWN: Final = 5
"""The rules behind one kind of change that a person is shown, the most frequent first; JSON has them all."""


def describe_replay(replayed: Replayed, prices: Mapping[str, float]) -> dict[str, object]:
    """Return everything as plain values for JSON."""
    tally = replayed.tally
    return {
        "policy_version": replayed.policy_version,
        "since": rfc3339(replayed.since),
        "until": rfc3339(replayed.until),
        "actions": tally.judged,
        "recorded_versions": dict(tally.versions),
        "types": [_describe_type(tally, action_type) for action_type in _types(tally)],
        "changes": _describe_changes(tally),
        "rules": dict(tally.matches),
        "log_only": replayed.log_only,
        "failed_rules": dict(tally.failures),
        "users": {"count": tally.users.count(), "exact": tally.users.is_exact},
        "messages": _describe_messages(estimate(tally), prices),
        "unknown": {
            "added_challenges": _count(tally, now=Decision.CHALLENGE),
            "removed_unproven": _unproven(tally),
            "refused": tally.refused,
        },
        "concealed": {"actions": tally.concealed, "unanswerable": tally.barred},
        "left_out": {"actions": tally.incomplete, "signals": dict(tally.missing)},
        "not_replayed": {why.value: tally.unjudged[why] for why in Unjudged},
    }


def show_replay(replayed: Replayed, prices: Mapping[str, float], *, policy_name: str, application_id: str) -> None:
    """Print what changes, who is concerned, what it costs, and what nobody can know."""
    tally = replayed.tally
    print_line(
        f"{policy_name}, version {replayed.policy_version}, over {tally.judged:,} recorded actions of {application_id}"
        f" from {rfc3339(replayed.since)} to {rfc3339(replayed.until)}."
    )
    if tally.versions:
        versions = ", ".join(f"{version} ({count:,})" for version, count in tally.versions.most_common())
        print_line(f"They were decided under version {versions}.")
    if tally.judged:
        print_line("")
        print_table(
            ("type", "actions", "challenged then", "now", "challenges", "denies"),
            [_type_row(tally, action_type) for action_type in _types(tally)],
        )
    if tally.changes:
        _show_changes(tally)
        _show_messages(estimate(tally), prices)
    elif tally.judged:
        print_line("\nNothing would change.")
    for rule in replayed.log_only:
        print_line(f"Rule {rule} is in mode log-only: it would match {tally.matches[rule]:,}, and changes nothing.")
    for line in _remarks(tally):
        print_line(line)


def _show_changes(tally: Tally) -> None:
    for (action_type, then, now), changes in sorted(tally.changes.items()):
        print_line(f"\n{action_type}: {changes.count:,} from {then} to {now}", style="bold")
        told = (
            f"{changes.truths[truth]:,} {truth} ({_share(changes.truths[truth], changes.count)})" for truth in Truth
        )
        print_line(f"  turned out  {', '.join(told)}")
        if then is Decision.CHALLENGE:
            print_line(f"  proven then {changes.approved:,}, not proven {changes.count - changes.approved:,}")
        print_line(f"  by          {_rules_in_words(changes)}")
        for place, (_, action_id) in enumerate(changes.newest):
            print_line(f"  {'look at' if place == 0 else '':<11} {action_id}")
    about = "" if tally.users.is_exact else "about "
    print_line(f"\nUsers who would notice: {about}{tally.users.count():,}.")


def _show_messages(messages: Estimate, prices: Mapping[str, float]) -> None:
    if not messages.added and not messages.removed:
        if messages.per_challenge is None:
            print_line("No challenge was recorded that a number of messages could be learned from.")
        return
    added, removed = sum(messages.added.values()), sum(messages.removed.values())
    average = "" if messages.per_challenge is None else f" (one challenge took {messages.per_challenge:.2f})"
    print_line(
        f"Messages: about {added:,.0f} more{average}, {removed:,} fewer that were sent, so {messages.balance:+,.0f}."
    )
    if not prices:
        print_line("What they cost is not known without prices, as --price sms=0.05.")
        return
    unpriced = messages.unpriced(prices)
    free = f"; {', '.join(unpriced)} has no price and counts as free" if unpriced else ""
    print_line(f"Cost: about {messages.cost(prices):+,.2f} in the currency of the prices{free}.")


def _remarks(tally: Tally) -> Iterator[str]:
    """Return what must be known to read the numbers rightly."""
    if added := _count(tally, now=Decision.CHALLENGE):
        yield f"Not known: whether the customers of {added:,} added challenges would have proven them."
    if unproven := _unproven(tally):
        yield f"Not known: what would have become of {unproven:,} actions that pass now, and were not proven then."
    if tally.refused:
        yield f"{tally.refused:,} are asked, as then, and stay denied: no challenge could open (locked, or no contact)."
    if tally.concealed:
        denied = f"; {tally.barred:,} of them are denied, so nobody could answer" if tally.barred else ""
        yield f"Asked whatever a policy says, because they are concealed: {tally.concealed:,}{denied}."
    if tally.incomplete:
        names = ", ".join(f"{name} ({count:,})" for name, count in tally.missing.most_common())
        yield f"{tally.incomplete:,} were recorded without signals that rules mention; they count as left out: {names}."
    for rule, count in tally.failures.most_common():
        yield f"Rule {rule} could not be evaluated {count:,} times, and counts as matched there."
    if erased := tally.unjudged[Unjudged.ERASED]:
        yield f"{erased:,} more belonged to users who were erased, and are not looked at."
    if confirmations := tally.unjudged[Unjudged.CONFIRMATION]:
        yield f"{confirmations:,} more confirmed a contact, which no policy is asked about."


def _types(tally: Tally) -> list[str]:
    return sorted({action_type for action_type, _, _ in tally.then})


def _then(tally: Tally, action_type: str) -> Counter[Decision]:
    counts: Counter[Decision] = Counter()
    for (one, _, decision), count in tally.then.items():
        counts[decision] += count if one == action_type else 0
    return counts


def _now(tally: Tally, action_type: str) -> Counter[Decision]:
    counts = _then(tally, action_type)
    for (one, then, now), changes in tally.changes.items():
        if one == action_type:
            counts[then] -= changes.count
            counts[now] += changes.count
    return counts


def _count(
    tally: Tally, action_type: str | None = None, *, then: Decision | None = None, now: Decision | None = None
) -> int:
    """Return how many changed decisions there are of a type, from one and to one, where given."""
    return sum(
        changes.count
        for (one, before, after), changes in tally.changes.items()
        if action_type in (None, one) and then in (None, before) and now in (None, after)
    )


def _unproven(tally: Tally) -> int:
    """Return how many actions would pass that were asked and not proven: the attacker's, or of who gave up."""
    return sum(
        changes.count - changes.approved
        for (_, then, now), changes in tally.changes.items()
        if then is Decision.CHALLENGE and now is Decision.ALLOW
    )


def _moves(tally: Tally, action_type: str) -> Mapping[str, int]:
    return {
        "challenges_added": _count(tally, action_type, now=Decision.CHALLENGE),
        "challenges_removed": _count(tally, action_type, then=Decision.CHALLENGE),
        "denies_added": _count(tally, action_type, now=Decision.DENY),
        "denies_removed": _count(tally, action_type, then=Decision.DENY),
    }


def _describe_type(tally: Tally, action_type: str) -> dict[str, object]:
    then, now = _then(tally, action_type), _now(tally, action_type)
    return {
        "type": action_type,
        "actions": then.total(),
        "then": {decision.value: then[decision] for decision in Decision},
        "now": {decision.value: now[decision] for decision in Decision},
        **_moves(tally, action_type),
    }


def _type_row(tally: Tally, action_type: str) -> Sequence[str]:
    then, now = _then(tally, action_type), _now(tally, action_type)
    moves = _moves(tally, action_type)
    shares = (_share(counts[Decision.CHALLENGE], counts.total()) for counts in (then, now))
    return (
        action_type,
        f"{then.total():,}",
        *shares,
        f"+{moves['challenges_added']:,} −{moves['challenges_removed']:,}",
        f"+{moves['denies_added']:,} −{moves['denies_removed']:,}",
    )


def _describe_changes(tally: Tally) -> list[dict[str, object]]:
    return [
        {
            "type": action_type,
            "then": then.value,
            "now": now.value,
            "actions": changes.count,
            "turned_out": {truth.value: changes.truths[truth] for truth in Truth},
            "proven_then": changes.approved,
            "rules": dict(changes.rules.most_common()),
            "examples": [action_id for _, action_id in changes.newest],
        }
        for (action_type, then, now), changes in sorted(tally.changes.items())
    ]


def _rules_in_words(changes: Changes) -> str:
    frequent = changes.rules.most_common()
    shown = [f"{rule} ({count:,})" for rule, count in frequent[:RULES_SHOWN]]
    more = len(frequent) - RULES_SHOWN
    return ", ".join([*shown, f"and {more} more"] if more > 0 else shown)


def _describe_messages(messages: Estimate, prices: Mapping[str, float]) -> dict[str, object]:
    return {
        "per_challenge": messages.per_challenge,
        "added": _rounded(messages.added.items()),
        "removed": dict(messages.removed),
        "balance": round(messages.balance, 1),
        "cost": round(messages.cost(prices), 4) if prices else None,
        "without_price": messages.unpriced(prices) if prices else (),
    }


def _rounded(counts: Iterable[tuple[str, float]]) -> dict[str, float]:
    return {channel: round(count, 1) for channel, count in counts}


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"
