"""The bodies of requests as ``/openapi.json`` describes them: every field with its type and size, nothing beyond."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from watchword.domain.action import Label
from watchword.domain.code import LONGEST_INPUT
from watchword.domain.contact import Channel, ContactKind
from watchword.domain.device import LONGEST_NAME
from watchword.flow.link import LONGEST_LINK_URL, ViewPage

DETAIL_KEY: Final = "^[a-z][a-z0-9_]{0,63}$"
LOCALE: Final = "^[A-Za-z0-9]{1,8}([-_][A-Za-z0-9]{1,8})*$"
LONGEST_LOCALE: Final = 35
"""Characters (BCP 47 §4.4.1: buffers of that size hold any tag in use)."""
LARGEST_NUMBER: Final = 2**53 - 1
"""The largest integer that every JSON reader keeps (RFC 8259 §6)."""

UserIdText = Annotated[str, Meta(min_length=1, max_length=128)]
SessionIdText = Annotated[str, Meta(min_length=1, max_length=128)]
TypeText = Annotated[str, Meta(min_length=1, max_length=64)]
ShownText = Annotated[str, Meta(max_length=200)]
LocaleText = Annotated[str, Meta(min_length=1, max_length=LONGEST_LOCALE, pattern=LOCALE)]
AgentText = Annotated[str, Meta(max_length=1_024)]
AddressText = Annotated[str, Meta(max_length=45, description="An IPv4 or IPv6 literal")]
StateText = Annotated[str, Meta(max_length=512)]
UrlText = Annotated[str, Meta(max_length=2_048)]
TokenText = Annotated[str, Meta(max_length=4_096)]
"""A device token may be whatever a browser sent along: it is bounded by what a cookie holds."""
GrantText = Annotated[str, Meta(min_length=1, max_length=4_096)]
IdText = Annotated[str, Meta(min_length=1, max_length=128)]
MomentText = Annotated[str, Meta(max_length=40, extra_json_schema={"format": "date-time"})]
DetailKey = Annotated[str, Meta(min_length=1, max_length=64, pattern=DETAIL_KEY)]
DetailText = Annotated[str, Meta(max_length=512)]
DetailNumber = Annotated[int, Meta(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]
Details = Annotated[dict[DetailKey, DetailText | DetailNumber | bool], Meta(max_length=32)]


class MoneyBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """An exact amount of money."""

    value: Annotated[str, Meta(pattern=r"^(0|[1-9][0-9]{0,14})(\.[0-9]{1,4})?$", max_length=20, examples=["1299.00"])]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$", max_length=3, examples=["USD"])]


class ContactBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """One contact of a user's whole list."""

    channel_type: ContactKind
    address: Annotated[str, Meta(min_length=1, max_length=320, examples=["+14155550123"])]
    confirmed_at: MomentText | None = None
    preferred: bool = False


class UserBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """A user with the whole list of contacts."""

    contacts: Annotated[list[ContactBody], Meta(max_length=20)]
    locale: LocaleText | None = None
    grant: GrantText | None = None


class NoFieldsBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Nothing: the address says it all. The body may be left out."""


class DeviceChangeBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """What changes about a device: its name, the end of its trust, or both."""

    name: Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME, examples=["Kitchen tablet"])] | None = None
    trusted: Annotated[bool, Meta(extra_json_schema={"const": False})] | None = None


class PreferenceBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Whether a contact is the one that the user prefers."""

    preferred: bool


class ViewLinkBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Where a user's own view begins, the way back, and the language."""

    page: ViewPage = ViewPage.REQUESTS
    return_url: Annotated[str, Meta(max_length=LONGEST_LINK_URL)] | None = None
    locale: LocaleText | None = None


class ActionBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """An action that a customer wants to take."""

    type: TypeText
    user_id: UserIdText
    session_id: SessionIdText | None = None
    device_token: TokenText | None = None
    ip: AddressText | None = None
    user_agent: AgentText | None = None
    locale: LocaleText | None = None
    amount: MoneyBody | None = None
    payee: ShownText | None = None
    summary: ShownText | None = None
    details: Details | None = None
    return_url: UrlText | None = None
    state: StateText | None = None
    send: bool = True
    conceal: bool | None = None


class ConfirmationBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Who confirms a contact, and from where."""

    session_id: SessionIdText | None = None
    device_token: TokenText | None = None
    ip: AddressText | None = None
    user_agent: AgentText | None = None
    return_url: UrlText | None = None
    state: StateText | None = None


class FeedbackBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """What an action turned out to be."""

    label: Label


class DeliveryBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Where the next message goes; nothing said is the same again."""

    contact_id: IdText | None = None
    channel: Channel | None = None


class AttemptBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """What somebody typed or pasted."""

    code: Annotated[str, Meta(max_length=LONGEST_INPUT, examples=["123 456"])]
    trust_device: bool = False


class CancelBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Why a challenge is ended by the one who started it."""

    reason: Literal["abandoned", "not_me"]


class ClaimBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Who asks for the result."""

    session_id: SessionIdText | None = None


class BoundBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """The fields that a grant is bound to; absent is null, absent details are none."""

    type: TypeText
    user_id: UserIdText
    amount: MoneyBody | None = None
    payee: ShownText | None = None
    details: Details | None = None


class RedeemBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """A grant, and the action that is about to happen."""

    grant: GrantText
    session_id: SessionIdText | None = None
    action: BoundBody
