"""Holds a TOML tree against a structure and says what is wrong with every key, where msgspec stops at the first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from msgspec import inspect

from watchword.config.config_problems import Problems, suggestion
from watchword.config.key_lines import KeyPath
from watchword.domain.secret import Secret

CHARACTERS_AT_MOST: Final = 1_000
"""No text of a configuration is longer; a key file has its own way in."""
ONE_WILL_DO: Final = "one_will_do"
"""Marks a list of texts (``msgspec.Meta.extra``) that may be given as one text."""
NOT_HERE: Final = "not_here"
"""The attribute of a structure that says of keys which people look for in it why they are not there."""


@dataclass(frozen=True, slots=True)
class _Left:
    """Stands for a value that was wrong and is left out."""


_LEFT: Final = _Left()


def check_shape(tree: Mapping[str, object], shape: inspect.Type, problems: Problems) -> dict[str, object]:
    """Return the tree without what does not fit the shape; every misfit is a problem."""
    checked = _table(tree, shape, (), problems)
    return checked if isinstance(checked, dict) else {}


def shape_at(shape: inspect.Type, path: KeyPath) -> inspect.Type | None:
    """Return the shape that a key has, or None where there is no such key."""
    inner = bare(shape)
    if not path:
        return inner
    match inner:
        case inspect.StructType(fields=fields):
            following = {field.name: field.type for field in fields}.get(path[0])
        case inspect.DictType(value_type=value_type):
            following = value_type
        case _:
            following = None
    return None if following is None else shape_at(following, path[1:])


def bare(shape: inspect.Type) -> inspect.Type:
    """Return a shape without its notes and without its None: TOML has no null, so what may be None may be absent."""
    match shape:
        case inspect.Metadata(type=inner):
            return bare(inner)
        case inspect.UnionType(types=types):
            return next(bare(kind) for kind in types if not isinstance(kind, inspect.NoneType))
        case _:
            return shape


def is_text(shape: inspect.Type) -> bool:
    """Whether a value of this shape is a text, so that it needs no quotes in an environment variable."""
    return isinstance(bare(shape), inspect.StrType | inspect.LiteralType | inspect.EnumType) or is_secret(shape)


def is_secret(shape: inspect.Type) -> bool:
    """Whether a value of this shape is a secret, which never stands in the file."""
    inner = bare(shape)
    return isinstance(inner, inspect.DataclassType) and inner.cls is Secret


def may_be_one(shape: inspect.Type) -> bool:
    """Whether a list of this shape may be written as its one text alone."""
    return isinstance(shape, inspect.Metadata) and bool((shape.extra or {}).get(ONE_WILL_DO))


def _checked(value: object, shape: inspect.Type, path: KeyPath, problems: Problems) -> object:
    match bare(shape):
        case inspect.StructType() | inspect.DictType() as table:
            return _table(value, table, path, problems)
        case inspect.ListType(item_type=item):
            return _list(value, item, path, problems, may_be_one=may_be_one(shape))
        case inspect.LiteralType(values=values):
            return _choice(value, [str(entry) for entry in values], path, problems)
        case inspect.EnumType(cls=kinds):
            return _choice(value, [str(kind.value) for kind in kinds], path, problems)
        case inspect.IntType() | inspect.FloatType() as kind:
            return _number(value, kind, path, problems)
        case inspect.AnyType():
            return value
        case inspect.BoolType():
            return _truth(value, path, problems)
        case _:
            return _text(value, path, problems)


def _table(value: object, shape: inspect.Type, path: KeyPath, problems: Problems) -> object:
    if not isinstance(value, Mapping):
        problems.add(path, f"must be a table, under [{'.'.join(path)}]")
        return _LEFT
    if isinstance(shape, inspect.DictType):
        found = {key: _checked(entry, shape.value_type, (*path, key), problems) for key, entry in value.items()}
    else:
        found = _struct(value, shape, path, problems)
    return {key: entry for key, entry in found.items() if entry is not _LEFT}


def _list(value: object, item: inspect.Type, path: KeyPath, problems: Problems, *, may_be_one: bool) -> object:
    if isinstance(item, inspect.StructType):
        return _tables(value, item, path, problems)
    return _texts([value] if may_be_one and isinstance(value, str) else value, path, problems)


def _tables(value: object, shape: inspect.StructType, path: KeyPath, problems: Problems) -> object:
    """Return the tables of a list, whose problems are told under their numbers from 1 on."""
    if not isinstance(value, list):
        problems.add(path, f"must be a list of tables, each under [[{'.'.join(path)}]]")
        return _LEFT
    checked = [_table(entry, shape, (*path, str(number)), problems) for number, entry in enumerate(value, start=1)]
    return [entry for entry in checked if entry is not _LEFT]


def _struct(value: Mapping[str, object], shape: inspect.Type, path: KeyPath, problems: Problems) -> dict[str, object]:
    fields = {field.name: field for field in shape.fields} if isinstance(shape, inspect.StructType) else {}
    for key in value:
        if key not in fields:
            hint = _no_such_key(shape, key) or suggestion(key, fields)
            problems.add((*path, key), f"there is no such key{hint}")
    for name, field in fields.items():
        if field.required and name not in value and not is_secret(field.type):
            problems.add((*path, name), "is missing")
    return {
        key: _checked(entry, fields[key].type, (*path, key), problems) for key, entry in value.items() if key in fields
    }


def _no_such_key(shape: inspect.Type, key: str) -> str:
    """Return what a structure itself says of a key that is looked for in it and is not there."""
    told: Mapping[str, str] = getattr(shape.cls, NOT_HERE, {}) if isinstance(shape, inspect.StructType) else {}
    return f": {told[key]}" if key in told else ""


def _texts(value: object, path: KeyPath, problems: Problems) -> object:
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        problems.add(path, 'must be a list of texts, such as ["one", "two"]')
        return _LEFT
    checked = [_text(entry, path, problems) for entry in value]
    return [entry for entry in checked if entry is not _LEFT]


def _choice(value: object, known: list[str], path: KeyPath, problems: Problems) -> object:
    if isinstance(value, str) and value in known:
        return value
    hint = suggestion(value, known) if isinstance(value, str) else ""
    problems.add(path, f"must be {' or '.join(known)}{hint}")
    return _LEFT


def _truth(value: object, path: KeyPath, problems: Problems) -> object:
    if isinstance(value, bool):
        return value
    problems.add(path, "must be true or false")
    return _LEFT


def _number(value: object, kind: inspect.IntType | inspect.FloatType, path: KeyPath, problems: Problems) -> object:
    low, high = kind.ge, kind.le
    is_whole = isinstance(kind, inspect.IntType)
    if isinstance(value, bool) or not isinstance(value, int if is_whole else int | float):
        problems.add(path, "must be a whole number" if is_whole else "must be a number, such as 2.5")
    elif low is not None and high is not None and not low <= value <= high:  # NaN is outside of everything
        problems.add(path, f"{value} is outside {low} to {high}")
    else:
        return value if is_whole else float(value)
    return _LEFT


def _text(value: object, path: KeyPath, problems: Problems) -> object:
    if not isinstance(value, str):
        problems.add(path, 'must be a text in quotes, such as "…"')
    elif not value or len(value) > CHARACTERS_AT_MOST:
        problems.add(path, f"must have 1 to {CHARACTERS_AT_MOST:,} characters")
    elif not value.isprintable():
        problems.add(path, "must not hold line breaks or other control characters")
    else:
        return value
    return _LEFT
