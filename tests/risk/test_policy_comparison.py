"""What a change of a policy does, read from the rules: which rule, which key, and stricter or milder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.risk.samples import any_signals, policy_of
from watchword.domain.action import Decision
from watchword.risk.policy import ChangeKind, Effect, Environment, Policy, RuleChange, compare
from watchword.risk.signals import Signals

RULE = """
[[rule]]
name = "shown"
actions = ["purchase"]
when = "score >= 0.7 && !device.known"
unless = "device.trusted"
then = "challenge"
text = "Shown"
customer_text = "We ask."
"""


def changed(environment: Environment, old: str, new: str) -> RuleChange:
    (change,) = compare(policy_of(old, environment), policy_of(new, environment)).changes
    return change


@pytest.mark.parametrize(
    ("was", "is_now", "key", "effect"),
    [
        ("score >= 0.7 &&", "score >= 0.6 &&", "when", Effect.STRICTER),
        ("score >= 0.7 &&", "score >= 0.75 &&", "when", Effect.MILDER),
        ("score >= 0.7 &&", "score < 0.6 &&", "when", Effect.UNCLEAR),
        ("score >= 0.7 && !device.known", "!device.known", "when", Effect.STRICTER),
        ("&& !device.known", "&& !device.known && lane == 'open'", "when", Effect.MILDER),
        ("score >= 0.7 && !device.known", "score >= 0.7 || !device.known", "when", Effect.UNCLEAR),
        ('when = "score >= 0.7 && !device.known"\n', "", "when", Effect.STRICTER),
        ('unless = "device.trusted"\n', "", "unless", Effect.STRICTER),
        ('"device.trusted"', '"device.trusted || place.known"', "unless", Effect.MILDER),
        ('"device.trusted"', '"device.trusted && place.known"', "unless", Effect.STRICTER),
        ('actions = ["purchase"]', 'actions = ["purchase", "sign_in"]', "actions", Effect.STRICTER),
        ('actions = ["purchase"]', 'actions = ["sign_in"]', "actions", Effect.UNCLEAR),
        ('actions = ["purchase"]\n', "", "actions", Effect.STRICTER),
        ('then = "challenge"', 'then = "allow"', "then", Effect.MILDER),
        ('then = "challenge"', 'then = "challenge"\nmode = "log-only"', "mode", Effect.MILDER),
        ('text = "Shown"', 'text = "Said"', "text", Effect.NONE),
        ('"We ask."', '{ en = "We ask.", de = "Wir fragen." }', "customer_text", Effect.NONE),
    ],
)  # fmt: skip
def test_a_changed_key_is_told_with_what_it_does(
    environment: Environment, was: str, is_now: str, key: str, effect: Effect
) -> None:
    change = changed(environment, RULE, RULE.replace(was, is_now))
    assert (change.rule, change.kind, [field.key for field in change.fields]) == ("shown", ChangeKind.CHANGED, [key])
    assert change.effect is effect


TURNED = {Effect.STRICTER: Effect.MILDER, Effect.MILDER: Effect.STRICTER}


@pytest.mark.parametrize(
    ("was", "is_now"),
    [
        ("score >= 0.7 &&", "score >= 0.6 &&"),
        ('when = "score >= 0.7 && !device.known"\n', ""),
        ('unless = "device.trusted"\n', ""),
        ('"device.trusted"', '"device.trusted || place.known"'),
        ('actions = ["purchase"]', 'actions = ["purchase", "sign_in"]'),
        ('actions = ["purchase"]\n', ""),
        ('then = "challenge"', 'then = "allow"'),
        ('then = "challenge"', 'then = "challenge"\nmode = "log-only"'),
        ('then = "challenge"', 'then = "challenge"\nmode = "off"'),
        ("score >= 0.7 && !device.known", "score <= 0.7 || !device.known"),
    ],
)
def test_the_way_back_is_told_as_the_opposite(environment: Environment, was: str, is_now: str) -> None:
    there = changed(environment, RULE, RULE.replace(was, is_now)).effect
    back = changed(environment, RULE.replace(was, is_now), RULE).effect
    assert back is TURNED.get(there, there)
    assert there is not Effect.NONE


def test_the_values_are_those_that_the_policies_write(environment: Environment) -> None:
    change = changed(environment, RULE, RULE.replace("0.7", "0.6").replace('"We ask."', '"@suspicious"'))
    assert [(field.old, field.new) for field in change.fields] == [
        ("score >= 0.7 && !device.known", "score >= 0.6 && !device.known"),
        ("We ask.", "@suspicious"),
    ]
    assert change.text == "stricter: asks more often"


@pytest.mark.parametrize(
    ("rule", "joins", "leaves"),
    [
        (RULE, "stricter: asks for a code where it matches", "milder: no longer asks by itself"),
        (
            RULE.replace('"challenge"', '"deny"').replace('unless = "device.trusted"\n', ""),
            "stricter: denies where it matches",
            "milder: no longer denies",
        ),
        (
            RULE.replace('"challenge"', '"allow"'),
            "milder: lets pass what no other rule stops",
            "stricter: what it let pass is asked unless another rule allows it",
        ),
        (
            f'{RULE}mode = "log-only"\n',
            "changes no decision: it is only recorded (log-only)",
            "changes no decision: it did not count",
        ),
    ],
)
def test_a_rule_that_joins_or_leaves_is_told(environment: Environment, rule: str, joins: str, leaves: str) -> None:
    added, removed = changed(environment, "", rule), changed(environment, rule, "")
    assert (added.kind, added.text) == (ChangeKind.ADDED, joins)
    assert (removed.kind, removed.text) == (ChangeKind.REMOVED, leaves)


def test_a_change_of_a_rule_that_only_records_changes_no_decision(environment: Environment) -> None:
    recorded = f'{RULE}mode = "log-only"\n'
    change = changed(environment, recorded, recorded.replace('"challenge"', '"deny"').replace("unless", "# unless"))
    assert change.effect is Effect.NONE


def test_a_denial_instead_of_a_question_is_stricter_unless_it_reaches_less(environment: Environment) -> None:
    denying = RULE.replace('"challenge"', '"deny"').replace('unless = "device.trusted"\n', "")
    assert changed(environment, RULE, denying).effect is Effect.STRICTER
    asking, fewer = denying.replace('"deny"', '"challenge"'), denying.replace("0.7", "0.9")
    assert changed(environment, asking, fewer).effect is Effect.UNCLEAR
    assert changed(environment, fewer, asking).effect is Effect.UNCLEAR
    assert changed(environment, asking, denying.replace("0.7", "0.5")).effect is Effect.STRICTER


@pytest.mark.parametrize("condition", ["score >= 0.9", "place.known", "score >= 0.7 && !device.known"])
def test_where_a_rule_no_longer_asks_but_allows_all_of_it_is_milder(environment: Environment, condition: str) -> None:
    allowing = RULE.replace('"challenge"', '"allow"').replace("score >= 0.7 && !device.known", condition)
    assert changed(environment, RULE, allowing).effect is Effect.MILDER
    assert changed(environment, allowing, RULE).effect is Effect.STRICTER


def test_layout_comments_and_order_are_no_change(environment: Environment) -> None:
    spread = RULE.replace('"score >= 0.7 && !device.known"', '"""\n  score >= 0.7\n  && !device.known\n"""')
    old, new = policy_of(RULE, environment), policy_of(f"# moved\n{spread}", environment)
    difference = compare(old, new)
    assert (difference.changes, difference.effect) == ((), Effect.NONE)
    assert difference.old_version != difference.new_version


def test_several_changes_are_one_effect_where_they_agree(environment: Environment) -> None:
    other = RULE.replace('"shown"', '"other"')
    both = compare(policy_of(RULE, environment), policy_of(RULE.replace("0.7", "0.6") + other, environment))
    assert ([change.rule for change in both.changes], both.effect) == (["shown", "other"], Effect.STRICTER)
    mixed = compare(policy_of(RULE, environment), policy_of(other, environment))
    assert ([change.rule for change in mixed.changes], mixed.effect) == (["other", "shown"], Effect.UNCLEAR)


EDITS = (
    ("0.7", "0.6"),
    ("0.7", "0.8"),
    (" && !device.known", ""),
    ("!device.known", "!device.known && !place.known"),
    ("!device.known", "!place.known"),
    ('unless = "device.trusted"\n', ""),
    ('"device.trusted"', '"device.trusted || place.known"'),
    ('["purchase"]', '["purchase", "sign_in"]'),
    ('"challenge"', '"allow"'),
    ('then = "challenge"', 'then = "challenge"\nmode = "log-only"'),
)


@given(signals=any_signals(), edits=st.sets(st.sampled_from(EDITS), max_size=3), turned=st.booleans())
def test_no_decision_moves_against_what_was_said(
    environment: Environment, signals: Signals, edits: set[tuple[str, str]], turned: bool
) -> None:
    text = RULE
    for was, is_now in sorted(edits):
        text = text.replace(was, is_now)
    old, new = policy_of(RULE, environment), policy_of(text, environment)
    if turned:
        old, new = new, old
    _holds(old, new, signals)


def _holds(old: Policy, new: Policy, signals: Signals) -> None:
    before, after = (list(Decision).index(policy.assess(signals).decision) for policy in (old, new))
    effect = compare(old, new).effect
    assert effect is not Effect.STRICTER or after >= before
    assert effect is not Effect.MILDER or after <= before
    assert effect is not Effect.NONE or after == before


def test_the_default_policy_against_itself_is_no_change(default_policy: Policy) -> None:
    assert compare(default_policy, default_policy).changes == ()
