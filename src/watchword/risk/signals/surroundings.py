"""The signals about where and when: place, network, user agent, the way since the last place, and the hour."""

from typing import Any, Final

from watchword.domain.atlas_facts import NetworkFacts
from watchword.domain.instant import DAY_MS, HOUR_MS, SECOND_MS, Instant
from watchword.risk.fading import growth
from watchword.risk.memory import Memory
from watchword.risk.profile import Profile
from watchword.risk.signals.known_facts import KnownFacts
from watchword.risk.signals.signal_fields import FASTEST_KM_H, UNLIMITED
from watchword.risk.traits import Level

ENOUGH_EVENTS: Final = 2.0
"""Proven actions, or that many days of undisputed ones, before an hour can be a usual one."""
UNUSUAL_SHARE: Final = 0.05
"""Around an unusual hour (about six hours of the day) lies less than this share of a user's actions; evenly spread
ones would have a quarter there."""
_SPEED_DIGITS: Final = 1


def observe_network(profile: Profile, facts: KnownFacts) -> dict[str, Any]:
    """Return what the files say of the address, and whether this user was seen there."""
    network = facts.network
    country = None if network is None else network.country
    return {
        "place_country": country or "",
        "place_known": country is not None and country in profile.countries_seen,
        "network_asn": 0 if network is None else network.asn or 0,
        "network_known": _knows(profile, facts, Level.NETWORK),
        "network_address_known": _knows(profile, facts, Level.ADDRESS),
        **_observe_listed(network),
    }


def _observe_listed(network: NetworkFacts | None) -> dict[str, Any]:
    return {
        "network_hosting": network is None or network.hosting,
        "network_vpn": network is None or network.vpn,
        "network_tor": network is None or network.tor,
        "network_listed": network is None or network.listed,
    }


def observe_agent(profile: Profile, facts: KnownFacts) -> dict[str, Any]:
    """Return what the user agent says of itself, and how much of it this user was seen with."""
    agent = facts.agent
    return {
        "agent_type": agent.type.value,
        "agent_os": agent.os,
        "agent_browser": agent.browser,
        "agent_type_known": _knows(profile, facts, Level.KIND),
        "agent_os_known": _knows(profile, facts, Level.SYSTEM),
        "agent_browser_known": _knows(profile, facts, Level.BROWSER),
        "agent_version_known": _knows(profile, facts, Level.AGENT),
        "agent_automated": agent.automated,
    }


def observe_travel(profile: Profile, facts: KnownFacts) -> dict[str, Any]:
    """Return how fast somebody must have travelled who is at both places himself."""
    speed = _speed(profile, facts)
    return {"travel_speed": speed, "travel_impossible": speed > FASTEST_KM_H}


def observe_time(profile: Profile) -> dict[str, Any]:
    """Return the hour, and whether it is one at which this user is hardly ever seen."""
    hour = profile.now % DAY_MS // HOUR_MS
    return {"time_hour": hour, "time_unusual": _is_unusual(profile.memory, hour, profile.now)}


def _knows(profile: Profile, facts: KnownFacts, level: Level) -> bool:
    return profile.memory.knows(level, facts.traits.values[level], profile.now)


def _speed(profile: Profile, facts: KnownFacts) -> float:
    """Return km/h; without an address, or between places whose distance nobody knows, without limit."""
    if facts.network is None:
        return UNLIMITED
    since, country = profile.last_country_at, profile.last_country
    if since is None or country is None or country == facts.network.country:
        return 0.0
    if facts.travelled_km is None:
        return UNLIMITED
    hours = max(SECOND_MS, profile.now - since) / HOUR_MS
    return round(facts.travelled_km / hours, _SPEED_DIGITS)


def _is_unusual(memory: Memory, hour: int, now: Instant) -> bool:
    total, bins = sum(memory.hours), len(memory.hours)
    if total / growth(now) < ENOUGH_EVENTS:
        return True
    at = hour * bins // 24
    around = sum(memory.hours[near % bins] for near in (at - 1, at, at + 1))
    return around / total < UNUSUAL_SHARE
