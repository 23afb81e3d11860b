"""``policy explain``: why a recorded action was decided as it was, or what the rules say of one that is described."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from watchword.bootstrap.decided_actions import find_decided
from watchword.bootstrap.policies import explain_policy
from watchword.cli.failing import CommandMisused
from watchword.cli.policy.account_showing import describe_decided, show_decided
from watchword.cli.policy.explaining import describe_explanation, show_explanation
from watchword.cli.policy.policy_choice import OwnerOption, PolicyOption, read_policy
from watchword.cli.printing import print_json
from watchword.cli.settings_option import ConfigOption, DataOption, JsonOption, find_application, read_settings
from watchword.cli.teaching import Example, teach
from watchword.domain.action import Detail
from watchword.domain.errors import ConfigurationError
from watchword.risk.signals import SignalValue

_DETAILS: Final = "details."
_ACTION: Final = "act_"

FactArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="act_… | NAME=VALUE...",
        help="The id of a recorded action, or what is known of one; whatever is left out counts as new.",
        show_default=False,
    ),
]


def add_explain(policy: typer.Typer) -> None:
    """Add ``policy explain``."""
    policy.command(
        "explain",
        help=teach(
            "Tell why a recorded action was decided as it was, or show what every rule says about one you describe.",
            Example(
                command="watchword policy explain act_0r2t9c5k8m1n3p4q6s7v8w9x0y --application shop",
                what="an account to read aloud",
            ),
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
    """Explain a recorded action, or one that is described."""
    words = fact or []
    if len(words) == 1 and words[0].startswith(_ACTION):
        if policy is not None:
            raise CommandMisused("a recorded action is looked at by the policy that decides, and by no file")
        _explain_recorded(words[0], application, config, data, as_json=as_json)
    else:
        _explain_facts(_read_facts(words), policy, application, config, data, as_json=as_json)


def _explain_recorded(
    action_id: str, application: str | None, config: Path | None, data: Path | None, *, as_json: bool
) -> None:
    settings = read_settings(config, data)
    if application is not None:
        find_application(settings, application)
    decided = find_decided(settings, application, action_id)
    if as_json:
        print_json(describe_decided(decided))
    else:
        show_decided(decided)


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
