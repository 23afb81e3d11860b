"""Facts about addresses and agents, from files that the operator can replace; the network is never asked."""

import re
from collections.abc import Callable, Sequence
from importlib.resources import files
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Final, Self

import maxminddb

from watchword.adapters.file_atlas.agent_reading import AgentReader
from watchword.domain.atlas_facts import AgentFacts, NetworkFacts
from watchword.domain.errors import ConfigurationError

LOCAL: Final = "local"
"""What stands for the country of an address that is not on the internet."""
CSV_LINES_AT_MOST: Final = 100_000
"""A longer list belongs into a file in MaxMind's format."""

_NO_FILES: Final = ("asn", "hosting", "vpn", "tor", "listed")
_Address = IPv4Address | IPv6Address
_Lookup = Callable[[_Address], str | None]

_LOCAL_NETWORKS: Final = tuple(
    ip_network(text)
    for text in (
        "10.0.0.0/8",  # RFC 1918
        "172.16.0.0/12",
        "192.168.0.0/16",
        "127.0.0.0/8",  # RFC 1122 §3.2.1.3
        "169.254.0.0/16",  # RFC 3927
        "::1/128",  # RFC 4291
        "fe80::/10",
        "fc00::/7",  # RFC 4193
    )
)
"""By name, because ``is_private`` also means the networks for documentation and much else."""


class FileAtlas:
    """Keeps the promise of ``ports.atlas.Atlas``."""

    __slots__ = ("_agents", "_disposable", "_lookups", "_readers")

    def __init__(self, lookups: Sequence[_Lookup], readers: Sequence[maxminddb.Reader]) -> None:
        self._lookups = tuple(lookups)
        self._readers = tuple(readers)
        self._agents = AgentReader()
        self._disposable: frozenset[str] = frozenset()

    @classmethod
    def open(cls, country_files: Sequence[Path] = (), *, example_places: bool = False) -> Self:
        """Return an atlas that asks the example places first, then the files in order.

        A name that ends in ``.csv`` is a list of ``network,country``, any other a file in MaxMind's format. Raises
        ``ConfigurationError`` for a file that cannot be read.
        """
        lookups: list[_Lookup] = []
        readers: list[maxminddb.Reader] = []
        if example_places:
            lookups.append(_CountryList.read(_example_text(), "example_places.csv").country)
        for path in country_files:
            if path.suffix.lower() == ".csv":
                lookups.append(_CountryList.read(_text(path), str(path)).country)
            else:
                reader = _open_database(path)
                readers.append(reader)
                lookups.append(_CountryDatabase(reader).country)
        return cls(lookups, readers)

    def warm_up(self) -> None:
        """Compile the patterns for user agents: about 0.2 s, once, that the first caller would wait otherwise."""
        self.device_name("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")

    def close(self) -> None:
        """Close the files."""
        for reader in self._readers:
            reader.close()

    def facts(self, ip: str) -> NetworkFacts:
        """Return what the files say of an address; ``ValueError`` for what is none."""
        return NetworkFacts(country=self.country(ip), no_data=_NO_FILES)

    def country(self, ip: str) -> str | None:
        """Return the ISO 3166 code, ``local``, or None where no file knows the address.

        This and the next two raise ``ValueError`` for what is no address.
        """
        address = _read(ip)
        if any(address in network for network in _LOCAL_NETWORKS):
            return LOCAL
        found = (lookup(address) for lookup in self._lookups)
        return next((code for code in found if code is not None), None)

    def network(self, ip: str) -> str:
        """Return the network that an address is counted under: IPv4 /24 or IPv6 /48."""
        return _network(_read(ip), 24, 48)

    def counted_as(self, ip: str) -> str:
        """Return the address that starts are counted under: the IPv4 address or the IPv6 /64."""
        address = _read(ip)
        return str(address) if isinstance(address, IPv4Address) else _network(address, 32, 64)

    def agent(self, user_agent: str | None) -> AgentFacts:
        """Return what a user agent says of itself; ``NO_AGENT`` where there is none."""
        return self._agents.facts(user_agent)

    def device_name(self, user_agent: str | None) -> str:
        """Return a name such as "Chrome on Windows"; what is not recognised is "an unknown browser"."""
        return self._agents.device_name(user_agent)

    def email_is_disposable(self, domain: str) -> bool:
        """Return whether a domain hands out throw-away mailboxes: no list, no such domain."""
        return domain.casefold() in self._disposable

    def distance_km(self, country_a: str, country_b: str) -> float | None:
        """Return 0 within one country; how far apart two are is not known."""
        return 0.0 if country_a == country_b else None


class _CountryList:
    """A short list of networks, by longest prefix."""

    __slots__ = ("_lengths", "_networks")

    def __init__(self, networks: dict[tuple[int, int, int], str]) -> None:
        self._networks = networks
        """By version, length of the prefix, and prefix."""
        self._lengths = sorted({key[:2] for key in networks}, reverse=True)

    @classmethod
    def read(cls, text: str, name: str) -> Self:
        """Return the list of a CSV text; a line without a network and a country is a ``ConfigurationError``."""
        lines = text.splitlines()
        if len(lines) > CSV_LINES_AT_MOST:
            raise ConfigurationError((f"{name}: a list has at most {CSV_LINES_AT_MOST:,} lines",))
        networks = {}
        for number, line in enumerate(lines, start=1):
            entry = line.strip()
            if entry and not entry.startswith("#") and entry.lower() != "network,country":
                key, country = _list_entry(entry, f"{name}:{number}")
                networks[key] = country
        return cls(networks)

    def country(self, address: _Address) -> str | None:
        """Return the country of the narrowest network that holds the address."""
        for version, length in self._lengths:
            if version == address.version:
                prefix = int(address) >> (address.max_prefixlen - length)
                if (version, length, prefix) in self._networks:
                    return self._networks[version, length, prefix]
        return None


class _CountryDatabase:
    """A file in MaxMind's format, in the layout of MaxMind or in a flat one."""

    __slots__ = ("_knows_ipv6", "_reader")

    def __init__(self, reader: maxminddb.Reader) -> None:
        self._reader = reader
        self._knows_ipv6 = reader.metadata().ip_version == 6  # noqa: PLR2004 the version of the protocol

    def country(self, address: _Address) -> str | None:
        """Return the country of an address, or None; a damaged place in the file knows nothing."""
        if isinstance(address, IPv6Address) and not self._knows_ipv6:
            return None
        try:
            return _country_of(self._reader.get(address))
        except maxminddb.InvalidDatabaseError:
            return None


def _country_of(record: object) -> str | None:
    """Return the country of a record: ``country.iso_code`` (MaxMind), ``country_code`` or ``country`` as a text."""
    if not isinstance(record, dict):
        return None
    country = record.get("country")
    code = country.get("iso_code") if isinstance(country, dict) else record.get("country_code", country)
    return _country_code(code)


def _country_code(code: object) -> str | None:
    """Return an ISO 3166 code of two letters; ``ZZ`` and whatever else is written for "unknown" is None."""
    if not isinstance(code, str) or not re.fullmatch(r"[A-Za-z]{2}", code) or code.upper() == "ZZ":
        return None
    return code.upper()


def _list_entry(line: str, place: str) -> tuple[tuple[int, int, int], str]:
    network_text, _, country_text = (part.strip() for part in line.partition(","))
    country = _country_code(country_text)
    try:
        network = ip_network(network_text)
    except ValueError as error:
        raise ConfigurationError((f"{place}: {error}",)) from None
    if country is None:
        raise ConfigurationError((f"{place}: a line is a network and a country of two letters: 192.0.2.0/24,US",))
    prefix = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
    return (network.version, network.prefixlen, prefix), country


def _example_text() -> str:
    return files("watchword.adapters").joinpath("example_places.csv").read_text(encoding="utf-8")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError((f"{path}: the list of countries cannot be read: {error.strerror}",)) from None
    except UnicodeDecodeError:
        raise ConfigurationError((f"{path}: the list of countries is not UTF-8",)) from None


def _open_database(path: Path) -> maxminddb.Reader:
    try:
        return maxminddb.open_database(path)
    except OSError as error:
        raise ConfigurationError((f"{path}: the country file cannot be read: {error.strerror}",)) from None
    except (maxminddb.InvalidDatabaseError, ValueError):
        raise ConfigurationError((f"{path}: this is not a file in MaxMind's format",)) from None


def _read(ip: str) -> _Address:
    address = ip_address(ip)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _network(address: _Address, ipv4_bits: int, ipv6_bits: int) -> str:
    if isinstance(address, IPv4Address):
        return str(IPv4Network((int(address), ipv4_bits), strict=False))
    return str(IPv6Network((int(address), ipv6_bits), strict=False))
