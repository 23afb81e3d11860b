"""What a screen reader is given: the browser's own accessibility tree, written down line by line to be read."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from playwright.async_api import Page

_TEXT: Final = "StaticText"
_SILENT: Final = frozenset(
    {"generic", "none", "InlineTextBox", "LineBreak", "RootWebArea", "LabelText", "ListMarker", "time", "strong", _TEXT}
)
"""Roles that nothing is said about; what lies in them is."""
_TOLD: Final = ("checked", "expanded", "disabled", "required", "invalid", "focused", "live")
_USUAL: Final = frozenset({False, "false", "", None})
_SAID: Final = re.compile(rf": .*?(?=( \(({'|'.join(_TOLD)})\))*$)")
"""What is said of a node, without its states: a sentence may end in brackets of its own."""
_CHANGING: Final = (
    (re.compile(r"127\.0\.0\.1:\d+"), "HOST"),
    (re.compile(r"\b[0-9A-HJKMNP-TV-Z]{8}\b"), "REFERENCE"),
)
"""What differs from run to run, with what stands for it."""

Nodes = Mapping[str, Mapping[str, Any]]


async def heard(page: Page) -> str:
    """Return the page as it is read aloud: role, name, description and states of all, indented by what holds it."""
    session = await page.context.new_cdp_session(page)
    answer = await session.send("Accessibility.getFullAXTree")
    await session.detach()
    nodes = {node["nodeId"]: node for node in answer["nodes"]}
    text = "\n".join((f"title: {await page.title()}", *_lines(nodes, answer["nodes"][0], 0))) + "\n"
    for pattern, stand_in in _CHANGING:
        text = pattern.sub(stand_in, text)
    return text


def shape(text: str) -> list[str]:
    """Return only the roles and states of what was heard: the same in every language."""
    return [_SAID.sub("", line) for line in text.splitlines()[1:]]


def _lines(nodes: Nodes, node: Mapping[str, Any], depth: int) -> Iterator[str]:
    texts = _only_texts(nodes, node)
    is_told = not node.get("ignored") and _value(node, "role") not in _SILENT
    if is_told:
        yield from _sentences(node, "" if texts is None else texts, "  " * depth)
    elif texts is not None and texts.strip():
        yield f"{'  ' * depth}text: {_squeezed(texts)}"
    if texts is None:
        for child in _children(nodes, node):
            yield from _lines(nodes, child, depth + is_told)


def _sentences(node: Mapping[str, Any], texts: str, indent: str) -> Iterator[str]:
    role, name, description = (_value(node, key) for key in ("role", "name", "description"))
    level = [f"{one['value']['value']}" for one in node.get("properties", ()) if one["name"] == "level"]
    states = {one["name"]: one["value"].get("value") for one in node.get("properties", ())}
    told = [f"({key})" for key in _TOLD if states.get(key, "") not in _USUAL]
    said = f": {_squeezed(name or texts)}" if name.strip() or texts.strip() else ""
    yield " ".join((f"{indent}{role}{' ' + level[0] if role == 'heading' else ''}{said}", *told))
    if description:
        yield f"{indent}    described by: {_squeezed(description)}"


def _only_texts(nodes: Nodes, node: Mapping[str, Any]) -> str | None:
    """Return all that is in a node, where that is nothing but text."""
    if _value(node, "role") == _TEXT:
        return _value(node, "name")
    inner = [(child, _only_texts(nodes, child)) for child in _children(nodes, node)]
    if any(text is None or _value(child, "role") not in {*_SILENT, ""} for child, text in inner):
        return None
    return " ".join(text or "" for _, text in inner)


def _children(nodes: Nodes, node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [nodes[child] for child in node.get("childIds", ()) if child in nodes]


def _squeezed(text: str) -> str:
    return re.sub(r" (?=[.,:;”])|(?<=“) ", "", " ".join(text.split()))


def _value(node: Mapping[str, Any], key: str) -> str:
    return str(node.get(key, {}).get("value", ""))
