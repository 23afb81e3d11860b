"""Checks that a webhook is from your Watchword and is new (Standard Webhooks 1.0), without a client or a call."""

import hmac
import json
import time
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from watchword_client.errors import WebhookRefused

TOLERANCE_S = 300
"""How far the clocks may stand apart, and how long a stolen message can be shown again (Standard Webhooks 1.0)."""
_PREFIX = "whsec_"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent:
    """Something that happened, as a webhook told it."""

    id: str
    """The same on every try of the message: what you have done for an id is done."""
    type: str
    timestamp: datetime
    """When it happened; the message may be days younger."""
    data: Mapping[str, object] = field(repr=False)


def verify_webhook(
    body: bytes,
    headers: Mapping[str, str],
    secrets: str | Sequence[str],
    *,
    tolerance_s: int = TOLERANCE_S,
    now_s: Callable[[], float] = time.time,
) -> WebhookEvent:
    """Return what a webhook tells, if one of ``secrets`` signed it within ``tolerance_s``; else ``WebhookRefused``.

    ``body`` is what was received, byte by byte, and not what a framework made of it. Give two secrets while one takes
    the place of the other. Raises ``ValueError`` for secrets that are none.
    """
    keys = [_key(secret) for secret in ([secrets] if isinstance(secrets, str) else secrets)]
    if not keys:
        raise ValueError("give at least one secret")
    message_id, timestamp, signatures = _signed_headers(headers)
    _check_time(timestamp, tolerance_s, now_s())
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = [hmac.new(key, signed, sha256).digest() for key in keys]
    given = [found for found in map(_signature, signatures.split(" ")) if found is not None]
    # Every pair is compared, so that the time tells nothing of which one was right.
    if not any([hmac.compare_digest(one, other) for one in expected for other in given]):  # noqa: C419 as said above
        raise WebhookRefused("wrong_signature", "no secret made a signature of it")
    return _read(message_id, body)


def _key(secret: str) -> bytes:
    try:
        key = b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (NotBase64, ValueError):
        key = b""
    if not secret.startswith(_PREFIX) or not key:
        raise ValueError("a secret is whsec_ and base64")
    return key


def _signed_headers(headers: Mapping[str, str]) -> tuple[str, str, str]:
    named = {name.lower(): value for name, value in headers.items()}
    found = [named.get(name, "") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")]
    if not all(found):
        raise WebhookRefused("missing_header", "webhook-id, webhook-timestamp or webhook-signature is missing")
    message_id, timestamp, signatures = found
    if "." in message_id:
        raise WebhookRefused("missing_header", "webhook-id could be read in two ways")
    return message_id, timestamp, signatures


def _check_time(timestamp: str, tolerance_s: int, now_s: float) -> None:
    if not (timestamp.isascii() and timestamp.isdigit()) or abs(now_s - int(timestamp[:20])) > tolerance_s:
        raise WebhookRefused("wrong_time", f"webhook-timestamp is more than {tolerance_s} s from now, or no time")


def _signature(text: str) -> bytes | None:
    scheme, _, signature = text.partition(",")
    if scheme != "v1":
        return None
    try:
        found = b64decode(signature, validate=True)
    except (NotBase64, ValueError):
        return None
    return found if b64encode(found).decode() == signature else None


def _read(message_id: str, body: bytes) -> WebhookEvent:
    try:
        told = json.loads(body)
        return WebhookEvent(
            id=message_id,
            type=str(told["type"]),
            timestamp=datetime.fromisoformat(told["timestamp"]),
            data=dict(told["data"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise WebhookRefused("not_an_event", "it is signed, and is no event") from error
