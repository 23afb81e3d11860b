"""Which addresses may be called: the special ones of the IANA registries, and whatever hides one of them."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.domain.reach import Reach, is_public, may_reach

LOOPBACK = ("127.0.0.1", "127.1.2.3", "127.255.255.254", "::1")
PRIVATE = (
    *("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("100.64.0.1", "100.100.100.199", "100.127.255.255", "fc00::1", "fd12:3456::1"),
)
NEVER = (
    *("0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "192.0.0.8", "192.0.0.192", "168.63.129.16"),
    *("192.0.2.1", "198.51.100.7", "203.0.113.9", "198.18.0.1", "198.19.255.255", "192.88.99.1"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::", "fe80::1", "fe80::1%eth0", "2606:4700::1%1", "febf::1", "fec0::1", "ff02::1", "ff0e::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8", "::127.0.0.1"),
    *("64:ff9b::a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:20::1"),
    *("2001:db8::1", "2002:7f00:1::1", "2002:a9fe:a9fe::", "3fff::1", "5f00::1", "4000::1"),
    *("100.100.100.200", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254"),
)
PUBLIC = ("8.8.8.8", "1.1.1.1", "93.184.216.34", "172.15.255.255", "172.32.0.1", "100.128.0.1", "2606:4700::1111")


@pytest.mark.parametrize("text", PUBLIC)
@pytest.mark.parametrize("reach", Reach)
def test_a_public_address_is_always_reached(text: str, reach: Reach) -> None:
    assert may_reach(ip_address(text), reach)


@pytest.mark.parametrize("text", [*LOOPBACK, *PRIVATE, *NEVER])
def test_nothing_inside_is_reached_where_only_the_public_is(text: str) -> None:
    assert not may_reach(ip_address(text), Reach.PUBLIC)


@pytest.mark.parametrize("text", [*PRIVATE, *NEVER])
def test_a_machine_that_may_call_itself_calls_nobody_else_inside(text: str) -> None:
    assert not may_reach(ip_address(text), Reach.THIS_MACHINE)


@pytest.mark.parametrize("text", LOOPBACK)
def test_a_machine_may_call_itself_where_it_is_said(text: str) -> None:
    assert may_reach(ip_address(text), Reach.THIS_MACHINE)


@pytest.mark.parametrize("text", [*LOOPBACK, *PRIVATE])
def test_the_operators_own_networks_are_reached_at_his_word(text: str) -> None:
    assert may_reach(ip_address(text), Reach.PRIVATE)


@pytest.mark.parametrize("text", NEVER)
def test_metadata_and_what_hides_an_address_is_never_reached(text: str) -> None:
    assert not may_reach(ip_address(text), Reach.PRIVATE)


@given(st.ip_addresses())
def test_what_python_knows_to_be_special_is_not_public(address: object) -> None:
    found = ip_address(str(address))
    if found.is_private or found.is_multicast or found.is_reserved or found.is_loopback or found.is_link_local:
        assert not is_public(found)
