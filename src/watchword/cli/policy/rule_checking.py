"""``policy check``: is a policy right, and if not, where not."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import typer

from watchword.cli.policy.policy_choice import FileArgument, OwnerOption, read_policy
from watchword.cli.printing import print_json, print_line
from watchword.cli.settings_option import ConfigOption, DataOption, JsonOption
from watchword.cli.teaching import Example, teach
from watchword.domain.errors import ConfigurationError
from watchword.risk.policy import Policy, RuleMode, write_customer_text


def add_check(policy: typer.Typer) -> None:
    """Add ``policy check``."""
    policy.command(
        "check",
        help=teach(
            "Say whether a policy would be accepted, and show every problem at its line.",
            Example(command="watchword policy check policy.toml", what="a file"),
            Example(command="watchword policy check --application shop", what="the one that an application uses"),
            Example(command="watchword policy check policy.toml --json", what="for an editor or a pipeline"),
        ),
    )(check)


def check(
    file: FileArgument = None,
    application: OwnerOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say whether a policy is right."""
    try:
        policy = read_policy(file, application, config, data)
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
            "customer_text": write_customer_text(rule.customer_text),
        }
        for rule in policy.rules
    ]
