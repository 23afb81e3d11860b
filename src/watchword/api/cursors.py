"""Where a list goes on: how many items are wanted, and a cursor that only we can read a meaning into."""

from dataclasses import dataclass
from typing import Final

from watchword.domain.errors import InvalidField
from watchword.domain.ids import decode, encode
from watchword.web.exchange import Request

DEFAULT_LIMIT: Final = 20
LARGEST_LIMIT: Final = 100
_LONGEST_CURSOR: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The part of a list that a caller asks for."""

    limit: int
    after: str | None
    """What the last item of the part before was named by."""
    others: dict[str, str]
    """The query's further parameters."""


def read_wanted(request: Request, kind: str, *others: str) -> Wanted:
    """Return the part that is asked for, or raise ``InvalidField``; a cursor fits only the list of its ``kind``."""
    parameters = request.parameters("limit", "cursor", *others)
    limit_text, cursor = parameters.pop("limit", str(DEFAULT_LIMIT)), parameters.pop("cursor", None)
    is_number = limit_text.isascii() and limit_text.isdigit() and len(limit_text) <= len(str(LARGEST_LIMIT))
    if not is_number or not 1 <= int(limit_text) <= LARGEST_LIMIT:
        raise InvalidField(f"limit is a number from 1 to {LARGEST_LIMIT}")
    after = None if cursor is None else _read_cursor(kind, cursor)
    return Wanted(limit=int(limit_text), after=after, others=parameters)


def write_cursor(kind: str, name: str) -> str:
    """Return the cursor behind the item of this name."""
    return encode(f"{kind}:{name}".encode())


def _read_cursor(kind: str, cursor: str) -> str:
    data = decode(cursor) if len(cursor) <= _LONGEST_CURSOR else None
    head, _, name = (b"" if data is None else data).partition(b":")
    if head != kind.encode() or not name.isascii() or not name:
        raise InvalidField("cursor is a next_cursor of this very list")
    return name.decode("ascii")
