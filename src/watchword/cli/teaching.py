"""Help texts that teach: what a command does, and how it is called for which purpose."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.markup import escape

EXIT_CODES: Final = "0 done, 1 refused or failed, 2 not understood, 130 interrupted"


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
