"""How rules become a decision: all are asked, the strictest wins, and what fails counts as matched."""

from dataclasses import replace

import pytest

from tests.risk.samples import ALWAYS_ASKED, names, ordinary, policy_of
from watchword.domain.action import Decision, Reason
from watchword.domain.customer_text import words_for_everybody
from watchword.risk.policy import Environment, Policy, RuleMode, load_policy
from watchword.risk.signals import Signals


def rule(name: str, then: str, **keys: str) -> str:
    """Write one rule."""
    lines = [f"{key} = {value}" for key, value in keys.items()]
    return "\n".join(
        [
            "[[rule]]",
            f'name = "{name}"',
            f'then = "{then}"',
            f'text = "operator: {name}"',
            f'customer_text = "customer: {name}"',
            *lines,
            "",
        ]
    )


def decided(policy: Policy, signals: Signals) -> tuple[Decision, list[str]]:
    return policy.assess(signals).decision, names(policy, signals)


def test_no_rule_hides_another_whatever_their_order(environment: Environment) -> None:
    rules = [rule("mild", "allow"), rule("middle", "challenge"), rule("strict", "deny")]
    for order in (rules, rules[::-1]):
        assert decided(policy_of("".join(order), environment), ordinary()) == (Decision.DENY, ["strict", "middle"])


def test_reasons_of_one_strictness_keep_the_order_of_the_file(environment: Environment) -> None:
    policy = policy_of(rule("b", "challenge") + rule("c", "deny") + rule("a", "challenge"), environment)
    assert names(policy, ordinary()) == ["c", "b", "a"]


def test_a_rule_that_would_allow_is_no_reason_for_a_challenge(environment: Environment) -> None:
    policy = policy_of(rule("mild", "allow") + rule("asks", "challenge", when='"device.known"'), environment)
    assert decided(policy, ordinary()) == (Decision.CHALLENGE, ["asks"])
    assert decided(policy, ordinary(device_known=False)) == (Decision.ALLOW, ["mild", "ordinary"])


def test_a_reason_carries_both_sentences(environment: Environment) -> None:
    reasons = policy_of(rule("asks", "challenge"), environment).assess(ordinary()).reasons
    assert reasons == (Reason(rule="asks", text="operator: asks", customer_text=words_for_everybody("customer: asks")),)


def test_a_rule_looks_only_at_its_own_action_types(environment: Environment) -> None:
    policy = policy_of(rule("asks", "challenge", actions='["sign_in"]'), environment)
    assert policy.assess(ordinary("sign_in")).decision is Decision.CHALLENGE
    assert policy.assess(ordinary("purchase")).decision is Decision.ALLOW


def test_an_exception_concerns_its_own_rule_only(environment: Environment) -> None:
    text = rule("excepted", "challenge", unless='"device.trusted"') + rule(
        "other", "challenge", when="\"lane == 'own'\""
    )
    policy = policy_of(text, environment)
    trusted = ordinary(device_trusted=True)
    assert names(policy, ordinary()) == ["excepted", "other"]
    assert names(policy, trusted) == ["other"]
    assert policy.assess(replace(trusted, lane="open")).decision is Decision.ALLOW


def test_a_rule_that_is_off_says_nothing(environment: Environment) -> None:
    policy = policy_of(rule("asks", "deny", mode='"off"'), environment)
    assessment = policy.assess(ordinary())
    assert (assessment.decision, assessment.shadow_rules) == (Decision.ALLOW, ())


def test_a_rule_on_trial_is_recorded_and_changes_nothing(environment: Environment) -> None:
    text = rule("asks", "deny", mode='"log-only"') + rule("misses", "deny", mode='"log-only"', when='"device.stolen"')
    assessment = policy_of(text, environment).assess(ordinary())
    assert (assessment.decision, assessment.shadow_rules) == (Decision.ALLOW, ("asks",))
    assert [reason.rule for reason in assessment.reasons] == ["ordinary"]


def test_a_rule_on_trial_that_fails_is_reported_and_changes_nothing(environment: Environment) -> None:
    policy = policy_of(rule("broken", "deny", mode='"log-only"', when='"details.gift == true"'), environment)
    assessment = policy.assess(ordinary())
    assert assessment.decision is Decision.ALLOW
    assert (assessment.shadow_rules, assessment.failed_rules) == (("broken",), ("broken",))


@pytest.mark.parametrize(
    ("then", "decision"),
    [("allow", Decision.CHALLENGE), ("challenge", Decision.CHALLENGE), ("deny", Decision.DENY)],
)
def test_a_rule_that_fails_counts_as_matched_and_at_least_as_a_challenge(
    environment: Environment, then: str, decision: Decision
) -> None:
    policy = policy_of(rule("broken", then, when='"details.gift > 3"'), environment)
    assessment = policy.assess(ordinary(details={"gift": "three"}))
    assert (assessment.decision, assessment.failed_rules) == (decision, ("broken",))
    assert [reason.rule for reason in assessment.reasons] == ["rule_error"]
    assert "broken" in assessment.reasons[0].text


def test_a_detail_that_is_left_out_counts_as_a_match(environment: Environment) -> None:
    policy = policy_of(rule("address", "challenge", when='"details.new_address == true"'), environment)
    assert decided(policy, ordinary()) == (Decision.CHALLENGE, ["rule_error"])
    assert decided(policy, ordinary(details={"new_address": True})) == (Decision.CHALLENGE, ["address"])
    assert decided(policy, ordinary(details={"new_address": False})) == (Decision.ALLOW, ["ordinary"])


def test_an_exception_that_fails_excepts_nothing(environment: Environment) -> None:
    policy = policy_of(rule("asks", "challenge", unless='"details.gift == true"'), environment)
    assessment = policy.assess(ordinary())
    assert (assessment.decision, assessment.failed_rules) == (Decision.CHALLENGE, ("asks",))
    assert policy.assess(ordinary(details={"gift": True})).decision is Decision.ALLOW


def test_an_error_that_cannot_matter_is_none(environment: Environment) -> None:
    policy = policy_of(rule("asks", "challenge", when='"details.gift == true && device.stolen"'), environment)
    assessment = policy.assess(ordinary())
    assert (assessment.decision, assessment.failed_rules) == (Decision.ALLOW, ())


def test_a_rule_that_takes_too_long_fails_instead(environment: Environment) -> None:
    digits = "[0,1,2,3,4,5,6,7,8,9]"
    loop = "details.n != 0"
    for name in "abcde":
        loop = f"{digits}.all({name}, {loop})"
    policy = policy_of(rule("loop", "challenge", when=f'"{loop}"'), environment)
    assert policy.assess(ordinary(details={"n": 1})).failed_rules == ("loop",)


def test_text_that_the_rule_language_cannot_hold_is_a_failure(environment: Environment) -> None:
    policy = policy_of(rule("note", "challenge", when="\"details.note == 'x'\""), environment)
    assert policy.assess(ordinary(details={"note": "\ud800"})).decision is Decision.CHALLENGE


def test_what_nobody_allowed_is_challenged(environment: Environment) -> None:
    policy = policy_of(
        rule("large", "challenge", actions='["withdrawal"]', when='"action.amount > 100.0"'), environment
    )
    assert decided(policy, ordinary("withdrawal", action_amount=1.0)) == (Decision.CHALLENGE, ["no_rule"])
    assert decided(policy, ordinary("withdrawal", action_amount=101.0)) == (Decision.CHALLENGE, ["large"])
    assert decided(policy, ordinary("withdrawal")) == (Decision.CHALLENGE, ["large"])


def test_a_declared_type_passes_once_a_rule_allows_it(environment: Environment) -> None:
    policy = policy_of(rule("small", "allow", actions='["withdrawal"]'), environment)
    assert decided(policy, ordinary("withdrawal")) == (Decision.ALLOW, ["small"])


@pytest.mark.parametrize("action_type", ["password_reset", "account_update"])
def test_what_is_always_asked_is_asked_even_without_its_rule(environment: Environment, action_type: str) -> None:
    loaded = policy_of(rule("everything", "allow"), environment)
    for rules in ((), tuple(entry for entry in loaded.rules if entry.then is Decision.ALLOW)):
        crippled = replace(loaded, rules=rules)
        assert decided(crippled, ordinary(action_type)) == (Decision.CHALLENGE, ["no_rule"])


def test_what_is_always_asked_can_be_denied(environment: Environment) -> None:
    policy = policy_of(rule("closed", "deny", actions='["password_reset"]'), environment)
    assert decided(policy, ordinary("password_reset")) == (Decision.DENY, ["closed", "password-reset"])


def test_a_policy_that_asks_everything_is_accepted(environment: Environment) -> None:
    policy = load_policy(rule("everything", "challenge"), source_name="policy.toml", environment=environment)
    assert names(policy, ordinary("password_reset")) == ["everything"]


def test_the_record_holds_what_the_rules_saw_and_no_details(environment: Environment) -> None:
    policy = policy_of(rule("asks", "challenge"), environment)
    signals = ordinary("account_update", details={"field": "email", "new_contact": "someone@example.com"})
    assessment = policy.assess(signals)
    assert assessment.signals == {**signals.by_name(), "score": assessment.score}
    assert "someone@example.com" not in repr(assessment)


def test_the_version_follows_the_text(environment: Environment) -> None:
    one, same, other = (
        load_policy(text, source_name=name, environment=environment)
        for text, name in ((ALWAYS_ASKED, "a"), (ALWAYS_ASKED, "b"), (ALWAYS_ASKED + "\n", "a"))
    )
    assert one.version == same.version != other.version
    assert one.assess(ordinary()).policy_version == one.version


def test_a_rule_without_a_mode_is_on(environment: Environment) -> None:
    assert {entry.mode for entry in policy_of("", environment).rules} == {RuleMode.ON}


@pytest.mark.parametrize(
    ("rules", "is_asked_anyway"),
    [
        ("", False),
        (rule("by-score", "challenge", when='"score >= risk.threshold"'), False),
        (rule("by-score", "challenge", when='"device.known"', unless='"score < 0.2"'), False),
        (rule("anyway", "challenge"), True),
        (rule("by-score", "challenge", when='"score > 0.0"') + rule("anyway", "challenge"), True),
        (rule("scored", "challenge", when="\"details.score_board == 'x'\""), True),
        (rule("denied", "deny"), True),
    ],
)
def test_it_is_known_whether_something_other_than_the_score_asks(
    environment: Environment, rules: str, is_asked_anyway: bool
) -> None:
    policy = policy_of(rules, environment)
    assessment = policy.assess(ordinary(details={"score_board": "x"}))
    assert policy.asks_without_score(assessment) is is_asked_anyway
