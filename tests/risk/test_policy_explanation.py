"""What the explanation shows: every rule, and which operand of a condition held."""

import pytest

from tests.risk.samples import NEW, ordinary, policy_of, rated
from watchword.domain.action import Decision
from watchword.risk.policy import ConditionExplanation, Environment, Policy, Verdict, explain
from watchword.risk.signals import Signals


def explained(when: str, signals: Signals, environment: Environment) -> ConditionExplanation:
    """Give the explanation of one condition."""
    text = f"[[rule]]\nname = 'x'\nwhen = '''{when}'''\nthen = 'challenge'\ntext = 't'\ncustomer_text = 'c'\n"
    found = explain(policy_of(text, environment), signals).rules[0].when
    assert found is not None
    return found


def test_every_rule_is_shown_with_what_it_came_to(default_policy: Policy) -> None:
    signals = ordinary("sign_in", place_known=False, **NEW)
    explanation = explain(default_policy, signals, rated(signals))
    assert explanation.assessment.decision is Decision.CHALLENGE
    matched = [entry.rule.name for entry in explanation.rules if entry.verdict is Verdict.MATCHED]
    assert matched == ["new-device", "new-place", "ordinary"]
    assert [entry.rule.name for entry in explanation.rules] == [rule.name for rule in default_policy.rules]
    not_concerned = {entry.rule.name for entry in explanation.rules if not entry.applies}
    assert {"password-reset", "high-value-purchase"} <= not_concerned


def test_an_exception_shows_that_it_held(default_policy: Policy) -> None:
    signals = ordinary("sign_in", place_known=False, device_state="trusted", device_trusted=True)
    (place,) = [entry for entry in explain(default_policy, signals).rules if entry.rule.name == "new-place"]
    assert place.verdict is Verdict.MISSED
    assert place.when is not None
    assert place.unless is not None
    assert (place.when.holds, place.unless.holds) == (True, True)


@pytest.mark.parametrize(
    ("when", "operator", "operands"),
    [
        ("device.known && !place.known", "&&", [("device.known", True), ("!place.known", False)]),
        ("device.stolen || device.known && true", "||", [("device.stolen", False), ("device.known && true", True)]),
        ("(device.known || device.stolen) && true", "&&", [("(device.known || device.stolen)", True), ("true", True)]),
        ("device.known", None, []),
        ("(device.known && true)", None, []),
        ("device.known ? device.stolen && true : true", None, []),
        (
            'place.country == "a && b" || lane == "own"',
            "||",
            [('place.country == "a && b"', False), ('lane == "own"', True)],
        ),
        (
            r'lane == "\" || " || lane.matches(r"\|\|[(]\d") || true',
            "||",
            [(r'lane == "\" || "', False), (r'lane.matches(r"\|\|[(]\d")', False), ("true", True)],
        ),
        (
            "[1, 2].exists(n, n == 1 || n == 3) && device.known // || no",
            "&&",
            [("[1, 2].exists(n, n == 1 || n == 3)", True), ("device.known // || no", True)],
        ),
        ("device.known &&\n  device.stolen", "&&", [("device.known", True), ("device.stolen", False)]),
    ],
)
def test_the_operands_at_the_top_are_shown_with_their_values(
    environment: Environment, when: str, operator: str | None, operands: list[tuple[str, bool]]
) -> None:
    found = explained(when, ordinary(), environment)
    assert found.operator == operator
    assert [(operand.text, operand.holds) for operand in found.operands] == operands


def test_operands_are_taken_apart_in_turn(environment: Environment) -> None:
    found = explained("device.stolen || device.known && place.known", ordinary(), environment)
    assert [operand.text for operand in found.operands[1].operands] == ["device.known", "place.known"]


def test_a_failure_is_shown_with_its_words(environment: Environment) -> None:
    found = explained("device.known && details.gift > 3", ordinary(details={"gift": "x"}), environment)
    assert (found.holds, [operand.holds for operand in found.operands]) == (None, [True, None])
    assert found.operands[1].error is not None
    assert "_>_(string, int64)" in found.operands[1].error


def test_an_operand_without_a_type_of_its_own_is_not_taken_apart(environment: Environment) -> None:
    assert explained("device.known && details.gift", ordinary(details={"gift": True}), environment).operands == ()
