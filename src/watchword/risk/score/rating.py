"""The score of one action: the sum of its terms.

Families of terms are added up, and two rules hold for what is familiar, each with a term of its own: a familiar place
counts less the stranger the device is, and all that is familiar together takes away 6 nats at most. Every family only
rises with a risk, and so do both rules, so the score does (I12).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp
from typing import Final, NamedTuple

from watchword.domain.action import RiskTerm
from watchword.risk.score.chain_terms import what_terms, where_terms
from watchword.risk.score.densities import sight
from watchword.risk.score.device_terms import device_terms
from watchword.risk.score.evidence import Evidence
from watchword.risk.score.flag_terms import flag_terms
from watchword.risk.score.spending_terms import report_terms, spending_terms
from watchword.risk.score.time_terms import time_terms
from watchword.risk.signals import Signals

BASELINE_NATS: Final = -3.3
"""Where every action starts. Chosen so that a score of 0.7 asks about 1 % of the legitimate sign-ins, of users with a
history and tokens, in the validation traffic of ``bench/risk`` (1.00 % at seeds 100 to 102 together)."""
FAMILIAR_IN_FULL_NATS: Final = 4.0
FAMILIAR_BEYOND: Final = 0.1
FAMILIAR_MOST_NATS: Final = 6.0
"""What is familiar takes away 4 nats in full, a tenth of what is beyond, and 6 at most: no secret and no habit wins
alone against everything else. (Six is a judgement; the tenth keeps apart what would else be all the same.)"""
STRANGE_DEVICE_FROM: Final = 3.0
STRANGE_DEVICE_SPAN: Final = 2.0
"""A familiar place counts in full beside a device that speaks against the user with 3 nats, and from 5 nats on not at
all: whoever sits at his desk is not he (chosen on validation traffic, against insiders at the same address)."""
_DIGITS: Final = 4
"""Decimals of the score; rules, answer and record see the same number."""
_DIGITS_OF_TERM: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """A score with what led to it."""

    score: float
    """From 0 (ordinary) to 1, rounded to 4 digits."""
    terms: tuple[RiskTerm, ...]
    """Nats rounded to 2 digits; their sum is the log-odds of the score."""


_FAMILIAR_TEXT: Final = f"All that is familiar together counts {FAMILIAR_MOST_NATS:g} at most"
_BASELINE: Final = RiskTerm(signal="baseline", nats=BASELINE_NATS, text="Where every action starts")
UNRATED: Final = Rating(score=1.0, terms=())
"""What counts where nobody rated: the highest."""


def rate(signals: Signals, evidence: Evidence) -> Rating:
    """Return the score of an action and its terms; total, whatever signals and evidence are."""
    families = _families(signals, evidence)
    terms = [_BASELINE]
    terms += [term for family in families for term in family.terms if term.nats]
    terms += _most_familiar(families)
    before = _sum(terms)
    reports = [term for term in report_terms(signals, evidence, before) if term.nats]
    log_odds = _sum([*terms, *reports]) if reports else before
    return Rating(score=round(1 / (1 + exp(-log_odds)), _DIGITS), terms=(*terms, *reports))


class _Family(NamedTuple):
    """Terms that belong together, and their sum."""

    terms: list[RiskTerm]
    nats: float


def _families(signals: Signals, evidence: Evidence) -> list[_Family]:
    """Return the terms of each family; the device is judged last, by what the others say."""
    seen_with = sight(evidence.memory, evidence.population, evidence.now, evidence.traits.values)
    what = _family(what_terms(signals, seen_with))
    where = _strange_device(_family(where_terms(signals, seen_with)), what.nats)
    flags = _family(flag_terms(signals))
    device = _family(device_terms(signals, evidence, strangeness=max(where.nats, 0.0) + flags.nats))
    return [where, what, device, flags, _family(time_terms(evidence)), _family(spending_terms(signals, evidence))]


def _family(terms: Iterable[RiskTerm]) -> _Family:
    listed = list(terms)
    return _Family(listed, _sum(listed))


def _strange_device(where: _Family, what: float) -> _Family:
    """Return the place with the term by which, where it is familiar, it counts less beside a strange device."""
    counts = max(0.0, min(1 - (what - STRANGE_DEVICE_FROM) / STRANGE_DEVICE_SPAN, 1.0))
    if where.nats >= 0 or counts == 1:
        return where
    counted = round(where.nats * counts, _DIGITS_OF_TERM)
    nats = round(counted - where.nats, _DIGITS_OF_TERM)
    text = "The place is familiar, which counts less beside so strange a device"
    return _Family([*where.terms, RiskTerm(signal="familiar.place", nats=nats, text=text)], counted)


def _most_familiar(families: list[_Family]) -> list[RiskTerm]:
    """Return the term that limits what all families together take away."""
    familiar = -sum(family.nats for family in families if family.nats < 0)
    beyond = familiar - FAMILIAR_IN_FULL_NATS
    if beyond <= 0:
        return []
    counted = min(FAMILIAR_IN_FULL_NATS + FAMILIAR_BEYOND * beyond, FAMILIAR_MOST_NATS)
    nats = round(familiar - round(counted, _DIGITS_OF_TERM), _DIGITS_OF_TERM)
    return [RiskTerm(signal="familiar.most", nats=nats, text=_FAMILIAR_TEXT)]


def _sum(terms: list[RiskTerm]) -> float:
    """Return the sum in whole hundredths: without the rounding, the order of the terms could show in the score."""
    total = 0.0
    for term in terms:
        total += term.nats
    return round(total, _DIGITS_OF_TERM)
