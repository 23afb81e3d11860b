"""Reads the environment: settings as ``WATCHWORD_TABLE__KEY``, and the two variables that bring the keys."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from msgspec import inspect

from watchword.config.key_lines import KeyPath
from watchword.config.shape_check import is_text, shape_at

PREFIX: Final = "WATCHWORD_"
KEYS_VARIABLE: Final = "WATCHWORD_KEYS"
"""Holds the text of a key file."""
KEYS_FILE_VARIABLE: Final = "WATCHWORD_KEYS_FILE"
"""Names a key file, by the custom of container secrets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One setting that the environment or the command line gives."""

    path: KeyPath
    value: object
    origin: str
    """What messages call the place it is from."""


def read_environment() -> Mapping[str, str]:
    """Return the variables of this process that are ours."""
    return {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}


def environment_for_child(more: Mapping[str, str]) -> Mapping[str, str]:
    """Return all variables of this process, ours and others', and ``more``: what a program that we start is given."""
    return {**os.environ, **more}


def overrides_of(environ: Mapping[str, str], shape: inspect.Type) -> tuple[Override, ...]:
    """Return the settings among the variables: those with ``__`` between table and key.

    A text stands as it is; a number, a list or a truth value is written as in TOML (``["a", "b"]``), and what is no
    TOML is passed on as a text, which the check of shapes then refuses by name.
    """
    found = []
    for name in sorted(environ):
        if not name.startswith(PREFIX) or "__" not in name:
            continue
        path = _path(name.removeprefix(PREFIX))
        kind = shape_at(shape, path)
        value = environ[name] if kind is None or is_text(kind) else _read_toml(environ[name])
        found.append(Override(path=path, value=value, origin=name))
    return tuple(found)


def with_overrides(tree: Mapping[str, object], overrides: tuple[Override, ...]) -> dict[str, object]:
    """Return the tree with the overrides put in; later ones win."""
    merged = _copied(tree)
    for override in overrides:
        table = merged
        for key in override.path[:-1]:
            inner = table.get(key)
            table[key] = inner = inner if isinstance(inner, dict) else {}
            table = inner
        table[override.path[-1]] = override.value
    return merged


def _path(name: str) -> KeyPath:
    parts = name.lower().split("__")
    # Currencies are the one kind of key that is written in capitals.
    return (*parts[:-1], parts[-1].upper()) if "high_value" in parts[:-1] else tuple(parts)


def _read_toml(text: str) -> object:
    # One value on one line: a line break could bring further keys.
    if re.search(r"[\r\n]", text):
        return text
    try:
        return tomllib.loads(f"value = {text}\n")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _copied(tree: Mapping[str, object]) -> dict[str, object]:
    return {key: _copied(value) if isinstance(value, dict) else value for key, value in tree.items()}
