"""Reads one rule from its table: every key is known, every type is right, and every condition can be evaluated."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from re import fullmatch
from typing import Final

from watchword.domain.action import Decision
from watchword.risk.policy.expression import (
    Condition,
    Environment,
    Failure,
    activate,
    compile_condition,
    evaluate,
)
from watchword.risk.policy.rule import Rule, RuleMode
from watchword.risk.policy.rule_problem import RuleProblem, suggestion
from watchword.risk.policy.sentence_reading import customer_text_problems, read_customer_text, text_problems
from watchword.risk.signals import Signals

KEYS: Final = ("name", "actions", "when", "unless", "then", "mode", "text", "customer_text")
REQUIRED: Final = ("name", "then", "text")
_NAME: Final = r"[a-z][a-z0-9-]{0,63}"
"""Hyphens only, so that no rule can be mistaken for one of our own reasons, which have underscores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleReading:
    """What reading came to: a rule, or problems."""

    rule: Rule | None
    problems: tuple[RuleProblem, ...]


def read_rule(table: Mapping[str, object], *, types: Collection[str], environment: Environment) -> RuleReading:
    """Return the rule of a table, or everything that is wrong with it."""
    form = tuple(_form_problems(table, types))
    conditions = {key: _read_condition(table.get(key), key, environment) for key in ("when", "unless")}
    problems = form + tuple(problem for read in conditions.values() if isinstance(read, tuple) for problem in read)
    when, unless = conditions["when"], conditions["unless"]
    if problems or isinstance(when, tuple) or isinstance(unless, tuple):
        return RuleReading(rule=None, problems=problems)
    actions = table.get("actions", [])
    rule = Rule(
        name=str(table["name"]),
        actions=tuple(map(str, actions)) if isinstance(actions, list) else (),
        when=when,
        unless=unless,
        then=Decision(str(table["then"])),
        mode=RuleMode(str(table.get("mode", RuleMode.ON))),
        text=str(table["text"]),
        customer_text=read_customer_text(table.get("customer_text")),
    )
    return RuleReading(rule=rule, problems=())


def _form_problems(table: Mapping[str, object], types: Collection[str]) -> Iterator[RuleProblem]:
    """Return what is wrong besides the conditions."""
    for key in table:
        if key not in KEYS:
            yield RuleProblem(key=key, text=f"a rule has no {key}{suggestion(key, KEYS)}")
    for key in REQUIRED:
        if key not in table:
            yield RuleProblem(key=key, text="is missing")
    for key in ("name", "then", "mode", "text"):
        if key in table and not isinstance(table[key], str):
            yield RuleProblem(key=key, text="must be a text in quotes")
    yield from _name_problems(table.get("name"))
    yield from _choice_problems("then", table.get("then"), tuple(Decision))
    yield from _choice_problems("mode", table.get("mode"), tuple(RuleMode))
    yield from _actions_problems(table.get("actions"), types)
    yield from text_problems(table.get("text"))
    yield from customer_text_problems(table.get("customer_text"))
    if table.get("then") == Decision.CHALLENGE and "customer_text" not in table:
        yield RuleProblem(key="customer_text", text="is missing: a customer who is asked is told why")
    if table.get("then") == Decision.DENY and "unless" in table:
        yield RuleProblem(key="unless", text="is not accepted on a deny rule; put the exception into its when")


def _name_problems(name: object) -> Iterator[RuleProblem]:
    if isinstance(name, str) and not fullmatch(_NAME, name):
        yield RuleProblem(
            key="name", text="is made of small letters, digits and hyphens, begins with a letter, at most 64 characters"
        )


def _choice_problems(key: str, value: object, allowed: Collection[str]) -> Iterator[RuleProblem]:
    if isinstance(value, str) and value not in allowed:
        yield RuleProblem(key=key, text=f"is one of {', '.join(allowed)}, not {value!r}{suggestion(value, allowed)}")


def _actions_problems(actions: object, types: Collection[str]) -> Iterator[RuleProblem]:
    if actions is None:
        return
    if not isinstance(actions, list) or not actions or not all(isinstance(entry, str) for entry in actions):
        yield RuleProblem(key="actions", text="must be a list of action types; leave it out for every type")
        return
    for entry in actions:
        if entry not in types:
            yield RuleProblem(
                key="actions", text=f"{entry!r} is neither built in nor declared{suggestion(entry, types)}"
            )
    if len(set(actions)) < len(actions):
        yield RuleProblem(key="actions", text="names a type twice")


def _read_condition(text: object, key: str, environment: Environment) -> Condition | tuple[RuleProblem, ...] | None:
    if text is None:
        return None
    if not isinstance(text, str):
        return (RuleProblem(key=key, text="must be a text in quotes"),)
    if not text.strip():
        return (RuleProblem(key=key, text="is empty; leave it out for always"),)
    condition = compile_condition(text, environment)
    if not isinstance(condition, Condition):
        return tuple(
            RuleProblem(key=key, text=problem.text, line=problem.line, column=problem.column) for problem in condition
        )
    failure = _fails_on_samples(condition, environment)
    return condition if failure is None else (RuleProblem(key=key, text=f"cannot be evaluated: {failure}"),)


_ORDINARY: Final = Signals(
    action_type="purchase",
    action_has_amount=True,
    action_amount=20.0,
    action_currency="USD",
    action_has_threshold=True,
    action_threshold="500.00 USD",
    action_high_amount=False,
    purchase_sum=20.0,
    purchase_sum_threshold="1000.00 USD",
    device_state="known",
    device_known=True,
    place_country="US",
    place_known=True,
    user_registered=True,
    lane="own",
)


def _fails_on_samples(condition: Condition, environment: Environment) -> str | None:
    """Return why a condition fails although every signal is there; None where it works or looks at ``details``.

    So a broken pattern or a division by a count that is 0 is refused now, and not found by a customer. Each operand is
    tried alone, because one that is true hides an error in the next.
    """
    for signals in (_ORDINARY, Signals()):
        activation = activate(environment, signals, 0.5)
        for part in (condition, *condition.operands):
            result = evaluate(part, activation)
            if isinstance(result, Failure) and ("details" not in part.text or "regular expression" in result.text):
                return result.text
    return None
