"""Measures of a stream that the published statistics give too; each stands beside its target on the page."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import log2
from typing import Final

from bench.risk.happenings import Happening

_WINDOW: Final = 1_054
"""Successful sign-ins at the head of the data set, of which the published entropies are; so many are compared."""
_WINDOWS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """One quantity, as it should be and as it is."""

    name: str
    target: str
    value: float
    digits: int
    unit: str = ""

    @property
    def measured(self) -> str:
        """Return the value as it is written."""
        return f"{self.value:.{self.digits}f}{self.unit}"


_LEVELS: Final[tuple[tuple[str, Callable[[Happening], Hashable], float], ...]] = (
    ("address", lambda one: one.place.address, 0.41),
    ("network (ASN)", lambda one: one.place.network, 0.095),
    ("country", lambda one: one.place.country, 0.01),
    ("browser and version", lambda one: (one.agent.browser, one.agent.browser_version), 0.335),
    ("system and version", lambda one: (one.agent.system, one.agent.system_version), 0.19),
    ("device type", lambda one: one.agent.kind, 0.07),
    ("user agent", lambda one: one.agent.text, 0.52),
)
_ENTROPIES: Final[tuple[tuple[str, Callable[[Happening], Hashable], float], ...]] = (
    ("address", lambda one: one.place.address, 9.64),
    ("country", lambda one: one.place.country, 1.9),
    ("network (ASN)", lambda one: one.place.network, 4.4),
    ("user agent", lambda one: one.agent.text, 6.6),
    ("browser and version", lambda one: (one.agent.browser, one.agent.browser_version), 4.6),
    ("system and version", lambda one: (one.agent.system, one.agent.system_version), 3.7),
    ("device type", lambda one: one.agent.kind, 1.1),
)


def calibrated(happenings: Sequence[Happening]) -> Iterator[Calibrated]:
    """Yield every quantity that the traffic is calibrated on."""
    legitimate = [one for one in happenings if one.is_legitimate]
    yield from _counts(legitimate)
    for name, value, target in _LEVELS:
        share = new_share(legitimate, value)
        yield Calibrated(name=f"new given history: {name}", target=f"{target:g}", value=share, digits=3)
    for name, value, target in _ENTROPIES:
        text = f"entropy of {_WINDOW:,} sign-ins, bits: {name}"
        bits = _windowed_entropy(legitimate, value)
        yield Calibrated(name=text, target=f"{target:g}", value=bits, digits=2)
    yield from _homes(legitimate)
    yield from _attempts(happenings, legitimate)


def new_share(happenings: Iterable[Happening], value: Callable[[Happening], Hashable]) -> float:
    """Return how often a value is new to its user, where he has been there before at all."""
    seen: defaultdict[int, set[Hashable]] = defaultdict(set)
    new = asked = 0
    for one in happenings:
        before = seen[one.user]
        if before:
            asked += 1
            new += value(one) not in before
        before.add(value(one))
    return new / max(1, asked)


def entropy(values: Iterable[Hashable]) -> float:
    """Return the entropy of the values as they are counted, in bits."""
    counts = Counter(values)
    total = counts.total()
    return -sum(count / total * log2(count / total) for count in counts.values())


def quantile(ordered: Sequence[int], share: float) -> int:
    """Return the smallest value that so many of the ordered values do not exceed."""
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


def _counts(legitimate: Sequence[Happening]) -> Iterator[Calibrated]:
    counts = sorted(Counter(one.user for one in legitimate).values())
    for share, name, target in ((0.5, "median", 2), (0.75, "p75", 4), (0.9, "p90", 9), (0.99, "p99", 28)):
        value = quantile(counts, share)
        yield Calibrated(name=f"sign-ins per user, {name}", target=str(target), value=value, digits=0)
    yield _share("users with a single sign-in", 39.7, sum(count == 1 for count in counts) / len(counts))


def _share(name: str, target: float, share: float) -> Calibrated:
    return Calibrated(name=name, target=f"{target:g} %", value=100 * share, digits=1, unit=" %")


def _windowed_entropy(legitimate: Sequence[Happening], value: Callable[[Happening], Hashable]) -> float:
    step = max(1, (len(legitimate) - _WINDOW) // _WINDOWS)
    starts = range(0, max(1, len(legitimate) - _WINDOW), step)
    return sum(entropy(value(one) for one in legitimate[start : start + _WINDOW]) for start in starts) / len(starts)


def _homes(legitimate: Sequence[Happening]) -> Iterator[Calibrated]:
    countries = Counter(one.place.country for one in legitimate)
    for country, target in (("NO", 70.6), ("US", 9.1), ("PL", 5.0), ("BR", 3.9), ("DE", 2.1)):
        yield _share(f"sign-ins from {country}", target, countries[country] / len(legitimate))


def _attempts(happenings: Sequence[Happening], legitimate: Sequence[Happening]) -> Iterator[Calibrated]:
    total = len(happenings)
    yield _share("attempts that fail", 22, sum(not one.is_successful for one in happenings) / total)
    yield _share("attempts from attacking addresses", 9.9, sum(one.is_attack_address for one in happenings) / total)
    users: defaultdict[int, set[int]] = defaultdict(set)
    for one in legitimate:
        users[one.place.address].add(one.user)
    yield _share("addresses with two users or more", 9.3, sum(len(group) > 1 for group in users.values()) / len(users))
    yield _share("sign-ins of a device seen before that lack its token", 12, _token_losses(legitimate))


def _token_losses(legitimate: Sequence[Happening]) -> float:
    seen: set[tuple[int, int]] = set()
    lost = asked = 0
    for one in legitimate:
        if (one.user, one.device) in seen:
            asked += 1
            lost += not one.has_token
        seen.add((one.user, one.device))
    return lost / max(1, asked)
