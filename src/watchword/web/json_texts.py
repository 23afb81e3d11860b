"""Reads and writes JSON strictly: one value, UTF-8, no duplicate key, nothing that two readers see differently.

The decoder for structures keeps the last of duplicate keys without a word, so every body is read once by one that
looks (4 µs for an action) and the structure is made from what that one saw.
"""

import json
import re
from typing import Final, Never, TypeVar

import msgspec

from watchword.domain.errors import InvalidField, NotJson

Shape = TypeVar("Shape", bound=msgspec.Struct)

DEEPEST_NESTING: Final = 16
"""Levels of arrays and objects in a body; the deepest that any call takes is four."""
LONGEST_DETAIL: Final = 200
"""Characters of a message about a body, part of which the caller wrote."""


def read_json(body: bytes) -> object:
    """Return the value of a JSON text.

    Raises ``NotJson`` for anything that is not exactly one value in UTF-8 without duplicate keys, NaN and Infinity, and
    ``InvalidField`` for a string with NUL or a lone surrogate and for nesting deeper than ``DEEPEST_NESTING``.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise NotJson("the body is not UTF-8") from None
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise NotJson(f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise InvalidField(f"nested deeper than {DEEPEST_NESTING} levels") from None
    except ValueError:
        # Python refuses to read integers of thousands of digits (CVE-2020-10735).
        raise InvalidField("a number has too many digits") from None
    if _may_need_a_look(text):
        _look_through(value, "", DEEPEST_NESTING)
    return value


def read_shape(value: object, shape: type[Shape]) -> Shape:
    """Return a JSON value as a structure; ``InvalidField`` names the first field that does not fit."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        detail, pointer = _explain(str(error))
        raise InvalidField(detail[:LONGEST_DETAIL], pointer=pointer) from None


def write_json(value: msgspec.Struct | dict[str, object]) -> bytes:
    """Return a structure as JSON."""
    return msgspec.json.encode(value)


def canonical_json(value: object) -> bytes:
    """Return the same bytes for the same JSON value, however it was spaced and ordered."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotJson("an object has the same key twice")
    return found


def _refuse_constant(name: str) -> Never:
    raise NotJson(f"{name} is not JSON")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)


def _may_need_a_look(text: str) -> bool:
    """Whether a text that was decoded could hold what is refused; most bodies could not, and are not looked through.

    NUL and a lone surrogate come by an escape only: neither stands in JSON or in UTF-8 as it is. And nothing is nested
    deeper than there are brackets.
    """
    return "\\u" in text or text.count("{") + text.count("[") > DEEPEST_NESTING


def _look_through(value: object, pointer: str, levels: int) -> None:
    """Look at every string and level; iteration is by recursion, which ``levels`` bounds."""
    if isinstance(value, str):
        _check_text(value, pointer)
    elif isinstance(value, dict | list):
        if levels == 0:
            raise InvalidField(f"nested deeper than {DEEPEST_NESTING} levels", pointer=pointer)
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            if isinstance(key, str):
                _check_text(key, pointer)
            _look_through(item, f"{pointer}/{_escape(str(key))}", levels - 1)


def _check_text(text: str, pointer: str) -> None:
    if "\0" in text:
        raise InvalidField("a string holds NUL", pointer=pointer)
    if not text.isascii() and _LONE_SURROGATE.search(text):
        raise InvalidField("a string holds a lone surrogate", pointer=pointer)


_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")
"""The decoder joins pairs, so that any surrogate which is left stands alone."""
_PLACE: Final = re.compile(r"(?P<detail>.*?)(?: - at (?P<key>`key` in )?`\$(?P<path>.*)`)?", re.DOTALL)
_STEP: Final = re.compile(r"\.(\w+)|\[(\d+)\]")
_FIELD: Final = re.compile(r"Object (?:contains unknown|missing required) field `(.*)`", re.DOTALL)


def _explain(message: str) -> tuple[str, str]:
    """Return what is wrong, without any value the caller sent, and a JSON pointer (RFC 6901) to where."""
    found = _PLACE.fullmatch(message)
    if found is None:
        return "a field does not fit", ""
    detail, path = found["detail"], found["path"] or ""
    steps = ["".join(step) for step in _STEP.findall(path.partition("[...]")[0])]
    if named := _FIELD.fullmatch(detail):
        steps.append(named[1])
    if detail.startswith("Invalid enum value"):
        detail = "not one of the words that this field takes"
    return detail, "".join(f"/{_escape(step)}" for step in steps)


def _escape(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")[:LONGEST_DETAIL]
