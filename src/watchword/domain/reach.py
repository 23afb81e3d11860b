"""How far inside a network the addresses may lie that we call on somebody's word; nothing here looks anything up."""

from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

PUBLIC_PORTS: Final = frozenset({443, 8443})
"""Ports of public addresses, unless the operator allows more: no mail server and no database listens there."""


class Reach(StrEnum):
    """Which addresses may be connected to."""

    PUBLIC = "public"
    """What everybody on the internet reaches."""
    THIS_MACHINE = "this_machine"
    """That, and loopback: for ``dev`` and ``demo``."""
    PRIVATE = "private"
    """That, and the operator's own networks, because he says so."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the public internet, on which nothing of ours can be reached that others cannot."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    return (
        address.scope_id is None and address in _PUBLIC_6 and not any(address in network for network in _NOT_PUBLIC_6)
    )


def may_reach(address: IPv4Address | IPv6Address, reach: Reach) -> bool:
    """Whether an address may be connected to: what is in no list of these is refused, whatever the reach."""
    if is_public(address):
        return True
    match reach:
        case Reach.PUBLIC:
            return False
        case Reach.THIS_MACHINE:
            return any(address in network for network in _LOOPBACK)
        case Reach.PRIVATE:
            is_cloud_s = any(address in network for network in _OF_CLOUDS)
            return not is_cloud_s and any(address in network for network in _PRIVATE)


def _networks_4(*texts: str) -> tuple[IPv4Network, ...]:
    return tuple(IPv4Network(text) for text in texts)


def _networks_6(*texts: str) -> tuple[IPv6Network, ...]:
    return tuple(IPv6Network(text) for text in texts)


_NOT_PUBLIC_4: Final = _networks_4(
    "0.0.0.0/8",  # this network: Linux connects to itself
    "10.0.0.0/8",
    "100.64.0.0/10",  # behind carriers' NAT (RFC 6598)
    "127.0.0.0/8",
    "168.63.129.16/32",  # Azure's own services inside each virtual network, under a public address
    "169.254.0.0/16",  # link-local, and the metadata of most clouds
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",  # documentation (RFC 5737), as two more below
    "192.88.99.0/24",  # relays of 6to4 (RFC 7526)
    "192.168.0.0/16",
    "198.18.0.0/15",  # benchmarks (RFC 2544)
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",  # multicast
    "240.0.0.0/4",  # reserved, and broadcast
)
"""IANA IPv4 Special-Purpose Address Registry (RFC 6890), what is not globally reachable."""
_PUBLIC_6: Final = IPv6Network("2000::/3")
"""All that is handed out (RFC 3587 §3); outside lie loopback, ULA, link-local, multicast, mapped IPv4 and NAT64."""
_NOT_PUBLIC_6: Final = _networks_6(
    "2001::/23",  # IETF protocols: Teredo hides an IPv4 address, ORCHID is no address
    "2001:db8::/32",  # documentation (RFC 3849), as 3fff::/20 (RFC 9637)
    "2002::/16",  # 6to4 hides an IPv4 address
    "3fff::/20",
    "5f00::/16",  # segment routing (RFC 9602); outside 2000::/3 today, and named in case that grows
)
"""IANA IPv6 Special-Purpose Address Registry (RFC 6890)."""
_LOOPBACK: Final[tuple[IPv4Network | IPv6Network, ...]] = (*_networks_4("127.0.0.0/8"), *_networks_6("::1/128"))
_PRIVATE: Final[tuple[IPv4Network | IPv6Network, ...]] = (
    *_LOOPBACK,
    *_networks_4("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16"),
    *_networks_6("fc00::/7"),
)
"""RFC 1918, RFC 6598, RFC 4193: what an operator can mean by his own networks. Link-local is not: metadata is there."""
_OF_CLOUDS: Final[tuple[IPv4Network | IPv6Network, ...]] = (
    *_networks_4("100.100.100.200/32"),  # Alibaba's metadata
    *_networks_6(
        "fd00:ec2::/32",  # Amazon's metadata (::254), and what hands out the credentials of pods (::23)
        "fd20:ce::254/128",  # Google's metadata
    ),
)
"""What clouds put among the private addresses of each machine, and no operator means."""
