"""Facts about an address on the internet and about a user agent."""

from typing import Protocol


class Atlas(Protocol):
    """Looks facts up in files; never asks the network."""

    def country(self, ip: str) -> str | None:
        """Return the ISO 3166 code, ``local`` for private and loopback addresses, or None where it is not known."""
        ...

    def network(self, ip: str) -> str:
        """Return the network that an address is counted under: IPv4 /24 or IPv6 /48, as text."""
        ...

    def counted_as(self, ip: str) -> str:
        """Return the address that starts are counted under: the IPv4 address or the IPv6 /64."""
        ...

    def device_name(self, user_agent: str | None) -> str:
        """Return a name such as "Chrome on Windows" that a person recognises."""
        ...
