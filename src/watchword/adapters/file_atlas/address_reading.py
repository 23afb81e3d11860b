"""Reads addresses: which they are, which networks are not on the internet, and what an address is counted under."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

LOCAL: Final = "local"
"""What stands for the country of an address that is not on the internet."""

Address = IPv4Address | IPv6Address

LOCAL_NETWORKS: Final = (
    "10.0.0.0/8",  # RFC 1918
    "172.16.0.0/12",
    "192.168.0.0/16",
    "127.0.0.0/8",  # RFC 1122 §3.2.1.3
    "169.254.0.0/16",  # RFC 3927
    "::1/128",  # RFC 4291
    "fe80::/10",
    "fc00::/7",  # RFC 4193
)
"""By name, because ``is_private`` also means the networks for documentation and much else."""


def read_ip_address(ip: str) -> Address:
    """Return an address, an IPv4 address inside IPv6 as what it is; ``ValueError`` for what is none."""
    address = ip_address(ip)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def network_of(address: Address, ipv4_bits: int, ipv6_bits: int) -> str:
    """Return the network of this many leading bits that holds the address, as text."""
    if isinstance(address, IPv4Address):
        return str(IPv4Network((int(address), ipv4_bits), strict=False))
    return str(IPv6Network((int(address), ipv6_bits), strict=False))
