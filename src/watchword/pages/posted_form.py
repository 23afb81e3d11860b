"""Reads a form that a browser posted, within limits; knows no page."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from watchword.pages.refused import PageRefused, Why
from watchword.web.body_reader import ClientLeft, read_body

LARGEST_FORM: Final = 16 * 1024
"""Bytes; far above any form of ours, because a whole pasted message has about 2,000 characters."""
MOST_FIELDS: Final = 32
_FORM_TYPE: Final = "application/x-www-form-urlencoded"


async def read_form(request: Request) -> Mapping[str, str]:
    """Return the fields of a form; of a field that stands twice, the first. Bytes that are not UTF-8 become U+FFFD.

    Raises ``PageRefused`` for another media type, for more than ``LARGEST_FORM`` bytes and for too many fields.
    """
    try:
        body, _ = await read_body(request.receive)
    except ClientLeft:
        raise PageRefused(Why.KIND) from None
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != _FORM_TYPE:
        raise PageRefused(Why.KIND)
    if body is None or len(body) > LARGEST_FORM:
        raise PageRefused(Why.LARGE)
    try:
        pairs = parse_qsl(
            body.decode("utf-8", errors="replace"),
            keep_blank_values=True,
            errors="replace",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise PageRefused(Why.KIND) from None
    return dict(reversed(pairs))
