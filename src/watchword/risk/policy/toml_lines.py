"""Finds the line of a rule and of its keys in the text of a policy, because the TOML parser keeps no positions."""

import re
from typing import Final

_STRING_OR_COMMENT: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}' r"|'''.*?'{3,5}" r'|"(?:\\.|[^"\\\n])*"' r"|'[^'\n]*'" r"|\#[^\n]*", re.DOTALL
)
_RULE_HEADER: Final = re.compile(r"^[ \t]*\[\[[ \t]*rule[ \t]*\]\]", re.MULTILINE)
_HEADER: Final = re.compile(r"^[ \t]*\[", re.MULTILINE)


class TomlLines:
    """The lines of one text that is known to be valid TOML."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._outline = _STRING_OR_COMMENT.sub(_blanked, text)
        self._rules = [found.start() for found in _RULE_HEADER.finditer(self._outline)]

    def of_key(self, key: str) -> int:
        """Return the line of a key or a table outside the rules, or 1."""
        found = re.search(rf"^[ \t]*\[*[ \t]*[\"']?{re.escape(key)}\b", self._outline, re.MULTILINE)
        return 1 if found is None else self._line(found.start())

    def of_rule(self, index: int) -> int:
        """Return the line of the header of a rule, counted from 0; 1 for a rule that is written inline."""
        return self._line(self._rules[index]) if index < len(self._rules) else 1

    def of_rule_key(self, index: int, key: str) -> int:
        """Return the line of a key of a rule, or the line of its header where the key is missing."""
        place = self._place(index, key)
        return self.of_rule(index) if place is None else self._line(place.start())

    def of_value(self, index: int, key: str, line: int) -> int:
        """Return the line in the file of a line, counted from 1, inside a text that is the value of a key."""
        place = self._place(index, key)
        if place is None:
            return self.of_rule(index)
        # TOML drops a line break right behind the opening of a text of several lines.
        dropped = re.compile(r"[ \t]*(?:\"\"\"|''')\r?\n").match(self._text, place.end())
        return self._line(place.start()) + (line if dropped else line - 1)

    def _place(self, index: int, key: str) -> re.Match[str] | None:
        if index >= len(self._rules):
            return None
        start = self._rules[index]
        following = _HEADER.search(self._outline, self._outline.find("\n", start) + 1 or len(self._outline))
        end = len(self._outline) if following is None else following.start()
        pattern = re.compile(rf"^[ \t]*[\"']?{re.escape(key)}[\"']?[ \t]*=", re.MULTILINE)
        return pattern.search(self._outline, start, end)

    def _line(self, position: int) -> int:
        return self._text.count("\n", 0, position) + 1


def _blanked(found: re.Match[str]) -> str:
    """Return spaces for what could be mistaken for a header or a key: comments and texts of several lines."""
    text = found[0]
    if text.startswith("#") or "\n" in text:
        return re.sub(r"[^\n]", " ", text)
    return text
