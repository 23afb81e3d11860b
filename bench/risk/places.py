"""The map of the made-up traffic: countries, their networks, and the networks that are nobody's home.

The shares of the five first countries and of the Norwegian networks are those of the successful sign-ins at the head of
the RBA data set (Wiefling et al., TOPS 2022, doi 10.1145/3546069); the long tails are ours, to reach its entropies.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from bench.risk.chances import Draw, with_tail
from bench.risk.happenings import Place

HOME_SHARES: Final[Mapping[str, float]] = {"NO": 0.706, "US": 0.091, "PL": 0.050, "BR": 0.039, "DE": 0.021}
_OTHERS: Final = (
    "IN", "UA", "ID", "MY", "AU", "FR", "PK", "GB", "RO", "RU", "CA", "IT", "DK", "LV", "SE", "IR", "NL", "ES",
    "FI", "TR", "TH", "PH", "VN", "MX", "AR", "CO", "CL", "ZA", "EG", "NG", "KE", "MA", "DZ", "JP", "KR", "TW",
    "HK", "SG", "BD", "LK", "NP", "GR", "PT", "IE", "BE", "CH", "AT", "CZ", "SK", "HU", "BG", "RS", "HR", "LT",
    "EE", "IS", "IL", "SA", "AE", "KZ",
)  # fmt: skip
_UTC_OFFSETS_H: Final[Mapping[str, int]] = {"NO": 1, "US": -6, "PL": 1, "BR": -3, "DE": 1, "IN": 5, "RU": 3, "CA": -5}

_NORWEGIAN_NETWORKS: Final = (0.524, 0.103, 0.091, 0.054, 0.023, 0.019, 0.016, 0.015)
_OTHER_NETWORKS: Final = (0.46, 0.18, 0.11, 0.07, 0.05, 0.03, 0.02)
_TAIL_NETWORKS: Final = 26
"""How many small networks share the rest of a country."""

_PROVIDERS: Final = 9
"""Makers of VPNs. Each has exits in these countries, in a network or two of its own there."""
_EXITS: Final[Mapping[str, float]] = {
    "US": 5, "GB": 3, "NL": 3, "DE": 3, "SE": 3, "NO": 3, "DK": 1, "FR": 1, "CA": 1, "PL": 1, "BR": 1, "RO": 1, "IT": 1,
    "LV": 1, "RU": 1, "ID": 1, "IN": 1, "SG": 1,
}  # fmt: skip
_HOSTING_LISTED: Final = 0.70
"""Share of the hosting networks that a list names: the lists that can be had are far from complete."""
_VPN_LISTED: Final = 0.60
_BAD_LISTED: Final = 0.35
_TOR: Final = 0.03

_ADDRESS_BITS: Final = 24
_OFFICES: Final = 12
"""Offices, schools and libraries with one address each, in a network."""
_CROWD_PER_SHARE: Final = 300
"""Addresses that a whole country's mobile users share; a carrier has its part of them (carrier-grade NAT)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One autonomous system as seen in one country."""

    number: int
    country: str
    crowd: int
    """Number of addresses that its mobile users share."""
    is_hosting: bool = False
    is_vpn: bool = False
    is_tor: bool = False
    is_listed: bool = False

    def place(self, host: int) -> Place:
        """Return the place of one of its addresses."""
        return Place(
            country=self.country,
            network=self.number,
            address=(self.number << _ADDRESS_BITS) + host,
            is_hosting=self.is_hosting,
            is_vpn=self.is_vpn,
            is_tor=self.is_tor,
            is_listed=self.is_listed,
        )

    def fresh(self, chance: Random) -> Place:
        """Return an address that is this subscriber's alone; one in sixteen million is somebody else's too."""
        return self.place(self.crowd + chance.randrange((1 << _ADDRESS_BITS) - self.crowd))

    def office(self, chance: Random) -> Place:
        """Return an address that colleagues share."""
        return self.place(self.crowd + chance.randrange(_OFFICES))

    def shared(self, chance: Random) -> Place:
        """Return an address that its mobile users take turns with."""
        return self.place(chance.randrange(self.crowd))


@dataclass(frozen=True, slots=True, kw_only=True)
class Geography:
    """Everything that lies anywhere."""

    homes: Draw[str]
    """The country that a user lives in."""
    networks: Mapping[str, Draw[Network]]
    """Where the people of a country are, by country."""
    providers: tuple[Mapping[str, Network], ...]
    """Each VPN provider's exit by country."""
    exits: Draw[str]

    def infrastructure(self) -> frozenset[int]:
        """Return the numbers of the networks that are nobody's home."""
        return frozenset(network.number for exits in self.providers for network in exits.values())

    def elsewhere(self, home: str, chance: Random) -> str:
        """Return a country that somebody from this one travels to."""
        while (country := chance.choice(list(self.networks))) == home:
            pass
        return country


def draw_geography(chance: Random) -> Geography:
    """Return one map; the shares are fixed, what a list knows is drawn."""
    numbers = iter(range(1_000, 1_000_000))
    countries = [*HOME_SHARES, *_OTHERS]
    return Geography(
        homes=Draw(countries, with_tail(HOME_SHARES.values(), len(_OTHERS), flatness=2.0)),
        networks={country: _networks(country, numbers) for country in countries},
        providers=tuple({country: _exit(country, numbers, chance) for country in _EXITS} for _ in range(_PROVIDERS)),
        exits=Draw.of(_EXITS),
    )


def utc_offset_h(country: str) -> int:
    """Return the hours that its clocks are ahead; for most countries only some fixed number."""
    return _UTC_OFFSETS_H.get(country, sum(country.encode()) % 12 - 4)


def _networks(country: str, numbers: Iterator[int]) -> Draw[Network]:
    heads = _NORWEGIAN_NETWORKS if country == "NO" else _OTHER_NETWORKS
    shares = with_tail(heads, _TAIL_NETWORKS)
    weight = dict(HOME_SHARES).get(country, 0.003)
    return Draw(
        [
            Network(number=next(numbers), country=country, crowd=max(4, round(_CROWD_PER_SHARE * share * weight)))
            for share in shares
        ],
        shares,
    )


def _exit(country: str, numbers: Iterator[int], chance: Random) -> Network:
    return Network(
        number=next(numbers),
        country=country,
        crowd=40,
        is_hosting=chance.random() < _HOSTING_LISTED,
        is_vpn=chance.random() < _VPN_LISTED,
        is_tor=chance.random() < _TOR,
        is_listed=chance.random() < _BAD_LISTED,
    )
