"""Reads what customers type into the store's forms. Sent by the store's own pages or not at all."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from starlette.exceptions import HTTPException
from starlette.requests import Request

from watchword.demo.visits import is_form_token

LARGEST_BYTES = 16 * 1024
"""Far more than the largest form of the store holds."""
MOST_FIELDS = 20


async def read_form(request: Request) -> Mapping[str, str]:
    """Return the fields of a form, or refuse it: 403 if it is not one of ours, 413 or 415 if it is no form."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise HTTPException(415, "This page takes its own forms only.")
    fields = _fields(await _body(request))
    if not is_form_token(request, fields.get("form_token", "")):
        raise HTTPException(403, "This form is too old or comes from elsewhere. Open the page again and retry.")
    return fields


def read_email(typed: str) -> str | None:
    """Return an e-mail address in the form the store keeps, or ``None`` if it is none."""
    try:
        return validate_email(typed.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        return None


def read_phone(typed: str) -> str | None:
    """Return a phone number in E.164, or ``None`` if it is none; a number without ``+`` is taken as American."""
    try:
        number = phonenumbers.parse(typed.strip(), "US")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def read_address(channel_type: str, typed: str) -> str | None:
    """Return an address of this type in the form the store keeps, or ``None`` if it is none."""
    return read_email(typed) if channel_type == "email" else read_phone(typed)


def read_pieces(typed: str, most: int) -> int | None:
    """Return how many are wanted, or ``None`` if that is no number from 0 to ``most``."""
    if not typed.isascii() or not typed.isdigit() or len(typed) > len(str(most)):
        return None
    return int(typed) if int(typed) <= most else None


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BYTES:
            raise HTTPException(413, "That was more than a form of this store can hold.")
    return bytes(body)


def _fields(body: bytes) -> Mapping[str, str]:
    try:
        return dict(
            parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
        )
    except ValueError:
        raise HTTPException(400, "This form could not be read.") from None
