"""Facts about addresses and agents, from files that the operator can replace; the network is never asked."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final, Self

from watchword.adapters.file_atlas.address_reading import (
    LOCAL,
    LOCAL_NETWORKS,
    Address,
    network_of,
    read_ip_address,
)
from watchword.adapters.file_atlas.agent_reading import AgentReader
from watchword.adapters.file_atlas.compact_file import Fact
from watchword.adapters.file_atlas.country_distances import CountryDistances
from watchword.adapters.file_atlas.source_files import (
    OpenList,
    OpenNames,
    OpenTable,
    SourceFile,
    close_tables,
    open_examples,
    open_lists,
    open_names,
    open_tables,
)
from watchword.adapters.file_atlas.text_lists import read_network_list
from watchword.domain.atlas_facts import AgentFacts, NetworkFacts
from watchword.domain.errors import ConfigurationError

DOMAINS_KEPT: Final = 1_024
"""Domains of mailboxes; a few carry nearly all, and looking one up anew takes 1.3 µs, fifteen times as long."""
ADDRESSES_KEPT: Final = 4_096
"""How many addresses' facts are kept: at most 2 MB."""
_LISTS: Final = (Fact.HOSTING, Fact.VPN, Fact.TOR, Fact.LISTED)
_NO_LISTS: Final[Mapping[Fact, Sequence[Path | None]]] = {}
_LONGEST_DOMAIN: Final = 253
"""RFC 1035 §2.3.4, written with dots."""


class FileAtlas:
    """Keeps the promise of ``ports.atlas.Atlas``."""

    __slots__ = (
        "_agents",
        "_counted_as",
        "_countries",
        "_disposable",
        "_distances",
        "_lists",
        "_local",
        "_look_up",
        "_network",
        "_systems",
        "_thrown_away",
        "files",
        "no_data",
    )

    def __init__(self, tables: Sequence[OpenTable], lists: Sequence[OpenList], names: Sequence[OpenNames]) -> None:
        opened: list[OpenTable | OpenList | OpenNames] = [*tables, *lists, *names]
        told = {one.source.fact for one in opened}
        self.files = tuple(_in_effect(one, told) for one in opened)
        """Every file that the atlas works with, and whether it has an effect."""
        self._countries = [one for one in tables if one.source.fact is Fact.COUNTRY]
        self._systems = [one for one in tables if one.source.fact is Fact.ASN]
        self._lists = {fact: [one.networks for one in lists if one.source.fact is fact] for fact in _LISTS}
        self._disposable = frozenset[str]().union(*(one.names for one in names))
        useful = {file.fact for file in self.files if file.is_in_effect}
        self.no_data = tuple(fact.value for fact in (Fact.COUNTRY, Fact.ASN, *_LISTS) if fact not in useful)
        """Names of what no file tells."""
        self._local = read_network_list("\n".join(LOCAL_NETWORKS), "local networks").addresses
        self._agents = AgentReader()
        self._distances = CountryDistances.read()
        self._look_up = lru_cache(ADDRESSES_KEPT)(self._facts)
        self._network = lru_cache(ADDRESSES_KEPT)(_network)
        self._counted_as = lru_cache(ADDRESSES_KEPT)(_counted_as)
        self._thrown_away = lru_cache(DOMAINS_KEPT)(self._is_thrown_away)

    @classmethod
    def open(
        cls,
        country_files: Sequence[Path] = (),
        *,
        asn_files: Sequence[Path] = (),
        lists: Mapping[Fact, Sequence[Path | None]] = _NO_LISTS,
        example_places: bool = False,
    ) -> Self:
        """Return an atlas of these files; ``ConfigurationError`` for one that cannot be read or is wrong.

        In ``lists``, None stands for the list that comes with us (``source_files.SHIPPED``). The example places put
        the networks set aside for documentation into made-up countries, ahead of every file.
        """
        tables = [open_examples()] if example_places else []
        try:
            tables += open_tables(Fact.COUNTRY, country_files)
            tables += open_tables(Fact.ASN, asn_files)
            opened = [one for fact in _LISTS for one in open_lists(fact, lists.get(fact, ()))]
            names = open_names(lists.get(Fact.DISPOSABLE, ()))
        except ConfigurationError:
            close_tables(tables)
            raise
        return cls(tables, opened, names)

    def warm_up(self) -> None:
        """Compile the patterns for user agents: about 0.2 s, once, that the first caller would wait otherwise."""
        self.agent("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")

    def close(self) -> None:
        """Close the files."""
        close_tables([*self._countries, *self._systems])

    def facts(self, ip: str) -> NetworkFacts:
        """Return what the files say of an address; the first file that knows it tells its country or system.

        This, ``country`` and the next two raise ``ValueError`` for what is no address.
        """
        return self._look_up(ip)

    def country(self, ip: str) -> str | None:
        """Return the ISO 3166 code, ``local``, or None where no file knows the address."""
        return self._look_up(ip).country

    def network(self, ip: str) -> str:
        """Return the network that an address is counted under: IPv4 /24 or IPv6 /48."""
        return self._network(ip)

    def counted_as(self, ip: str) -> str:
        """Return the address that starts are counted under: the IPv4 address or the IPv6 /64."""
        return self._counted_as(ip)

    def agent(self, user_agent: str | None) -> AgentFacts:
        """Return what a user agent says of itself; ``NO_AGENT`` where there is none."""
        return self._agents.facts(user_agent)

    def device_name(self, user_agent: str | None) -> str:
        """Return a name such as "Chrome on Windows"; what is not recognised is "an unknown browser"."""
        return self._agents.device_name(user_agent)

    def email_is_disposable(self, domain: str) -> bool:
        """Return whether a domain, or one that it lies under, is in a list of throw-away mailboxes."""
        return self._thrown_away(domain)

    def _is_thrown_away(self, domain: str) -> bool:
        labels = _ascii_domain(domain).split(".")
        return any(".".join(labels[start:]) in self._disposable for start in range(len(labels) - 1))

    def distance_km(self, country_a: str, country_b: str) -> float | None:
        """Return a lower bound of the way between two countries; None where one is not known."""
        return self._distances.km(country_a, country_b)

    def _facts(self, ip: str) -> NetworkFacts:
        address = read_ip_address(ip)
        if self._local.holds(address):
            return NetworkFacts(country=LOCAL, no_data=self.no_data)
        number, _, name = (_first_text(self._systems, address) or "").partition(" ")
        asn = int(number) if number else None
        return NetworkFacts(
            country=_first_text(self._countries, address),
            asn=asn,
            asn_name=name or None,
            hosting=self._is_in(Fact.HOSTING, address, asn),
            vpn=self._is_in(Fact.VPN, address, asn),
            tor=self._is_in(Fact.TOR, address, asn),
            listed=self._is_in(Fact.LISTED, address, asn),
            no_data=self.no_data,
        )

    def _is_in(self, fact: Fact, address: Address, asn: int | None) -> bool:
        return any(one.addresses.holds(address) or asn in one.as_numbers for one in self._lists[fact])


def _network(ip: str) -> str:
    return network_of(read_ip_address(ip), 24, 48)


def _counted_as(ip: str) -> str:
    address = read_ip_address(ip)
    return str(address) if isinstance(address, IPv4Address) else network_of(address, 32, 64)


def _first_text(tables: Sequence[OpenTable], address: Address) -> str | None:
    for one in tables:
        text = one.table.text(address)
        if text is not None:
            return text
    return None


def _in_effect(one: OpenTable | OpenList | OpenNames, told: Container[Fact]) -> SourceFile:
    """Return a file with the word whether it can tell anything: AS numbers cannot where no file tells the system."""
    is_mute = isinstance(one, OpenList) and not one.networks.addresses.bounds and Fact.ASN not in told
    return replace(one.source, is_in_effect=not is_mute)


def _ascii_domain(domain: str) -> str:
    """Return a domain as lists write it; what can be none is empty, and in no list."""
    text = domain.strip().rstrip(".").lower()
    try:
        return text.encode("idna").decode() if len(text) <= _LONGEST_DOMAIN else ""
    except UnicodeError:
        return ""
