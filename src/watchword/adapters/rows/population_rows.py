"""Rows of what the traffic of an application is like: counters that processes add to, each table of a bounded size."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Final

from watchword.adapters.rows.transaction import Transaction, Value
from watchword.domain.ids import ApplicationId
from watchword.risk.counts import ENTRIES_MOST

_SIZES: Final = (128, 64, 32, 16, 8, 4, 2, 1)
"""Counters that one statement adds to: few texts, so that each is planned once."""
_FULL: Final = (
    "SELECT application_id, first_byte, size - :most AS beyond FROM population_sizes WHERE size > :most"
    " ORDER BY application_id, first_byte LIMIT 1"
)


def read_population(transaction: Transaction, application_id: ApplicationId) -> Mapping[bytes, float]:
    """Return every counter of an application."""
    rows = transaction.all(
        "SELECT key, weight FROM population WHERE application_id = :application_id", application_id=application_id
    )
    return {row["key"]: row["weight"] for row in rows}


def add_to_population(transaction: Transaction, application_id: ApplicationId, deltas: Mapping[bytes, float]) -> None:
    """Add to the counters of an application, many at once: each statement that is waited for is a way across a wire."""
    tables = groupby(sorted(deltas), key=lambda key: key[:1])
    for first_byte, keys in tables:
        added = sum(_add(transaction, application_id, some, deltas) for some in _batches(list(keys)))
        if added:
            _change_size(transaction, application_id, first_byte, added)


def prune_population(transaction: Transaction, limit: int) -> int:
    """Forget the lightest counters of a table that holds too many; return how many.

    Not while somebody adds to them: a counter that he found there and that went meanwhile would be in no size.
    """
    full = transaction.one(_FULL, most=ENTRIES_MOST)
    if full is None or not transaction.reserve([full["application_id"].encode()]):
        return 0
    full = transaction.one(_FULL, most=ENTRIES_MOST)
    if full is None:
        return 0
    application_id, first_byte = full["application_id"], full["first_byte"]
    gone = transaction.run(
        "DELETE FROM population WHERE application_id = :application_id AND key IN (SELECT key FROM population"
        " WHERE application_id = :application_id AND substr(key, 1, 1) = :first_byte ORDER BY weight LIMIT :limit)",
        application_id=application_id,
        first_byte=first_byte,
        limit=min(limit, full["beyond"]),
    )
    _change_size(transaction, application_id, first_byte, -gone)
    return gone


def _batches(keys: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Yield the keys in as few pieces as there are sizes of statements for."""
    start = 0
    for size in _SIZES:
        while len(keys) - start >= size:
            yield keys[start : start + size]
            start += size


def _add(transaction: Transaction, application_id: str, keys: Sequence[bytes], deltas: Mapping[bytes, float]) -> int:
    """Add to these counters and return how many of them are new."""
    known, add = _statements(len(keys))
    named: dict[str, Value] = {f"key{place}": key for place, key in enumerate(keys)}
    new = len(keys) - transaction.number(known, application_id=application_id, **named)
    weights: dict[str, Value] = {f"weight{place}": deltas[key] for place, key in enumerate(keys)}
    transaction.write(add, application_id=application_id, **named, **weights)
    return new


@lru_cache(maxsize=len(_SIZES))
def _statements(size: int) -> tuple[str, str]:
    """Return what counts so many keys that are there, and what adds to them."""
    keys = ", ".join(f":key{place}" for place in range(size))
    rows = ", ".join(f"(:application_id, :key{place}, :weight{place})" for place in range(size))
    known = f"SELECT count(*) FROM population WHERE application_id = :application_id AND key IN ({keys})"  # noqa: S608 names of parameters
    add = (
        f"INSERT INTO population (application_id, key, weight) VALUES {rows}"  # noqa: S608 as above
        " ON CONFLICT (application_id, key) DO UPDATE SET weight = population.weight + excluded.weight"
    )
    return known, add


def _change_size(transaction: Transaction, application_id: str, first_byte: bytes, count: int) -> None:
    named: dict[str, Value] = {"application_id": application_id, "first_byte": first_byte, "count": count}
    changed = transaction.run(
        "UPDATE population_sizes SET size = size + :count"
        " WHERE application_id = :application_id AND first_byte = :first_byte",
        **named,
    )
    if not changed:
        transaction.write(
            "INSERT INTO population_sizes (application_id, first_byte, size)"
            " VALUES (:application_id, :first_byte, :count)",
            **named,
        )
