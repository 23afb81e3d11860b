"""Says what is installed here."""

import platform

import typer

from watchword import __version__
from watchword.cli.printing import print_json, print_line
from watchword.cli.settings_option import JsonOption
from watchword.cli.teaching import OTHER, Example, teach


def add_version(command_line: typer.Typer) -> None:
    """Add ``version``."""
    command_line.command(
        "version",
        rich_help_panel=OTHER,
        help=teach(
            "Say which version this is.",
            Example(command="watchword version", what="for a person"),
            Example(command="watchword version --json", what="for a bug report or a script"),
        ),
    )(show_version)


def show_version(as_json: JsonOption = False) -> None:
    """Print the versions of Watchword and of its Python."""
    if as_json:
        print_json({"version": __version__, "python": platform.python_version()})
    else:
        print_line(f"watchword {__version__} (Python {platform.python_version()})")
