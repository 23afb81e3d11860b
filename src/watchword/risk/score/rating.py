"""The score of one action: the sum of its terms."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp
from typing import Final

from watchword.domain.action import RiskTerm
from watchword.risk.score.chain_terms import what_terms, where_terms
from watchword.risk.score.densities import sight
from watchword.risk.score.device_terms import device_terms
from watchword.risk.score.evidence import Evidence
from watchword.risk.score.flag_terms import flag_terms
from watchword.risk.score.spending_terms import report_terms, spending_terms
from watchword.risk.signals import Signals

BASELINE_NATS: Final = -3.0
"""Where every action starts."""
FAMILIAR_MOST_NATS: Final = 6.0
"""What all that is familiar can take away together: no single secret, such as a device token, wins against the rest."""
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


UNRATED: Final = Rating(score=1.0, terms=())
"""What counts where nobody rated: the highest."""


def rate(signals: Signals, evidence: Evidence) -> Rating:
    """Return the score of an action and its terms; total, whatever signals and evidence are."""
    terms = [term for term in _terms(signals, evidence) if term.nats]
    familiar = -sum(term.nats for term in terms if term.nats < 0)
    if familiar > FAMILIAR_MOST_NATS:
        terms.append(
            RiskTerm(
                signal="familiar.most",
                nats=round(familiar - FAMILIAR_MOST_NATS, _DIGITS_OF_TERM),
                text=f"All that is familiar counts {FAMILIAR_MOST_NATS:g} at most",
            )
        )
    terms.insert(0, RiskTerm(signal="baseline", nats=BASELINE_NATS, text="Where every action starts"))
    terms.extend(report_terms(signals, evidence, sum(term.nats for term in terms)))
    log_odds = round(sum(term.nats for term in terms), _DIGITS_OF_TERM)
    return Rating(score=round(1 / (1 + exp(-log_odds)), _DIGITS), terms=tuple(terms))


def _terms(signals: Signals, evidence: Evidence) -> Iterator[RiskTerm]:
    seen_with = sight(evidence.memory, evidence.population, evidence.now, evidence.traits.values)
    where = list(where_terms(signals, seen_with))
    yield from where
    yield from what_terms(signals, seen_with)
    yield from device_terms(signals, evidence, strangeness=sum(term.nats for term in where))
    yield from flag_terms(signals)
    yield from spending_terms(signals, evidence)
