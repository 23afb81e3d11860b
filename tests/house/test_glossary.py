"""The glossary against the code: a word that it explains is a word that the code uses."""

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.house.repository import ROOT, sources

TABLE = re.compile(r"^\| (?:word|state) \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", re.MULTILINE)


def _explained_words() -> list[str]:
    tables = TABLE.findall((ROOT / "GLOSSARY.md").read_text())
    rows = [row for table in tables for row in table.splitlines()]
    return [word for row in rows for word in row.split("|")[1].strip().split(", ")]


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield name
            case _:
                pass


def _parts(name: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return [part for part in spaced.lower().split("_") if part]


@cache
def _used_words() -> frozenset[str]:
    """Gives every word that is part of a name of a module, a class, a function, a field or a variable of the server."""
    words: set[str] = set()
    for path in sources():
        if path.is_relative_to(ROOT / "src"):
            words.update(_parts(path.stem))
            words.update(part for name in _names(ast.parse(path.read_text())) for part in _parts(name))
    return frozenset(words)


@pytest.mark.parametrize("word", _explained_words())
def test_the_code_uses_the_word(word: str) -> None:
    assert word in _used_words()


def test_the_words_are_found_at_all() -> None:
    assert {"application", "rule", "generation", "lane", "event", "denied"} <= set(_explained_words())
