"""Bodies are read strictly, and what is wrong is named by its place."""

from contextlib import suppress
from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.domain.errors import InvalidField, NotJson
from watchword.web.json_texts import canonical_json, read_json, read_shape


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    value: Annotated[str, msgspec.Meta(max_length=3)]


class Outer(msgspec.Struct, forbid_unknown_fields=True):
    count: int = 0
    flag: bool = False
    inner: Inner | None = None
    inners: list[Inner] = []
    words: dict[str, int] = {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{} {}",
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1, "a": 1}',
        b'{"b": {"a": 1, "a": 2}}',
        b'{"a": "\xff"}',
        b'{"a": "\xed\xa0\x80"}',
        b'\xef\xbb\xbf{"a": 1}',
        '{"a": 1}'.encode("utf-16"),
        b'{"a": "raw \x00 nul"}',
        b'{"a": 01}',
    ],
)
def test_refuses_what_is_not_one_json_value(body: bytes) -> None:
    with pytest.raises(NotJson):
        read_json(body)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (rb'{"a": ["x", "\u0000"]}', "/a/1"),
        (rb'{"a": "\ud800"}', "/a"),
        (rb'{"a": {"b/c~d": "\udc00\ud800"}}', "/a/b~1c~0d"),
        (rb'{"k\u0000": 1}', ""),
        (b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", "/a" + "/0" * 15),
        (b"[" * 30_000 + b"]" * 30_000, None),
        (b"1" * 10_000, None),
    ],
)
def test_refuses_strings_and_sizes_that_are_json_and_yet_dangerous(body: bytes, pointer: str | None) -> None:
    with pytest.raises(InvalidField) as refused:
        read_json(body)
    assert refused.value.pointer == pointer


def test_a_surrogate_pair_is_one_character() -> None:
    assert read_json(rb'"\ud83d\ude00"') == "\N{GRINNING FACE}"


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        ({"count": "1"}, "/count"),
        ({"count": True}, "/count"),
        ({"count": 1.0}, "/count"),
        ({"count": None}, "/count"),
        ({"flag": 1}, "/flag"),
        ({"inner": {}}, "/inner/value"),
        ({"inner": {"value": "long"}}, "/inner/value"),
        ({"inners": [{"value": "a"}, {"value": "b", "more/less": 1}]}, "/inners/1/more~1less"),
        ({"words": {"secret": "x"}}, "/words"),
        ({"unknown": 1}, "/unknown"),
        ([], ""),
        ("text", ""),
    ],
)
def test_names_the_field_that_does_not_fit(value: object, pointer: str) -> None:
    with pytest.raises(InvalidField) as refused:
        read_shape(value, Outer)
    assert refused.value.pointer == pointer
    assert str(refused.value)


def test_does_not_repeat_a_long_name_from_the_request() -> None:
    with pytest.raises(InvalidField) as refused:
        read_shape({"x" * 60_000: 1}, Outer)
    assert len(str(refused.value)) < 300
    assert len(refused.value.pointer or "") < 300


def test_the_same_value_has_the_same_canonical_bytes() -> None:
    one, other = read_json(b'{"a": 1, "b": [1,\n2]}'), read_json(b'{"b":[1,2],"a":1}')
    assert canonical_json(one) == canonical_json(other)
    assert canonical_json(one) != canonical_json({"a": 1, "b": [2, 1]})
    assert canonical_json({"a": True}) != canonical_json({"a": 1})


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with suppress(NotJson, InvalidField):
        read_json(body)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc/~", max_size=4), inner, max_size=4),
        max_leaves=10,
    )
)
def test_reads_back_what_it_wrote(value: object) -> None:
    assert read_json(canonical_json(value)) == value


@pytest.mark.parametrize(("opening", "closing", "repeated"), [("[", "]", 16), ('{"a":', "}", 16), ('[{"]":', "}]", 8)])
def test_counts_levels_exactly(opening: str, closing: str, repeated: int) -> None:
    deepest = opening * repeated + "0" + closing * repeated
    read_json(deepest.encode())
    with pytest.raises(InvalidField, match="nested deeper than 16 levels"):
        read_json(f"[{deepest}]".encode())


@given(st.text(alphabet='[{\\"u0', max_size=60))
def test_brackets_and_backslashes_in_a_text_are_text(text: str) -> None:
    assert read_json(canonical_json({"a": text})) == {"a": text}
