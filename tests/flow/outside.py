"""What stands outside of the story: a small atlas, an outbox, and what a customer reads in his messages."""

import re
from ipaddress import IPv4Address, ip_address, ip_network
from typing import TYPE_CHECKING, Final

from watchword.domain.atlas_facts import NO_AGENT, AgentFacts, AgentType, NetworkFacts
from watchword.domain.contact import Channel
from watchword.domain.ids import ChallengeId
from watchword.domain.instant import Instant
from watchword.domain.message import DeliveryStatus, Envelope, written
from watchword.ports.sender import Handover

if TYPE_CHECKING:
    from watchword.domain.errors import DeliveryFailed

START: Final = Instant(1_800_000_000_000)
HOME: Final = "192.0.2.10"
"""An address in Norway, where every customer of these tests lives."""
ABROAD: Final = "203.0.113.7"
COUNTRIES: Final = {"192.0.2.": "NO", "198.51.100.": "SE", "203.0.113.": "BR", "2001:db8:": "NO"}
NETWORKS: Final = {"NO": 64_496, "SE": 64_497, "BR": 64_498}
"""Each country has one network; the numbers are reserved for documentation (RFC 5398)."""


class SmallAtlas:
    """Knows the addresses that are reserved for documentation."""

    def country(self, ip: str) -> str | None:
        return next((country for prefix, country in COUNTRIES.items() if ip.startswith(prefix)), None)

    def network(self, ip: str) -> str:
        length = 24 if isinstance(ip_address(ip), IPv4Address) else 48
        return str(ip_network(f"{ip}/{length}", strict=False))

    def counted_as(self, ip: str) -> str:
        return ip if isinstance(ip_address(ip), IPv4Address) else str(ip_network(f"{ip}/64", strict=False))

    def device_name(self, user_agent: str | None) -> str:
        return user_agent or "Unknown browser"

    def facts(self, ip: str) -> NetworkFacts:
        country = self.country(ip)
        return NetworkFacts(country=country, asn=None if country is None else NETWORKS[country])

    def agent(self, user_agent: str | None) -> AgentFacts:
        if not user_agent:
            return NO_AGENT
        browser, _, system = user_agent.partition(" on ")
        return AgentFacts(type=AgentType.DESKTOP, os=system, browser=browser, browser_major="1", automated=False)

    def email_is_disposable(self, domain: str) -> bool:
        return domain == "throwaway.example"

    def distance_km(self, country_a: str, country_b: str) -> float | None:
        return 0.0 if country_a == country_b else None


class Outbox:
    """Keeps every message in the order in which it left; refuses them as long as ``failure`` says so."""

    def __init__(self) -> None:
        self.sent: list[Envelope] = []
        self.failure: DeliveryFailed | None = None

    async def send(self, envelope: Envelope) -> Handover:
        if self.failure is not None:
            raise self.failure
        self.sent.append(envelope)
        return Handover(provider="outbox", provider_message_id=envelope.delivery_id, status=DeliveryStatus.SENT)

    def codes_of(self, challenge_id: ChallengeId) -> list[str]:
        """Give the codes that left for a challenge, oldest first."""
        return [code_in(one) for one in self.sent if one.challenge_id == challenge_id and one.is_code]

    def to(self, address: str) -> list[Envelope]:
        """Give everything that left for one address."""
        return [one for one in self.sent if one.to.reveal() == address]


def code_in(envelope: Envelope) -> str:
    """Give the code of a message as a customer would read it."""
    found = re.search(r"\d{6,10}", written(envelope.message.text))
    assert found is not None, "the message holds no code"
    return found.group()


def notice_token_in(envelope: Envelope) -> str:
    """Give what the link of a notice carries."""
    found = re.search(r"/no\?n=(\S+)", envelope.message.text)
    assert found is not None, "the message holds no link"
    return found.group(1)


def another(code: str) -> str:
    """Give a code of the same length that is not this one."""
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}d}"


ALL_CHANNELS: Final = (Channel.SMS, Channel.VOICE, Channel.EMAIL)
