"""Finds the line on which a key of a TOML text stands, because the TOML parser keeps no positions."""

import re
from typing import Final

KeyPath = tuple[str, ...]
"""The way to a key from the top: ``("applications", "shop", "mode")``."""

_STRING_OR_COMMENT: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}' r"|'''.*?'{3,5}" r'|"(?:\\.|[^"\\\n])*"' r"|'[^'\n]*'" r"|\#[^\n]*", re.DOTALL
)
_NAME: Final = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_NAMES: Final = rf"{_NAME}(?:[ \t]*\.[ \t]*{_NAME})*"
_HEADER: Final = re.compile(rf"[ \t]*\[(\[?)[ \t]*({_NAMES})[ \t]*\]")
_ASSIGNMENT: Final = re.compile(rf"[ \t]*({_NAMES})[ \t]*=")


class KeyLines:
    """The lines of the keys and tables of one text that is known to be valid TOML."""

    def __init__(self, text: str) -> None:
        outline = _STRING_OR_COMMENT.sub(_blanked, text)
        self._lines: dict[KeyPath, int] = {}
        counts: dict[KeyPath, int] = {}
        table: KeyPath = ()
        for number, line in enumerate(outline.split("\n"), start=1):
            if header := _HEADER.match(line):
                table = _place(_names(header[2]), counts, is_one_of_many=bool(header[1]))
                self._note(table, number)
            elif assignment := _ASSIGNMENT.match(line):
                self._note((*table, *_names(assignment[1])), number)

    def of(self, path: KeyPath) -> int:
        """Return the line of a key or of the nearest table around it, or 1."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def holds(self, path: KeyPath) -> bool:
        """Whether this key or table stands in the text, other than inside a value."""
        return path in self._lines

    def _note(self, path: KeyPath, number: int) -> None:
        for length in range(1, len(path) + 1):
            self._lines.setdefault(path[:length], number)


def _place(names: KeyPath, counts: dict[KeyPath, int], *, is_one_of_many: bool) -> KeyPath:
    """Return the path of a table, in which each table of a list has its number from 1 on; counts those of lists."""
    place: KeyPath = ()
    for name in names[:-1]:
        place = (*place, name)
        place = (*place, str(counts[place])) if place in counts else place
    place = (*place, names[-1])
    if not is_one_of_many:
        return place
    counts[place] = counts.get(place, 0) + 1
    return (*place, str(counts[place]))


def _blanked(found: re.Match[str]) -> str:
    """Return spaces for what could be mistaken for a header or a key: comments and texts of several lines."""
    text = found[0]
    return re.sub(r"[^\n]", " ", text) if text.startswith("#") or "\n" in text else text


def _names(dotted: str) -> KeyPath:
    return tuple(name.strip("\"'") for name in re.findall(_NAME, dotted))
