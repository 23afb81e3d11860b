"""JSON as it stands in columns, sealed and plain: written and read in a tenth of the time that Python's own takes."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec


def write_json(value: Mapping[str, object] | Sequence[object]) -> str:
    """Return a value as JSON without spaces."""
    return msgspec.json.encode(value).decode()


def read_json(text: str) -> Any:  # noqa: ANN401 whoever reads knows what he wrote
    """Return what a text says; raises ``ValueError`` for one that is no JSON."""
    return msgspec.json.decode(text)
