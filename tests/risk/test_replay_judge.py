"""Judging recorded actions: the same decision as in life, whatever was asked before."""

import json
from typing import Any

import pytest
from hypothesis import given, settings

from tests.risk.samples import any_signals, ordinary, policy_of
from tests.risk.test_policy_properties import ARBITRARY_RULES
from watchword.domain.action import Decision
from watchword.risk.policy import Environment, Policy
from watchword.risk.policy.expression import Condition, compile_condition, mentioned
from watchword.risk.replay import Judge
from watchword.risk.score import Rating
from watchword.risk.signals import Signals

AMOUNTS = """
[[rule]]
name = "large"
actions = ["purchase"]
when = "action.amount >= 100.0 && score > 0.25"
unless = "device.trusted"
then = "challenge"
text = "Large"
customer_text = "Large."

[[rule]]
name = "watched"
actions = ["purchase"]
when = "place.country == 'NO'"
then = "deny"
mode = "log-only"
text = "Watched"

[[rule]]
name = "nowhere"
when = "place.country == 'XX'"
then = "deny"
text = "Nowhere"

[[rule]]
name = "asleep"
when = "velocity.user > 0.0"
then = "deny"
mode = "off"
text = "Off"
"""


@pytest.fixture(scope="module")
def careless(environment: Environment) -> Policy:
    """Give a policy whose rules fail for many signals, and look at details."""
    return policy_of(ARBITRARY_RULES.replace("% purchase.count", "% (purchase.count + 1)"), environment)


@pytest.fixture(scope="module")
def judges(careless: Policy, default_policy: Policy) -> dict[str, Judge]:
    """Give judges that live through all examples, so that what they remember is tested too."""
    return {policy.version: Judge(policy) for policy in (careless, default_policy)}


def recorded(values: Any) -> Any:
    """Give a value as it comes back from the record."""
    return json.loads(json.dumps(values))


@settings(max_examples=60)
@given(signals=any_signals())
def test_a_recorded_action_is_decided_as_it_was(
    careless: Policy, default_policy: Policy, judges: dict[str, Judge], signals: Signals
) -> None:
    for policy in (careless, default_policy):
        for score in (0.0, 0.6999, 0.7, 1.0):
            assessment = policy.assess(signals, Rating(score=score, terms=()))
            ruling, missing = judges[policy.version].rule(
                signals.action_type, recorded(dict(assessment.signals)), recorded(dict(signals.details))
            )
            assert ruling.decision is assessment.decision
            assert ruling.failed == assessment.failed_rules
            assert missing == frozenset()


def test_what_a_rule_remembers_belongs_to_the_values_it_saw(environment: Environment) -> None:
    judge = Judge(policy_of(AMOUNTS, environment))
    for _ in range(2):
        for amount, score, expected in (
            (20.0, 0.9, Decision.ALLOW),
            (100.0, 0.9, Decision.CHALLENGE),
            (100.0, 0.2, Decision.ALLOW),
        ):
            signals = {**ordinary(action_amount=amount, place_country="SE").by_name(), "score": score}
            ruling, _ = judge.rule("purchase", signals, {})
            assert ruling.decision is expected
            assert ruling.causes == (("large",) if expected is Decision.CHALLENGE else ())


def test_a_rule_that_only_watches_is_told_and_changes_nothing(environment: Environment) -> None:
    judge = Judge(policy_of(AMOUNTS, environment))
    ruling, _ = judge.rule("purchase", {**ordinary().by_name(), "score": 0.0}, {})
    assert ruling.decision is Decision.ALLOW
    assert ruling.matched == ("watched", "ordinary")


def test_only_the_rules_that_decide_are_called_its_cause(environment: Environment) -> None:
    judge = Judge(policy_of(AMOUNTS, environment))
    signals = {**ordinary(action_amount=500.0, place_country="XX").by_name(), "score": 1.0}
    assert judge.rule("purchase", signals, {})[0].causes == ("nowhere",)


def test_what_no_rule_matches_is_asked_for_want_of_one(environment: Environment) -> None:
    judge = Judge(policy_of(AMOUNTS, environment))
    ruling, _ = judge.rule("never declared", {**ordinary("never declared").by_name(), "score": 0.0}, {})
    assert (ruling.decision, ruling.causes) == (Decision.CHALLENGE, ("no_rule",))


def test_a_signal_that_was_not_recorded_counts_as_left_out_and_is_named(environment: Environment) -> None:
    judge = Judge(policy_of(AMOUNTS, environment))
    signals = {**ordinary(place_country="SE").by_name(), "score": 0.0}
    for name in ("score", "action.amount", "velocity.user", "user.history"):
        del signals[name]
    ruling, missing = judge.rule("purchase", signals, {})
    assert missing == {"score", "action.amount"}  # the rule that is off looks at nothing, and no rule at the history
    assert ruling.causes == ("large",)


def test_the_details_are_wanted_only_where_a_rule_that_counts_mentions_them(
    careless: Policy, environment: Environment
) -> None:
    assert Judge(careless).looks_at_details
    assert not Judge(policy_of(AMOUNTS, environment)).looks_at_details
    asleep = AMOUNTS.replace("velocity.user > 0.0", "details.gift == true")
    assert not Judge(policy_of(asleep, environment)).looks_at_details


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("!device.known", {"device.known"}),
        ("device\n .known // and nothing else", {"device.known"}),
        ("action.amount > 3.0 && details.x == 1", {"action.amount", "details"}),
        ("[1, 2].exists(one, one == purchase.count)", {"purchase.count"}),
        ("lane == 'open' || score > 0.5", {"lane", "score"}),
        ("1 == 1", set()),
    ],
)
def test_a_condition_says_what_it_looks_at(text: str, names: set[str], environment: Environment) -> None:
    condition = compile_condition(text, environment)
    assert isinstance(condition, Condition)
    assert mentioned(condition) == names
