"""Reads typed fields out of a decoded JSON answer, with an error that names the place.

Unknown fields are never looked at, so that a newer server can add some.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from watchword_client.errors import UnreadableAnswer

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """One JSON object of an answer, and where in the answer it stands."""

    values: Mapping[str, object]
    place: str

    def text(self, name: str) -> str:
        """Return a text that must be there."""
        return _required(self, name, self.optional_text(name))

    def optional_text(self, name: str) -> str | None:
        """Return a text, or ``None`` if it is null or absent."""
        value = self.values.get(name)
        if value is None or isinstance(value, str):
            return value
        raise self._wrong(name, "a text", value)

    def whole(self, name: str) -> int:
        """Return a whole number that must be there."""
        return _required(self, name, self.optional_whole(name))

    def optional_whole(self, name: str) -> int | None:
        """Return a whole number, or ``None`` if it is null or absent."""
        value = self.values.get(name)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        raise self._wrong(name, "a whole number", value)

    def number(self, name: str) -> float:
        """Return a number that must be there."""
        return _required(self, name, self.optional_number(name))

    def optional_number(self, name: str) -> float | None:
        """Return a number, or ``None`` if it is null or absent."""
        value = self.values.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        if value is None:
            return None
        raise self._wrong(name, "a number", value)

    def flag(self, name: str) -> bool:
        """Return a truth value that must be there."""
        return _required(self, name, self.optional_flag(name))

    def optional_flag(self, name: str) -> bool | None:
        """Return a truth value, or ``None`` if it is null or absent."""
        value = self.values.get(name)
        if value is None or isinstance(value, bool):
            return value
        raise self._wrong(name, "true or false", value)

    def moment(self, name: str) -> datetime:
        """Return a time that must be there."""
        return _required(self, name, self.optional_moment(name))

    def optional_moment(self, name: str) -> datetime | None:
        """Return a time, or ``None`` if it is null or absent."""
        value = self.optional_text(name)
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise self._wrong(name, "an RFC 3339 time", value) from None
        if moment.tzinfo is None:
            raise self._wrong(name, "an RFC 3339 time with its offset", value)
        return moment

    def part(self, name: str, read: "Callable[[Fields], Item]") -> Item:
        """Return an object that must be there, read by ``read``."""
        return _required(self, name, self.optional_part(name, read))

    def optional_part(self, name: str, read: "Callable[[Fields], Item]") -> Item | None:
        """Return an object read by ``read``, or ``None`` if it is null or absent."""
        value = self.values.get(name)
        if value is None:
            return None
        return read(self._inside(name, value))

    def parts(self, name: str, read: "Callable[[Fields], Item]") -> tuple[Item, ...]:
        """Return a list of objects that must be there, each read by ``read``."""
        return tuple(read(self._inside(f"{name}[{index}]", value)) for index, value in enumerate(self._list(name)))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts that must be there."""
        values = self._list(name)
        for value in values:
            if not isinstance(value, str):
                raise self._wrong(name, "a list of texts", value)
        return tuple(str(value) for value in values)

    def _list(self, name: str) -> list[object]:
        value = _required(self, name, self.values.get(name))
        if not isinstance(value, list):
            raise self._wrong(name, "a list", value)
        return value

    def _inside(self, name: str, value: object) -> "Fields":
        if not isinstance(value, dict):
            raise self._wrong(name, "an object", value)
        return Fields(values=value, place=f"{self.place}.{name}")

    def _wrong(self, name: str, expected: str, value: object) -> UnreadableAnswer:
        # The value itself stays out of the message: it may be a grant, a token or an address.
        return UnreadableAnswer(f"{self.place}.{name} is {type(value).__name__}, expected {expected}")


def _required(fields: Fields, name: str, value: Item | None) -> Item:
    if value is None:
        raise UnreadableAnswer(f"{fields.place}.{name} is missing in the answer")
    return value
