"""The default policy, line by line of what it has to do (B1 to B6, B12, B13)."""

from dataclasses import replace
from typing import Any

import pytest

from tests.kit.default_policy import text_of_the_default_policy
from tests.risk.samples import (
    A_PROFILE,
    KNOWN_FACTS,
    NEW,
    TRUSTED,
    an_action,
    an_application,
    judged,
    names,
    ordinary,
    usd,
)
from watchword.domain.action import Decision
from watchword.domain.customer_text import CatalogueSentence
from watchword.domain.device import DeviceState
from watchword.domain.money import Money, read_money
from watchword.risk.policy import Policy, RuleMode
from watchword.risk.profile import Profile
from watchword.risk.score import Rating
from watchword.risk.signals import Signals, observe


def a_purchase(amount: Money | None, *, profile: Profile = A_PROFILE, **limits: int) -> Signals:
    facts = replace(KNOWN_FACTS, device_state=DeviceState.TRUSTED)
    return observe(an_action("purchase", amount), profile, facts, an_application(**limits))


@pytest.mark.parametrize("action_type", ["sign_in", "purchase"])
@pytest.mark.parametrize("device", [{}, TRUSTED])
def test_an_ordinary_action_passes(default_policy: Policy, action_type: str, device: dict[str, Any]) -> None:
    assessment = judged(default_policy, ordinary(action_type, **device))
    assert (assessment.decision, [reason.rule for reason in assessment.reasons]) == (Decision.ALLOW, ["ordinary"])
    assert (assessment.failed_rules, assessment.shadow_rules) == ((), ())


@pytest.mark.parametrize(
    ("signals", "rules"),
    [
        (ordinary("sign_in", **NEW), ["new-device"]),
        (ordinary("purchase", **NEW), ["new-device-purchase"]),
        (ordinary("password_reset"), ["password-reset"]),
        (ordinary("password_reset", **TRUSTED), ["password-reset"]),
        (ordinary("account_update"), ["account-update"]),
        (ordinary("account_update", **TRUSTED), ["account-update"]),
        (ordinary("sign_in", place_known=False), ["new-place"]),
        (ordinary("purchase", place_known=False), ["new-place"]),
        (ordinary("sign_in", place_known=False, place_country=""), ["new-place"]),
        (ordinary("purchase", user_unproven_same_type=True, user_failures=10, user_recent_reset=True), ["suspicious"]),
        (ordinary("sign_in", user_disputed=True), ["disputed"]),
        (ordinary("purchase", user_disputed=True, **TRUSTED), ["disputed"]),
        (ordinary("sign_in", **{**TRUSTED, "device_stolen": True}), ["stolen-device"]),
        (ordinary("sign_in", user_unproven_same_type=True, **NEW), ["new-device", "asked-until-proven"]),
        (
            ordinary("purchase", user_attack_suspected=True, **NEW),
            ["new-device-purchase", "attack-suspected"],
        ),
        (ordinary("withdrawal"), ["no_rule"]),
        (ordinary("withdrawal", user_unproven_same_type=True, **NEW), ["asked-until-proven"]),
        (ordinary("withdrawal", user_attack_suspected=True, **NEW), ["attack-suspected"]),
        (ordinary("contact_confirmation"), ["no_rule"]),
    ],
    ids=str,
)
def test_a_remarkable_action_is_challenged(default_policy: Policy, signals: Signals, rules: list[str]) -> None:
    assert judged(default_policy, signals).decision is Decision.CHALLENGE
    assert names(default_policy, signals) == rules


@pytest.mark.parametrize(
    "signals",
    [
        ordinary("sign_in", place_known=False, **TRUSTED),
        ordinary("purchase", place_known=False, **TRUSTED),
        ordinary(
            "sign_in", user_unproven_same_type=True, user_failures=10, user_recent_reset=True, user_unproven_networks=4
        ),
        ordinary("sign_in", user_unproven_same_type=True),
        ordinary("purchase", user_attack_suspected=True),
    ],
    ids=str,
)
def test_trust_and_the_own_lane_make_requests_rarer(default_policy: Policy, signals: Signals) -> None:
    trusted = replace(signals, **TRUSTED)
    assert judged(default_policy, trusted).decision is Decision.ALLOW


@pytest.mark.parametrize(
    ("signals", "rules"),
    [
        (a_purchase(usd("500.01")), ["high-value-purchase"]),
        (a_purchase(usd("99999.99")), ["high-value-purchase", "purchase-sum"]),
        (a_purchase(usd("20.00"), profile=replace(A_PROFILE, purchase_sum=usd("980.01").value)), ["purchase-sum"]),
        (a_purchase(usd("20.00"), profile=replace(A_PROFILE, purchase_count=5)), ["purchase-count"]),
        (a_purchase(None), ["unknown-value-purchase"]),
        (a_purchase(Money(value=usd("1").value, currency="EUR")), ["unknown-value-purchase"]),
        (a_purchase(usd("20.00"), profile=replace(A_PROFILE, purchase_count=2), purchase_count=2), ["purchase-count"]),
    ],
    ids=str,
)
def test_high_value_is_challenged_on_a_trusted_device(
    default_policy: Policy, signals: Signals, rules: list[str]
) -> None:
    assessment = judged(default_policy, signals)
    assert (assessment.decision, assessment.high_value) == (Decision.CHALLENGE, True)
    assert names(default_policy, signals) == rules


@pytest.mark.parametrize(
    ("amount", "profile"),
    [
        ("500.00", A_PROFILE),
        ("20.00", replace(A_PROFILE, purchase_sum=usd("980.00").value)),
        ("20.00", replace(A_PROFILE, purchase_count=4)),
    ],
)
def test_what_stays_within_every_threshold_is_not_of_high_value(
    default_policy: Policy, amount: str, profile: Profile
) -> None:
    assessment = judged(default_policy, a_purchase(usd(amount), profile=profile))
    assert (assessment.decision, assessment.high_value) == (Decision.ALLOW, False)


def test_a_currency_is_measured_by_its_own_threshold(default_policy: Policy) -> None:
    at, above = read_money("50000", "JPY"), read_money("50001", "JPY")
    assert isinstance(at, Money)
    assert isinstance(above, Money)
    assert judged(default_policy, a_purchase(at)).decision is Decision.ALLOW
    assert judged(default_policy, a_purchase(above)).decision is Decision.CHALLENGE


def test_the_sentences_name_the_threshold(default_policy: Policy) -> None:
    (reason,) = judged(default_policy, a_purchase(usd("600.00"))).reasons
    assert reason.text == "The amount is above 500.00 USD"
    assert reason.customer_text == CatalogueSentence(key="high_value_purchase", amount=usd("500.00"))


@pytest.mark.parametrize("threshold", ["", "500.00", "much USD", "500.00 usd"])
def test_a_threshold_that_is_no_amount_is_not_mentioned(default_policy: Policy, threshold: str) -> None:
    signals = ordinary(action_has_threshold=True, action_high_amount=True, action_threshold=threshold)
    (reason,) = judged(default_policy, signals).reasons
    assert (reason.rule, reason.customer_text) == (
        "high-value-purchase",
        CatalogueSentence(key="unknown_value_purchase"),
    )


def test_every_rule_that_asks_names_the_sentence_that_is_called_as_it_is(default_policy: Policy) -> None:
    asking = [rule for rule in default_policy.rules if rule.then is Decision.CHALLENGE and rule.mode is RuleMode.ON]
    assert [rule.customer_text for rule in asking] == [
        CatalogueSentence(key=rule.name.replace("-", "_")) for rule in asking
    ]


@pytest.mark.parametrize(
    ("signals", "rule"),
    [
        (ordinary("sign_in", travel_impossible=True, travel_speed=1_200.0), "impossible-travel"),
        (ordinary("purchase", network_tor=True), "anonymous-network"),
    ],
    ids=["impossible-travel", "anonymous-network"],
)
def test_a_rule_on_trial_asks_nobody(default_policy: Policy, signals: Signals, rule: str) -> None:
    assessment = default_policy.assess(signals, Rating(score=0.1, terms=()))
    assert (assessment.decision, assessment.shadow_rules) == (Decision.ALLOW, (rule,))


@pytest.mark.parametrize(("score", "threshold"), [(0.7, 0.7), (0.21, 0.2), (0.95, 0.95)])
def test_the_score_asks_from_the_threshold_of_the_application(
    default_policy: Policy, score: float, threshold: float
) -> None:
    signals = ordinary(risk_threshold=threshold)
    (reason,) = default_policy.assess(signals, Rating(score=score, terms=())).reasons
    assert (reason.rule, reason.text) == ("suspicious", f"The risk score is {threshold} or more")
    below = default_policy.assess(signals, Rating(score=threshold - 0.0001, terms=()))
    assert below.decision is Decision.ALLOW


def test_everything_left_out_is_challenged(default_policy: Policy) -> None:
    for action_type in ("sign_in", "purchase", "password_reset", "account_update", "withdrawal"):
        assert judged(default_policy, Signals(action_type=action_type)).decision is Decision.CHALLENGE


def test_no_rule_fails_on_any_kind_of_action(default_policy: Policy) -> None:
    for action_type in ("sign_in", "purchase", "password_reset", "account_update", "withdrawal"):
        assert judged(default_policy, ordinary(action_type)).failed_rules == ()


def test_the_file_explains_every_key_of_a_rule() -> None:
    head = text_of_the_default_policy().partition("[[rule]]")[0]
    for key in ("name", "actions", "when", "unless", "then", "mode", "text", "customer_text"):
        assert f"#   {key} " in head
