"""What comes in and what goes out, as values: the same for the hot path and for everything behind it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote

from starlette.types import Scope

from watchword.domain.errors import BadHeader, BodyTooLarge, InvalidField, NotFound, NotJson, UnsupportedMediaType
from watchword.web.json_texts import read_json

REQUEST_ID: Final = "watchword.request_id"
"""Where the scope of a request holds its id."""
JSON_TYPE: Final = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, read to its end."""

    id: str
    method: str
    route: str
    """The template of its address: what logs and metrics may hold."""
    path: str = field(repr=False)
    """The address as it was sent, still encoded; may hold a token."""
    query: bytes = field(repr=False)
    values: Mapping[str, str] = field(repr=False)
    """The parts of the address that the template names, decoded."""
    headers: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    """Names in lower case."""
    body: bytes | None = field(repr=False)
    """None: it was larger than allowed, and was dropped."""

    def header(self, name: str) -> str | None:
        """Return a header that may stand once; ``BadHeader`` where it stands twice or is not ASCII."""
        wanted = name.encode()
        found = [value for key, value in self.headers if key == wanted]
        if not found:
            return None
        if len(found) > 1 or not found[0].isascii():
            raise BadHeader(f"{name} stands once, in ASCII")
        return found[0].decode("ascii")

    def json(self, *, empty_is_object: bool = False) -> object:
        """Return the body's JSON value; an empty body counts as ``{}`` where the call takes one.

        Raises ``BodyTooLarge``, ``UnsupportedMediaType``, ``NotJson`` or ``InvalidField``.
        """
        if self.body is None:
            raise BodyTooLarge
        if not self.body:
            if empty_is_object:
                return {}
            raise NotJson("the body is empty")
        if not _is_json(self.header("content-type")):
            raise UnsupportedMediaType
        return read_json(self.body)

    def parameters(self, *allowed: str) -> dict[str, str]:
        """Return the query's parameters; ``InvalidField`` for one that is unknown, repeated or not text."""
        try:
            pairs = parse_qsl(
                self.query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS
            )
        except ValueError:
            raise InvalidField("the query is not form-encoded UTF-8") from None
        found = dict(pairs)
        for name, value in pairs:
            if name not in allowed:
                raise InvalidField(f"the query takes {', '.join(allowed) or 'nothing'}")
            if "\0" in value:
                raise InvalidField(f"the query parameter {name} holds NUL")
        if len(found) != len(pairs):
            raise InvalidField("a query parameter stands twice")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer, whole."""

    status: int
    body: bytes = field(default=b"", repr=False)
    content_type: str = JSON_TYPE
    headers: tuple[tuple[str, str], ...] = ()


def decode_values(encoded: Mapping[str, str]) -> dict[str, str]:
    """Return the named parts of an address decoded; ``NotFound`` for one that is not UTF-8 or holds NUL."""
    found: dict[str, str] = {}
    for name, text in encoded.items():
        try:
            found[name] = unquote(text, errors="strict")
        except UnicodeDecodeError:
            raise NotFound from None
        if "\0" in found[name] or not text.isascii():
            raise NotFound
    return found


def request_id_of(scope: Scope) -> str:
    """Return the id that the dispatcher gave this request."""
    return str(scope.get(REQUEST_ID, ""))


_MOST_PARAMETERS: Final = 20


def _is_json(content_type: str | None) -> bool:
    if content_type is None:
        return False
    media_type, _, rest = content_type.partition(";")
    parameter = rest.strip().lower().replace('"', "")
    return media_type.strip().lower() == JSON_TYPE and parameter in {"", "charset=utf-8"}
