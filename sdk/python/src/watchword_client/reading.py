"""Turns the JSON of an answer into the values of ``answers``. Pure; a missing field is an ``UnreadableAnswer``."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from watchword_client.answers import (
    Action,
    Advice,
    AttemptOutcome,
    Challenge,
    ChallengeContact,
    Claim,
    Decision,
    Delivery,
    DeviceInfo,
    DisputeOutcome,
    Event,
    GenuineRequest,
    KnownDevice,
    Page,
    Reason,
    RecordedAction,
    Redemption,
    RequestSentTo,
    Risk,
    RiskTerm,
    SentTo,
    User,
    UserContact,
    ViewLink,
)
from watchword_client.errors import UnreadableAnswer
from watchword_client.fields import Fields
from watchword_client.values import Detail, Money

Item = TypeVar("Item")


def read_action(fields: Fields) -> Action:
    """Read the answer to an action, and refuse one that contradicts itself."""
    action = Action(
        id=fields.text("id"),
        decision=read_decision(fields),
        reasons=fields.parts("reasons", read_reason),
        risk=fields.optional_part("risk", read_risk),
        challenge=fields.optional_part("challenge", read_challenge),
        device=fields.optional_part("device", read_device),
        advice=fields.parts("advice", read_advice) if fields.values.get("advice") else (),
        grant=fields.optional_text("grant"),
        retry_after=fields.optional_whole("retry_after"),
    )
    if action.grant is not None and action.decision is not Decision.ALLOW:
        raise UnreadableAnswer(f"{fields.place} does not allow and yet holds a grant")
    return action


def read_decision(fields: Fields) -> Decision:
    """Read a decision; an unknown one is an error, because guessing could let something through."""
    word = fields.text("decision")
    try:
        return Decision(word)
    except ValueError:
        raise UnreadableAnswer(f"{fields.place}.decision is {word!r}, which this client does not know") from None


def read_reason(fields: Fields) -> Reason:
    """Read one reason of a decision."""
    return Reason(rule=fields.text("rule"), text=fields.text("text"))


def read_risk(fields: Fields) -> Risk:
    """Read a score and its terms."""
    return Risk(score=fields.optional_number("score"), terms=fields.parts("terms", read_term))


def read_term(fields: Fields) -> RiskTerm:
    """Read one term of a score."""
    return RiskTerm(signal=fields.text("signal"), nats=fields.number("nats"), text=fields.text("text"))


def read_challenge(fields: Fields) -> Challenge:
    """Read a challenge."""
    return Challenge(
        id=fields.text("id"),
        state=fields.text("state"),
        token=fields.optional_text("token"),
        url=fields.optional_text("url"),
        reference=fields.text("reference"),
        contacts=fields.parts("contacts", read_challenge_contact),
        sent_to=fields.optional_part("sent_to", read_sent_to),
        delivery=fields.optional_part("delivery", read_delivery),
        code_length=fields.whole("code_length"),
        attempts_left=fields.whole("attempts_left"),
        expires_at=fields.moment("expires_at"),
        resend_at=fields.optional_moment("resend_at"),
    )


def read_challenge_contact(fields: Fields) -> ChallengeContact:
    """Read one contact of a challenge."""
    return ChallengeContact(id=fields.text("id"), channels=fields.texts("channels"), masked=fields.text("masked"))


def read_sent_to(fields: Fields) -> SentTo:
    """Read where the newest code went."""
    return SentTo(contact_id=fields.text("contact_id"), channel=fields.text("channel"), masked=fields.text("masked"))


def read_delivery(fields: Fields) -> Delivery:
    """Read how the newest message is doing."""
    return Delivery(
        status=fields.optional_text("status"),
        updated_at=fields.optional_moment("updated_at"),
        going_on=fields.flag("going_on"),
    )


def read_device(fields: Fields) -> DeviceInfo:
    """Read the device of an answer."""
    return DeviceInfo(id=fields.optional_text("id"), state=fields.text("state"), token=fields.optional_text("token"))


def read_advice(fields: Fields) -> Advice:
    """Read one piece of advice."""
    return Advice(code=fields.text("code"), contact_id=fields.optional_text("contact_id"))


def read_recorded_action(fields: Fields) -> RecordedAction:
    """Read an action as it was recorded."""
    return RecordedAction(
        id=fields.text("id"),
        type=fields.text("type"),
        user_id=fields.text("user_id"),
        session_id=fields.optional_text("session_id"),
        amount=fields.optional_part("amount", read_money),
        payee=fields.optional_text("payee"),
        details=fields.optional_part("details", read_details) or {},
        created_at=fields.moment("created_at"),
        decision=read_decision(fields),
        reasons=fields.parts("reasons", read_reason),
        risk=fields.optional_part("risk", read_risk),
        challenge=fields.optional_part("challenge", read_challenge),
        label=fields.optional_text("label"),
        disputed_at=fields.optional_moment("disputed_at"),
    )


def read_money(fields: Fields) -> Money:
    """Read an amount."""
    return Money(value=fields.text("value"), currency=fields.text("currency"))


def read_details(fields: Fields) -> Mapping[str, Detail]:
    """Read the details of an action; a value of a type that no detail has is an error."""
    details: dict[str, Detail] = {}
    for name, value in fields.values.items():
        if not isinstance(value, str | int | bool):
            raise UnreadableAnswer(f"{fields.place}.{name} is {type(value).__name__}, which no detail is")
        details[name] = value
    return details


def read_outcome(fields: Fields) -> AttemptOutcome:
    """Read what an attempt came to."""
    return AttemptOutcome(
        outcome=fields.text("outcome"),
        attempts_left=fields.optional_whole("attempts_left"),
        retry_after=fields.optional_whole("retry_after"),
        grant=fields.optional_text("grant"),
        device=fields.optional_part("device", read_device),
    )


def read_claim(fields: Fields) -> Claim:
    """Read the result of a challenge."""
    return Claim(
        state=fields.text("state"),
        grant=fields.optional_text("grant"),
        device=fields.optional_part("device", read_device),
    )


def read_redemption(fields: Fields) -> Redemption:
    """Read the redemption of a grant."""
    return Redemption(
        id=fields.text("id"),
        action_id=fields.text("action_id"),
        challenge_id=fields.optional_text("challenge_id"),
        assurance=fields.text("assurance"),
        redeemed_at=fields.moment("redeemed_at"),
    )


def read_user(fields: Fields) -> User:
    """Read a user."""
    return User(
        id=fields.text("id"),
        locale=fields.optional_text("locale"),
        contacts=fields.parts("contacts", read_user_contact),
        locked_until=fields.optional_moment("locked_until"),
        disputed_at=fields.optional_moment("disputed_at"),
        created_at=fields.optional_moment("created_at"),
    )


def read_user_contact(fields: Fields) -> UserContact:
    """Read a contact of a user."""
    return UserContact(
        id=fields.text("id"),
        channel_type=fields.text("channel_type"),
        masked=fields.text("masked"),
        state=fields.optional_text("state"),
        added_at=fields.optional_moment("added_at"),
        confirmed_at=fields.optional_moment("confirmed_at"),
        last_proven_at=fields.optional_moment("last_proven_at"),
        usable=fields.flag("usable"),
        usable_from=fields.optional_moment("usable_from"),
        leaves_at=fields.optional_moment("leaves_at"),
        preferred=fields.flag("preferred"),
    )


def read_known_device(fields: Fields) -> KnownDevice:
    """Read a device of a list."""
    return KnownDevice(
        id=fields.text("id"),
        name=fields.optional_text("name"),
        state=fields.text("state"),
        first_seen_at=fields.optional_moment("first_seen_at"),
        last_seen_at=fields.optional_moment("last_seen_at"),
        last_proven_at=fields.optional_moment("last_proven_at"),
        trusted_at=fields.optional_moment("trusted_at"),
    )


def read_genuine_request(fields: Fields) -> GenuineRequest:
    """Read a genuine request of a user."""
    return GenuineRequest(
        action_id=fields.text("action_id"),
        challenge_id=fields.optional_text("challenge_id"),
        reference=fields.optional_text("reference"),
        type=fields.text("type"),
        field=fields.optional_text("field"),
        amount=fields.optional_part("amount", read_money),
        payee=fields.optional_text("payee"),
        state=fields.text("state"),
        device=fields.optional_text("device"),
        country=fields.optional_text("country"),
        sent_to=fields.optional_part("sent_to", read_request_sent_to),
        can_be_denied=fields.flag("can_be_denied"),
        can_be_disputed=fields.flag("can_be_disputed"),
        created_at=fields.moment("created_at"),
        expires_at=fields.optional_moment("expires_at"),
        ended_at=fields.optional_moment("ended_at"),
        disputed_at=fields.optional_moment("disputed_at"),
    )


def read_request_sent_to(fields: Fields) -> RequestSentTo:
    """Read where the newest code of a request went."""
    return RequestSentTo(
        contact_id=fields.text("contact_id"),
        channel=fields.text("channel"),
        masked=fields.optional_text("masked"),
        status=fields.optional_text("status"),
    )


def read_dispute_outcome(fields: Fields) -> DisputeOutcome:
    """Read what the owner's word came to."""
    return DisputeOutcome(action_id=fields.text("action_id"), outcome=fields.text("outcome"))


def read_view_link(fields: Fields) -> ViewLink:
    """Read a link to a user's own view."""
    return ViewLink(url=fields.text("url"), expires_at=fields.moment("expires_at"))


def read_event(fields: Fields) -> Event:
    """Read one line of the audit log."""
    return Event(
        id=fields.text("id"),
        type=fields.text("type"),
        created_at=fields.moment("created_at"),
        data=fields.part("data", lambda data: data.values),
        cursor=fields.text("cursor"),
    )


def read_nothing(fields: Fields) -> None:
    """Read an answer whose arrival is all that counts."""


def page_of(read: Callable[[Fields], Item]) -> Callable[[Fields], Page[Item]]:
    """Return a reader of a list whose items are read by ``read``."""

    def read_page(fields: Fields) -> Page[Item]:
        return Page(data=fields.parts("data", read), next_cursor=fields.optional_text("next_cursor"))

    return read_page
