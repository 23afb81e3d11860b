"""The attackers: each takes the place of a real sign-in of his victim, at its time and with the right password.

What he shows is borrowed from the donors as it stands, so that nothing but his kind tells him apart; the audit looks.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from types import MappingProxyType
from typing import Final

from bench.risk.chances import Draw
from bench.risk.donors import Donors
from bench.risk.happenings import Agent, Happening, Place

NAIVE: Final = "naive"
VPN: Final = "VPN"
TAKEOVER: Final = "takeover-like"
TAKEOVER_ABROAD: Final = "takeover from abroad"
RESIDENTIAL: Final = "residential proxy"
TARGETED: Final = "targeted"
BORROWED: Final = "borrowed session"
STOLEN_TOKEN: Final = "stolen cookie"
INSIDER: Final = "same-address insider"
REAL_TAKEOVER: Final = "real takeover"
"""Labelled so in a data set: nobody's simulation."""

INFRASTRUCTURE: Final = 0.546
"""Share of attackers who come through hosting or a VPN: 54.6 % of the published takeovers are on attack addresses."""
_NAIVE_COUNTRIES: Final[Mapping[str, float]] = MappingProxyType(
    {"US": 0.40, "NO": 0.14, "RU": 0.11, "BR": 0.04, "DE": 0.03, "": 0.28}
)
"""Countries of failed attempts that are not the users' own, from the published shares and success rates by country."""
_TAKEOVER_COUNTRIES: Final[Mapping[str, float]] = MappingProxyType(
    {"RO": 0.56, "NO": 0.07, "CA": 0.064, "BR": 0.064, "ID": 0.064, "IT": 0.05, "DK": 0.035, "LV": 0.021, "": 0.072}
)
"""Countries of the published takeovers."""
_TAKEOVER_DESKTOP: Final = 0.85
_TAKEOVER_CHROME: Final = 0.96
_SEEN_NETWORK: Final = 0.21
"""Takeovers in a network where the user was seen: the published .135 of all, of which 65 % hit users with a history."""
_SEEN_COUNTRY: Final = 0.27
_SEEN_BROWSER: Final = 0.33
_SEEN_SYSTEM: Final = 0.63
_SEEN_KIND: Final = 0.77


@dataclass(frozen=True, slots=True, kw_only=True)
class Victim:
    """What an attacker may know of a user at the moment of his attack."""

    replaced: Happening
    """The real sign-in whose place he takes."""
    depth: int
    """How often the user signed in before."""
    country: str
    """Where the user mostly is."""
    network: int
    """The network he is mostly in."""
    place: Place
    """Where he was last."""
    agent: Agent
    """What he mostly uses, as it was last."""


Attacker = Callable[[Victim, Donors, Random], Happening | None]
"""Returns the attempt; None where there is nobody to borrow from."""


def naive(victim: Victim, donors: Donors, chance: Random) -> Happening | None:
    """Come from anywhere in the world, with a browser of one's own."""
    donor = _from(_NAIVE_COUNTRIES, victim, donors, chance)
    return donor and _as(victim, donor, NAIVE)


def vpn(victim: Victim, donors: Donors, chance: Random) -> Happening | None:
    """Come from the victim's country, through hosting more often than not, with a browser of one's own."""
    donor = _compatriot(victim, donors, chance)
    return donor and _as(victim, donor, VPN)


def borrowed_session(victim: Victim, donors: Donors, chance: Random) -> Happening | None:
    """Show another user's real session, wherever it is: what two published measurements call naive."""
    return _as(victim, donors.anybody(victim.replaced.at, chance), BORROWED)


def residential(victim: Victim, donors: Donors, chance: Random) -> Happening | None:
    """Come from a home in the victim's country, with the agent that the victim mostly uses."""
    donor = donors.consumer(victim.country, victim.replaced.at, chance)
    return donor and _as(victim, replace(donor, agent=victim.agent), RESIDENTIAL)


def targeted(victim: Victim, donors: Donors, chance: Random) -> Happening | None:
    """Come from the victim's own network, with the agent that the victim mostly uses."""
    donor = donors.in_network(victim.network, victim.replaced.at, chance)
    return donor and _as(victim, replace(donor, agent=victim.agent), TARGETED)


def takeover_abroad(victim: Victim, donors: Donors, chance: Random) -> Happening | None:
    """Come from where the published takeovers came from, with the browsers that they had."""
    donor = _from(_TAKEOVER_COUNTRIES, victim, donors, chance)
    if donor is None:
        return None
    return _as(victim, replace(donor, agent=_takeover_agent(victim, donors, chance)), TAKEOVER_ABROAD)


def takeover(victim: Victim, donors: Donors, chance: Random) -> Happening | None:
    """Come like the published takeovers, some of which used a network and a country where the user had been."""
    share = chance.random()
    donor: Happening | None = None
    if share < _SEEN_NETWORK:
        donor = donors.in_network(victim.network, victim.replaced.at, chance)
    elif share < _SEEN_COUNTRY:
        donor = _compatriot(victim, donors, chance)
    donor = donor or _from(_TAKEOVER_COUNTRIES, victim, donors, chance)
    if donor is None:
        return None
    return _as(victim, replace(donor, agent=_takeover_agent(victim, donors, chance)), TAKEOVER)


def stolen_token(victim: Victim, donors: Donors, chance: Random) -> Happening | None:
    """Come from anywhere with a copy of the victim's token, in the victim's agent."""
    donor = _from(_NAIVE_COUNTRIES, victim, donors, chance)
    stolen = donor and _as(victim, replace(donor, agent=victim.agent), STOLEN_TOKEN)
    return stolen and replace(stolen, has_token=True)


def insider(victim: Victim, donors: Donors, chance: Random) -> Happening | None:
    """Sit at the victim's own address, with a device of one's own: family, flatmate, colleague."""
    donor = donors.anybody(victim.replaced.at, chance)
    return _as(victim, replace(donor, place=victim.place), INSIDER)


ATTACKERS: Final[tuple[Attacker, ...]] = (
    naive,
    vpn,
    takeover,
    takeover_abroad,
    residential,
    targeted,
    borrowed_session,
    stolen_token,
    insider,
)
FIRST_TIME_ATTACKERS: Final[tuple[Attacker, ...]] = (naive, vpn, takeover, takeover_abroad, borrowed_session)
"""Those who make sense against a user whose first sign-in this is."""


def _compatriot(victim: Victim, donors: Donors, chance: Random) -> Happening | None:
    is_infrastructure = chance.random() < INFRASTRUCTURE
    return donors.within(victim.country, victim.replaced.at, chance, is_infrastructure=is_infrastructure)


def _from(countries: Mapping[str, float], victim: Victim, donors: Donors, chance: Random) -> Happening | None:
    """Return a donor from one of these countries; the rest is shared by all others that there are."""
    country = Draw.of(countries).one(chance)
    if not country:
        others = [other for other in donors.countries if other not in countries]
        country = chance.choice(others or donors.countries)
    is_infrastructure = chance.random() < INFRASTRUCTURE
    return donors.within(country, victim.replaced.at, chance, is_infrastructure=is_infrastructure)


def _takeover_agent(victim: Victim, donors: Donors, chance: Random) -> Agent:
    """Return an agent that the user has shown, or one that shares its system or its kind, or neither."""
    own, now, share = victim.agent, victim.replaced.at, chance.random()
    if share < _SEEN_BROWSER:
        return own
    if share < _SEEN_SYSTEM:
        return donors.agent(now, chance, lambda agent: (agent.kind, agent.system) == (own.kind, own.system))
    if share < _SEEN_KIND:
        return donors.agent(now, chance, lambda agent: agent.kind == own.kind and agent.system != own.system)
    is_desktop, is_chrome = chance.random() < _TAKEOVER_DESKTOP, chance.random() < _TAKEOVER_CHROME
    return donors.agent(
        now,
        chance,
        lambda agent: (agent.kind == "desktop") == is_desktop and agent.browser.startswith("Chrome") == is_chrome,
    )


def _as(victim: Victim, donor: Happening, attack: str) -> Happening:
    real = victim.replaced
    return replace(donor, at=real.at, user=real.user, has_token=False, is_successful=True, attack=attack)
