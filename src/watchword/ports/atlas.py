"""Facts about an address on the internet, about a user agent, and about the domain of an e-mail address."""

from typing import Protocol

from watchword.domain.atlas_facts import AgentFacts, NetworkFacts


class Atlas(Protocol):
    """Looks facts up in files; never asks the network, never writes, and answers from memory.

    The four that take an address raise ``ValueError`` for what is none; all others take any text.
    """

    def facts(self, ip: str) -> NetworkFacts:
        """Return everything that the files say of an address; what no file knows is unknown or false."""
        ...

    def country(self, ip: str) -> str | None:
        """Return the ISO 3166 code, ``local`` for private and loopback addresses, or None where it is not known."""
        ...

    def network(self, ip: str) -> str:
        """Return the network that an address is counted under: IPv4 /24 or IPv6 /48, as text."""
        ...

    def counted_as(self, ip: str) -> str:
        """Return the address that starts are counted under: the IPv4 address or the IPv6 /64."""
        ...

    def agent(self, user_agent: str | None) -> AgentFacts:
        """Return what a user agent says of itself, whatever is written in it; ``NO_AGENT`` where there is none."""
        ...

    def device_name(self, user_agent: str | None) -> str:
        """Return a name such as "Chrome on Windows" that a person recognises."""
        ...

    def email_is_disposable(self, domain: str) -> bool:
        """Return whether a domain, or one that it lies under, hands out throw-away mailboxes."""
        ...

    def distance_km(self, country_a: str, country_b: str) -> float | None:
        """Return how far the nearest cities of two countries (ISO 3166) are apart: never more than the true way.

        0 within one country, None where one of the two is not known.
        """
        ...
