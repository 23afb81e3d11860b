"""Reads a policy from its text and refuses it, with every problem at its place, unless all of it is right."""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from watchword.domain.action import ALWAYS_CHALLENGED, BUILT_IN_TYPES, Decision
from watchword.domain.errors import ConfigurationError
from watchword.risk.policy.decision import Policy
from watchword.risk.policy.expression import Environment
from watchword.risk.policy.rule import Rule, RuleMode
from watchword.risk.policy.rule_problem import RuleProblem, suggestion
from watchword.risk.policy.rule_reading import read_rule
from watchword.risk.policy.toml_lines import TomlLines

RULES_AT_MOST: Final = 200
"""More cannot be reviewed, and would be felt in every decision."""
TEXT_CHARACTERS: Final = 500_000
VERSION_DIGITS: Final = 12
"""48 bits: enough to tell the versions of one operator apart."""


def load_policy(text: str, *, source_name: str, action_types: Collection[str] = (), environment: Environment) -> Policy:
    """Return the policy that a TOML text describes.

    ``source_name`` is the file that messages name; ``action_types`` are the types that the application declares besides
    the four. Raises ``ConfigurationError`` with every problem as ``file:line: rule[index].key (name), column: what``,
    where rules count from 0 and a column is one inside the condition.
    """
    document = _parse(text, source_name)
    source = _Source(name=source_name, lines=TomlLines(text))
    tables = document.get("rule", [])
    problems = [*_document_problems(document, source)]
    rules: list[Rule] = []
    for index, table in enumerate(tables if isinstance(tables, list) else []):
        if not isinstance(table, dict):
            problems.append(source.at(source.lines.of_key("rule"), f"rule[{index}]: must be a table"))
            continue
        reading = read_rule(table, types=(*BUILT_IN_TYPES, *action_types), environment=environment)
        rules += [reading.rule] if reading.rule else []
        problems += (source.in_rule(index, table, problem) for problem in reading.problems)
    problems += _duplicate_problems(tables, source)
    # A rule that could not be read might be the one that is looked for here.
    if not problems:
        problems += _opening_problems(rules, source)
    if problems:
        in_order = sorted(problems, key=lambda problem: problem.line)
        raise ConfigurationError(tuple(problem.text for problem in in_order))
    return Policy(version=version_of(text), rules=tuple(rules), environment=environment)


def version_of(text: str) -> str:
    """Return the version of a policy with this text, whether or not it is right."""
    return sha256(text.encode()).hexdigest()[:VERSION_DIGITS]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Located:
    """A problem with its place in front of its text."""

    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A text and the file it is from."""

    name: str
    lines: TomlLines

    def at(self, line: int, text: str) -> _Located:
        """Return a problem at a line."""
        return _Located(line=line, text=f"{self.name}:{line}: {text}")

    def in_rule(self, index: int, table: Mapping[str, object], problem: RuleProblem) -> _Located:
        """Return a problem of a rule at its line."""
        key = "" if problem.key is None else f".{problem.key}"
        name = table.get("name")
        called = f" ({name})" if isinstance(name, str) and name.isprintable() else ""
        line = self.lines.of_rule(index)
        written = (problem.key or "").partition(".")[0]
        if written in table:
            line = self.lines.of_value(index, written, problem.line)
        column = "" if problem.column is None else f", column {problem.column}"
        return self.at(line, f"rule[{index}]{key}{called}{column}: {problem.text}")


def _parse(text: str, source_name: str) -> dict[str, object]:
    if len(text) > TEXT_CHARACTERS:
        raise ConfigurationError((f"{source_name}:1: a policy has at most {TEXT_CHARACTERS:,} characters",))
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what = str(error)
        found = re.search(r" \(at line (\d+), column (\d+)\)$", what)
        if found is None:  # the text ends too early
            raise ConfigurationError((f"{source_name}:{text.count(chr(10)) + 1}: not TOML: {what}",)) from None
        place = f"{source_name}:{found[1]}, column {found[2]}"
        raise ConfigurationError((f"{place}: not TOML: {what[: found.start()]}",)) from None


def _document_problems(document: Mapping[str, object], source: _Source) -> Iterator[_Located]:
    for key in document:
        if key != "rule":
            yield source.at(source.lines.of_key(key), f"a policy has no {key}{suggestion(key, ('rule',))}")
    tables = document.get("rule", [])
    if not isinstance(tables, list) or not tables:
        yield source.at(source.lines.of_key("rule"), "a policy is a list of rules, each under [[rule]]")
    elif len(tables) > RULES_AT_MOST:
        yield source.at(source.lines.of_rule(RULES_AT_MOST), f"a policy has at most {RULES_AT_MOST} rules")


def _duplicate_problems(tables: object, source: _Source) -> Iterator[_Located]:
    seen: dict[str, int] = {}
    for index, table in enumerate(tables if isinstance(tables, list) else []):
        name = table.get("name") if isinstance(table, dict) else None
        if not isinstance(name, str):
            continue
        if name in seen:
            first = source.lines.of_rule_key(seen[name], "name")
            yield source.in_rule(index, table, RuleProblem(key="name", text=f"is taken by the rule in line {first}"))
        else:
            seen[name] = index


def _opening_problems(rules: list[Rule], source: _Source) -> Iterator[_Located]:
    """Return what would let a type pass that is always asked (B2, B3), and how to close it."""
    for action_type in ALWAYS_CHALLENGED:
        if any(rule.applies_to(action_type) and _always_asks(rule) for rule in rules):
            continue
        named = [(index, rule) for index, rule in enumerate(rules) if action_type in rule.actions]
        near = "".join(f" Rule {rule.name} {_lack(rule)}." for _, rule in named)
        yield source.at(
            source.lines.of_rule(named[0][0]) if named else 1,
            f"this policy would let {action_type} pass without proof, which no policy may.{near}"
            f' Write a rule with actions = ["{action_type}"], then = "challenge" and mode on, without when and unless',
        )


def _always_asks(rule: Rule) -> bool:
    return rule.mode is RuleMode.ON and rule.is_unconditional and rule.then is not Decision.ALLOW


def _lack(rule: Rule) -> str:
    if rule.then is Decision.ALLOW:
        return "allows it"
    if rule.mode is not RuleMode.ON:
        return f"is in mode {rule.mode}"
    return "has an exception" if rule.unless else "has a condition"
