"""``policy explain``: what the rules say about an action that is described on the command line."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from watchword.bootstrap.policies import explain_policy
from watchword.cli.failing import CommandMisused
from watchword.cli.policy.explaining import describe_explanation, show_explanation
from watchword.cli.policy.policy_choice import OwnerOption, PolicyOption, read_policy
from watchword.cli.printing import print_json
from watchword.cli.settings_option import ConfigOption, DataOption, JsonOption
from watchword.cli.teaching import Example, teach
from watchword.domain.action import Detail
from watchword.domain.errors import ConfigurationError
from watchword.risk.signals import SignalValue

_DETAILS: Final = "details."

FactArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAME=VALUE]...",
        help="What is known of an action; whatever is left out counts as new.",
        show_default=False,
    ),
]


def add_explain(policy: typer.Typer) -> None:
    """Add ``policy explain``."""
    policy.command(
        "explain",
        help=teach(
            "Show what every rule says about an action, down to the parts of its conditions.",
            Example(
                command="watchword policy explain action.type=sign_in device.known=true place.known=true score=0.1",
                what="a sign-in at home",
            ),
            Example(
                command="watchword policy explain --policy policy.toml action.type=purchase details.items=3",
                what="with facts of your own",
            ),
            Example(command="watchword policy explain action.type=sign_in --json", what="for a script"),
            remarks=[
                "A value is a number (3, 20.0), true, false, or a text. docs/policy.md lists every name.",
                "What is left out counts as new, unknown or high, as it would in a report; the score as 1.0.",
            ],
        ),
    )(explain)


def explain(
    fact: FactArgument = None,
    policy: PolicyOption = None,
    application: OwnerOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what every rule says."""
    _explain_facts(_read_facts(fact or []), policy, application, config, data, as_json=as_json)


def _explain_facts(
    facts: Mapping[str, SignalValue],
    policy: Path | None,
    application: str | None,
    config: Path | None,
    data: Path | None,
    *,
    as_json: bool,
) -> None:
    checked = read_policy(policy, application, config, data)
    values = {name: value for name, value in facts.items() if not name.startswith(_DETAILS)}
    details = {name.removeprefix(_DETAILS): _as_detail(name, facts[name]) for name in facts if name not in values}
    try:
        explanation = explain_policy(checked, values, details)
    except ConfigurationError as error:
        hint = "docs/policy.md lists the names and types of all signals"
        raise CommandMisused(*error.problems, hint=hint) from None
    if as_json:
        print_json(describe_explanation(explanation))
    else:
        show_explanation(explanation)


def _as_detail(name: str, value: SignalValue) -> Detail:
    if isinstance(value, float):
        raise CommandMisused(f"{name} is no whole number", hint="details are texts, whole numbers, true and false")
    return value


def _read_facts(texts: Sequence[str]) -> Mapping[str, SignalValue]:
    facts = dict(_read_each(texts))
    if not facts.get("action.type"):
        raise CommandMisused(
            "say what the action is: action.type=purchase",
            hint="the types are sign_in, password_reset, account_update, purchase, and those that you declare",
        )
    return facts


def _read_each(texts: Sequence[str]) -> Iterator[tuple[str, SignalValue]]:
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise CommandMisused(f"{text} is no fact", hint="a fact is a name and a value, such as device.known=true")
        yield name, _read_value(value)


def _read_value(text: str) -> SignalValue:
    """Return a number or a truth value where the text is one, and else the text, with or without quotes."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, str | int | float | bool) else text
