"""The commands for somebody who writes rules, put together: a line here for each, and what it does in its module."""

import typer

from watchword.cli.policy.budget_command import add_budget
from watchword.cli.policy.diff_command import add_diff
from watchword.cli.policy.explain_command import add_explain
from watchword.cli.policy.replay_command import add_replay
from watchword.cli.policy.rule_checking import add_check
from watchword.cli.policy.version_commands import add_versions
from watchword.cli.teaching import TENDING, Example, teach


def add_policy(command_line: typer.Typer) -> None:
    """Add ``policy`` with its commands, in the order in which they are listed."""
    policy = typer.Typer(
        name="policy",
        rich_help_panel=TENDING,
        no_args_is_help=True,
        help=teach(
            "Check the rules of a policy, see what they say and whom they would hit, and let them decide.",
            Example(command="watchword policy check policy.toml", what="is it right?"),
            Example(command="watchword policy diff active policy.toml --application shop", what="what is another?"),
            Example(
                command="watchword policy apply policy.toml --application shop --why 'ticket 207'", what="let it decide"
            ),
            Example(
                command="watchword policy explain action.type=purchase action.high_amount=false score=0.1",
                what="which rules match, and why",
            ),
        ),
    )
    add_check(policy)
    add_explain(policy)
    add_diff(policy)
    add_replay(policy)
    add_versions(policy)
    add_budget(policy)
    command_line.add_typer(policy)
