"""The commands of somebody who runs Watchword for others: ``serve``, ``work`` and ``migrate``."""

import sys
from typing import Annotated, Final

import typer

from watchword.bootstrap.serving import run_server, run_worker
from watchword.bootstrap.upkeep import migrate
from watchword.cli.printing import print_json, print_line
from watchword.cli.settings_option import (
    SETTINGS_FILE,
    ConfigOption,
    DataOption,
    JsonOption,
    read_serving_settings,
    read_settings,
)
from watchword.cli.teaching import RUNNING, Example, teach

_MEMBER: Final = "watchword.cli.crew_member"
"""The program of one process of several."""

WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        min=1,
        max=64,
        show_default=False,
        help="Serve in N equal processes; needs PostgreSQL.  [dim]default: the number in the settings, at first 1[/]",
    ),
]
ReadyJson = Annotated[bool, typer.Option("--json", help="Print one line of JSON when ready, and nothing else.")]


def add_operating(command_line: typer.Typer) -> None:
    """Add ``serve``, ``work`` and ``migrate``."""
    command_line.command(
        "serve",
        rich_help_panel=RUNNING,
        help=teach(
            "Serve API and pages, and deliver messages, until stopped.",
            Example(command="watchword serve", what="with the watchword.toml of this folder"),
            Example(command="watchword serve --config /etc/watchword/watchword.toml", what="as a system service"),
            Example(command="watchword serve --workers 4", what="with a process for each of four cores"),
            remarks=[
                "Before the first start: watchword secrets create, and watchword migrate.",
                "With several processes SIGHUP replaces them one by one, by what is installed and set then.",
                "Every application needs a sender that reaches people: the inbox is for dev and demo.",
            ],
        ),
    )(serve)
    command_line.command(
        "work",
        rich_help_panel=RUNNING,
        help=teach(
            "Deliver messages and keep house, without serving anything, until stopped.",
            Example(command="watchword work", what="beside any number of serve on PostgreSQL"),
            Example(command="watchword work --config /etc/watchword/watchword.toml", what="as a system service"),
            remarks=["On SQLite there is one process, so serve works by itself and this command is refused."],
        ),
    )(work)
    command_line.command(
        "migrate",
        rich_help_panel=RUNNING,
        help=teach(
            "Bring the store to the newest version; a store that is there already is left alone.",
            Example(command="watchword migrate", what="before the first serve, and after each upgrade"),
            Example(command="watchword migrate --config /etc/watchword/watchword.toml --json", what="in a deployment"),
            remarks=["Make a copy of the database before an upgrade: migrations only go forward."],
        ),
    )(migrate_store)


def serve(config: ConfigOption = None, workers: WorkersOption = None, as_json: ReadyJson = False) -> None:
    """Serve until stopped."""
    settings = read_serving_settings(config, {} if workers is None else {"server.workers": workers})
    host = f"[{settings.server.host}]" if ":" in settings.server.host else settings.server.host
    listening = f"http://{host}:{settings.server.port}"

    def ready(address: str) -> None:
        if as_json:
            print_json({"api": address, "listening": listening})
        else:
            print_line(f"Watchword serves {address} and listens on {listening}. Ctrl-C stops it.")

    member = [sys.executable, "-P", "-m", _MEMBER, str(config or SETTINGS_FILE)]
    run_server(settings, member=member, ready=ready)


def work(config: ConfigOption = None, as_json: ReadyJson = False) -> None:
    """Work until stopped."""

    def ready() -> None:
        if as_json:
            print_json({"working": True})
        else:
            print_line("Watchword works. Ctrl-C stops it.")

    run_worker(read_serving_settings(config), ready=ready)


def migrate_store(config: ConfigOption = None, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Bring the store to the newest version."""
    version = migrate(read_settings(config, data))
    if as_json:
        print_json({"version": version})
    else:
        print_line(f"The store is at version {version}.")
