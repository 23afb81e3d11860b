"""Challenges and actions as the pages get to see them, made by hand: for what needs no store."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from watchword.adapters.key_set import KeySet
from watchword.adapters.system import SystemEntropy
from watchword.domain.action import Action
from watchword.domain.application import Application
from watchword.domain.atlas_facts import NO_AGENT, AgentFacts, AgentType, NetworkFacts
from watchword.domain.budget import Lane
from watchword.domain.challenge import Challenge, ChallengeState, Generation, Option, Route
from watchword.domain.contact import Channel, ContactKind
from watchword.domain.customer_text import words_for_everybody
from watchword.domain.ids import ActionId, ApplicationId, ChallengeId, ContactId, Reference, UserId, UserKey, make_id
from watchword.domain.instant import Instant, later
from watchword.domain.limits import Limits, Mode
from watchword.domain.message import DeliveryStatus
from watchword.domain.money import Money

NOW = Instant(1_793_700_000_000)
USER_KEY = UserKey(b"eight by")
RETURN_URL = "https://shop.example/checkout/continue"

PHONE = Option(
    id=ContactId("ctc_phone"),
    contact_id=ContactId("ctc_phone"),
    kind=ContactKind.PHONE,
    channels=(Channel.SMS, Channel.VOICE),
    masked="•••• 23",
)
MAILBOX = Option(
    id=ContactId("ctc_mailbox"),
    contact_id=ContactId("ctc_mailbox"),
    kind=ContactKind.EMAIL,
    channels=(Channel.EMAIL,),
    masked="j•••@g•••.com",
)

ACTION = Action(
    id=ActionId(make_id("act", USER_KEY, bytes(16))),
    application_id=ApplicationId("shop"),
    user_id=UserId("u-42"),
    user_key=USER_KEY,
    type="purchase",
    amount=Money(value=Decimal("1299.00"), currency="USD"),
    payee="ACME Cameras",
    details={},
    return_url=RETURN_URL,
    created_at=NOW,
)

CHALLENGE = Challenge(
    id=ChallengeId(make_id("chl", USER_KEY, bytes(16))),
    action=ACTION,
    state=ChallengeState.PENDING,
    end_reason=None,
    lane=Lane.OPEN,
    decoy=False,
    reference=Reference("7K2M9QXD"),
    code_length=6,
    generations=(Generation(number=1, mac_key_id="first", contact_id=PHONE.contact_id, channel=Channel.SMS),),
    bound_digest="digest",
    options=(PHONE, MAILBOX),
    route=Route(option_id=PHONE.id, contact_id=PHONE.contact_id, channel=Channel.SMS, masked=PHONE.masked),
    delivery_status=DeliveryStatus.SENT,
    delivery_updated_at=NOW,
    sends=1,
    tries_spent=0,
    tries_allowed=5,
    high_value=True,
    trust_allowed=False,
    reasons=(words_for_everybody("The amount is above 500.00 USD."),),
    confirms=None,
    device_id=None,
    browser=None,
    created_at=NOW,
    expires_at=later(NOW, seconds=300),
    ended_at=None,
    resend_at=later(NOW, seconds=30),
    others_count_from=None,
)

APPLICATION = Application(
    id=ApplicationId("shop"),
    name="Example Shop",
    mode=Mode.TEST,
    limits=Limits(),
    issuer="https://verify.shop.example",
    channels=(Channel.SMS, Channel.VOICE, Channel.EMAIL),
    high_value={},
    return_urls=(RETURN_URL,),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainAtlas:
    """Knows one device and one country."""

    device: str = "Chrome on Windows"
    place: str | None = "DE"

    def country(self, ip: str) -> str | None:
        return self.place if ip else None

    def network(self, ip: str) -> str:
        return ip

    def counted_as(self, ip: str) -> str:
        return ip

    def device_name(self, user_agent: str | None) -> str:
        return self.device if user_agent is None else user_agent

    def facts(self, ip: str) -> NetworkFacts:
        return NetworkFacts(country=self.country(ip), no_data=("asn",))

    def agent(self, user_agent: str | None) -> AgentFacts:
        if not user_agent:
            return NO_AGENT
        return AgentFacts(type=AgentType.DESKTOP, os="Linux", browser="Firefox", browser_major="140", automated=False)

    def email_is_disposable(self, domain: str) -> bool:
        return domain == "throwaway.example"

    def distance_km(self, country_a: str, country_b: str) -> float | None:
        return 0.0 if country_a == country_b else None


def challenge_for(**action: Any) -> Challenge:
    """Return the sample with another action."""
    return replace(CHALLENGE, action=replace(ACTION, **action))


def keyring() -> KeySet:
    """Return a keyring of its own."""
    return KeySet.generate(SystemEntropy(), NOW)
