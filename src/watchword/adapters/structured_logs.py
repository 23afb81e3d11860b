"""Logs as JSON, one object a line, from which secrets and addresses are removed before they are written.

Two nets, one behind the other: a field whose name says that it holds a secret is left out, and every text, whatever its
name and wherever it comes from (other libraries and tracebacks too), is searched for what looks like one. What is no
plain value is shown by its type only, so that no object spills its fields.
"""

import json
import logging
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from enum import Enum
from functools import lru_cache, partial
from math import isfinite
from pathlib import PurePath
from typing import Final, TextIO, cast

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from watchword.domain.contact import ContactKind, mask
from watchword.domain.secret import Secret

LEFT_OUT: Final = "[left out]"
DEPTH_AT_MOST: Final = 5
CHARACTERS_AT_MOST: Final = 20_000
"""A longer text is cut before it is searched; a traceback of a hundred frames is shorter."""

_SECRET_WORDS: Final = frozenset(
    (
        *("authorization", "cookie", "cookies", "credential", "credentials", "password", "passwords", "secret"),
        *("code", "codes", "digits", "grant", "grants", "key", "keys", "mac", "otp", "pin", "secrets", "token"),
        *("body", "headers", "html", "subject", "text", "tokens"),
    )
)
"""A field whose name ends in one of these is left out."""
_HARMLESS_NAMES: Final = frozenset({"error_code", "status_code", "problem_code"})
_SECRET_SHAPES: Final = re.compile(
    r"""
      (?P<token>
          wk_(?:live|test)_[\w.~-]+                     # an application's key
        | whsec_[\w+/=-]+                              # what webhooks are signed with
        | wct_[\w-]+                                    # a challenge's token, in a page's address too
        | wd1\.[\w.-]+                                  # a device's token
        | eyJ[\w-]{5,}(?:\.[\w-]*){0,4}                 # a grant
        | (?<=[?&]n=)[\w.-]+                            # the signed link of a notice
        | (?<=__Host-)[\w-]+=[^;\s"']+                  # our cookies
        | \bwatchword-[\w-]+=[^;\s"']+
        | (?<![\w-])[\w-]{43}=                          # 32 bytes in base64url: a key
        | \b[Bb](?:earer|asic)\s+[^\s"',]+
      )
    | (?P<email> [^\s@<>"'(),;:=\[\]{}/\\]+ (?:@|%40) [^\s@<>"'(),;:=\[\]{}/\\]+ \. [^\W\d_]{2,} )
    | (?P<phone> (?:\+|%2B) \d (?:[\s().-]{0,2}\d){6,14} )
    | (?P<digits> (?<!\w) (?<!\d\.) (?: \d{6,15} | \d{2,4}(?:[ -]\d{2,4}){1,3} ) (?!\w) )
    """,
    re.VERBOSE,
)
_SUSPICIOUS: Final = re.compile(r"[@%+=]|\b\d\d|eyJ|w(?:k_|ct_|d1\.|hsec_)|[Bb](?:earer|asic)\s")
"""What every secret shape has something of; nearly all texts have nothing, and this is twenty times faster."""
_DATE: Final = re.compile(r"(?:19|20)\d\d-[01]\d(?:-[0-3]\d)?")


_ENCODER: Final = json.JSONEncoder()


def configure_logs(level: str, *, stream: TextIO | None = None, process: int | None = None) -> None:
    """Send the lines of this and every other library through the nets to ``stream`` (standard error if None).

    ``level`` is ``debug``, ``info``, ``warning`` or ``error``. Every line tells ``process``, where several write to one
    stream. For the composition root: it replaces what was
    configured for the whole process before.
    """
    output = sys.stderr if stream is None else stream
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        *(() if process is None else (partial(_add_process, process),)),
        structlog.processors.format_exc_info,
        redact,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, _written],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _Unfailing(output))),
        cache_logger_on_first_use=False,  # loggers made earlier must follow a new configuration
    )
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *shared, _written],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # Below that libraries quote whole bodies, some of them in an encoding that no net sees through.
    root.setLevel(max(number, logging.INFO))
    logging.captureWarnings(capture=True)


class _Unfailing:
    """A stream whose lines are lost where it takes none: nobody's request, and no worker, ends because of its log.

    A disk that is full fails database and log together, and whoever reads a pipe may have ended.
    """

    __slots__ = ("__weakref__", "_stream")

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def _add_process(process: int, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {**event, "process": process}


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Return the fields of a line without secrets and with masked addresses."""
    return {name: _field(name, value, 0) for name, value in event.items()}


def scrub(text: str) -> str:
    """Return a text in which whatever looks like a token, a key, an address or a code is replaced."""
    if len(text) > CHARACTERS_AT_MOST:
        # The last word goes too: cut short, it might not be recognised for what it is.
        text = " ".join((*text[:CHARACTERS_AT_MOST].split(" ")[:-1], "[cut]"))
    return _SECRET_SHAPES.sub(_replaced, text) if _SUSPICIOUS.search(text) else text


def _replaced(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "email":
            return mask(ContactKind.EMAIL, Secret(found[0].replace("%40", "@")))
        case "phone":
            return mask(ContactKind.PHONE, Secret(found[0]))
        case "digits":
            return found[0] if _DATE.fullmatch(found[0]) else "[digits]"
        case kind:
            return f"[{kind}]"


def _field(name: str, value: object, depth: int) -> object:
    if _is_secret(name):
        return LEFT_OUT
    # Most values are texts, and trying the patterns of ``_plain`` takes as long as searching one.
    return scrub(value) if type(value) is str else _plain(value, depth)


@lru_cache(maxsize=1_024)  # the names of fields are few, and asked for at every line
def _is_secret(name: str) -> bool:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    return spaced not in _HARMLESS_NAMES and re.split(r"[\W_]+", spaced)[-1] in _SECRET_WORDS


def _plain(value: object, depth: int) -> object:
    """Return a value made of what JSON has, with every text searched."""
    match value:
        case Enum():
            return _plain(value.value, depth)
        case str() | date() | PurePath():
            return scrub(str(value))
        case None | bool() | int():
            return value
        case float():
            return value if isfinite(value) else str(value)
        case BaseException():
            return scrub(f"{type(value).__name__}: {value}")
        case Mapping() if depth < DEPTH_AT_MOST:
            return {scrub(str(key)): _field(str(key), entry, depth + 1) for key, entry in value.items()}
        case list() | tuple() | set() | frozenset() if depth < DEPTH_AT_MOST:
            return [_plain(entry, depth + 1) for entry in value]
        case _:
            return f"<{type(value).__name__}>"


def _written(_: WrappedLogger, __: str, event: EventDict) -> str:
    return _ENCODER.encode(event)
