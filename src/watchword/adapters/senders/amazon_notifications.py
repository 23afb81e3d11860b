"""Believes notifications of Amazon SNS that Amazon signed for one topic, and confirms the subscription to it.

The signature covers everything that is read here. A notification may be repeated by anybody who saw it: that is
harmless, because a receipt that says what is known already changes nothing.
"""

import asyncio
import base64
import binascii
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import httpx2
import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from watchword.domain.errors import ReceiptRefused, ServiceUnavailable
from watchword.domain.instant import SECOND_MS
from watchword.ports.clock import Clock
from watchword.ports.sender import ProviderCall

Fetch = Callable[[str], Awaitable[bytes]]
"""Returns what is at an address of Amazon's; raises ``ReceiptRefused`` where nothing is, and ``ServiceUnavailable``
where nobody answers: Amazon calls again after a 503, and not after a 403."""
FETCH_S: Final = 5.0
CERTIFICATE_BYTES: Final = 16_384
CERTIFICATES_KEPT: Final = 8
"""Amazon changes them about once a year."""
_AWAY: Final = "Amazon SNS did not answer; call again."
_OK: Final = 200
_THEIR_FAULT: Final = 500
_HOST: Final = re.compile(r"sns\.[a-z]{2}(?:-[a-z]+)+-\d\.amazonaws\.com(?:\.cn)?")
_CERTIFICATE_PATH: Final = re.compile(r"/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem")
_NOTIFICATION: Final = "Notification"
_CONFIRMATION: Final = "SubscriptionConfirmation"
_SIGNED: Final = {
    _NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    _CONFIRMATION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
"""Fields under the signature, in their order (Amazon SNS developer guide, "Verifying the signatures of messages")."""


class AmazonTopic:
    """One topic that is subscribed to by HTTPS."""

    def __init__(self, topic_arn: str, clock: Clock, fetch: Fetch | None = None) -> None:
        self._topic_arn = topic_arn
        self._clock = clock
        self._fetch = fetch or fetch_from_amazon
        self._certificates: dict[str, x509.Certificate] = {}
        self._fetching = asyncio.Lock()
        """One certificate is fetched at a time, whatever is posted to us."""

    async def read(self, call: ProviderCall) -> str | None:
        """Return the message of a notification, None where the call was about the subscription.

        Raises ``ReceiptRefused`` unless Amazon signed it for this topic.
        """
        fields = _fields(call.body)
        if fields.get("TopicArn") != self._topic_arn or fields.get("Type") not in _SIGNED:
            raise ReceiptRefused
        await self._check_signature(fields)
        if fields["Type"] == _CONFIRMATION:
            await self._confirm(fields.get("SubscribeURL", ""))
        return fields["Message"] if fields["Type"] == _NOTIFICATION else None

    async def _check_signature(self, fields: dict[str, str]) -> None:
        algorithm = {"1": hashes.SHA1(), "2": hashes.SHA256()}.get(fields.get("SignatureVersion", ""))  # noqa: S303 Amazon signs by SHA-1 unless its topic is told otherwise
        certificate = await self._certificate(fields.get("SigningCertURL", ""))
        key = certificate.public_key()
        if algorithm is None or not isinstance(key, rsa.RSAPublicKey):
            raise ReceiptRefused
        try:
            signature = base64.b64decode(fields.get("Signature", ""), validate=True)
            key.verify(signature, _signed_text(fields), padding.PKCS1v15(), algorithm)
        except (InvalidSignature, binascii.Error, ValueError) as error:
            raise ReceiptRefused from error

    async def _certificate(self, url: str) -> x509.Certificate:
        """Return the certificate at an address of Amazon SNS: that it came from there by TLS is what makes it right."""
        if not is_of_amazon_sns(url) or not _CERTIFICATE_PATH.fullmatch(urlsplit(url).path) or urlsplit(url).query:
            raise ReceiptRefused
        # One that is known waits for nobody: whoever knows our topic can have us fetch what is not there.
        certificate = self._certificates.get(url)
        if certificate is None:
            async with self._fetching:
                certificate = self._certificates.get(url) or _parsed(await self._fetch(url))
        now = datetime.fromtimestamp(self._clock.now() // SECOND_MS, UTC)
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise ReceiptRefused
        if url not in self._certificates and len(self._certificates) >= CERTIFICATES_KEPT:
            self._certificates.pop(next(iter(self._certificates)))
        self._certificates[url] = certificate
        return certificate

    async def _confirm(self, url: str) -> None:
        """Say that we want this topic's notifications. Amazon asks anew where it did not hear it."""
        if not is_of_amazon_sns(url):
            raise ReceiptRefused
        await self._fetch(url)


def is_of_amazon_sns(url: str) -> bool:
    """Whether an address is one of Amazon SNS itself, by HTTPS, with nothing before or behind the host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and parts.fragment == "" and _HOST.fullmatch(parts.netloc) is not None


async def fetch_from_amazon(url: str) -> bytes:
    """Return what is at an address; a redirect is no answer."""
    try:
        async with (
            asyncio.timeout(FETCH_S),
            httpx2.AsyncClient(follow_redirects=False, timeout=FETCH_S) as client,
            client.stream("GET", url) as answer,
        ):
            if answer.status_code >= _THEIR_FAULT:
                raise ServiceUnavailable(_AWAY)
            if answer.status_code != _OK:
                raise ReceiptRefused
            body = b""
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > CERTIFICATE_BYTES:
                    raise ReceiptRefused
            return body
    except (TimeoutError, httpx2.HTTPError) as error:
        raise ServiceUnavailable(_AWAY) from error


def _fields(body: bytes) -> dict[str, str]:
    """Return the texts of a JSON object; whatever else stands there is not read."""
    try:
        fields = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ReceiptRefused from error
    if not isinstance(fields, dict):
        raise ReceiptRefused
    return {name: value for name, value in fields.items() if isinstance(value, str)}


def _signed_text(fields: dict[str, str]) -> bytes:
    """Return what Amazon signed; every field but the subject has to be there."""
    names = [name for name in _SIGNED[fields["Type"]] if name in fields or name != "Subject"]
    if not all(name in fields for name in names):
        raise ReceiptRefused
    return "".join(f"{name}\n{fields[name]}\n" for name in names).encode()


def _parsed(pem: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise ReceiptRefused from error
