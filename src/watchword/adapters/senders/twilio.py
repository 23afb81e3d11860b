"""Hands text messages, WhatsApp templates and calls to Twilio, and reads what it reports (API of 2010-04-01)."""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
from msgspec import Meta, Struct, field

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
from watchword.adapters.senders.twilio_errors import failed_status, known_refusal, reason_of
from watchword.adapters.senders.twilio_signature import checked_form
from watchword.adapters.senders.twilio_speech import answer as say_code
from watchword.adapters.senders.twilio_speech import goodbye, question, say_all
from watchword.domain.contact import Channel, ContactKind, read_address
from watchword.domain.errors import DeliveryFailed, ReceiptRefused, StorageUnavailable
from watchword.domain.ids import DeliveryId
from watchword.domain.message import DeliveryStatus, Envelope
from watchword.domain.secret import Secret
from watchword.ports.sender import AskWords, Document, Handover, Hearing, ProviderCall, Receipt, speak_url

PROVIDER: Final = "twilio"
RING_S: Final = 20
"""How long a phone rings: less than a mailbox usually waits."""
CALL_EVENTS: Final = ("ringing", "answered", "completed")
SAID_WHOLE: Final = "said_whole"
"""Marks the reports of a call that waits for no key: a notice holds no secret, so it is said to whoever answers."""
NO_KEY: Final = "no key was pressed"
_STATUSES: Final[Mapping[str, DeliveryStatus]] = {
    "accepted": DeliveryStatus.ACCEPTED,
    "scheduled": DeliveryStatus.ACCEPTED,
    "queued": DeliveryStatus.ACCEPTED,
    "sending": DeliveryStatus.ACCEPTED,
    "sent": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.DELIVERED,
}
"""Of messages; ``undelivered``, ``failed`` and ``canceled`` go by their error code."""
_FAILED: Final = frozenset({"undelivered", "failed", "canceled"})
_CALL_STATUSES: Final[Mapping[str, tuple[DeliveryStatus, str | None]]] = {
    "queued": (DeliveryStatus.ACCEPTED, None),
    "initiated": (DeliveryStatus.ACCEPTED, None),
    "ringing": (DeliveryStatus.SENT, None),
    "in-progress": (DeliveryStatus.SENT, None),
    # The key press was reported as the delivery when it came, and a lower word never takes that back.
    "completed": (DeliveryStatus.UNDELIVERED, NO_KEY),
    "busy": (DeliveryStatus.UNDELIVERED, "the line is busy"),
    "no-answer": (DeliveryStatus.UNDELIVERED, "nobody answered"),
    "failed": (DeliveryStatus.UNDELIVERED, "the call could not be made"),
    "canceled": (DeliveryStatus.UNDELIVERED, "the call was cancelled"),
}


class TwilioKeys(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Twilio: text messages, calls, and WhatsApp by templates."""

    account_sid: Annotated[
        str, Meta(pattern=r"^AC[0-9a-f]{32}$", description="Account SID, from the start page of the console.")
    ]
    auth_token: Annotated[
        Secret, Meta(description="Its auth token: what Twilio signs its reports with, and the way in without API key.")
    ]
    api_key: Annotated[
        str | None, Meta(description="SID of an API key (`SK…`) to sign in with in place of the auth token.")
    ] = None
    api_key_secret: Annotated[Secret | None, Meta(description="Secret of that API key.")] = None
    messaging_service: Annotated[
        str | None, Meta(description="SID of a messaging service (`MG…`), which chooses what messages are sent from.")
    ] = None
    from_number: Annotated[
        str | None, Meta(description="What text messages are sent from: a number, a short code or a sender id.")
    ] = None
    caller_number: Annotated[
        str | None, Meta(description="Number that calls come from, such as `+14155550100`; needed for `voice`.")
    ] = None
    whatsapp_number: Annotated[
        str | None, Meta(description="Number that WhatsApp messages come from; needed for `whatsapp`.")
    ] = None
    whatsapp_templates: Annotated[
        dict[str, str],
        Meta(
            description=(
                "By language, the SID of an approved content template (`HX…`): `en` is taken for every other. Its "
                "places are `{{1}}` the code, `{{2}}` the application, `{{3}}` what is approved."
            )
        ),
    ] = field(default_factory=dict)
    api_url: Annotated[
        str,
        Meta(description="Another address of the API, such as that of a region: `https://api.dublin.ie1.twilio.com`."),
    ] = "https://api.twilio.com"
    receipt_within_s: ReceiptWithin = RECEIPT_WITHIN_S


class TwilioSender:
    """Keeps ``ports.sender.Sender``, ``ReceiptReader``, ``Reporting`` and ``Speaker``."""

    def __init__(self, keys: TwilioKeys, hearing: Hearing, outward: OutwardClient, *, call_s: float = CALL_S) -> None:
        self._keys = keys
        self._hearing = hearing
        self._client = ProviderClient(outward, keys.api_url, call_s=call_s)

    @property
    def receipt_within_s(self) -> int | None:
        """After how long without a receipt another sender is asked."""
        return self._keys.receipt_within_s or None

    async def send(self, envelope: Envelope) -> Handover:
        """Hand a message over, or begin a call; raises ``DeliveryFailed``."""
        is_call = envelope.channel is Channel.VOICE
        fields = self._call_fields(envelope) if is_call else self._message_fields(envelope)
        answer = await self._post("Calls" if is_call else "Messages", fields, envelope.delivery_id)
        if not is_taken(answer):
            raise _refused(answer)
        return _taken(read_object(answer), is_call=is_call)

    async def read(self, call: ProviderCall) -> Sequence[Receipt]:
        """Return what a status callback reports; raises ``ReceiptRefused`` unless this account signed it."""
        fields = checked_form(self._keys.auth_token, call)
        delivery_id = _delivery_of(call)
        if "CallSid" in fields:
            status, reason = _call_status(call, fields)
            sid = fields["CallSid"]
        else:
            status, reason = _message_status(fields)
            sid = fields.get("MessageSid", "")
        if status is None:
            return ()
        return (Receipt(delivery_id=delivery_id, provider_message_id=sid or None, status=status, reason=reason),)

    async def speak(self, call: ProviderCall, ask_words: AskWords) -> Document:
        """Return the question, or the words of the code once a key was pressed, which is the delivery of it.

        Raises ``ReceiptRefused`` unless this account signed the call.
        """
        fields = checked_form(self._keys.auth_token, call)
        words = await ask_words()
        if words is None:
            return goodbye()
        if not fields.get("Digits"):
            return question(words, call.url)
        pressed = Receipt(
            delivery_id=_delivery_of(call),
            provider_message_id=fields.get("CallSid"),
            status=DeliveryStatus.DELIVERED,
            reason=None,
        )
        with suppress(StorageUnavailable):  # then it is not known that he heard it; he hears it all the same
            await self._hearing(pressed)
        return say_code(words)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _post(self, resource: str, fields: Sequence[tuple[str, str]], delivery_id: DeliveryId) -> Answer:
        keys = self._keys
        user, secret = keys.account_sid, keys.auth_token
        if keys.api_key is not None and keys.api_key_secret is not None:
            user, secret = keys.api_key, keys.api_key_secret
        login = b64encode(f"{user}:{secret.reveal()}".encode()).decode()
        headers = {
            "authorization": f"Basic {login}",
            "content-type": "application/x-www-form-urlencoded",
            # Twilio documents it for what it sends, not for what it takes: it is harmless where it is not read.
            "i-twilio-idempotency-token": delivery_id,
        }
        path = f"/2010-04-01/Accounts/{keys.account_sid}/{resource}.json"
        return await self._client.post(path, headers, urlencode(fields).encode())

    def _message_fields(self, envelope: Envelope) -> list[tuple[str, str]]:
        fields = []
        if envelope.callback_url is not None:
            fields.append(("StatusCallback", envelope.callback_url))
        to = envelope.to.reveal()
        if envelope.channel is Channel.WHATSAPP:
            return fields + self._template_fields(envelope, to)
        if envelope.channel is not Channel.SMS:
            raise DeliveryFailed("this sender does not take the channel", retryable=False)
        if self._keys.messaging_service is not None:
            fields.append(("MessagingServiceSid", self._keys.messaging_service))
        if self._keys.from_number is not None:
            fields.append(("From", self._keys.from_number))
        return [*fields, ("To", to), ("Body", envelope.message.text)]

    def _template_fields(self, envelope: Envelope, to: str) -> list[tuple[str, str]]:
        template = _template_of(self._keys.whatsapp_templates, envelope.locale)
        if template is None or envelope.message.variables is None:
            raise DeliveryFailed("there is no template for this message", retryable=False)
        variables = msgspec.json.encode(dict(envelope.message.variables)).decode()
        return [
            ("From", f"whatsapp:{self._keys.whatsapp_number}"),
            ("To", f"whatsapp:{to}"),
            ("ContentSid", template),
            ("ContentVariables", variables),
        ]

    def _call_fields(self, envelope: Envelope) -> list[tuple[str, str]]:
        if envelope.callback_url is None:
            # Twilio asks us what to say, so it must reach us; page_base says whether it can.
            raise DeliveryFailed("a call needs a server.page_base with https", retryable=False)
        if envelope.is_code:
            said = [("Url", speak_url(envelope.callback_url)), ("Method", "POST")]
            callback_url = envelope.callback_url
        else:
            said = [("Twiml", say_all(envelope.message.text, envelope.locale))]
            callback_url = f"{envelope.callback_url}&{SAID_WHOLE}=1"
        return [
            ("From", self._keys.caller_number or ""),
            ("To", envelope.to.reveal()),
            *said,
            ("Timeout", str(RING_S)),
            ("StatusCallback", callback_url),
            ("StatusCallbackMethod", "POST"),
            *(("StatusCallbackEvent", event) for event in CALL_EVENTS),
        ]


def _taken(found: Mapping[str, object], *, is_call: bool) -> Handover:
    status, sid = text_of(found, "status") or "", text_of(found, "sid")
    if sid is None or (not is_call and status in _FAILED):
        code = text_of(found, "error_code")
        raise known_refusal(code) or DeliveryFailed(
            f"the provider answered {status or 'without an id'}", retryable=True
        )
    known = DeliveryStatus.ACCEPTED if is_call else _STATUSES.get(status, DeliveryStatus.ACCEPTED)
    return Handover(provider=PROVIDER, provider_message_id=sid, status=known)


def _refused(answer: Answer) -> DeliveryFailed:
    found = object_in(answer.body) or {}
    code = text_of(found, "code")
    known = known_refusal(code, retry_after_ms(answer))
    return known or refusal(answer, f"the provider answered {answer.status} {code or ''}".strip())


def _message_status(fields: Mapping[str, str]) -> tuple[DeliveryStatus | None, str | None]:
    said, code = fields.get("MessageStatus", ""), fields.get("ErrorCode")
    if said in _FAILED:
        return failed_status(code), reason_of(code) or said
    return _STATUSES.get(said), None


def _call_status(call: ProviderCall, fields: Mapping[str, str]) -> tuple[DeliveryStatus | None, str | None]:
    said = fields.get("CallStatus", "")
    if said == "completed" and SAID_WHOLE in parse_qs(urlsplit(call.url).query):
        return DeliveryStatus.DELIVERED, None
    return _CALL_STATUSES.get(said, (None, None))


def _delivery_of(call: ProviderCall) -> DeliveryId:
    """Return the delivery that a signed address names; raises ``ReceiptRefused`` where it names none, or several."""
    named = parse_qs(urlsplit(call.url).query).get("delivery", [])
    if len(named) != 1:
        raise ReceiptRefused
    return DeliveryId(named[0])


def _template_of(templates: Mapping[str, str], locale: str) -> str | None:
    for tag in (locale, locale.partition("-")[0], "en"):
        if tag in templates:
            return templates[tag]
    return None


def _make(keys: TwilioKeys, surroundings: SenderSurroundings) -> TwilioSender:
    return TwilioSender(keys, surroundings.hearing, OutwardClient())


def _problems(keys: TwilioKeys) -> Iterable[tuple[str, str]]:
    if (keys.api_key is None) != (keys.api_key_secret is None):
        yield "api_key", "an API key and its secret go together"
    for key, number in (("caller_number", keys.caller_number), ("whatsapp_number", keys.whatsapp_number)):
        if number is not None and read_address(ContactKind.PHONE, number) is None:
            yield key, "is not a telephone number with its country code"
    for language, template in keys.whatsapp_templates.items():
        if not template.startswith("HX"):
            yield "whatsapp_templates", f"{language}: is no SID of a content template (HX…)"
    found = base_url_problem(keys.api_url)
    if found:
        yield "api_url", found


def _why_not(keys: TwilioKeys, channel: Channel) -> str | None:
    if channel is Channel.SMS and keys.messaging_service is None and keys.from_number is None:
        return "needs a messaging_service or a from_number for text messages"
    if channel is Channel.VOICE and keys.caller_number is None:
        return "needs a caller_number for calls"
    if channel is Channel.WHATSAPP and (keys.whatsapp_number is None or "en" not in keys.whatsapp_templates):
        return "needs a whatsapp_number and a template for en among whatsapp_templates"
    return None


TWILIO: Final = SenderKind(
    name=PROVIDER,
    channels=(Channel.SMS, Channel.VOICE, Channel.WHATSAPP),
    keys=TwilioKeys,
    make=_make,
    problems=_problems,
    why_not=_why_not,
)
