"""The command ``tour``: against a server of its own, or one that runs already."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated

import typer

from watchword.cli.failing import CommandFailed, CommandMisused
from watchword.cli.teaching import Example, teach
from watchword.cli.tour.acts import play
from watchword.cli.tour.cast import Cast, Scene, Surprise, invent_customer
from watchword.cli.tour.messages import MessageReader
from watchword.cli.tour.own_server import own_server
from watchword.cli.tour.telling import LineTeller, Teller, TerminalTeller
from watchword.cli.tour.whereabouts import Whereabouts
from watchword.domain.secret import Secret
from watchword_client import Client, WatchwordError

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
TIMEOUT_S = 10.0
"""Longer than a store would wait: here nobody stands at a till."""


def add_tour(command_line: typer.Typer) -> None:
    """Add ``tour``."""
    command_line.command(
        "tour",
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
    teller = LineTeller() if as_json else TerminalTeller(pause=pause)
    with _server(api, key, inbox) as server, _cast(server) as cast:
        _tell(cast, teller)


def _tell(cast: Cast, teller: Teller) -> None:
    number, scene = 0, Scene(name="begin", title="The beginning", told="")
    try:
        for told in play(cast):
            if isinstance(told, Scene):
                number, scene = number + 1, told
                teller.open(number, scene)
            else:
                teller.close(number, scene, told)
    except (Surprise, WatchwordError) as error:
        surprise = (
            error if isinstance(error, Surprise) else Surprise(expected="an answer to go on with", got=str(error))
        )
        teller.stumble(number, scene, surprise)
        raise CommandFailed(
            f"step {number}, {scene.title}: expected {surprise.expected}",
            f"step {number}, {scene.title}: got {surprise.got}",
        ) from None
    teller.finish(number)


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


@contextmanager
def _cast(server: Whereabouts) -> Generator[Cast, None, None]:
    if not server.key.reveal().startswith("wk_test_"):
        raise CommandMisused(
            "the tour makes up customers, and so plays with test keys only", hint="a test key begins with wk_test_"
        )
    customer = invent_customer()
    try:
        client = Client(base_url=server.api, secret_key=server.key.reveal(), timeout_s=TIMEOUT_S)
    except ValueError as error:
        raise CommandMisused(f"--api or --key: {error}") from None
    with client, MessageReader(server.inbox) as inbox:
        # Before anything is sent: without an inbox, the messages would leave for somewhere else.
        inbox.messages(customer.email)
        yield Cast(client=client, inbox=inbox, customer=customer)
