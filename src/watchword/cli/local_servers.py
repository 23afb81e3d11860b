"""The commands that start everything on this machine: ``dev`` to develop against, ``demo`` to play with."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from watchword.bootstrap.running import Ready, run_dev
from watchword.cli.extras import needing_extras
from watchword.cli.failing import CommandMisused
from watchword.cli.printing import print_json
from watchword.cli.settings_option import DEV_FOLDER
from watchword.cli.teaching import TRYING, Example, teach
from watchword.cli.welcome import greet_developer, greet_visitor
from watchword.domain.loopback import is_loopback

API_PORT: Final = 8000
"""The port of the API, and with it of pages and inbox."""
STORE_PORT: Final = 8001
"""The port of the demo store."""
ANY_PORT: Final = 0

DataFolder = Annotated[
    Path, typer.Option("--data", metavar="DIR", help="Where settings, keys, messages and the database are kept.")
]
Host = Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Loopback address to listen on.")]
ApiPort = Annotated[
    int | None,
    typer.Option(
        "--port",
        metavar="PORT",
        min=0,
        max=65_535,
        show_default=False,
        help=f"Port of the API; 0 takes a free one.  [dim]default: the one in the settings, at first {API_PORT}[/]",
    ),
]
StorePort = Annotated[
    int | None,
    typer.Option(
        "--store-port",
        metavar="PORT",
        min=0,
        max=65_535,
        show_default=False,
        help=f"Port of the store; 0 takes a free one.  [dim]default: {STORE_PORT}, or a free one with --port 0[/]",
    ),
]
ReadyJson = Annotated[bool, typer.Option("--json", help="Print one line of JSON when ready, and nothing else.")]


def add_local_servers(command_line: typer.Typer) -> None:
    """Add ``demo`` and ``dev``."""
    command_line.command(
        "demo",
        rich_help_panel=TRYING,
        help=teach(
            "Start a small store with everything behind it, and play every case in the browser.",
            Example(command="watchword demo", what=f"store on {STORE_PORT}, API on {API_PORT}"),
            Example(command="watchword demo --port 0", what="on free ports"),
            Example(command="watchword demo --data /tmp/shop --json", what="for a script"),
            remarks=[_KEEPING, _LOOPBACK],
        ),
    )(run_demo)
    command_line.command(
        "dev",
        rich_help_panel=TRYING,
        help=teach(
            "Start API, pages and an inbox that gets every message, to develop against.",
            Example(command="watchword dev", what=f"on port {API_PORT}"),
            Example(command="watchword dev --port 0 --json", what="for tests: prints api, secret_key and inbox"),
            Example(command="watchword dev --data /tmp/mine", what="with another data folder"),
            remarks=[_KEEPING, _LOOPBACK],
        ),
    )(run_development)


_KEEPING: Final = (
    "All is kept in the data folder; another start on it goes on with the same keys, users and settings."
    " Without a watchword.toml there, one is written: edit it, and start again."
)
_LOOPBACK: Final = "Only this machine can reach it, because the inbox shows codes. Ctrl-C stops it."


def run_development(
    data: DataFolder = DEV_FOLDER / "dev",
    host: Host = "127.0.0.1",
    port: ApiPort = None,
    as_json: ReadyJson = False,
) -> None:
    """Serve until stopped."""
    _refuse_other_machines(host)
    ready = _print_ready if as_json else greet_developer
    _until_stopped(lambda: run_dev(data=data, host=host, port=port, store_port=ANY_PORT, make_store=None, ready=ready))


def run_demo(
    data: DataFolder = DEV_FOLDER / "demo",
    host: Host = "127.0.0.1",
    port: ApiPort = None,
    store_port: StorePort = None,
    as_json: ReadyJson = False,
) -> None:
    """Serve until stopped."""
    _refuse_other_machines(host)
    with needing_extras():
        from watchword.cli.demo_store import open_store  # noqa: PLC0415 a server is installed without the store's needs
    ready = _print_ready if as_json else greet_visitor
    if store_port is None:
        store_port = ANY_PORT if port == ANY_PORT else STORE_PORT
    _until_stopped(
        lambda: run_dev(data=data, host=host, port=port, store_port=store_port, make_store=open_store, ready=ready)
    )


def _refuse_other_machines(host: str) -> None:
    if not is_loopback(host):
        raise CommandMisused(
            f"{host} could be reached from other machines, and the inbox shows every code",
            hint="dev and demo listen on 127.0.0.1, ::1 or localhost; watchword serve is for all else",
        )


def _until_stopped(run: Callable[[], None]) -> None:
    try:
        run()
    except KeyboardInterrupt:
        # Ctrl-C is how this is meant to end; everything was put down in order by then.
        return


def _print_ready(ready: Ready) -> None:
    print_json(
        {
            "api": ready.api,
            "secret_key": ready.secret_key.reveal(),
            "inbox": ready.inbox,
            "store": ready.store,
        }
    )
