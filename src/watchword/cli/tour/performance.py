"""Performs the tour on one server, and turns a surprise into a failure of the command."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from watchword.cli.failing import CommandFailed, CommandMisused
from watchword.cli.tour.acts import play
from watchword.cli.tour.cast import Cast, Scene, Surprise, invent_customer
from watchword.cli.tour.messages import MessageReader
from watchword.cli.tour.telling import LineTeller, Teller, TerminalTeller
from watchword.cli.tour.whereabouts import Whereabouts
from watchword_client import Client, WatchwordError

TIMEOUT_S: Final = 10.0
"""Longer than a store would wait: here nobody stands at a till."""


def perform(server: Whereabouts, *, as_json: bool, pause: bool) -> None:
    """Play and tell every step; ``CommandFailed`` where something else happens than what is promised."""
    teller = LineTeller() if as_json else TerminalTeller(pause=pause)
    with _cast(server) as cast:
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
