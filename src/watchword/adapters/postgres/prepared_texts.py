"""Turns SQL with parameters such as ``:name`` into what PostgreSQL prepares, and values into its binary form and back.

A text is translated once per process, and prepared once per connection and set of types. Whole numbers travel as
``bigint``, truths as 0 and 1, words of an enumeration as ``text``. A parameter that is None takes the type that it has
in other calls of the same text, or the one that its place in the text implies.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from struct import Struct
from typing import Any, Final, TypeAlias

from psycopg.pq.abc import PGresult

from watchword.adapters.rows.transaction import Row, Value

Encode: TypeAlias = Callable[[Any], bytes | None]
Decode: TypeAlias = Callable[[bytes], Any]
Values: TypeAlias = Sequence[bytes | None]
"""Those of one call, in binary form and in the order of the parameters."""
BINARY: Final = 1
"""The format of values and of columns, among text and binary."""
Columns: TypeAlias = Sequence[tuple[int, str, Decode]]
"""Of each column of a result: its number, its name, and how its values are read."""

# The part for PostgreSQL alone is a comment everywhere else: /*postgres FOR UPDATE SKIP LOCKED*/.
_TOKEN: Final = re.compile(
    r"'(?:[^']|'')*' | \"(?:[^\"]|\"\")*\" | --[^\n]* | /\*postgres\s(?P<only>.*?)\*/ | /\*.*?\*/ | ::"
    r" | :(?P<name>[a-z_][a-z0-9_]*)",
    re.VERBOSE | re.ASCII | re.IGNORECASE | re.DOTALL,
)
_READS_ONLY: Final = re.compile(r"\s*SELECT\b", re.IGNORECASE)
_ANY_TYPE: Final = 0
"""Leaves the type of a parameter to its place in the text."""
_BIGINT: Final = 20
_TEXT: Final = 25
_BYTEA: Final = 17
_BIGINTS: Final = 1016
_DOUBLE: Final = 701
_LONG: Final = Struct("!q")
_FLOAT: Final = Struct("!d")
_ARRAY_HEAD: Final = Struct("!iiIii")
_LENGTH: Final = Struct("!i")
_NUMERIC_HEAD: Final = Struct("!HhHH")
_NUMERIC_NEGATIVE: Final = 0x4000
_NUMERIC_BASE: Final = 10_000


class Prepared:
    """One text with one choice of types, under the name that it is prepared by on every connection."""

    __slots__ = ("formats", "name", "sql", "types")

    def __init__(self, name: bytes, sql: bytes, types: Sequence[int]) -> None:
        self.name = name
        self.sql = sql
        self.types = types
        """The number of each parameter's type in PostgreSQL's catalogue (``pg_type.oid``), 0 where it is left open."""
        self.formats = [BINARY] * len(types)


class PreparedTexts:
    """Every text that this process has sent so far; there are as many as stand in the code."""

    __slots__ = ("_made", "_texts")

    def __init__(self) -> None:
        self._texts: dict[str, _Text] = {}
        self._made = 0

    def bind(self, sql: str, values: Mapping[str, Value]) -> tuple[Prepared, Values]:
        """Return what is prepared of a text, and the values for it; raises ``KeyError`` where a value is missing."""
        text = self._texts.get(sql)
        if text is None:
            text = self._texts[sql] = _Text(sql)
        picked = text.pick(values)
        kinds = tuple(map(type, picked))
        form = text.forms.get(kinds)
        if form is None:
            form = text.forms[kinds] = self._form(text, kinds)
        prepared, encoders = form
        return prepared, [encode(value) for encode, value in zip(encoders, picked, strict=True)]

    def changes(self, sql: str) -> bool:
        """Tell whether a text that was bound before may change something."""
        return self._texts[sql].changes

    def _form(self, text: "_Text", kinds: Sequence[type]) -> "_Form":
        codecs = [_codec(kind) for kind in kinds]
        types = [type_number for type_number, _ in codecs]
        prepared = next((known for known in text.prepared if _fits(types, known.types)), None)
        if prepared is None:
            # What an earlier call knew of a type is kept, so that calls with and without a value become one.
            like = next((known for known in text.prepared if _agrees(types, known.types)), None)
            if like is not None:
                types = [mine or known for mine, known in zip(types, like.types, strict=True)]
            self._made += 1
            prepared = Prepared(b"watchword_%d" % self._made, text.sql, types)
            text.prepared.insert(0, prepared)
        return prepared, [encode for _, encode in codecs]


_Form: TypeAlias = tuple[Prepared, Sequence[Encode]]


class _Text:
    __slots__ = ("changes", "forms", "pick", "prepared", "sql")

    def __init__(self, sql: str) -> None:
        translated, names = translate(sql)
        self.sql = translated.encode()
        self.changes = _READS_ONLY.match(sql) is None
        self.pick = _picker(names)
        self.prepared: list[Prepared] = []
        self.forms: dict[tuple[type, ...], _Form] = {}


def translate(sql: str) -> tuple[str, Sequence[str]]:
    """Return the text with ``$1``, ``$2`` ... for its parameters, and their names in that order.

    Colons in literals, quoted names, comments and casts are left alone.
    """
    names: list[str] = []

    def replaced(token: re.Match[str]) -> str:
        if token["only"] is not None:
            return _TOKEN.sub(replaced, token["only"])
        name = token["name"]
        if name is None:
            return token[0]
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return _TOKEN.sub(replaced, sql), names


def columns_of(result: PGresult) -> Columns:
    """Return how the columns of a result in binary form are read."""
    return [
        (number, (result.fname(number) or b"").decode(), _decoder(result.ftype(number)))
        for number in range(result.nfields)
    ]


def read_rows(result: PGresult, columns: Columns) -> list[Row]:
    """Return every row of a result by the names of its columns."""
    cell = result.get_value
    return [
        {name: None if (value := cell(row, number)) is None else decode(value) for number, name, decode in columns}
        for row in range(result.ntuples)
    ]


class Bigints(bytes):
    """A ``bigint[]`` in binary form."""

    __slots__ = ()

    @classmethod
    def of(cls, numbers: Sequence[int]) -> "Bigints":
        """Return numbers as an array, which one parameter takes."""
        dimensions, nulls, first_index = 1, 0, 1
        head = _ARRAY_HEAD.pack(dimensions, nulls, _BIGINT, len(numbers), first_index)
        return cls(head + b"".join(_LENGTH.pack(_LONG.size) + _LONG.pack(number) for number in numbers))


def _picker(names: Sequence[str]) -> Callable[[Mapping[str, Value]], Sequence[Value]]:
    if not names:
        return lambda _: ()
    if len(names) == 1:
        (name,) = names
        return lambda values: (values[name],)
    return itemgetter(*names)


def _fits(types: Sequence[int], known: Sequence[int]) -> bool:
    """Tell whether values of these types, open for None, can be sent to what was prepared with those."""
    return all(mine in {_ANY_TYPE, other} for mine, other in zip(types, known, strict=True))


def _agrees(types: Sequence[int], known: Sequence[int]) -> bool:
    """Tell whether nothing but open types is different."""
    return all(_ANY_TYPE in {mine, other} or mine == other for mine, other in zip(types, known, strict=True))


def _codec(kind: type) -> tuple[int, Encode]:
    for of_kind, codec in _CODECS.items():
        if issubclass(kind, of_kind):
            return codec
    raise TypeError(f"a value of type {kind.__name__} has no column to stand in")


def _nothing(_: object) -> None:
    return None


_CODECS: Final[Mapping[type, tuple[int, Encode]]] = {
    type(None): (_ANY_TYPE, _nothing),
    int: (_BIGINT, _LONG.pack),
    str: (_TEXT, str.encode),
    Bigints: (_BIGINTS, bytes),
    bytes: (_BYTEA, bytes),
    float: (_DOUBLE, _FLOAT.pack),
}


def _decoder(type_number: int) -> Decode:
    try:
        return _DECODERS[type_number]
    except KeyError:
        raise TypeError(f"a column has the type {type_number} (pg_type.oid), which no row is read from") from None


def _integer(value: bytes) -> int:
    return int.from_bytes(value, "big", signed=True)


def _text(value: bytes) -> str:
    return str(value, "utf-8")


def _truth(value: bytes) -> int:
    return value[0]


def _float(value: bytes) -> float:
    number: float = _FLOAT.unpack(value)[0]
    return number


def _numeric(value: bytes) -> int | float:
    """Return a ``numeric``, which sums of ``bigint`` are; whole where it has no digits after the point."""
    digits, weight, sign, scale = _NUMERIC_HEAD.unpack_from(value)
    whole = 0
    for number in range(digits):
        whole = whole * _NUMERIC_BASE + int.from_bytes(value[8 + 2 * number : 10 + 2 * number], "big")
    below_point = max(0, digits - 1 - weight)
    signed = -whole if sign == _NUMERIC_NEGATIVE else whole
    signed *= int(_NUMERIC_BASE ** max(0, weight + 1 - digits))
    return signed if scale == 0 else signed / int(_NUMERIC_BASE**below_point)


_DECODERS: Final[Mapping[int, Decode]] = {
    16: _truth,
    _BYTEA: bytes,
    18: _text,
    19: _text,
    _BIGINT: _integer,
    21: _integer,
    23: _integer,
    _TEXT: _text,
    26: _integer,
    _DOUBLE: _float,
    705: _text,
    1042: _text,
    1043: _text,
    1700: _numeric,
    2278: _text,
}
"""By the number of the type (``pg_type.dat`` of PostgreSQL's source); those that columns and counts of ours have."""
