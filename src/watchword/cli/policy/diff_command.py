"""``policy diff``: what is another in a policy, and whether it gets stricter or milder."""

from pathlib import Path
from typing import Annotated, Final

import typer

from watchword.bootstrap.policies import check_policy, check_policy_text
from watchword.bootstrap.policy_versions import load_source
from watchword.cli.policy.difference_telling import describe_difference, show_difference
from watchword.cli.policy.policy_choice import DEFAULT, OnlyOption, choose_application, find_source, product_source
from watchword.cli.printing import print_json
from watchword.cli.settings_option import ConfigOption, DataOption, JsonOption, read_settings
from watchword.cli.teaching import Example, teach
from watchword.risk.policy import Policy, compare

_KINDS: Final = "a file, the digits of a version, `active` or `default`"
OldArgument = Annotated[str, typer.Argument(metavar="OLD", help=f"The policy before: {_KINDS}.", show_default=False)]
NewArgument = Annotated[str, typer.Argument(metavar="NEW", help=f"The policy after: {_KINDS}.", show_default=False)]


def add_diff(policy: typer.Typer) -> None:
    """Add ``policy diff``."""
    policy.command(
        "diff",
        help=teach(
            "Show which rules differ between two policies, key by key, and which way each change moves decisions.",
            Example(command="watchword policy diff active new.toml --application shop", what="before it is applied"),
            Example(command="watchword policy diff default policy.toml", what="what is your own in a policy"),
            Example(command="watchword policy diff 98bf5a67 active --application shop", what="since a version"),
            Example(command="watchword policy diff old.toml new.toml --json", what="for a pipeline"),
            remarks=[
                "`active` is the policy that decides now, and `default` the one of the product.",
                "It reads the rules only; `watchword policy replay` tells whom a change would hit.",
            ],
        ),
    )(diff)


def diff(
    old: OldArgument,
    new: NewArgument,
    application: OnlyOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what is another."""
    if application is None and config is None and data is None and all(map(_needs_no_settings, (old, new))):
        before, after = (_read_alone(word) for word in (old, new))
    else:
        settings = read_settings(config, data)
        owner = choose_application(settings, application)
        before, after = (load_source(owner, find_source(settings, owner, word)) for word in (old, new))
    difference = compare(before, after)
    if as_json:
        print_json(describe_difference(difference))
    else:
        show_difference(difference)


def _needs_no_settings(word: str) -> bool:
    return word == DEFAULT or Path(word).exists() or word.endswith(".toml")


def _read_alone(word: str) -> Policy:
    if word != DEFAULT:
        return check_policy(Path(word))
    product = product_source()
    return check_policy_text(product.text, source_name=product.name)
