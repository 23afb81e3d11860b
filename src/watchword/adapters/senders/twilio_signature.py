"""Tells whether a call to us is Twilio's, by ``X-Twilio-Signature`` (Twilio, "Webhooks security")."""

import hmac
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha1, sha256
from typing import Final
from urllib.parse import parse_qs, parse_qsl, urlsplit

from watchword.domain.errors import ReceiptRefused
from watchword.domain.secret import Secret
from watchword.ports.sender import ProviderCall

SIGNATURE: Final = "x-twilio-signature"
FIELDS_MOST: Final = 200
"""Of one form; Twilio sends some thirty."""
_FORM: Final = "application/x-www-form-urlencoded"
_DEFAULT_PORT: Final = 443


def sign_form(auth_token: Secret, url: str, fields: Sequence[tuple[str, str]]) -> str:
    """Return Twilio's signature of a form: HMAC-SHA1 over the address and the sorted fields, names and values."""
    # A field that stands twice with the same value is signed once.
    text = url + "".join(f"{name}{value}" for name, value in sorted(set(fields)))
    return b64encode(hmac.new(auth_token.reveal().encode(), text.encode(), sha1).digest()).decode()


def checked_form(auth_token: Secret, call: ProviderCall) -> dict[str, str]:
    """Return the fields of a call that Twilio signed; raises ``ReceiptRefused`` for any other.

    A body that is no form is signed by its digest in the address (``bodySHA256``), and has no fields for us.
    """
    is_form = call.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM
    fields = _fields(call.body) if is_form else []
    if call.body and not is_form:
        _check_digest(call)
    given = call.headers.get(SIGNATURE, "").encode()
    matches = [hmac.compare_digest(sign_form(auth_token, url, fields).encode(), given) for url in _spellings(call.url)]
    if not any(matches):
        raise ReceiptRefused
    return dict(fields)


def _fields(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=FIELDS_MOST,
        )
    except ValueError:
        raise ReceiptRefused from None


def _check_digest(call: ProviderCall) -> None:
    digests = parse_qs(urlsplit(call.url).query).get("bodySHA256", [])
    if len(digests) != 1 or not hmac.compare_digest(
        digests[0].lower().encode(), sha256(call.body).hexdigest().encode()
    ):
        raise ReceiptRefused


def _spellings(url: str) -> tuple[str, ...]:
    """Return the address as it may have been signed: Twilio's own libraries accept it with and without its port."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = parts.port or _DEFAULT_PORT
    return tuple(dict.fromkeys((url, *(parts._replace(netloc=one).geturl() for one in (host, f"{host}:{port}")))))
