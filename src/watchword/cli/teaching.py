"""Help texts that teach: what a command does, and how it is called for which purpose."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.markup import escape

TRYING: Final = "To try and to develop"
RUNNING: Final = "To run it for others"
TENDING: Final = "To look after it"
OTHER: Final = "Other"
"""The headings under which the commands are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One way to call a command."""

    command: str
    what: str
    """What it is good for, in a few words."""


def teach(what: str, *examples: Example, remarks: Sequence[str] = ()) -> str:
    """Return the help text of a command: what it does, remarks, and examples, in the markup of ``rich``."""
    shown = [f"  [bold]$ {escape(example.command)}[/]  [dim]# {escape(example.what)}[/]" for example in examples]
    return "\n\n".join([escape(what), *map(escape, remarks), "\n".join(["Examples:", *shown])])
