"""Reads a request's body within bounds, so that no caller can fill the memory."""

from typing import Final

from starlette.types import Receive

LARGEST_BODY: Final = 64 * 1024
"""Bytes that any call takes."""
LARGEST_DROPPED: Final = 2 * 1024 * 1024
"""Bytes that are read and dropped before the refusal, so that a caller who is still sending gets to read it."""


class ClientLeft(Exception):
    """The caller closed the connection before the request was whole: there is nobody to answer."""


async def read_body(receive: Receive) -> tuple[bytes | None, bool]:
    """Return the body, or None where it is larger than ``LARGEST_BODY``, and whether it was read to its end.

    Raises ``ClientLeft``.
    """
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        return (body if len(body) <= LARGEST_BODY else None), True
    pieces: list[bytes] = []
    length = 0
    while True:
        if message["type"] != "http.request":
            raise ClientLeft
        piece: bytes = message.get("body", b"")
        length += len(piece)
        if length <= LARGEST_BODY:
            pieces.append(piece)
        is_whole = not message.get("more_body", False)
        if is_whole or length > LARGEST_DROPPED:
            return (b"".join(pieces) if length <= LARGEST_BODY else None), is_whole
        message = await receive()
