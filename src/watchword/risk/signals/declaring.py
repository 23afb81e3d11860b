"""How a signal is declared: its name, its type, its meaning, and what it is when the application leaves it out."""

from collections.abc import Mapping
from dataclasses import Field, dataclass, field
from enum import StrEnum
from typing import Any, Final

SignalValue = str | int | float | bool


class SignalType(StrEnum):
    """The types that a condition sees; CEL never converts one into another by itself."""

    STRING = "string"
    INT = "int"
    DOUBLE = "double"
    BOOL = "bool"
    MAP = "map(string, dyn)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """One signal as a rule sees it."""

    name: str
    """As a condition writes it: ``device.known``."""
    field_name: str
    type: SignalType
    meaning: str
    left_out: str | None
    """What has to be left out, and what the signal then is; None for what Watchword itself always knows."""


def signal(default: SignalValue, meaning: str, left_out: str | None = None) -> Any:  # noqa: ANN401 the annotation of the field says the type
    """Declare a field of ``Signals``; its default is the new, the unknown or the high value (I12)."""
    return field(default=default, metadata={"meaning": meaning, "left_out": left_out})


def declare(entry: "Field[Any]") -> Declaration:
    """Return the declaration of a field of ``Signals``."""
    return Declaration(
        name=entry.name.replace("_", ".", 1),
        field_name=entry.name,
        type=TYPES.get(entry.type, SignalType.MAP),
        meaning=entry.metadata["meaning"],
        left_out=entry.metadata["left_out"],
    )


TYPES: Final[Mapping[object, SignalType]] = {
    str: SignalType.STRING,
    int: SignalType.INT,
    float: SignalType.DOUBLE,
    bool: SignalType.BOOL,
}
