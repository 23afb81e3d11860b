"""Reads the tables of senders: each kind of sender brings its own keys, and none of them comes past the checks.

The one place of the configuration that knows that there are kinds of senders beside it, because the keys of a kind
stand in the file of the kind.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct, inspect

from watchword.adapters.senders import NoSuchKind, find_kind, kind_names
from watchword.adapters.senders.kind import SenderKind
from watchword.config.config_problems import Problems, suggestion
from watchword.config.environment import PREFIX
from watchword.config.secret_source import FILE_ENDING, read_secret, where_to_set
from watchword.config.shape_check import is_secret
from watchword.domain.contact import Channel

SENDERS: Final = "senders"
_KIND: Final = "kind"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", re.ASCII)
_KIND_VARIABLE: Final = re.compile(rf"{PREFIX}SENDERS__(.+)__KIND", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredSender:
    """A sender as the operator declared it."""

    kind: SenderKind[Any]
    keys: Struct
    """Of the type ``kind.keys``."""
    is_test_sender: bool
    """Whether its messages end in a test mailbox."""

    def why_not(self, channel: Channel) -> str | None:
        """Return why it cannot take a channel, as the end of a sentence, or None."""
        if channel not in self.kind.channels:
            return f"takes {' and '.join(self.kind.channels)} only"
        return self.kind.why_not(self.keys, channel)


KindsByName = Mapping[str, SenderKind[Any] | str | None]
"""By the name of the table: its kind, or what is wrong with the kind it names, or None where it names none."""


def kinds_of(tree: Mapping[str, object], environ: Mapping[str, str]) -> KindsByName:
    """Return the kind of every sender that the file or the environment names."""
    tables = tree.get(SENDERS)
    named: dict[str, object] = {}
    if isinstance(tables, Mapping):
        named.update((name, table.get(_KIND) if isinstance(table, Mapping) else None) for name, table in tables.items())
    for variable in sorted(environ):
        if found := _KIND_VARIABLE.fullmatch(variable):
            named[found[1].lower()] = environ[variable]
    return {name: _kind_of(kind) for name, kind in named.items()}


def with_kinds(shape: inspect.Type, kinds: KindsByName) -> inspect.Type:
    """Return the shape of the file, in which every sender has the keys of its kind."""
    if not isinstance(shape, inspect.StructType):
        raise TypeError("the shape of the file is that of a structure")
    tables = tuple(_field(name, _shape_named(kind)) for name, kind in kinds.items())
    senders = inspect.StructType(cls=Struct, fields=tables)
    fields = tuple(_field(one.name, senders) if one.name == SENDERS else one for one in shape.fields)
    return msgspec.structs.replace(shape, fields=fields)


def shape_of(kind: SenderKind[Any]) -> inspect.StructType:
    """Return the shape of a table of this kind: its own keys, the file of each secret, and what every table has."""
    fields = [_field(_KIND, inspect.LiteralType((kind.name,)), "What kind of sender this is.", required=True)]
    own = inspect.type_info(kind.keys)
    for one in own.fields if isinstance(own, inspect.StructType) else ():
        fields.append(one)
        if is_secret(one.type):
            fields.append(
                _field(
                    f"{one.name}{FILE_ENDING}", inspect.StrType(), f"A file that holds the `{one.name}`, {_RELATIVE}"
                )
            )
    fields.append(_field("test_sender", inspect.BoolType(), _TEST_SENDER, default=False))
    return inspect.StructType(cls=kind.keys, fields=tuple(fields))


_RELATIVE: Final = "relative to the folder of `watchword.toml`."
_TEST_SENDER: Final = (
    "Whether its messages end in a test mailbox. Only such a sender, or the inbox, serves a test application, and it "
    "serves no live one."
)


def note_kinds(kinds: KindsByName, problems: Problems) -> None:
    """Say what is wrong with the names of tables, and with the kinds that they name."""
    for name, kind in kinds.items():
        if not _NAME.fullmatch(name):
            problems.add(
                (SENDERS, name), "a sender's name is up to 32 of letters, digits, _ and -: it stands in addresses"
            )
        if kind is None:
            problems.add((SENDERS, name, _KIND), f"is missing: {' or '.join(kind_names())}")
        elif isinstance(kind, str):
            problems.add((SENDERS, name, _KIND), kind)


def declare_senders(
    tables: Mapping[str, Mapping[str, object]], kinds: KindsByName, folder: Path, problems: Problems
) -> Mapping[str, DeclaredSender | None]:
    """Return the declared senders by name; None stands for one whose table is wrong."""
    return {name: _declare(name, tables.get(name, {}), kind, folder, problems) for name, kind in kinds.items()}


def _declare(
    name: str, table: Mapping[str, object], kind: SenderKind[Any] | str | None, folder: Path, problems: Problems
) -> DeclaredSender | None:
    if not isinstance(kind, SenderKind):
        return None
    values = _with_secrets((SENDERS, name), table, kind, folder, problems)
    try:
        keys = msgspec.convert(values, kind.keys)
    except msgspec.ValidationError as error:
        # Most often it only follows from what was said before; else it is what the kind's own structure asks for.
        if not problems.is_said_of((SENDERS, name)):
            text, _, place = str(error).partition(" - at `$.")
            problems.add((SENDERS, name, *filter(None, [place.rstrip("`")])), text)
        return None
    for key, text in kind.problems(keys):
        problems.add((SENDERS, name, key), text)
    return DeclaredSender(kind=kind, keys=keys, is_test_sender=table.get("test_sender") is True)


def _with_secrets(
    path: tuple[str, str], table: Mapping[str, object], kind: SenderKind[Any], folder: Path, problems: Problems
) -> dict[str, object]:
    """Return what the kind's own structure holds, with every secret read from where it is."""
    own = inspect.type_info(kind.keys)
    values: dict[str, object] = {}
    for one in own.fields if isinstance(own, inspect.StructType) else ():
        if not is_secret(one.type):
            values.update({one.name: table[one.name]} if one.name in table else {})
            continue
        secret = read_secret(one.name, table, path, folder, problems)
        if secret is not None:
            values[one.name] = secret
        elif one.required and f"{one.name}{FILE_ENDING}" not in table:
            # A file that is named and cannot be read is one fault, and said already.
            problems.add((*path, one.name), f"is missing: {where_to_set(one.name, path)}")
    return values


def _kind_of(name: object) -> SenderKind[Any] | str | None:
    if name is None:
        return None
    if not isinstance(name, str):
        return 'must be a text in quotes, such as "smtp"'
    try:
        return find_kind(name)
    except NoSuchKind as error:
        known = kind_names()
        return str(error) if name in known else f"must be {' or '.join(known)}{suggestion(name, known)}"


def _shape_named(kind: SenderKind[Any] | str | None) -> inspect.Type:
    return shape_of(kind) if isinstance(kind, SenderKind) else inspect.AnyType()


def _field(
    name: str, shape: inspect.Type, meaning: str | None = None, *, required: bool = False, default: object = None
) -> inspect.Field:
    told = shape if meaning is None else inspect.Metadata(shape, {"description": meaning}, None)
    if required:
        return inspect.Field(name=name, encode_name=name, type=told)
    return inspect.Field(name=name, encode_name=name, type=told, required=False, default=default)
