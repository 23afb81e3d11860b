"""A text that must not be shown by accident: a code, an address, a token, a grant."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """Holds a text whose ``repr`` and ``str`` show nothing, so that a log line or a traceback cannot leak it."""

    _text: str

    def reveal(self) -> str:
        """Return the text itself; every caller is a place where it leaves us on purpose."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__
