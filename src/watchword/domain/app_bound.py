"""How Android hands an SMS to the app that it is for, so that we can check a message before it leaves.

The SMS Retriever of Google Play services ("Perform SMS verification on a server"): a message of at most 140 bytes that
holds a code and, as its end, the eleven characters that stand for the app. Such a line and that of ``origin_bound``
both want to be the last one, so a message has one or the other (docs/decisions/0007-app-hash-or-site.md).
"""

import re
from dataclasses import dataclass
from typing import Final

from watchword.domain import gsm
from watchword.domain.secret import Secret

APP_HASH_CHARACTERS: Final = 11
RETRIEVED_BYTES_AT_MOST: Final = 140
"""What the SMS Retriever takes; a longer message arrives, and its code has to be typed."""
_APP_HASH: Final = re.compile(r"[A-Za-z0-9+/]{11}", re.ASCII)
"""The start of a SHA-256 over package name and certificate, in Base64 (the same page)."""
_CODE: Final = re.compile(r"(?<![0-9])[0-9]{6,10}(?![0-9])", re.ASCII)
_LONG_NUMBER: Final = re.compile(r"[0-9]{6}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppBound:
    """What a message is to the app: its own name, and a code."""

    app_hash: str
    code: Secret


def app_hash_problem(text: str) -> str | None:
    """Return why this is no hash of an app that a message could end with, or None."""
    if not _APP_HASH.fullmatch(text):
        return f"must be the {APP_HASH_CHARACTERS} characters that Android knows the app by, such as FA+9qCX9VSu"
    if _LONG_NUMBER.search(text):
        return "holds six digits in a row, which would read like a code"
    return None


def parse_app_bound(text: str) -> AppBound | None:
    """Return what an app reads from a message that it is handed, or None where it would not get it or finds no code."""
    body, line_break, last_line = text.rpartition("\n")
    code = _CODE.search(body)
    if not line_break or code is None or app_hash_problem(last_line) is not None:
        return None
    return AppBound(app_hash=last_line, code=Secret(code.group()))


def is_retrievable(text: str) -> bool:
    """Whether a message is short enough for the SMS Retriever, its bytes counted in UTF-8 as well as on the air."""
    return len(text.encode()) <= RETRIEVED_BYTES_AT_MOST and gsm.parts(text) == 1
