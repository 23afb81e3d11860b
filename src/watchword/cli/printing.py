"""Prints to the terminal: words for people on either stream, and single lines of JSON for scripts."""

import json
from collections.abc import Container, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDEST: Final = 10_000
"""Characters of a row at most, where there is no terminal."""


def print_json(value: object) -> None:
    """Print one value as one line that is there at once, even where a pipe is at the other end."""
    print(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")), flush=True)


def print_line(text: str, *, style: str = "") -> None:
    """Print a line for a person; long ones are left to the terminal, so that they can be copied."""
    Console(highlight=False, soft_wrap=True).print(Text(text, style=style))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, unbroken: Container[str] = ()) -> None:
    """Print rows under headings; what is too long for the terminal goes on in the next line, but in ``unbroken``.

    A pipe or a file has no width: nothing is broken there, so that other programs find each row in one line.
    """
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for column in table.columns:
        column.overflow = "fold"
        column.no_wrap = column.header in unbroken
    for row in rows:
        table.add_row(*map(Text, row))
    console = Console(highlight=False)
    if not console.is_terminal:
        endless = console.options.update(width=_WIDEST)
        console.width = max(console.width, console.measure(table, options=endless).maximum)
    console.print(table)


def print_error(problem: str) -> None:
    """Print what went wrong, on the stream for that."""
    _print_aside("error", "bold red", problem)


def print_hint(hint: str) -> None:
    """Print what could help, on the stream for that."""
    _print_aside("hint", "bold cyan", hint)


def _print_aside(word: str, style: str, text: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text.assemble((f"{word}:", style), " ", text))
