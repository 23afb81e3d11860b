"""Which policy a command is about: a file, what an application goes by, or the one of the product."""

from pathlib import Path
from typing import Annotated, Final

import typer

from watchword.bootstrap.policies import check_policy, check_policy_text
from watchword.cli.settings_option import find_application, read_settings
from watchword.config.declared_applications import DEFAULT_POLICY, read_default_policy
from watchword.risk.policy import Policy

_DEFAULT: Final = "[dim]default: the application's, else the one of the product[/]"

FileArgument = Annotated[
    Path | None,
    typer.Argument(metavar="[FILE]", help=f"The policy.  {_DEFAULT}", show_default=False),
]
PolicyOption = Annotated[
    Path | None,
    typer.Option("--policy", metavar="FILE", help=f"The policy.  {_DEFAULT}", show_default=False),
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


def read_policy(file: Path | None, application: str | None, config: Path | None, data: Path | None) -> Policy:
    """Return the checked policy of a file, else of an application, else of the product."""
    if application is None:
        if file is not None:
            return check_policy(file)
        return check_policy_text(read_default_policy(), source_name=DEFAULT_POLICY)
    owner = find_application(read_settings(config, data), application)
    types = owner.application.action_types
    if file is not None:
        return check_policy(file, types)
    return check_policy_text(owner.policy.text, source_name=owner.policy.name, action_types=types)
