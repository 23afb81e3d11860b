"""The account of one recorded action, in sentences that a support agent can read aloud.

It names no code, no address and no token, and of the place only what a map would show: country and kind of network.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from babel import Locale

from watchword.bootstrap.decided_actions import DecidedAction
from watchword.cli.policy.aftermath import tell_what_followed
from watchword.domain.action import (
    ACCOUNT_UPDATE,
    CONTACT_CONFIRMATION,
    PASSWORD_RESET,
    PURCHASE,
    SIGN_IN,
    Action,
    Decision,
    RiskTerm,
)
from watchword.wording.numbers import day_and_clock, exact_amount, plain_spaces

ENGLISH: Final = Locale("en")
_BASELINE: Final = "baseline"
_BOUNDS: Final = "familiar."
"""How the terms are called that keep the familiar within bounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the account: what it is about, and its sentences."""

    title: str
    lines: tuple[str, ...]


def account_of(decided: DecidedAction) -> tuple[Section, ...]:
    """Return the whole account, in the order in which it happened."""
    parts = (
        ("What was asked", _asked(decided)),
        ("What was decided", _decision(decided)),
        ("Why the score is what it is", _score(decided)),
        ("What happened then", tell_what_followed(decided.record)),
        ("What today's policy would say", _today(decided)),
    )
    return tuple(Section(title=title, lines=tuple(lines)) for title, lines in parts)


def _asked(decided: DecidedAction) -> Iterator[str]:
    action, signals = decided.record.action, decided.record.assessment.signals
    moment = plain_spaces(day_and_clock(action.created_at, ENGLISH))
    name = decided.owner.application.name
    yield f"On {moment}, somebody using the account of customer {action.user_id} at {name} wanted to {_wish(action)}."
    yield _where(action, signals)
    yield _with_what(signals)


def _wish(action: Action) -> str:
    match action.type:
        case kind if kind in _WISHES:
            return _WISHES[kind]
        case kind if kind == ACCOUNT_UPDATE:
            return f"change the {action.account_field} of the account"
        case kind if kind == PURCHASE:
            return f"buy something{_amount(action)}"
        case other:
            return f"do what the application calls {other}{_amount(action)}"


_WISHES: Final = {
    SIGN_IN: "sign in",
    PASSWORD_RESET: "reset the password",
    CONTACT_CONFIRMATION: "confirm a contact",
}


def _amount(action: Action) -> str:
    payee = "" if action.payee is None else f" from {action.payee}"
    if action.amount is None:
        return payee
    return f" for {plain_spaces(exact_amount(action.amount, ENGLISH))}{payee}"


_Known = Mapping[str, str | int | float | bool]


def _where(action: Action, signals: _Known) -> str:
    if action.ip is None:
        return "The application did not say from which address."
    code = str(signals.get("place.country", ""))
    if code == "local":
        return "It came from the application's own network."
    seen = "where this customer had been before" if signals.get("place.known") else "which was new for this customer"
    country = "a country that is not known" if not code else f"{_spoken(code)} ({code})"
    return f"It came from {country}, {seen}, through {_network(signals)}."


_WITH_ARTICLE: Final = re.compile(
    r"United .*|.* (Islands|Republic)|Bahamas|Comoros|Gambia|Isle of Man|Maldives|Netherlands|Philippines"
)
"""Countries whose English name is spoken with "the"."""


def _spoken(code: str) -> str:
    name = ENGLISH.territories.get(code, code)
    return f"the {name}" if _WITH_ARTICLE.fullmatch(name) else name


_NETWORKS: Final = {
    "network.tor": "the Tor network, which hides where somebody is",
    "network.vpn": "a VPN",
    "network.hosting": "a data centre, where people do not usually sit",
    "network.listed": "a network that is on a list of bad ones",
}


def _network(signals: _Known) -> str:
    if not any(name in signals for name in _NETWORKS):
        return "a network of which nothing was recorded"
    return next((words for name, words in _NETWORKS.items() if signals.get(name)), "an ordinary network")


def _with_what(signals: _Known) -> str:
    device = f"The device was {signals.get('device.state', 'new')} to us"
    if signals.get("device.stolen"):
        device = "It came with an old copy of a device token: somebody holds a copy of it"
    browser, system, kind = (signals.get(name) for name in ("agent.browser", "agent.os", "agent.type"))
    called = " on ".join(str(name) for name in (browser, system) if name)
    if not called:
        return f"{device}."
    return f"{device}: {called}{f', {kind}' if kind and kind != 'unknown' else ''}."


_DECISIONS: Final = {
    Decision.ALLOW: "Watchword let it pass without asking for a code",
    Decision.CHALLENGE: "Watchword asked for a code",
    Decision.DENY: "Watchword refused it",
}


def _decision(decided: DecidedAction) -> Iterator[str]:
    record = decided.record
    yield f"{_DECISIONS[record.decision]}, by version {record.assessment.policy_version} of the policy, because:"
    for reason in record.assessment.reasons:
        yield f"- {reason.text.rstrip('.')} ({reason.rule})."
    if record.action.conceal:
        yield "The answer to the application named none of this, so that nobody learns whether the account exists."
    if record.retry_at is not None:
        yield f"It could be tried again from {plain_spaces(day_and_clock(record.retry_at, ENGLISH))}."
    for rule in record.assessment.shadow_rules:
        yield f"The rule {rule} matched too; it is only on trial and counted for nothing."
    for rule in record.assessment.failed_rules:
        yield f"The rule {rule} could not be evaluated, and counted as matched."


def _score(decided: DecidedAction) -> Iterator[str]:
    assessment = decided.record.assessment
    threshold = assessment.signals.get("risk.threshold")
    from_there = "" if threshold is None else f" The policy calls an action suspicious from {threshold:g} on."
    yield f"The risk score was {assessment.score:g}, between 0 (ordinary) and 1.{from_there}"
    weighed = [term for term in assessment.terms if term.signal != _BASELINE and not _is_bound(term)]
    if not weighed:
        yield "Nothing about the action was weighed."
    for term in sorted(weighed, key=lambda term: -abs(term.nats)):
        yield f"- {term.text.rstrip('.')}. {_weight(term)}."
    for term in filter(_is_bound, assessment.terms):
        yield f"- {term.text.rstrip('.')}, so what speaks for the customer was not counted in full."


def _is_bound(term: RiskTerm) -> bool:
    """Whether a term takes back what is familiar beyond a bound, and is no fact of its own."""
    return term.signal.startswith(_BOUNDS)


_WEIGHTS: Final = ((3.0, "far"), (1.5, "much"), (0.5, "somewhat"))
"""From how many nats on: odds of 20, of 4.5 and of 1.6 to one."""


def _weight(term: RiskTerm) -> str:
    how = next((words for least, words in _WEIGHTS if abs(term.nats) >= least), "slightly")
    return f"This makes it {how} {'less' if term.nats > 0 else 'more'} likely that it was the customer"


_WOULD: Final = {
    Decision.ALLOW: "let it pass",
    Decision.CHALLENGE: "ask for a code",
    Decision.DENY: "refuse it",
}


def _today(decided: DecidedAction) -> Iterator[str]:
    today, decision = decided.today.assessment, decided.decision_today
    if decided.record.action.type == CONTACT_CONFIRMATION:
        yield "A contact is always confirmed by a code; no policy decides about it."
        return
    would = f"Today's policy (version {decided.today_version}) would {_WOULD[decision]}"
    if decided.is_same:
        yield f"{would}, as then and for the same reasons."
    elif decision is decided.judged:
        yield f"{would}, as then, but by other rules:"
    else:
        yield f"{would} instead:"
    if not decided.is_same:
        yield from (f"- {reason.text.rstrip('.')} ({reason.rule})." for reason in today.reasons)
    if decided.left_out:
        yield f"{decided.left_out} facts were not recorded then; today's policy takes each of them at its riskiest."
