"""Tells this machine's own addresses from all others: what goes to them needs no protection on the way."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether a host name or address, without brackets, is this machine only."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
