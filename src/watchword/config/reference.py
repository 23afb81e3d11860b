"""Writes ``docs/configuration.md`` from the structures that are checked, so that page and check cannot disagree."""

import json
from collections.abc import Iterator
from dataclasses import fields
from typing import Final

from msgspec import NODEFAULT, inspect

from watchword.adapters.senders import our_kinds
from watchword.config.declared_senders import SENDERS, shape_of
from watchword.config.environment import KEYS_FILE_VARIABLE, KEYS_VARIABLE
from watchword.config.file_shape import FileShape
from watchword.config.shape_check import bare, is_secret, may_be_one
from watchword.domain.limits import Limits, bounds_of

_HEAD: Final = f"""\
# Configuration

`watchword.toml` in the data folder holds every setting; this page is generated from the code that checks it.
`watchword dev` and `watchword demo` write a commented one to start from.

A key that does not exist, a value of the wrong type and a limit outside its bounds are refused at start, with file,
line and key, all of them at once.

## From the environment

Every setting can come from a variable: `WATCHWORD_`, then the path in capitals, with two underscores between its parts.
`server.port` is `WATCHWORD_SERVER__PORT`; the mode of the application `shop` is `WATCHWORD_APPLICATIONS__SHOP__MODE`.
Text stands as it is; numbers, lists and truth values are written as in TOML, such as
`WATCHWORD_SERVER__TRUSTED_PROXIES='["10.0.0.0/8"]'`.
The command line wins over the environment, and the environment over the file. An application or a sender with a hyphen
in its name cannot be named by a variable.

A password, a token or a key does not belong in `watchword.toml`: set its variable, or name a file that holds it, such
as `password_file`.
`{KEYS_VARIABLE}` holds the text of a key file, and `{KEYS_FILE_VARIABLE}` names one; either wins over `keys.file`.
"""
_TABLE: Final = "| key | type | default | range | meaning |\n|---|---|---|---|---|\n"
_SENDERS: Final = """\
## `[senders.NAME]`

A way out for messages; the name of the table is the sender's name, by which applications choose it and its provider
calls back. Its `kind` decides the further keys, one section for each kind below; docs/senders.md shows each at work.
"""
_NEVER_IN_THE_FILE: Final = "Refused in the file: only from the environment."
_LIMITS: Final = """\
## Limits of an application

Under `[applications.NAME.limits]`. A limit moves inside its range and never outside; in a test application some ranges
are wider.

| key | default | unit | range | range in a test application | meaning | source |
|---|---|---|---|---|---|---|
"""


def render_reference() -> str:
    """Return the page with every setting: type, default, unit, range, range in a test application, and source."""
    sections = [_HEAD, *_sections(inspect.type_info(FileShape), ""), _LIMITS + "".join(_limit_rows())]
    return "\n".join(sections)


def _sections(shape: inspect.Type, path: str) -> Iterator[str]:
    """Return a section for each table, in the order of the structures; a table of tables is shown once, as ``NAME``."""
    for field in shape.fields if isinstance(shape, inspect.StructType) else ():
        inner, name = bare(field.type), f"{path}{field.name}"
        if name == SENDERS:
            yield from _sender_sections()
            continue
        if isinstance(inner, inspect.DictType) and isinstance(inner.value_type, inspect.StructType):
            inner, name = inner.value_type, f"{name}.NAME"
        if isinstance(inner, inspect.ListType) and isinstance(inner.item_type, inspect.StructType):
            inner, name = inner.item_type, f"[{name}]"
        if isinstance(inner, inspect.StructType):
            meaning = (inner.cls.__doc__ or "").strip()
            yield f"## `[{name}]`\n\n{meaning}\n\n{_TABLE}{''.join(_rows(inner))}"
            yield from _sections(inner, f"{name}.")


def _sender_sections() -> Iterator[str]:
    """Return a section for each kind of sender of ours: docs/senders.md says how to come to what they ask for."""
    yield _SENDERS
    for kind in our_kinds():
        meaning = f"{(kind.keys.__doc__ or '').strip()} Channels: {', '.join(f'`{one}`' for one in kind.channels)}."
        rows = "".join(_rows(shape_of(kind)))
        yield f'## `[senders.NAME]` with `kind = "{kind.name}"`\n\n{meaning}\n\n{_TABLE}{rows}'


def _rows(shape: inspect.StructType) -> Iterator[str]:
    for field in shape.fields:
        inner = bare(field.type)
        if isinstance(inner, inspect.StructType) or _is_list_of_tables(inner):
            continue
        kind = "text or list of texts" if may_be_one(field.type) else _kind(inner)
        cells = (f"`{field.name}`", kind, _default(field), _range(inner, field.type), _meaning(field.type))
        yield f"| {' | '.join(cells)} |\n"


def _is_list_of_tables(shape: inspect.Type) -> bool:
    return isinstance(shape, inspect.ListType) and isinstance(shape.item_type, inspect.StructType)


def _limit_rows() -> Iterator[str]:
    for entry in fields(Limits):
        bounds = bounds_of(entry.name)
        ordinary, test = f"{bounds.low} to {bounds.high}", f"{bounds.test_low} to {bounds.test_high}"
        cells = (
            f"`{entry.name}`",
            str(entry.default),
            bounds.unit,
            ordinary,
            "the same" if test == ordinary else test,
            bounds.meaning,
            bounds.source,
        )
        yield f"| {' | '.join(cells)} |\n"


def _kind(shape: inspect.Type) -> str:
    match shape:
        case inspect.IntType():
            return "whole number"
        case inspect.BoolType():
            return "`true` or `false`"
        case inspect.ListType():
            return "list of texts"
        case inspect.DictType(value_type=value_type):
            return f"table of {_plural(bare(value_type))}"
        case inspect.LiteralType(values=values):
            return " or ".join(f"`{value}`" for value in values)
        case inspect.EnumType(cls=kinds):
            return " or ".join(f"`{kind.value}`" for kind in kinds)
        case _:
            return "text"


def _plural(shape: inspect.Type) -> str:
    match shape:
        case inspect.IntType():
            return "whole numbers"
        case inspect.FloatType():
            return "numbers"
        case _:
            return "texts"


def _default(field: inspect.Field) -> str:
    if field.required:
        return "must be given"
    if field.default is NODEFAULT:
        made = field.default_factory()
        return f"`{json.dumps(made)}`" if isinstance(made, list) and made else "empty"
    match field.default:
        case None:
            return "none"
        case bool() as value:
            return f"`{str(value).lower()}`"
        case value:
            return f"`{value}`"


def _range(kind: inspect.Type, shape: inspect.Type) -> str:
    match bare(kind.value_type) if isinstance(kind, inspect.DictType) else kind:
        case inspect.IntType(ge=low, le=high) | inspect.FloatType(ge=low, le=high) if low is not None:
            return f"{low} to {high}{_unit(shape)}"
        case _:
            return ""


def _unit(shape: inspect.Type) -> str:
    unit = (shape.extra or {}).get("unit") if isinstance(shape, inspect.Metadata) else None
    return f" {unit}" if unit else ""


def _meaning(shape: inspect.Type) -> str:
    schema = shape.extra_json_schema if isinstance(shape, inspect.Metadata) else None
    meaning = str((schema or {}).get("description", ""))
    return f"{meaning} {_NEVER_IN_THE_FILE}" if is_secret(shape) else meaning
