"""The product's own model as a contestant, through the product's own code.

Signals, memory, population, velocity and ``rate`` are those of the server. What the store and the flow add is played
here in a few lines: an allowed sign-in teaches a quarter at once and the rest when nobody has disputed it for a day; a
failed one teaches nothing.
"""

from collections import defaultdict
from dataclasses import replace
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from bench.risk.happenings import DAY_MS, HOUR_MS, Agent, Happening, Place
from bench.risk.plain_models import Dirichlet
from bench.risk.recent_past import RecentPast
from watchword.domain.action import SIGN_IN
from watchword.domain.instant import Instant
from watchword.risk.memory import NO_MEMORY, PROVEN, PROVISIONAL, Contribution, Memory, learn
from watchword.risk.population import Population
from watchword.risk.score import Evidence, Rating, rate
from watchword.risk.signals import Signals
from watchword.risk.traits import Level, Traits

_PROMOTED_AFTER_MS: Final = DAY_MS
_BETWEEN_COUNTRIES_KM: Final = 1_500.0
"""What stands for the way between any two countries; made-up places have no map."""

WATCHWORD: Final = "Watchword"
WITHOUT_LISTS: Final = "without the lists"
WITHOUT_PLACES: Final = "without the places"
WITHOUT_AGENTS: Final = "without the agents"
WITH_DIRICHLET: Final = "Dirichlet in place of both chains"
_APART: Final = (WATCHWORD, WITHOUT_LISTS, WITHOUT_PLACES, WITHOUT_AGENTS, WITH_DIRICHLET)
_PLACES: Final = frozenset({"place.known", "network.known", "network.address_known"})
"""The terms of the chain from the country to the address."""
_AGENTS: Final = frozenset({"agent.type_known", "agent.os_known", "agent.browser_known", "agent.version_known"})


class WatchwordModel:
    """Keeps the promise of ``Contestant``; ``is_taken_apart`` adds what it comes to without some of its terms."""

    __slots__ = ("_dirichlet", "_due", "_first_at", "_last", "_memories", "_past", "_population", "names")

    def __init__(self, *, is_taken_apart: bool = False) -> None:
        self.names = _APART if is_taken_apart else (WATCHWORD,)
        self._dirichlet = Dirichlet() if is_taken_apart else None
        self._memories: dict[int, Memory] = {}
        self._due: defaultdict[int, list[Contribution]] = defaultdict(list)
        self._population = Population()
        self._past = RecentPast()
        self._first_at: dict[int, Instant] = {}
        self._last: dict[int, Happening] = {}

    def score(self, happening: Happening) -> tuple[float, ...]:
        """Return the log-odds, which the product rounds only when it makes a score of them."""
        terms = self.rating(happening).terms
        whole = sum(term.nats for term in terms)
        if self._dirichlet is None:
            return (whole,)
        places = sum(term.nats for term in terms if term.signal in _PLACES)
        agents = sum(term.nats for term in terms if term.signal in _AGENTS)
        (instead,) = self._dirichlet.score(happening)
        unnamed = self._without_lists(happening, whole)
        return whole, unnamed, whole - places, whole - agents, whole - places - agents + instead

    def _without_lists(self, happening: Happening, whole: float) -> float:
        """Return the log-odds where no list names the place. What was learned is the same: lists teach nothing."""
        if not happening.place.is_named:
            return whole
        return sum(term.nats for term in self.rating(replace(happening, place=happening.place.unnamed())).terms)

    def rating(self, happening: Happening) -> Rating:
        """Return what the product would say."""
        memory = self._memory(happening.user, happening.at)
        contribution = contribution_of(happening)
        signals = self._signals(happening, contribution, memory)
        return rate(
            signals,
            Evidence(now=happening.at, traits=contribution.traits, memory=memory, population=self._population),
        )

    def learn(self, happening: Happening) -> None:
        """Count every attempt, and learn from a sign-in that was allowed."""
        contribution = contribution_of(happening)
        self._past.count(happening)
        if self._dirichlet is not None:
            self._dirichlet.learn(happening)
        if not happening.is_successful:
            return
        user, at = happening.user, happening.at
        before = self._memory(user, at)
        self._first_at.setdefault(user, at)
        age_days = (at - self._first_at[user]) / DAY_MS
        self._population.learn(contribution, before, share=PROVISIONAL, account_age_days=age_days)
        self._memories[user] = learn(before, contribution, PROVISIONAL)
        self._due[user].append(contribution)
        self._last[user] = happening

    def _memory(self, user: int, now: Instant) -> Memory:
        """Return what is remembered by now: with all that nobody has disputed for a day."""
        memory = self._memories.get(user, NO_MEMORY)
        due = self._due[user]
        while due and now - due[0].at >= _PROMOTED_AFTER_MS:
            memory = self._memories[user] = learn(memory, due.pop(0), PROVEN - PROVISIONAL)
        return memory

    def _signals(self, happening: Happening, contribution: Contribution, memory: Memory) -> Signals:
        now, place, agent = happening.at, happening.place, happening.agent
        last = self._last.get(happening.user)
        idle_hours = 1e18 if last is None else (now - last.at) / HOUR_MS
        speed = _speed(place, last, idle_hours)
        rates = self._past.rates(happening)
        knows = [memory.knows(level, contribution.traits.values[level], now) for level in Level]
        return Signals(
            action_type=SIGN_IN,
            action_high_amount=False,
            purchase_high_value=False,
            device_state="known" if happening.has_token else "new",
            device_known=happening.has_token,
            place_country=place.country,
            place_known=knows[Level.COUNTRY],
            network_asn=place.network,
            network_known=knows[Level.NETWORK],
            network_address_known=knows[Level.ADDRESS],
            network_hosting=place.is_hosting,
            network_vpn=place.is_vpn,
            network_tor=place.is_tor,
            network_listed=place.is_listed,
            agent_type=agent.kind,
            agent_os=agent.system,
            agent_browser=agent.browser,
            agent_type_known=knows[Level.KIND],
            agent_os_known=knows[Level.SYSTEM],
            agent_browser_known=knows[Level.BROWSER],
            agent_version_known=knows[Level.AGENT],
            agent_automated=agent.kind == "bot",
            travel_speed=speed,
            travel_impossible=speed > 1_000,
            time_hour=now % DAY_MS // HOUR_MS,
            time_unusual=False,
            user_registered=True,
            user_history=round(memory.events(now)),
            user_age_hours=(now - self._first_at.get(happening.user, now)) / HOUR_MS,
            user_idle_hours=idle_hours,
            user_changed_hours=1e9,
            contact_age_hours=24.0 * 365,
            contact_disposable=False,
            contact_stale=False,
            velocity_user=rates.user,
            velocity_address=rates.address or 0.0,
            velocity_network=rates.network or 0.0,
            velocity_contact=rates.contact,
            velocity_users_at_address=rates.users_at_address or 0.0,
            velocity_unproven_at_address=rates.unproven_at_address or 0.0,
            lane="own" if happening.has_token else "open",
        )


def contribution_of(happening: Happening) -> Contribution:
    """Return what the sign-in would teach."""
    return Contribution(
        at=happening.at,
        traits=Traits(values=_place_values(happening.place) + _agent_values(happening.agent)),
        hour_of_week=(happening.at // HOUR_MS + 72) % 168,  # 1 January 1970 was a Thursday
        had_token=happening.has_token,
    )


@lru_cache(maxsize=200_000)
def _place_values(place: Place) -> tuple[int, ...]:
    return _hashed("country", place.country), _hashed("network", place.network), _hashed("address", place.address)


@lru_cache(maxsize=200_000)
def _agent_values(agent: Agent) -> tuple[int, ...]:
    system = (agent.kind, agent.system)
    browser = (*system, agent.browser)
    whole = (*browser, agent.browser_version.split(".")[0], agent.system_version)
    return (
        _hashed("kind", agent.kind),
        _hashed("system", *system),
        _hashed("browser", *browser),
        _hashed("agent", *whole),
    )


def _hashed(*parts: object) -> int:
    return int.from_bytes(blake2b(repr(parts).encode(), digest_size=8).digest())


def _speed(place: Place, last: Happening | None, idle_hours: float) -> float:
    if last is None or last.place.country == place.country:
        return 0.0
    return _BETWEEN_COUNTRIES_KM / max(idle_hours, 1 / 60)
