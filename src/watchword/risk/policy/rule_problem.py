"""What is wrong with a rule, and which word was probably meant."""

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleProblem:
    """One thing that is wrong with a rule."""

    key: str | None
    """The key it concerns, None for the rule as a whole; ``customer_text.de`` for one entry of a value."""
    text: str
    line: int = 1
    """Counted from 1 inside the value."""
    column: int | None = None


def suggestion(word: str, known: Collection[str]) -> str:
    """Return the known word that was probably meant, as the end of a sentence, or nothing."""
    near = get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""
