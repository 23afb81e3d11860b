"""Hands messages to a gateway of the operator's: signed as Standard Webhooks 1.0, and heard of in the same way.

So any provider works without code of ours: a page of the operator's own code stands between. docs/senders.md shows
both sides.
"""

import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Final

import msgspec
import structlog
from msgspec import Meta, Struct

from watchword.adapters.outward import Answer, OutwardClient
from watchword.adapters.senders.kind import ReceiptWithin, SenderKind, SenderSurroundings
from watchword.adapters.senders.provider_calls import (
    CALL_S,
    ProviderClient,
    is_taken,
    not_public_problem,
    object_in,
    read_object,
    refusal,
    text_of,
)
from watchword.domain.contact import Channel
from watchword.domain.errors import DeliveryFailed, ReceiptRefused
from watchword.domain.ids import DeliveryId
from watchword.domain.instant import SECOND_MS
from watchword.domain.message import DeliveryStatus, Envelope
from watchword.domain.reach import Reach
from watchword.domain.secret import Secret
from watchword.domain.web_target import read_target
from watchword.domain.webhook_signature import SigningSecret, read_secret, signed_headers
from watchword.ports.clock import Clock
from watchword.ports.sender import Handover, ProviderCall, Receipt

PROVIDER: Final = "webhook"
TOLERANCE_S: Final = 300
"""How far the time of a report may lie from ours: Standard Webhooks 1.0 leaves it open; its libraries take 5 min."""
_TAKEN: Final = frozenset({DeliveryStatus.ACCEPTED, DeliveryStatus.SENT, DeliveryStatus.DELIVERED})
_REFUSED: Final = frozenset({DeliveryStatus.UNDELIVERED, DeliveryStatus.BOUNCED, DeliveryStatus.BLOCKED})
_REPORTED: Final = _TAKEN | _REFUSED | {DeliveryStatus.UNKNOWN}
_REASON: Final = re.compile(r"(?!.*\d{6})[A-Za-z0-9 _.:()/-]{1,80}", re.ASCII)
"""A code and a word; nothing that could be an address or a code of ours."""
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_WORD: Final = re.compile(r"(?!.*\d{4})[A-Za-z0-9 _.-]{1,40}", re.ASCII)
"""A status of a gateway's own that the log may hold: nothing that could be a code or a part of an address."""
_UNREADABLE: Final = "unreadable"
_WORDS_MOST: Final = 20
"""Words that a process tells of, each once: whoever makes up more has said enough."""

_log = structlog.get_logger(__name__)


class WebhookKeys(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """A gateway of your own, which is posted each message, signed, and takes it to whatever provider you like."""

    url: Annotated[str, Meta(description="Where messages are posted.")]
    secret: Annotated[
        Secret, Meta(description="What both sides sign with: `whsec_` and base64 of 24 to 64 random bytes.")
    ]
    previous_secret: Annotated[
        Secret | None, Meta(description="The one before, while the gateway may still know that one alone.")
    ] = None
    channels: Annotated[
        list[str], Meta(description="What the gateway takes: of `sms`, `voice`, `whatsapp` and `email`.")
    ]
    allow_private: Annotated[
        bool,
        Meta(
            description=(
                "Whether it lies in your own networks or on this machine, on any port, and may there be called without "
                "TLS. Link-local addresses, where clouds keep their metadata, are never called."
            )
        ),
    ] = False
    receipt_within_s: ReceiptWithin = 0


class GatewaySender:
    """Keeps ``ports.sender.Sender``, ``ReceiptReader`` and ``Reporting``."""

    def __init__(
        self, keys: WebhookKeys, clock: Clock, outward: OutwardClient, *, name: str = PROVIDER, call_s: float = CALL_S
    ) -> None:
        self._keys = keys
        self._name = name
        self._told: set[str] = set()
        self._clock = clock
        self._secrets = _secrets_of(keys)
        reach = Reach.PRIVATE if keys.allow_private else Reach.PUBLIC
        self._client = ProviderClient(outward, keys.url, reach=reach, call_s=call_s)

    @property
    def receipt_within_s(self) -> int | None:
        """After how long without a receipt another sender is asked."""
        return self._keys.receipt_within_s or None

    async def send(self, envelope: Envelope) -> Handover:
        """Post a message; the delivery's id is the id that the gateway knows a repeat by. Raises ``DeliveryFailed``."""
        if envelope.channel.value not in self._keys.channels:
            raise DeliveryFailed("this sender does not take the channel", retryable=False)
        body = msgspec.json.encode(_fields(envelope))
        signed = signed_headers(self._secrets, envelope.delivery_id, self._clock.now() // SECOND_MS, body)
        answer = await self._client.post("", {"content-type": "application/json", **signed}, body)
        self._tell_unknown(object_in(answer.body) or {})
        if not is_taken(answer):
            raise _refused(answer, object_in(answer.body) or {})
        return _taken(answer)

    async def read(self, call: ProviderCall) -> Sequence[Receipt]:
        """Return the receipts of a report; raises ``ReceiptRefused`` unless it is signed, and of now."""
        self._check(call)
        found = object_in(call.body)
        if found is None:
            raise ReceiptRefused
        listed = found.get("receipts", [found])
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            raise ReceiptRefused
        for one in listed:
            self._tell_unknown(one)
        return [receipt for one in listed if (receipt := _receipt(one)) is not None]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _tell_unknown(self, found: Mapping[str, object]) -> None:
        """Log a status that is none of ours, so that the operator sees what his gateway says and nobody understands."""
        said = found.get("status")
        if not isinstance(said, str) or said in _REPORTED:
            return
        word = said if _WORD.fullmatch(said) else _UNREADABLE
        if word not in self._told and len(self._told) < _WORDS_MOST:
            self._told.add(word)
            _log.warning("sender.unknown_status", sender=self._name, word=word, known=sorted(_REPORTED))

    def _check(self, call: ProviderCall) -> None:
        message_id, sent_at = call.headers.get("webhook-id", ""), call.headers.get("webhook-timestamp", "")
        if not message_id or "." in message_id or not _TIMESTAMP.fullmatch(sent_at):
            raise ReceiptRefused
        if abs(self._clock.now() // SECOND_MS - int(sent_at)) > TOLERANCE_S:
            raise ReceiptRefused
        ours = signed_headers(self._secrets, message_id, int(sent_at), call.body)["webhook-signature"].split()
        given = call.headers.get("webhook-signature", "").split()
        matches = [hmac.compare_digest(one.encode(), other.encode()) for one in ours for other in given[:_GIVEN_MOST]]
        # The time is signed as it was written, so another way to write it is another text.
        if not any(matches) or sent_at != str(int(sent_at)):
            raise ReceiptRefused


_GIVEN_MOST: Final = 8


def _secrets_of(keys: WebhookKeys) -> tuple[SigningSecret, ...]:
    read = (read_secret(one.reveal()) for one in (keys.secret, keys.previous_secret) if one is not None)
    return tuple(one for one in read if one is not None)


def _fields(envelope: Envelope) -> dict[str, object]:
    message = envelope.message
    return {
        "delivery_id": envelope.delivery_id,
        "application_id": envelope.application_id,
        "brand": envelope.brand,
        "channel": envelope.channel.value,
        "to": envelope.to.reveal(),
        "kind": "code" if envelope.is_code else "notice",
        "locale": envelope.locale,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "prompt": message.prompt,
        "variables": None if message.variables is None else dict(message.variables),
        "callback_url": envelope.callback_url,
    }


def _taken(answer: Answer) -> Handover:
    found = read_object(answer) if answer.body.strip() else {}
    status = _status_in(found) or DeliveryStatus.ACCEPTED
    if status not in _TAKEN:
        raise _refused(answer, found)
    return Handover(provider=PROVIDER, provider_message_id=text_of(found, "message_id"), status=status)


def _refused(answer: Answer, found: Mapping[str, object]) -> DeliveryFailed:
    """Return what a gateway's no amounts to; its own word about the message counts more than the status of HTTP."""
    said, reason = _status_in(found), _reason_in(found)
    detail = f"the gateway answered {answer.status}" + (f" {reason}" if reason else "")
    if said in _REFUSED:
        return DeliveryFailed(detail, retryable=False, status=said)
    return DeliveryFailed(detail, retryable=True) if is_taken(answer) else refusal(answer, detail)


def _receipt(found: Mapping[str, object]) -> Receipt | None:
    delivery_id, message_id = text_of(found, "delivery_id"), text_of(found, "message_id")
    status = _status_in(found)
    if status is None or (delivery_id is None and message_id is None):
        return None
    return Receipt(
        delivery_id=None if delivery_id is None else DeliveryId(delivery_id),
        provider_message_id=message_id,
        status=status,
        reason=_reason_in(found),
    )


def _status_in(found: Mapping[str, object]) -> DeliveryStatus | None:
    said = found.get("status")
    return DeliveryStatus(said) if isinstance(said, str) and said in _REPORTED else None


def _reason_in(found: Mapping[str, object]) -> str | None:
    reason = found.get("reason")
    return reason if isinstance(reason, str) and _REASON.fullmatch(reason) else None


def _make(keys: WebhookKeys, surroundings: SenderSurroundings) -> GatewaySender:
    return GatewaySender(keys, surroundings.clock, OutwardClient(), name=surroundings.name)


def _problems(keys: WebhookKeys) -> Iterable[tuple[str, str]]:
    target = read_target(keys.url)
    if target is None:
        yield "url", "is no address such as https://gateway.example.com/messages"
    elif not keys.allow_private:
        is_plain = target.scheme == "http"
        found = "must be https" if is_plain else not_public_problem(target)
        if found:
            yield "url", f"{found}; what lies in your own networks needs allow_private = true"
    for key, secret in (("secret", keys.secret), ("previous_secret", keys.previous_secret)):
        if secret is not None and read_secret(secret.reveal()) is None:
            yield key, "must be whsec_ and base64 of 24 to 64 bytes"
    known = [channel.value for channel in Channel]
    for name in keys.channels:
        if name not in known:
            yield "channels", f"{name}: must be of {', '.join(known)}"
    if not keys.channels:
        yield "channels", "must name at least one channel"


def _why_not(keys: WebhookKeys, channel: Channel) -> str | None:
    return None if channel.value in keys.channels else "does not list it under channels"


WEBHOOK: Final = SenderKind(
    name=PROVIDER,
    channels=tuple(Channel),
    keys=WebhookKeys,
    make=_make,
    problems=_problems,
    why_not=_why_not,
)
