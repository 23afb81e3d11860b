"""The command ``tour``: against a server of its own, or one that runs already."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated

import typer

from watchword.cli.extras import needing_extras
from watchword.cli.failing import CommandMisused
from watchword.cli.teaching import TRYING, Example, teach
from watchword.cli.tour.own_server import own_server
from watchword.cli.tour.whereabouts import Whereabouts
from watchword.domain.secret import Secret

ApiOption = Annotated[
    str | None, typer.Option("--api", metavar="URL", help="Play against this server.", show_default=False)
]
KeyOption = Annotated[
    str | None, typer.Option("--key", metavar="KEY", help="Its secret key, wk_test_…", show_default=False)
]
InboxOption = Annotated[
    str | None, typer.Option("--inbox", metavar="URL", help="Its inbox, …/dev/inbox", show_default=False)
]
PauseOption = Annotated[bool, typer.Option("--pause", help="Wait for Enter before each step.")]
TourJson = Annotated[bool, typer.Option("--json", help="Print each step as one line of JSON.")]


def add_tour(command_line: typer.Typer) -> None:
    """Add ``tour``."""
    command_line.command(
        "tour",
        rich_help_panel=TRYING,
        help=teach(
            "Play the whole way in the terminal, from a sign-in on a new device to a redeemed grant.",
            Example(command="watchword tour", what="with a server of its own, gone afterwards"),
            Example(command="watchword tour --pause", what="step by step"),
            Example(
                command="watchword tour --api http://127.0.0.1:8000 --key wk_test_… --inbox http://127.0.0.1:8000/dev/inbox",
                what="against a dev that runs",
            ),
            Example(command="watchword tour --json", what="as a test of an installation"),
            remarks=[
                "Every step says what must come of it; anything else ends the tour with exit code 1.",
                "It expects the settings that dev writes.",
            ],
        ),
    )(tour)


def tour(
    api: ApiOption = None,
    key: KeyOption = None,
    inbox: InboxOption = None,
    pause: PauseOption = False,
    as_json: TourJson = False,
) -> None:
    """Play every step."""
    if pause and as_json:
        raise CommandMisused("--pause waits for a person, and --json is for scripts", hint="give one of the two")
    with needing_extras():
        from watchword.cli.tour.performance import perform  # noqa: PLC0415 a server is installed without the client
    with _server(api, key, inbox) as server:
        perform(server, as_json=as_json, pause=pause)


@contextmanager
def _server(api: str | None, key: str | None, inbox: str | None) -> Generator[Whereabouts, None, None]:
    if api is None and key is None and inbox is None:
        with own_server() as server:
            yield server
    elif api is not None and key is not None and inbox is not None:
        yield Whereabouts(api=api, key=Secret(key), inbox=inbox)
    else:
        raise CommandMisused(
            "--api, --key and --inbox belong together",
            hint="watchword dev prints all three; without any, the tour starts a server of its own",
        )
