"""A small memory of what came last, with a bound."""

from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """The values that were put last, at most ``most``; whoever needs one that has gone finds it out again."""

    __slots__ = ("_most", "_values")

    def __init__(self, most: int) -> None:
        self._values: dict[Key, Value] = {}
        self._most = most

    def get(self, key: Key) -> Value | None:
        """Return the value of a key, or None where there is none or it has gone."""
        return self._values.get(key)

    def put(self, key: Key, value: Value) -> None:
        """Keep a value; the one that was put first goes where there is no room."""
        self._values[key] = value
        if len(self._values) > self._most:
            del self._values[next(iter(self._values))]

    def take(self, key: Key) -> Value | None:
        """Return the value of a key and forget it."""
        return self._values.pop(key, None)
