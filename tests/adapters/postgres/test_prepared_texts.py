"""What becomes of the shared SQL on its way to PostgreSQL."""

from enum import StrEnum
from typing import Any

import pytest

from watchword.adapters.postgres.prepared_texts import PreparedTexts, translate
from watchword.adapters.rows.transaction import Value


class _Kind(StrEnum):
    PHONE = "phone"


@pytest.mark.parametrize(
    ("sql", "translated", "names"),
    [
        ("SELECT 1", "SELECT 1", []),
        ("SELECT :a, :b, :a", "SELECT $1, $2, $1", ["a", "b"]),
        ("SELECT :a::bigint", "SELECT $1::bigint", ["a"]),
        ("SELECT ':a', :b", "SELECT ':a', $1", ["b"]),
        ("SELECT 'it''s :a', :b", "SELECT 'it''s :a', $1", ["b"]),
        ('SELECT ":a", :b', 'SELECT ":a", $1', ["b"]),
        ("SELECT :b -- not :a\n", "SELECT $1 -- not :a\n", ["b"]),
        ("SELECT :b /* not :a */", "SELECT $1 /* not :a */", ["b"]),
        ("SELECT :b /*postgres FOR UPDATE SKIP LOCKED*/", "SELECT $1 FOR UPDATE SKIP LOCKED", ["b"]),
        ("SELECT :b /*postgres LIMIT :c*/", "SELECT $1 LIMIT $2", ["b", "c"]),
        ("SELECT :long_name1, x[1:2]", "SELECT $1, x[1:2]", ["long_name1"]),
    ],
)
def test_translates_parameters_and_nothing_else(sql: str, translated: str, names: list[str]) -> None:
    assert translate(sql) == (translated, names)


@pytest.mark.parametrize(
    ("value", "wire", "type_number"),
    [
        (1, b"\0\0\0\0\0\0\0\1", 20),
        (-1, b"\xff" * 8, 20),
        (True, b"\0\0\0\0\0\0\0\1", 20),
        (0.5, b"\x3f\xe0\0\0\0\0\0\0", 701),
        ("é", b"\xc3\xa9", 25),
        (_Kind.PHONE, b"phone", 25),
        (b"\0\xff", b"\0\xff", 17),
        (None, None, 0),
    ],
)
def test_a_value_travels_in_binary_form_with_its_type(value: Value, wire: bytes | None, type_number: int) -> None:
    prepared, values = PreparedTexts().bind("SELECT :value", {"value": value})
    assert (values, prepared.types) == ([wire], [type_number])


def test_calls_with_and_without_a_value_become_one_prepared_text() -> None:
    texts = PreparedTexts()
    sql = "INSERT INTO t VALUES (:a, :b)"
    calls: list[dict[str, Value]] = [
        {"a": 1, "b": "x"},
        {"a": None, "b": "x"},
        {"a": 1, "b": None},
        {"a": None, "b": None},
    ]
    names = {texts.bind(sql, values)[0].name for values in calls}
    assert len(names) == 1


def test_what_was_first_none_takes_the_type_of_later_calls() -> None:
    texts = PreparedTexts()
    sql = "INSERT INTO t VALUES (:a, :b)"
    assert texts.bind(sql, {"a": None, "b": "x"})[0].types == [0, 25]
    assert texts.bind(sql, {"a": 1, "b": None})[0].types == [20, 25]
    assert texts.bind(sql, {"a": None, "b": None})[0].types == [20, 25]


def test_another_type_is_another_prepared_text() -> None:
    texts = PreparedTexts()
    one = texts.bind("SELECT :a", {"a": 1})[0]
    other = texts.bind("SELECT :a", {"a": "1"})[0]
    assert one.name != other.name
    assert texts.bind("SELECT :a", {"a": 2})[0] is one


def test_a_missing_value_is_refused() -> None:
    with pytest.raises(KeyError):
        PreparedTexts().bind("SELECT :a, :b", {"a": 1})


def test_a_value_of_no_known_type_is_refused() -> None:
    mistake: Any = [1]
    with pytest.raises(TypeError, match="list"):
        PreparedTexts().bind("SELECT :a", {"a": mistake})


def test_tells_what_only_reads() -> None:
    texts = PreparedTexts()
    for sql in (" select 1", "INSERT INTO t VALUES (1) RETURNING 1", "WITH x AS (DELETE FROM t) SELECT 1"):
        texts.bind(sql, {})
    assert not texts.changes(" select 1")
    assert texts.changes("INSERT INTO t VALUES (1) RETURNING 1")
    assert texts.changes("WITH x AS (DELETE FROM t) SELECT 1")
