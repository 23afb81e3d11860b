"""What holds for all signals: there is always a decision, and more risk never makes it milder (I12)."""

from dataclasses import fields, replace
from math import exp, isfinite
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.risk.samples import any_signals, judged, ordinary, policy_of, rated
from watchword.domain.action import ALWAYS_CHALLENGED, Decision
from watchword.risk.policy import Environment, Policy
from watchword.risk.policy.expression import Condition, activate_values, compile_condition, evaluate, plainly
from watchword.risk.score import Rating
from watchword.risk.signals import UNLIMITED, Signals

EXAMPLES = settings(max_examples=50)
"""Drawing signals is slow, and the folder has to stay quick; the decisions that matter are also listed one by one."""

RISKIER: tuple[dict[str, Any], ...] = (
    {"device_state": "new", "device_known": False, "device_trusted": False},
    {"device_stolen": True},
    {"place_known": False},
    {"place_known": False, "place_country": ""},
    {"action_high_amount": True, "purchase_high_value": True},
    {"action_has_amount": False, "action_has_threshold": False, "purchase_high_value": True},
    {"purchase_high_sum": True, "purchase_high_value": True},
    {"purchase_high_count": True, "purchase_high_value": True},
    {"user_unproven_same_type": True},
    {"user_attack_suspected": True},
    {"user_disputed": True},
    {"user_recent_reset": True},
    {"user_failures": 2**31},
    {"user_unproven_networks": 2**31},
    {"lane": "open"},
    {"network_asn": 0, "network_known": False, "network_address_known": False},
    {"network_address_known": False},
    {"network_hosting": True},
    {"network_vpn": True},
    {"network_tor": True},
    {"network_listed": True},
    {"agent_type": "", "agent_os": "", "agent_browser": "", "agent_type_known": False},
    {"agent_type_known": False, "agent_os_known": False, "agent_browser_known": False, "agent_version_known": False},
    {"agent_automated": True},
    {"user_registered": False},
    {"user_age_hours": 0.0},
    {"user_changed_hours": 0.0},
    {"device_age_hours": 0.0},
    {"travel_speed": UNLIMITED, "travel_impossible": True},
    {"time_unusual": True},
    {"purchase_amount_ratio": UNLIMITED},
    {"payee_known": False},
    {"payee_reports": 1e6},
    {"contact_age_hours": 0.0},
    {"contact_disposable": True},
    {"contact_stale": True},
    {"contact_phone_type": "voip"},
    {"velocity_user": 1e6},
    {"velocity_address": UNLIMITED, "velocity_network": UNLIMITED, "velocity_users_at_address": UNLIMITED},
    {"velocity_contact": 1e6},
    {"velocity_unproven_at_address": UNLIMITED},
)
"""Each makes an action riskier or leaves something out."""

ARBITRARY_RULES = """
[[rule]]
name = "details"
when = "details.gift == true"
unless = "details.count > 3"
then = "challenge"
text = "Details"
customer_text = "Details."

[[rule]]
name = "amounts"
when = "int(action.amount) % purchase.count == 1 || details.note.startsWith('x')"
unless = "details.other == 1"
then = "allow"
text = "Amounts"

[[rule]]
name = "denied"
when = "details.count > 3 && device.stolen"
then = "deny"
text = "Denied"
"""


@pytest.fixture(scope="module")
def careless_policy(environment: Environment) -> Policy:
    """Give a policy whose rules fail for many signals."""
    return policy_of(ARBITRARY_RULES.replace("% purchase.count", "% (purchase.count + 1)"), environment)


def strictness(decision: Decision) -> int:
    return list(Decision).index(decision)


@EXAMPLES
@given(signals=any_signals())
def test_there_is_always_a_decision_with_reasons(default_policy: Policy, signals: Signals) -> None:
    assessment = judged(default_policy, signals)
    assert assessment.reasons
    assert 0 <= assessment.score <= 1
    assert assessment.failed_rules == ()


@EXAMPLES
@given(signals=any_signals())
@example(Signals(action_type="withdrawal", details={"gift": 1, "count": "x", "note": True}))
def test_rules_that_fail_never_end_in_an_allow(careless_policy: Policy, signals: Signals) -> None:
    assessment = careless_policy.assess(signals)
    assert assessment.reasons
    if assessment.failed_rules or signals.action_type in ALWAYS_CHALLENGED:
        assert assessment.decision is not Decision.ALLOW


@EXAMPLES
@given(signals=any_signals(), change=st.sampled_from(RISKIER))
@example(signals=ordinary(), change={"place_known": False})
def test_a_risk_signal_never_makes_it_milder(default_policy: Policy, signals: Signals, change: dict[str, Any]) -> None:
    before, after = judged(default_policy, signals), judged(default_policy, replace(signals, **change))
    assert strictness(after.decision) >= strictness(before.decision)
    assert after.score >= before.score


@pytest.mark.parametrize("change", RISKIER, ids="+".join)
@pytest.mark.parametrize("action_type", ["sign_in", "purchase"])
def test_a_risk_signal_by_itself_never_makes_it_milder(
    default_policy: Policy, action_type: str, change: dict[str, Any]
) -> None:
    signals = ordinary(action_type)
    for score in (0.1, 0.7):
        rating = Rating(score=score, terms=())
        before, after = (default_policy.assess(one, rating) for one in (signals, replace(signals, **change)))
        assert strictness(after.decision) >= strictness(before.decision)
        assert set(after.shadow_rules) >= set(before.shadow_rules)


def test_every_signal_has_a_riskier_value_here_or_is_none() -> None:
    described = {
        "action_type", "action_amount", "action_currency", "action_threshold", "purchase_count", "purchase_sum",
        "purchase_sum_threshold", "user_history", "user_idle_hours", "time_hour", "account_field", "risk_threshold",
        "details",
    }  # fmt: skip
    changed = {name for change in RISKIER for name in change}
    assert {entry.name for entry in fields(Signals)} - changed == described


@EXAMPLES
@given(signals=any_signals())
def test_the_terms_are_finite_and_make_the_score(signals: Signals) -> None:
    score, terms = rated(signals).score, rated(signals).terms
    assert all(isfinite(term.nats) and term.text for term in terms)
    assert score == round(1 / (1 + exp(-sum(term.nats for term in terms))), 4)
    assert len({term.signal for term in terms}) == len(terms)


@EXAMPLES
@given(signals=any_signals())
def test_the_decision_is_the_strictest_of_its_reasons(careless_policy: Policy, signals: Signals) -> None:
    assessment = careless_policy.assess(signals)
    then = {rule.name: rule.then for rule in careless_policy.rules}
    at_least = [then.get(reason.rule, Decision.CHALLENGE) for reason in assessment.reasons]
    assert strictness(assessment.decision) >= max(map(strictness, at_least))


NUMBERS = st.floats() | st.sampled_from([0.0, -0.0, 0.7, 1.0])


@pytest.mark.parametrize(
    "text",
    ["score >= risk.threshold", "score > risk.threshold", " score<0.7", "score <= 0.7", "risk.threshold > score"],
)
@given(score=NUMBERS, threshold=NUMBERS)
@example(score=0.7, threshold=0.7)
def test_a_comparison_of_fractions_says_what_the_rule_language_says(
    environment: Environment, text: str, score: float, threshold: float
) -> None:
    values = {"score": score, "risk.threshold": threshold}
    condition = compile_condition(text, environment)
    assert isinstance(condition, Condition)
    says = plainly(condition)
    assert says is not None
    assert says(values) is evaluate(condition, activate_values(environment, values))


@pytest.mark.parametrize(
    "text", ["score >= risk.threshold && device.known", "score >= 1.0 - 0.3", "user.failures > 3", "!device.known"]
)
def test_anything_else_is_left_to_the_rule_language(environment: Environment, text: str) -> None:
    condition = compile_condition(text, environment)
    assert isinstance(condition, Condition)
    assert plainly(condition) is None


@pytest.mark.parametrize(("score", "when"), [(0.7, "score >= 0.7"), (0.69, "score < 0.7"), (0.7, "score < 0.7")])
@pytest.mark.parametrize("is_trusted", [True, False])
@pytest.mark.parametrize("unless", ["", 'unless = "device.trusted"\n'])
def test_a_rule_is_judged_alike_with_and_without_the_rule_language(
    environment: Environment, score: float, when: str, unless: str, *, is_trusted: bool
) -> None:
    said = 'text = "Unusual"\ncustomer_text = "@suspicious"\n'
    rule = f'[[rule]]\nname = "suspicious"\nwhen = "{when}"\n{unless}then = "challenge"\n{said}'
    # A condition of two operands is left to the rule language.
    asked = rule.replace(when, f"{when} && true")
    signals = ordinary(device_trusted=is_trusted)
    one, other = (policy_of(text, environment).assess(signals, _rating(score)) for text in (rule, asked))
    assert (one.decision, one.reasons) == (other.decision, other.reasons)
    holds = score >= 0.7 if ">=" in when else score < 0.7
    assert (one.decision is Decision.CHALLENGE) is (holds and not (unless and is_trusted))


def _rating(score: float) -> Rating:
    return replace(rated(ordinary()), score=score)
