"""Terms along the two chains: country, network, address; and kind of device, system, browser, version.

Down to the first new value each level says its part; what hangs below a new value is new anyway. A new value never
weighs less than the same level seen and whatever is new below it, so nothing new makes an action look safer (I12).
"""

from collections.abc import Callable, Iterator
from math import log
from typing import Final

from watchword.domain.action import RiskTerm
from watchword.risk.score.densities import Judged, Sight, judge
from watchword.risk.score.level_models import MODELS
from watchword.risk.signals import UNLIMITED, Signals
from watchword.risk.tracing import LOCAL
from watchword.risk.traits import WHAT_WITH, WHERE, Level

NEW_PLACE_NATS: Final = 1.5
"""A country that was never seen, of a user about whom nothing else is remembered."""
OLD_PLACE_NATS: Final = 2.0
"""At most, for a country that the memory has lost and the list of places has not."""
LISTED_NATS: Final = 3.5
UNLISTED_NATS: Final = -0.4
"""A new network on a list, and on none. Of the takeovers in the RBA data set (doi 10.1145/3546069) 54.6 % came from
listed addresses, which says 2.4 and -0.7 where one in twenty legitimate new networks is listed; chosen on validation
traffic, which says more."""
LISTED_NETWORK_MOST: Final = 4.6
"""What a new network and its lists come to at most."""
TOR_NATS: Final = 1.0
"""What an exit of Tor adds to that. In a new country lists prove nothing of their own, because most who show one once
are behind a VPN; Tor still proves something."""
BURST_SHARE: Final = 0.001
BURST_NATS: Final = 0.5
BURST_MOST_NATS: Final = 1.5
"""Many actions within an hour from a network that has less than a thousandth of the traffic: takeovers came in bursts
(six within half an hour), from networks with none in the day before (RBA data set)."""
_SIGNALS: Final = (
    "place.known",
    "network.known",
    "network.address_known",
    "agent.type_known",
    "agent.os_known",
    "agent.browser_known",
    "agent.version_known",
)
"""What each ``Level`` is called among the signals."""


def where_terms(signals: Signals, seen_with: Sight) -> Iterator[RiskTerm]:
    """Yield what country, network and address say, what the lists say of them, and whether many come from there."""
    yield from _burst_terms(signals, seen_with)
    judged = [judge(seen_with, level) for level in WHERE]
    if judged[0].is_blank:
        if not signals.place_known:
            text = f"First action of this user from {_place(signals)}"
            yield RiskTerm(signal="place.known", nats=NEW_PLACE_NATS, text=text)
        yield from _listed_terms(signals, max(0.0, _listed_nats(signals)))
        return
    plain = _weigh(WHERE, _unlisted(judged, signals))
    yield from _chain(signals, seen_with, WHERE, plain)
    if _is_listed(signals):
        listed = _weigh(WHERE, _listed(judged, signals))
        more = sum(each.nats for each in listed) - sum(each.nats for each in plain)
        yield from _listed_terms(signals, round(more, 2))


def what_terms(signals: Signals, seen_with: Sight) -> Iterator[RiskTerm]:
    """Yield what type of device, system, browser and version say."""
    judged = [judge(seen_with, level) for level in WHAT_WITH]
    yield from _chain(signals, seen_with, WHAT_WITH, _weigh(WHAT_WITH, judged))


def _chain(signals: Signals, seen_with: Sight, levels: tuple[Level, ...], weighed: list[Judged]) -> Iterator[RiskTerm]:
    for level, judged in zip(levels, weighed, strict=False):
        words = _SEEN[level](signals) if judged.is_seen else _new_text(signals, seen_with, level)
        yield RiskTerm(signal=_SIGNALS[level], nats=judged.nats, text=words)


def _weigh(levels: tuple[Level, ...], judged: list[Judged]) -> list[Judged]:
    """Return the levels that speak, from the top down to the first new one.

    That one weighs at least as much as if it were seen, at its heaviest, with whatever is new below it.
    """
    speaking: list[Judged] = []
    below = 0.0
    for level, each in zip(reversed(levels), reversed(judged), strict=True):
        if each.is_blank:
            speaking, below = [], 0.0
        elif each.is_seen:
            speaking, below = [each, *speaking], each.nats + below
        else:
            below = round(max(each.nats, MODELS[level].seen_most + below), 2)
            speaking = [Judged(is_blank=False, is_seen=False, nats=below)]
    return speaking


def _unlisted(judged: list[Judged], signals: Signals) -> list[Judged]:
    """Return the places as if no list named the address."""
    return _adjusted(judged, signals, network=UNLISTED_NATS, tor=0.0)


def _listed(judged: list[Judged], signals: Signals) -> list[Judged]:
    """Return the places with what the lists say of new ones; of a known network they say nothing."""
    return _adjusted(judged, signals, network=_listed_nats(signals), tor=TOR_NATS * signals.network_tor)


def _adjusted(judged: list[Judged], signals: Signals, *, network: float, tor: float) -> list[Judged]:
    adjusted = list(judged)
    country = judged[Level.COUNTRY]
    if not country.is_seen:
        nats = min(country.nats, OLD_PLACE_NATS) if signals.place_known else country.nats
        adjusted[Level.COUNTRY] = country._replace(nats=nats + tor)
    new = judged[Level.NETWORK]
    if not new.is_seen and not new.is_blank:
        nats = max(MODELS[Level.NETWORK].novel_least, min(new.nats + network, LISTED_NETWORK_MOST + tor))
        adjusted[Level.NETWORK] = new._replace(nats=nats)
    return adjusted


def _listed_nats(signals: Signals) -> float:
    if signals.network_tor:
        return LISTED_NATS + TOR_NATS
    return LISTED_NATS if _is_listed(signals) else UNLISTED_NATS


def _is_listed(signals: Signals) -> bool:
    return signals.network_listed or signals.network_vpn or signals.network_hosting or signals.network_tor


def _listed_terms(signals: Signals, nats: float) -> Iterator[RiskTerm]:
    """Yield what lists add, under the name of the gravest."""
    if nats <= 0:
        return
    if signals.velocity_address >= UNLIMITED:
        text = "The address was not said, which counts like an exit of Tor"
        yield RiskTerm(signal="network.tor", nats=nats, text=text)
    elif signals.network_tor:
        yield RiskTerm(signal="network.tor", nats=nats, text="The address is an exit of Tor")
    elif signals.network_listed:
        yield RiskTerm(signal="network.listed", nats=nats, text="The address is on the list of bad ones")
    elif signals.network_vpn:
        yield RiskTerm(signal="network.vpn", nats=nats, text="The address belongs to a VPN that this user did not use")
    else:
        yield RiskTerm(signal="network.hosting", nats=nats, text="The address belongs to a data centre, not to a home")


def _burst_terms(signals: Signals, seen_with: Sight) -> Iterator[RiskTerm]:
    if not signals.velocity_network > 1:
        return
    if seen_with.population.share(Level.NETWORK, seen_with.values[Level.NETWORK]) >= BURST_SHARE:
        return
    nats = min(BURST_NATS * log(signals.velocity_network), BURST_MOST_NATS)
    text = "Many actions within about an hour from a network that hardly any user has"
    if signals.velocity_network >= UNLIMITED:
        text = "How many actions came from this network within about an hour is not known"
    yield RiskTerm(signal="velocity.network", nats=round(nats, 2), text=text)


def _new_text(signals: Signals, seen_with: Sight, level: Level) -> str:
    value = seen_with.values[level]
    text = f"First sign of this user {_PLAIN[level](signals)}"
    if value is None or level == Level.ADDRESS:
        return text
    share = seen_with.population.share(level, value)
    return f"{text}; {_per_thousand(share)} {_USE[level]}"


def _place(signals: Signals) -> str:
    if signals.place_country == LOCAL:
        return "the local network"
    return signals.place_country or "an unknown country"


def _kind(signals: Signals) -> str:
    return f"type {signals.agent_type}" if signals.agent_type not in {"", "unknown"} else "unknown type"


def _network_seen(signals: Signals) -> str:
    if signals.network_asn:
        return f"This user was seen in network AS{signals.network_asn} before"
    if signals.place_country == LOCAL:
        return "This user was seen in the local network before"
    return "No file tells the network of this address, so it counts as one seen before"


def _per_thousand(share: float) -> str:
    if round(share * 1_000) < 1:
        return "fewer than 1 of 1,000 actions"
    return f"{round(share * 1_000)} of 1,000 actions"


_Words = Callable[[Signals], str]
_PLAIN: Final[tuple[_Words, ...]] = (
    lambda signals: f"in {_place(signals)}",
    lambda signals: f"in network AS{signals.network_asn}" if signals.network_asn else "in an unknown network",
    lambda _: "at this address",
    lambda signals: f"with a device of {_kind(signals)}",
    lambda signals: f"on {signals.agent_os or 'an unknown system'}",
    lambda signals: f"with {signals.agent_browser or 'an unknown browser'} on {signals.agent_os or 'this system'}",
    lambda signals: f"with this version of {signals.agent_browser or 'the browser'}",
)
_USE: Final = (
    "come from there",
    "come from there",
    "",
    "come with one",
    "come with it",
    "come with that",
    "come with it",
)
_SEEN: Final[tuple[_Words, ...]] = (
    lambda signals: f"This user was seen in {_place(signals)} before",
    _network_seen,
    lambda _: "This user was seen at this address before",
    lambda signals: f"This user was seen with a device of {_kind(signals)} before",
    lambda signals: f"This user was seen on {signals.agent_os or 'this system'} before",
    lambda signals: f"This user was seen with {signals.agent_browser or 'this browser'} before",
    lambda _: "This user was seen with these versions before",
)
