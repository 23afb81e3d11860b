"""Which policy a command is about: a file, a version that was applied, what decides now, or the one of the product."""

from pathlib import Path
from typing import Annotated, Final

import typer

from watchword.bootstrap.policies import check_policy, check_policy_text, read_text
from watchword.bootstrap.policy_versions import find_version, load_source, policy_in_force, source_of
from watchword.cli.failing import CommandMisused
from watchword.cli.settings_option import find_application, read_settings
from watchword.config.declared_applications import DEFAULT_POLICY, read_default_policy
from watchword.config.settings import DeclaredApplication, PolicySource, Settings
from watchword.risk.policy import Policy

ACTIVE: Final = "active"
"""The word for the policy that decides now."""
DEFAULT: Final = "default"
"""The word for the policy of the product."""
_DEFAULT_HELP: Final = "[dim]default: the application's, else the one of the product[/]"

FileArgument = Annotated[
    Path | None,
    typer.Argument(metavar="[FILE]", help=f"The policy.  {_DEFAULT_HELP}", show_default=False),
]
PolicyOption = Annotated[
    Path | None,
    typer.Option("--policy", metavar="FILE", help=f"The policy.  {_DEFAULT_HELP}", show_default=False),
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
OnlyOption = Annotated[
    str | None,
    typer.Option(
        "--application",
        metavar="ID",
        help="An application of the settings.  [dim]default: the only one that is declared[/]",
        show_default=False,
    ),
]


def read_policy(file: Path | None, application: str | None, config: Path | None, data: Path | None) -> Policy:
    """Return the checked policy of a file, else the one that decides for an application, else that of the product."""
    if application is None:
        if file is not None:
            return check_policy(file)
        product = product_source()
        return check_policy_text(product.text, source_name=product.name)
    settings = read_settings(config, data)
    owner = find_application(settings, application)
    if file is not None:
        return check_policy(file, owner.application.action_types)
    return load_source(owner, policy_in_force(settings, owner).source)


def choose_application(settings: Settings, application: str | None) -> DeclaredApplication:
    """Return the application that was named; where none was, the only one there is."""
    if application is not None:
        return find_application(settings, application)
    if len(settings.applications) == 1:
        return settings.applications[0]
    names = ", ".join(declared.application.id for declared in settings.applications)
    raise CommandMisused("say which application: --application ID", hint=f"there are: {names}")


def find_source(settings: Settings, owner: DeclaredApplication, word: str) -> PolicySource:
    """Return the text that a word on the command line means: ``active``, ``default``, a file, or a version's digits."""
    if word == ACTIVE:
        return policy_in_force(settings, owner).source
    if word == DEFAULT:
        return product_source()
    if Path(word).exists() or word.endswith(".toml"):
        return PolicySource(name=word, text=read_text(Path(word)))
    return source_of(find_version(settings, owner, word))


def product_source() -> PolicySource:
    """Return the policy that the product brings."""
    return PolicySource(name=DEFAULT_POLICY, text=read_default_policy())
