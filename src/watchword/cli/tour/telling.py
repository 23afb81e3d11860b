"""Tells the tour: step by step for people, or line by line for scripts."""

import sys
from typing import Final, Protocol

from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from watchword.cli.printing import print_json
from watchword.cli.tour.cast import Outcome, Scene, Surprise
from watchword.cli.tour.messages import Message

_SUMMARY: Final = (
    "A new device was proven, an ordinary purchase was left in peace, and a dear one was approved by a code that was"
    " good for it alone, once. docs/concepts.md explains the words."
)


class Teller(Protocol):
    """Somebody who tells what happens."""

    def open(self, number: int, scene: Scene) -> None:
        """Tell what is about to happen."""

    def close(self, number: int, scene: Scene, outcome: Outcome) -> None:
        """Tell what came of it."""

    def stumble(self, number: int, scene: Scene, surprise: Surprise) -> None:
        """Tell that something else happened."""

    def finish(self, steps: int) -> None:
        """Sum up."""


class LineTeller:
    """Tells each step as one line of JSON."""

    def open(self, number: int, scene: Scene) -> None:
        """Say nothing yet."""

    def close(self, number: int, scene: Scene, outcome: Outcome) -> None:
        """Print the step."""
        facts = [{"name": name, "value": value} for name, value in outcome.facts]
        print_json(_named(number, scene) | {"ok": True, "facts": facts, "message": _described(outcome.message)})

    def stumble(self, number: int, scene: Scene, surprise: Surprise) -> None:
        """Print the step with what was expected."""
        print_json(_named(number, scene) | {"ok": False, "expected": surprise.expected, "got": surprise.got})

    def finish(self, steps: int) -> None:
        """Print that all steps went as promised."""
        print_json({"ok": True, "steps": steps})


class TerminalTeller:
    """Tells the tour to a person, and waits for Enter before each step if asked to."""

    def __init__(self, *, pause: bool) -> None:
        self._console = Console(highlight=False)
        self._pause = pause

    def open(self, number: int, scene: Scene) -> None:
        """Print the heading of a step."""
        self._console.print()
        self._console.print(Rule(Text(f" {number}  {scene.title} ", style="bold"), align="left", style="cyan"))
        self._console.print(Padding(Text(scene.told), (0, 4)))
        if self._pause:
            self._console.print(Text("    Enter goes on ", style="dim"), end="")
            # At the end of the input there is nobody who would want to wait.
            self._pause = bool(sys.stdin.readline())

    def close(self, number: int, scene: Scene, outcome: Outcome) -> None:
        """Print what came of it, with the message as it is in the inbox."""
        del number, scene
        facts = Table.grid(padding=(0, 2))
        for name, value in outcome.facts:
            facts.add_row(Text(name, style="dim"), Text(value))
        self._console.print(Padding(facts, (0, 4)))
        if outcome.message is not None:
            self._console.print(Padding(_as_panel(outcome.message), (0, 4)))

    def stumble(self, number: int, scene: Scene, surprise: Surprise) -> None:
        """Leave the words to the error lines."""

    def finish(self, steps: int) -> None:
        """Sum up what was seen."""
        self._console.print()
        self._console.print(Rule(style="green"))
        self._console.print(
            Group(Text(f"All {steps} steps went as promised.", style="bold green"), Text(_SUMMARY)),
        )


def _named(number: int, scene: Scene) -> dict[str, object]:
    return {"step": number, "name": scene.name, "title": scene.title}


def _described(message: Message | None) -> dict[str, object] | None:
    if message is None:
        return None
    return {
        "to": message.to,
        "channel": message.channel,
        "kind": message.kind,
        "subject": message.subject,
        "text": message.text,
    }


def _as_panel(message: Message) -> Panel:
    subject = f"{message.subject}\n\n" if message.subject else ""
    text = Text.assemble((subject, "bold"), message.text.strip())
    return Panel(
        text, title=Text(f"{message.channel} to {message.to}"), title_align="left", expand=False, border_style="blue"
    )
