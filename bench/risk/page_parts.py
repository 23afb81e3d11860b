"""Writes one generated part of a page and leaves the others as they are.

A part lies between two comments: ``<!-- part: NAME -->`` and ``<!-- end: NAME -->``.
"""

from collections.abc import Sequence
from pathlib import Path


def write_part(page: Path, title: str, name: str, content: str) -> None:
    """Replace a part of the page, or add it at the end; a page that does not exist gets this title."""
    text = page.read_text(encoding="utf-8") if page.exists() else f"# {title}\n"
    begin, end = f"<!-- part: {name} -->", f"<!-- end: {name} -->"
    part = f"{begin}\n{content.strip()}\n{end}"
    if begin in text and end in text:
        before, _, rest = text.partition(begin)
        text = before + part + rest.partition(end)[2]
    else:
        text = f"{text.rstrip()}\n\n{part}\n"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(text, encoding="utf-8")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; the first column is text, the others are numbers."""
    rule = ["---", *["---:"] * (len(heads) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (heads, rule, *rows)) + "\n"
