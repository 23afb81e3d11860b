"""The bodies of answers as ``/openapi.json`` describes them, and how they are made of what the story says."""

from msgspec import UNSET, Struct, UnsetType

from watchword.api.challenge_words import ChallengeWords
from watchword.domain.challenge import ChallengeState, Option, Route
from watchword.domain.contact import Channel
from watchword.domain.device import DeviceState
from watchword.domain.instant import Instant, rfc3339
from watchword.domain.message import DeliveryStatus
from watchword.domain.money import Money, minor_units
from watchword.domain.secret import Secret
from watchword.flow.show import ChallengeView, DeviceView
from watchword.web.exchange import Answer
from watchword.web.json_texts import write_json


class MoneyAnswer(Struct, kw_only=True):
    """An exact amount of money."""

    value: str
    currency: str


class ContactOption(Struct, kw_only=True):
    """A contact that a code may be sent to."""

    id: str
    channels: list[Channel]
    masked: str


class SentTo(Struct, kw_only=True):
    """Where the live code was last sent."""

    contact_id: str
    channel: Channel
    masked: str


class DeliveryAnswer(Struct, kw_only=True):
    """How the newest message is doing; status and time are null before the first send."""

    status: DeliveryStatus | None
    updated_at: str | None
    going_on: bool
    """Whether it is on its way by a further sender after a failure, with the same code: no reason to give up yet."""


class ChallengeAnswer(Struct, kw_only=True):
    """One request for proof."""

    id: str
    state: ChallengeState
    token: str
    url: str
    reference: str
    contacts: list[ContactOption]
    sent_to: SentTo | None
    delivery: DeliveryAnswer
    code_length: int
    attempts_left: int
    expires_at: str
    resend_at: str
    words: ChallengeWords | UnsetType = UNSET
    """Every sentence about it in one language, where they were asked for; absent otherwise."""


class DeviceAnswer(Struct, kw_only=True):
    """A browser or app instance; ``token`` is the value to set now, null to keep the present one."""

    id: str | None
    state: DeviceState
    token: str | None


def answer_with(status: int, body: Struct) -> Answer:
    """Return an answer with a JSON body."""
    return Answer(status=status, body=write_json(body))


def challenge_answer(view: ChallengeView, words: ChallengeWords | UnsetType = UNSET) -> ChallengeAnswer:
    """Return a challenge as it is answered; concealment is already applied to the view."""
    return ChallengeAnswer(
        id=view.id,
        state=view.state,
        token=view.token.reveal(),
        url=view.url.reveal(),
        reference=view.reference,
        contacts=[_contact_option(option) for option in view.options],
        sent_to=_sent_to(view.route),
        delivery=DeliveryAnswer(
            status=view.delivery_status,
            updated_at=moment_text(view.delivery_updated_at),
            going_on=view.delivery_going_on,
        ),
        code_length=view.code_length,
        attempts_left=view.attempts_left,
        expires_at=rfc3339(view.expires_at),
        resend_at=rfc3339(view.resend_at),
        words=words,
    )


def device_answer(view: DeviceView | None) -> DeviceAnswer | None:
    """Return a device with the token to set."""
    if view is None:
        return None
    return DeviceAnswer(id=view.id, state=view.state, token=revealed(view.token))


def money_answer(money: Money | None) -> MoneyAnswer | None:
    """Return an amount with as many decimals as its currency has."""
    if money is None:
        return None
    return MoneyAnswer(value=f"{money.value:.{minor_units(money.currency)}f}", currency=money.currency)


def moment_text(moment: Instant | None) -> str | None:
    """Return a time as text, where there is one."""
    return None if moment is None else rfc3339(moment)


def revealed(secret: Secret | None) -> str | None:
    """Return the text of a secret that leaves us on purpose: to the holder of a secret key."""
    return None if secret is None else secret.reveal()


def _contact_option(option: Option) -> ContactOption:
    return ContactOption(id=option.id, channels=list(option.channels), masked=option.masked)


def _sent_to(route: Route | None) -> SentTo | None:
    if route is None:
        return None
    return SentTo(contact_id=route.option_id, channel=route.channel, masked=route.masked)
