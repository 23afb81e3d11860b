"""Conditions in CEL: compiled and type-checked once, evaluated often, and never believed when they fail.

The only module that knows the rule language's library. Its evaluation answers an error as a value whose Python truth
is True, so a result counts only when its type is BOOL; a few errors are raised instead (``RuntimeError``).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from operator import ge, gt, itemgetter, le, lt
from typing import Any, Final

from cel_expr_python import cel

from watchword.risk.signals import Signals, SignalType, declarations

Environment = cel.Env
"""The signals and their types as the rule language knows them."""
Activation = cel.Activation
"""The values of the signals of one action."""

DETAILS: Final = "details"
"""The name of the application's own facts."""
CONDITION_CHARACTERS: Final = 2_000
"""Longest condition; one that is longer cannot be reviewed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A checked condition."""

    text: str
    program: cel.Expression = field(repr=False)
    operator: str | None
    """``&&`` or ``||`` where that joins the operands at the top of the condition."""
    operands: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A condition could not be evaluated."""

    text: str
    """The library's words. They may quote a value, so they are shown by ``explain`` only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a condition was refused; line and column count from 1 inside the condition."""

    line: int
    column: int
    text: str


def new_environment() -> Environment:
    """Return the environment that conditions are checked against; built once by ``bootstrap`` and shared."""
    types: dict[str, cel.Type] = {
        SignalType.STRING: cel.Type.STRING,
        SignalType.INT: cel.Type.INT,
        SignalType.DOUBLE: cel.Type.DOUBLE,
        SignalType.BOOL: cel.Type.BOOL,
        SignalType.MAP: cel.Type.Map(cel.Type.STRING, cel.Type.DYN),
    }
    return cel.NewEnv(variables={declared.name: types[declared.type] for declared in declarations()})


def compile_condition(text: str, environment: Environment) -> Condition | tuple[Problem, ...]:
    """Return the checked condition, or what is wrong with it."""
    if len(text) > CONDITION_CHARACTERS:
        return (Problem(line=1, column=1, text=f"a condition has at most {CONDITION_CHARACTERS:,} characters"),)
    try:
        program = environment.compile(text)
    except RuntimeError as error:
        return _problems(str(error))
    if program.return_type() != cel.Type.BOOL:
        return (Problem(line=1, column=1, text=_not_boolean(program.return_type())),)
    operator, pieces = _split(text)
    operands = [compile_condition(piece, environment) for piece in pieces]
    parts = tuple(operand for operand in operands if isinstance(operand, Condition))
    if len(parts) < len(operands):  # an operand taken from ``details`` has no type of its own
        operator, parts = None, ()
    return Condition(text=text, program=program, operator=operator, operands=parts)


def activate(environment: Environment, signals: Signals, score: float) -> Activation:
    """Return the values that the conditions of one assessment see."""
    values: dict[str, Any] = {**signals.by_name(), DETAILS: signals.details, "score": score}
    return environment.Activation(values)


def activate_values(environment: Environment, values: Mapping[str, Any]) -> Activation:
    """Return some of the values by their names, for conditions that mention no other."""
    return environment.Activation(dict(values))


def mentioned(condition: Condition) -> frozenset[str]:
    """Return the names of the signals that a condition may look at; one too many now and then, and never one too few.

    No name can be looked at whose parts do not all stand in the text, because the language has no other way to write
    them. Strings and comments are not told apart from the rest, so a word in them counts as well.
    """
    words = set(_WORD.findall(condition.text))
    names = (declared.name for declared in declarations())
    return frozenset(name for name in names if words.issuperset(name.split(".")))


def plainly(condition: Condition) -> Callable[[Mapping[str, Any]], bool] | None:
    """Return what says the same of the values where a condition compares two fractions or is one flag, else None.

    Doubles compare alike everywhere (IEEE 754), and asking the rule language takes twenty times as long; the rule about
    the score is of this kind, and its values are new each time.
    """
    types = {declared.name: declared.type for declared in declarations()}
    if types.get(condition.text) is SignalType.BOOL:
        return itemgetter(condition.text)
    found = _COMPARISON.fullmatch(condition.text)
    if found is None or types.get(found["left"]) is not SignalType.DOUBLE:
        return None
    left, right, holds = found["left"], found["right"], _OPERATORS[found["operator"]]
    if types.get(right) is SignalType.DOUBLE:
        return lambda values: holds(values[left], values[right])
    if not right[0].isdigit():
        return None
    bound = float(right)
    return lambda values: holds(values[left], bound)


def evaluate(condition: Condition, activation: Activation) -> bool | Failure:
    """Return whether a condition holds, or that nobody can say."""
    try:
        result = condition.program.eval(activation)
    except RuntimeError as error:
        return Failure(text=str(error))
    value = result.value()
    if result.type() == cel.Type.BOOL and isinstance(value, bool):
        return value
    return Failure(text=str(value))


_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_COMPARISON: Final = re.compile(
    r"\s*(?P<left>[a-z_][a-z0-9_.]*)\s*(?P<operator><=|>=|<|>)\s*(?P<right>[a-z_][a-z0-9_.]*|[0-9]+\.[0-9]+)\s*",
    re.ASCII,
)
_OPERATORS: Final[Mapping[str, Callable[[float, float], bool]]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_ERROR: Final = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_OVERLOAD: Final = re.compile(r"found no matching overload for '(.+?)' applied to '(.*)'")
_UNDECLARED: Final = re.compile(r"undeclared reference to '(.+?)'")


def _problems(message: str) -> tuple[Problem, ...]:
    found = tuple(
        Problem(line=int(line), column=int(column), text=_in_plain_words(text))
        for line, column, text in _ERROR.findall(message)
    )
    return found or (Problem(line=1, column=1, text=message.removesuffix(" [INVALID_ARGUMENT]")),)


def _in_plain_words(text: str) -> str:
    if undeclared := _UNDECLARED.search(text):
        names = [declared.name for declared in declarations()]
        near = get_close_matches(undeclared[1], names, n=1)
        return f"there is no signal or function '{undeclared[1]}'" + (f"; did you mean '{near[0]}'?" if near else "")
    if overload := _OVERLOAD.search(text):
        operator, types = overload[1].replace("_", ""), overload[2]
        hint = "; a double is compared with a number that has a point, such as 1.0" if "double" in types else ""
        return f"'{operator}' does not take {types}{hint}"
    plain = text.partition(" expecting {")[0].removesuffix(" [INVALID_ARGUMENT]")
    if "'and'" in plain or "'or'" in plain or "'not'" in plain:
        return f"{plain}; and, or, not are written &&, ||, !"
    if "'= '" in plain or "'='" in plain:
        return f"{plain}; equality is written =="
    return plain


def _not_boolean(found: cel.Type) -> str:
    if found == cel.Type.DYN:
        return "a value of details may be of any type: compare it, as in details.gift == true"
    return f"a condition is true or false, and this is of type {found.name().lower()}"


_TOKEN: Final = re.compile(
    r"""
      (?P<comment>//[^\n]*)
    | (?P<string>\"\"\"(?:\\.|[^\\])*?\"\"\" | \'\'\'(?:\\.|[^\\])*?\'\'\' | "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*')
    | (?P<open>[(\[{]) | (?P<close>[)\]}])
    | (?P<operator>&&|\|\||\?)
    """,
    re.VERBOSE | re.DOTALL,
)


def _split(text: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the operator at the top of a condition that compiles, with its operands; none for any other form."""
    places = list(_operators_at_the_top(text))
    kinds: Mapping[str, list[re.Match[str]]] = {
        kind: [place for place in places if place[0] == kind] for kind in ("?", "||", "&&")
    }
    if kinds["?"]:
        return None, ()
    for operator in ("||", "&&"):
        if cuts := kinds[operator]:
            starts = [0, *(cut.end() for cut in cuts)]
            ends = [*(cut.start() for cut in cuts), len(text)]
            return operator, tuple(text[start:end].strip() for start, end in zip(starts, ends, strict=True))
    return None, ()


def _operators_at_the_top(text: str) -> Iterator[re.Match[str]]:
    depth = 0
    for token in _TOKEN.finditer(text):
        if token["open"]:
            depth += 1
        elif token["close"]:
            depth -= 1
        elif token["operator"] and depth == 0:
            yield token
