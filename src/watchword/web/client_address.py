"""Says where a request came from, believing only proxies that the operator named.

A forwarded address is whatever the caller wrote, up to the first hop that is ours (OWASP ASVS 5.0, 4.1.3).
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.types import Scope

Network = IPv4Network | IPv6Network


def address_of(scope: Scope, trusted: Sequence[Network]) -> str | None:
    """Return the caller's address for an ASGI scope; None where the transport has none (a local socket)."""
    client = scope.get("client")
    forwarded = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return client_address(None if client is None else str(client[0]), forwarded, trusted)


def client_address(peer: str | None, forwarded_for: Sequence[str], trusted: Sequence[Network]) -> str | None:
    """Return the nearest hop that is not a trusted proxy, reading ``X-Forwarded-For`` from its end.

    ``forwarded_for`` holds the values of the header in order. Behind an untrusted peer the header counts for nothing;
    where an entry is no address, the last hop that was one is returned.
    """
    nearest = None if peer is None else read_ip(peer)
    if nearest is None:
        return None
    hops = [hop.strip() for value in forwarded_for for hop in value.split(",")]
    while hops and _is_trusted(nearest, trusted):
        hop = read_ip(hops.pop())
        if hop is None:
            break
        nearest = hop
    return str(nearest)


def read_ip(text: str) -> IPv4Address | IPv6Address | None:
    """Return an IPv4 or IPv6 literal without a zone; an IPv4 address inside IPv6 is the IPv4 address."""
    if "%" in text:
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_trusted(address: IPv4Address | IPv6Address, trusted: Sequence[Network]) -> bool:
    return any(address in network for network in trusted)
