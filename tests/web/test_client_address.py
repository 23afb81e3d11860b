"""Only proxies that the operator named are believed."""

from ipaddress import ip_network

import pytest

from watchword.web.client_address import address_of, client_address, read_ip

PROXIES = (ip_network("10.0.0.0/8"), ip_network("2001:db8:1::/48"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["192.0.2.66, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["192.0.2.66", "198.51.100.1, 10.9.9.9"], "198.51.100.1"),
        ("10.0.0.1", ["10.0.0.5, 10.0.0.6"], "10.0.0.5"),
        ("10.0.0.1", ["198.51.100.1, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1, unknown, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("2001:db8:1::5", ["2001:db8:ffff::1"], "2001:db8:ffff::1"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        (None, ["198.51.100.1"], None),
        ("testclient", ["198.51.100.1"], None),
    ],
)
def test_believes_the_nearest_hop_that_is_not_a_named_proxy(
    peer: str | None, forwarded: list[str], address: str | None
) -> None:
    assert client_address(peer, forwarded, PROXIES) == address


def test_believes_nobody_unless_told_to() -> None:
    scope = {"client": ("10.0.0.1", 5), "headers": [(b"x-forwarded-for", b"198.51.100.1")]}
    assert address_of(scope, ()) == "10.0.0.1"
    assert address_of(scope, PROXIES) == "198.51.100.1"


@pytest.mark.parametrize("text", ["fe80::1%eth0", "1.2.3", "1.2.3.4:80", "[::1]", "", "localhost", "01.2.3.4"])
def test_an_address_is_a_plain_literal(text: str) -> None:
    assert read_ip(text) is None
