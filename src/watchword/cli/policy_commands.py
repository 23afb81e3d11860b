"""The commands for somebody who writes rules: is the policy right, and what would it say."""

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final

import typer

from watchword.bootstrap.policies import check_policy, check_policy_text, explain_policy
from watchword.cli.explaining import describe_customer_text, describe_explanation, show_explanation
from watchword.cli.failing import CommandMisused
from watchword.cli.printing import print_json, print_line
from watchword.cli.settings_option import ConfigOption, DataOption, JsonOption, find_application, read_settings
from watchword.cli.teaching import TENDING, Example, teach
from watchword.config.declared_applications import DEFAULT_POLICY
from watchword.domain.action import Detail
from watchword.domain.errors import ConfigurationError
from watchword.risk.policy import Policy, RuleMode
from watchword.risk.signals import SignalValue

_DEFAULT: Final = "[dim]default: the application's, else the one of the product[/]"
_DETAILS: Final = "details."

FileArgument = Annotated[
    Path | None,
    typer.Argument(metavar="[FILE]", help=f"The policy.  {_DEFAULT}", show_default=False),
]
OwnerOption = Annotated[
    str | None,
    typer.Option(
        "--application",
        metavar="ID",
        help="The application that it is for: its policy, and its declared action types.",
        show_default=False,
    ),
]
FactArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAME=VALUE]...",
        help="What is known of an action; whatever is left out counts as new.",
        show_default=False,
    ),
]
PolicyOption = Annotated[
    Path | None,
    typer.Option("--policy", metavar="FILE", help=f"The policy.  {_DEFAULT}", show_default=False),
]


def add_policy(command_line: typer.Typer) -> None:
    """Add ``policy check`` and ``policy explain``."""
    policy = typer.Typer(
        name="policy",
        rich_help_panel=TENDING,
        no_args_is_help=True,
        help=teach(
            "Check the rules of a policy, and see what they say about an action.",
            Example(command="watchword policy check policy.toml", what="before it goes live"),
            Example(
                command="watchword policy explain action.type=purchase action.high_amount=false device.known=true",
                what="which rules match, and why",
            ),
        ),
    )
    policy.command(
        "check",
        help=teach(
            "Say whether a policy would be accepted, and show every problem at its line.",
            Example(command="watchword policy check policy.toml", what="a file"),
            Example(command="watchword policy check --application shop", what="the one that an application uses"),
            Example(command="watchword policy check policy.toml --json", what="for an editor or a pipeline"),
        ),
    )(check)
    policy.command(
        "explain",
        help=teach(
            "Show what every rule says about an action, down to the parts of its conditions.",
            Example(
                command="watchword policy explain action.type=sign_in device.known=true place.known=true",
                what="a sign-in at home",
            ),
            Example(
                command="watchword policy explain --policy policy.toml action.type=purchase details.items=3",
                what="with facts of your own",
            ),
            Example(command="watchword policy explain action.type=sign_in --json", what="for a script"),
            remarks=[
                "A value is a number (3, 20.0), true, false, or a text. docs/policy.md lists every name.",
                "What is left out counts as new, unknown or high, as it would in a report.",
            ],
        ),
    )(explain)
    command_line.add_typer(policy)


def check(
    file: FileArgument = None,
    application: OwnerOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say whether a policy is right."""
    try:
        policy = _read_policy(file, application, config, data)
    except ConfigurationError as error:
        if as_json:
            print_json({"ok": False, "problems": error.problems})
        raise
    if as_json:
        print_json({"ok": True, "version": policy.version, "rules": _rules(policy)})
        return
    modes = [rule.mode for rule in policy.rules]
    counts = ", ".join(f"{modes.count(mode)} {mode.value}" for mode in RuleMode if mode in modes)
    print_line(f"{_called(file, application)} is right: {len(modes)} rules ({counts}), version {policy.version}.")


def explain(
    fact: FactArgument = None,
    policy: PolicyOption = None,
    application: OwnerOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what every rule says."""
    facts = _read_facts(fact or [])
    checked = _read_policy(policy, application, config, data)
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


def _read_policy(file: Path | None, application: str | None, config: Path | None, data: Path | None) -> Policy:
    if application is None:
        if file is not None:
            return check_policy(file)
        text = files("watchword.config").joinpath(DEFAULT_POLICY).read_text(encoding="utf-8")
        return check_policy_text(text, source_name=DEFAULT_POLICY)
    owner = find_application(read_settings(config, data), application)
    types = owner.application.action_types
    if file is not None:
        return check_policy(file, types)
    return check_policy_text(owner.policy.text, source_name=owner.policy.name, action_types=types)


def _as_detail(name: str, value: SignalValue) -> Detail:
    if isinstance(value, float):
        raise CommandMisused(f"{name} is no whole number", hint="details are texts, whole numbers, true and false")
    return value


def _called(file: Path | None, application: str | None) -> str:
    if file is not None:
        return str(file)
    return "The policy of the product" if application is None else f"The policy of {application}"


def _rules(policy: Policy) -> Sequence[Mapping[str, object]]:
    return [
        {
            "name": rule.name,
            "mode": rule.mode,
            "actions": rule.actions,
            "then": rule.then,
            "text": rule.text,
            "customer_text": describe_customer_text(rule.customer_text),
        }
        for rule in policy.rules
    ]


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
