"""The commands for somebody who writes rules, put together: a line here for each, and what it does in its module."""

import typer

from watchword.cli.policy.explain_command import add_explain
from watchword.cli.policy.replay_command import add_replay
from watchword.cli.policy.rule_checking import add_check
from watchword.cli.teaching import TENDING, Example, teach


def add_policy(command_line: typer.Typer) -> None:
    """Add ``policy`` with its commands, in the order in which they are listed."""
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
    add_check(policy)
    add_explain(policy)
    add_replay(policy)
    command_line.add_typer(policy)
