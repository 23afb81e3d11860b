"""Hands text messages to Vonage's Messages API (version 1), and reads the status calls that it signs.

The older SMS API goes on working at Vonage; the Messages API is the one it recommends, and the one whose calls are
signed over their body.
"""

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Final

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey, RSAKey
from msgspec import Meta, Struct

from watchword.adapters.outward import Answer, OutwardClient
from watchword.adapters.senders.kind import RECEIPT_WITHIN_S, ReceiptWithin, SenderKind, SenderSurroundings
from watchword.adapters.senders.provider_calls import (
    CALL_S,
    ProviderClient,
    base_url_problem,
    is_taken,
    object_in,
    read_object,
    refusal,
    retry_after_ms,
    text_of,
)
from watchword.domain.contact import Channel
from watchword.domain.errors import DeliveryFailed, ReceiptRefused
from watchword.domain.ids import DeliveryId
from watchword.domain.instant import SECOND_MS
from watchword.domain.message import DeliveryStatus, Envelope
from watchword.domain.secret import Secret
from watchword.ports.clock import Clock, Entropy
from watchword.ports.sender import Handover, ProviderCall, Receipt

PROVIDER: Final = "vonage"
TOKEN_S: Final = 300
"""How long what we sign in with is good; each call has its own."""
SECRET_CHARACTERS_LEAST: Final = 16
_BEARER: Final = "Bearer "


class VonageKeys(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Vonage: text messages by the Messages API."""

    application_id: Annotated[
        str,
        Meta(
            pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
            description="Id of the application, which has the capability Messages.",
        ),
    ]
    private_key: Annotated[
        Secret, Meta(description="Its private key in PEM, as the dashboard generates it; several lines, so a file.")
    ]
    signature_secret: Annotated[
        Secret | None,
        Meta(description="The account's signature secret. Without it no report can be believed, and none is read."),
    ] = None
    from_number: Annotated[
        str,
        Meta(min_length=1, max_length=15, description="What messages are sent from: digits without `+`, or a name."),
    ]
    api_url: Annotated[str, Meta(description="Another address of the API, such as that of a region.")] = (
        "https://api.nexmo.com"
    )
    receipt_within_s: ReceiptWithin = RECEIPT_WITHIN_S


@dataclass(frozen=True, slots=True)
class _Error:
    word: str
    status: DeliveryStatus = DeliveryStatus.UNDELIVERED
    is_passing: bool = False


_ERRORS: Final[Mapping[str, _Error]] = {
    "1000": _Error("too many messages at once", is_passing=True),
    "1020": _Error("not a message that Vonage takes"),
    "1030": _Error("an error inside Vonage", is_passing=True),
    "1040": _Error("not a number that can be reached"),
    "1050": _Error("barred at Vonage", DeliveryStatus.BLOCKED),
    "1060": _Error("the account is barred"),
    "1070": _Error("the account has no credit"),
    "1080": _Error("the account may not use this API"),
    "1100": _Error("the network could not be reached", is_passing=True),
    "1120": _Error("the sender's name is not allowed there", DeliveryStatus.BLOCKED),
    "1140": _Error("not enabled for the account"),
    "1160": _Error("a trial account sends to verified numbers only", DeliveryStatus.BLOCKED),
    "1170": _Error("not a number that can be reached"),
    "1430": _Error("not a number that can be reached"),
    "low-balance": _Error("the account has no credit"),
    "unauthorized": _Error("the credentials were refused"),
}
"""Vonage's "API Errors", Messages API and general; the others are told by their number alone.

None of them says for certain that a number is dead, so none marks a contact.
"""
_STATUSES: Final[Mapping[str, DeliveryStatus]] = {
    "submitted": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.DELIVERED,
}
_FAILED: Final = frozenset({"rejected", "undeliverable"})


class VonageSender:
    """Keeps ``ports.sender.Sender``, ``ReceiptReader`` and ``Reporting`` for ``Channel.SMS``."""

    def __init__(
        self, keys: VonageKeys, clock: Clock, entropy: Entropy, outward: OutwardClient, *, call_s: float = CALL_S
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._entropy = entropy
        self._private_key = RSAKey.import_key(keys.private_key.reveal())
        secret = keys.signature_secret
        self._signature_key = None if secret is None else OctKey.import_key(secret.reveal())
        self._client = ProviderClient(outward, keys.api_url, call_s=call_s)

    @property
    def receipt_within_s(self) -> int | None:
        """After how long without a receipt another sender is asked; None where no receipt could be believed."""
        return (self._keys.receipt_within_s or None) if self._signature_key is not None else None

    async def send(self, envelope: Envelope) -> Handover:
        """Hand a text message over; raises ``DeliveryFailed``."""
        if envelope.channel is not Channel.SMS:
            raise DeliveryFailed("this sender does not take the channel", retryable=False)
        headers = {"authorization": f"{_BEARER}{self._token()}", "content-type": "application/json"}
        answer = await self._client.post("/v1/messages", headers, msgspec.json.encode(self._fields(envelope)))
        if not is_taken(answer):
            raise _refused(answer)
        message_id = text_of(read_object(answer), "message_uuid")
        if message_id is None:
            raise DeliveryFailed("the provider answered without an id", retryable=True)
        return Handover(provider=PROVIDER, provider_message_id=message_id, status=DeliveryStatus.ACCEPTED)

    async def read(self, call: ProviderCall) -> Sequence[Receipt]:
        """Return what a status call reports; raises ``ReceiptRefused`` unless it is signed for this application."""
        self._check(call)
        found = object_in(call.body)
        if found is None:
            raise ReceiptRefused
        said, message_id, reference = (text_of(found, key) for key in ("status", "message_uuid", "client_ref"))
        status, reason = _status_of(said, found.get("error"))
        if status is None or (message_id is None and reference is None):
            return ()
        delivery_id = None if reference is None else DeliveryId(reference)
        return (Receipt(delivery_id=delivery_id, provider_message_id=message_id, status=status, reason=reason),)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _fields(self, envelope: Envelope) -> dict[str, object]:
        fields: dict[str, object] = {
            "channel": "sms",
            "message_type": "text",
            "to": envelope.to.reveal().removeprefix("+"),
            "from": self._keys.from_number,
            "text": envelope.message.text,
            # Vonage knows no idempotency key: this comes back in every report, and that is all.
            "client_ref": envelope.delivery_id,
        }
        if envelope.callback_url is not None and self._signature_key is not None:
            fields |= {"webhook_url": envelope.callback_url, "webhook_version": "v1"}
        return fields

    def _token(self) -> str:
        now_s = self._clock.now() // SECOND_MS
        claims = {
            "application_id": self._keys.application_id,
            "iat": now_s,
            "exp": now_s + TOKEN_S,
            "jti": self._entropy.token(16).hex(),
        }
        return jwt.encode({"alg": "RS256"}, claims, self._private_key)

    def _check(self, call: ProviderCall) -> None:
        """Raise ``ReceiptRefused`` unless the account signed exactly this body for this application."""
        head, _, token = call.headers.get("authorization", "").partition(_BEARER)
        if self._signature_key is None or head or not token:
            raise ReceiptRefused
        try:
            claims = jwt.decode(token, self._signature_key, algorithms=["HS256"]).claims
        except (JoseError, ValueError, TypeError):
            # The last for a head of the wrong shape, such as a ``crit`` that is no list of names: anybody sends it.
            raise ReceiptRefused from None
        digest = str(claims.get("payload_hash", "")).lower()
        is_ours = claims.get("application_id", self._keys.application_id) == self._keys.application_id
        if not is_ours or not hmac.compare_digest(digest.encode(), sha256(call.body).hexdigest().encode()):
            raise ReceiptRefused


def _refused(answer: Answer) -> DeliveryFailed:
    code = _code_of(object_in(answer.body) or {})
    known = None if code is None else _ERRORS.get(code)
    if known is None:
        return refusal(answer, f"the provider answered {answer.status} {code or ''}".strip())
    return DeliveryFailed(
        f"{code} {known.word}",
        retryable=known.is_passing,
        status=known.status,
        certain=True,
        retry_after_ms=retry_after_ms(answer),
    )


def _status_of(said: str | None, error: object) -> tuple[DeliveryStatus | None, str | None]:
    if said not in _FAILED:
        return _STATUSES.get(said or ""), None
    code = _code_of(error) if isinstance(error, dict) else None
    known = None if code is None else _ERRORS.get(code)
    if known is None:
        return DeliveryStatus.UNDELIVERED, code or said
    return known.status, f"{code} {known.word}"


def _code_of(error: Mapping[str, object]) -> str | None:
    """Return the code of a problem: what stands behind the ``#`` of its type."""
    code = (text_of(error, "type") or "").rpartition("#")[2]
    is_code = 0 < len(code) <= _CODE_CHARACTERS and code.isascii() and code.replace("-", "").isalnum()
    return code if is_code else None


_CODE_CHARACTERS: Final = 40


def _make(keys: VonageKeys, surroundings: SenderSurroundings) -> VonageSender:
    return VonageSender(keys, surroundings.clock, surroundings.entropy, OutwardClient())


def _problems(keys: VonageKeys) -> Iterable[tuple[str, str]]:
    try:
        RSAKey.import_key(keys.private_key.reveal())
    except (JoseError, ValueError):
        yield "private_key", "is no RSA private key in PEM"
    secret = keys.signature_secret
    if secret is not None and len(secret.reveal()) < SECRET_CHARACTERS_LEAST:
        yield "signature_secret", f"must have at least {SECRET_CHARACTERS_LEAST} characters"
    found = base_url_problem(keys.api_url)
    if found:
        yield "api_url", found


VONAGE: Final = SenderKind(name=PROVIDER, channels=(Channel.SMS,), keys=VonageKeys, make=_make, problems=_problems)
