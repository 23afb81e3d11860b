"""Collects what is wrong with a configuration, each thing once and at its place, so that all of it is said at once."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches

from watchword.config.key_lines import KeyLines, KeyPath
from watchword.domain.errors import ConfigurationError


class Problems:
    """What was found so far; knows where every key came from."""

    def __init__(self, source: str, lines: KeyLines, origins: Mapping[KeyPath, str]) -> None:
        self._source = source
        self._lines = lines
        self._origins = origins
        self._found: list[tuple[int, KeyPath, str]] = []
        self._settled: frozenset[KeyPath] = frozenset()

    def add(self, path: KeyPath, text: str) -> None:
        """Note what is wrong with a key, unless it only follows from a settled problem of this key or one around it."""
        if any(path[: len(known)] == known for known in self._settled):
            return
        line = self._lines.of(path)
        origin = self.origin_of(path)
        place = f"{self._source}:{line}" if origin is None else origin
        entry = (line, path, f"{place}: {'.'.join(path)}: {text}" if path else f"{place}: {text}")
        if entry not in self._found:
            self._found.append(entry)

    def is_said_of(self, path: KeyPath) -> bool:
        """Whether something is wrong with this key or one below it."""
        return any(known[: len(path)] == path for _, known, _ in self._found)

    def settle(self) -> None:
        """Take what was found as said: its keys will be read as if they were absent, and that is no further problem."""
        self._settled = frozenset(path for _, path, _ in self._found)

    def origin_of(self, path: KeyPath) -> str | None:
        """Return the variable or the command line that gave this key or one around it; None for the file."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._origins:
                return self._origins[path[:length]]
        if self._lines.holds(path):
            return None
        below = (origin for known, origin in self._origins.items() if known[: len(path)] == path)
        return next(below, None)

    def raise_if_any(self) -> None:
        """Raise ``ConfigurationError`` with everything that was found, in the order of the file."""
        if self._found:
            raise ConfigurationError(tuple(text for _, _, text in sorted(self._found, key=lambda entry: entry[0])))


def suggestion(word: str, known: Collection[str]) -> str:
    """Return the known word that was probably meant, as the end of a sentence, or nothing."""
    near = get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""
