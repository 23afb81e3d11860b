"""Puts the commands together, and is the one place that turns a failure into words and an exit code."""

import io
import sys
from collections.abc import Sequence
from typing import Final

import typer
from typer.main import get_command

from watchword.cli.about import add_version
from watchword.cli.atlas_commands import add_atlas
from watchword.cli.clock_command import add_clock
from watchword.cli.failing import FORESEEN, explain
from watchword.cli.guard_commands import add_guard
from watchword.cli.key_commands import add_keys
from watchword.cli.local_servers import add_local_servers
from watchword.cli.message_commands import add_messages
from watchword.cli.operating import add_operating
from watchword.cli.policy.policy_commands import add_policy
from watchword.cli.secret_commands import add_secrets
from watchword.cli.teaching import Example, teach
from watchword.cli.tour.tour_command import add_tour
from watchword.cli.user_commands import add_users
from watchword.cli.webhook_commands import add_webhooks

NAME: Final = "watchword"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 refused or failed, 2 not understood, 130 interrupted.

    Without ``arguments``, those of this process are taken. A failure that can be foreseen is told in lines that begin
    with ``error:`` and ``hint:``; a defect of ours ends with its traceback.
    """
    _never_stumble_over_characters()
    command = get_command(create_command_line())
    try:
        result = command.main(args=arguments, prog_name=NAME, standalone_mode=False)
    except FORESEEN as error:
        return explain(error)
    return result if isinstance(result, int) else 0


def create_command_line() -> typer.Typer:
    """Return the command line with all its commands."""
    command_line = typer.Typer(
        name=NAME,
        help=teach(
            "Decides when what a customer does needs a proof, sends the code, checks it, and hands over a grant."
            " Runs on your own machines.",
            Example(command="watchword demo", what="play every case in a small store"),
            Example(command="watchword dev", what="API, pages and an inbox, to develop against"),
            Example(command="watchword tour", what="see the whole way in the terminal, step by step"),
        ),
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # its tracebacks show the values of variables, and some of ours are secret
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    add_local_servers(command_line)
    add_tour(command_line)
    add_operating(command_line)
    add_keys(command_line)
    add_secrets(command_line)
    add_users(command_line)
    add_guard(command_line)
    add_clock(command_line)
    add_policy(command_line)
    add_messages(command_line)
    add_webhooks(command_line)
    add_atlas(command_line)
    add_version(command_line)
    return command_line


def _never_stumble_over_characters() -> None:
    """Let a terminal that cannot show a character show a question mark; failing over it would help nobody."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
