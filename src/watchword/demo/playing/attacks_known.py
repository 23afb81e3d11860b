"""Which attacks and mishaps can be played, for the lists that lead to their pages."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One thing that goes wrong."""

    id: str
    title: str
    teaser: str
    promises: str
    """What it shows, by the numbers of docs/promises.md."""


def attacks() -> tuple[Attack, ...]:
    """Return what can be played, the plain things first."""
    return (
        Attack(
            id="stolen-password",
            title="Stolen password",
            teaser="Somebody abroad has your password. The code stops him.",
            promises="B1, B11, B18",
        ),
        Attack(
            id="copied-cookie",
            title="Copied cookie",
            teaser="Somebody copied your browser's device cookie. Two users of one cookie give it away.",
            promises="B18",
        ),
        Attack(
            id="phisher",
            title="Phisher",
            teaser="A copy of the store passes on what you type. It works, and then you end it.",
            promises="B15",
        ),
        Attack(
            id="fake-message",
            title="Fake message",
            teaser="A text that only pretends to be from the store. The list of genuine requests tells.",
            promises="B15",
        ),
        Attack(
            id="caller",
            title="Fake support caller",
            teaser="“Please read me the code that you have just got.”",
            promises="B2, B9, B15",
        ),
        Attack(
            id="guessing",
            title="Guessing attacker",
            teaser="He types code after code, to the last try and beyond.",
            promises="B8, B11, B18",
        ),
        Attack(
            id="unreachable",
            title="Unreachable phone",
            teaser="No attack, only bad luck: the text message cannot be delivered.",
            promises="B14, B16",
        ),
        Attack(
            id="hurry",
            title="Hurried customer",
            teaser="No attack either: he asks again and again, and types an old code.",
            promises="B8, B14",
        ),
    )
