"""Prints to the terminal: words for people on either stream, and single lines of JSON for scripts."""

import json
from collections.abc import Container, Sequence
from itertools import chain, repeat
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDEST: Final = 10_000
"""Characters of a row at most, where there is no terminal."""
_GAP: Final = "  "
_INDENT: Final = "  "
"""Of a line in which a row goes on."""


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


def print_entries(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under headings, no value broken: where the terminal is too narrow, a row goes on in the next line.

    For rows with ids, which somebody copies. In a pipe or a file each row is one line.
    """
    widths = [max(map(cell_len, column)) for column in zip(columns, *rows, strict=True)]
    console = Console(highlight=False, soft_wrap=True)
    lines = _lines_of(widths, console.width if console.is_terminal else _WIDEST)
    for number, row in enumerate((columns, *rows)):
        for indent, group in zip(chain([""], repeat(_INDENT)), lines, strict=False):
            cells = (row[index] + " " * (widths[index] - cell_len(row[index])) for index in group)
            console.print(Text(f"{indent}{_GAP.join(cells)}".rstrip(), style="" if number else "bold"))


def _lines_of(widths: Sequence[int], room: int) -> list[list[int]]:
    """Return which columns stand in each line of a row, as many as it has room for and in their order."""
    lines: list[list[int]] = [[]]
    used = 0
    for index, width in enumerate(widths):
        if lines[-1] and used + len(_GAP) + width > room:
            lines.append([])
            used = len(_INDENT)
        used += width + (len(_GAP) if lines[-1] else 0)
        lines[-1].append(index)
    return lines


def print_error(problem: str) -> None:
    """Print what went wrong, on the stream for that."""
    _print_aside("error", "bold red", problem)


def print_hint(hint: str) -> None:
    """Print what could help, on the stream for that."""
    _print_aside("hint", "bold cyan", hint)


def _print_aside(word: str, style: str, text: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text.assemble((f"{word}:", style), " ", text))
