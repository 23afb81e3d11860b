"""Terms that hold or do not: flags and counters, each with a fixed weight.

The weights are judgements: these events are too rare, and too rarely labelled, to be learned from one application's
traffic. Weights that were learned from the hundred takeovers of the RBA data set (doi 10.1145/3546069) fitted those
and no later ones.
None is negative, so what is added to an action only raises its score.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import log1p
from typing import Final

from watchword.domain.action import ALWAYS_CHALLENGED, RiskTerm
from watchword.risk.signals import UNLIMITED, Signals


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flag:
    """What holds, and what it adds while it does."""

    signal: str
    holds: Callable[[Signals], bool]
    nats: float
    text: str
    unsaid: Callable[[Signals], bool] | None = None
    """Whether it holds only because nobody said, or knows, what it is about."""
    unsaid_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counter:
    """What a count adds: ``nats`` times ln(1 + what it is above ``free``), up to ``most``."""

    signal: str
    count: Callable[[Signals], float]
    nats: float
    most: float
    text: str
    free: float = 0.0


_RECENT_HOURS: Final = 24.0
"""Within a day of a change, whoever made it wants to use it (a judgement)."""
_YOUNG_CONTACT_HOURS: Final = 72.0
"""The time in which a new contact without a grant carries no challenge either."""
_FLAGS: Final = (
    _Flag(
        signal="device.stolen",
        holds=lambda signals: signals.device_stolen,
        nats=4.0,
        text="An old copy of a device token was presented",
    ),
    _Flag(
        signal="user.disputed",
        holds=lambda signals: signals.user_disputed,
        nats=3.0,
        text='The owner said "this wasn\'t me" of an earlier action',
    ),
    _Flag(
        signal="user.attack_suspected",
        holds=lambda signals: signals.user_attack_suspected,
        nats=2.0,
        text="Challenges of this user went unproven from many networks",
    ),
    _Flag(
        signal="user.unproven_same_type",
        holds=lambda signals: signals.user_unproven_same_type,
        nats=2.0,
        text="The last challenge of this kind was not approved",
    ),
    _Flag(
        signal="user.recent_reset",
        holds=lambda signals: signals.user_recent_reset,
        nats=1.5,
        text="The password was reset lately",
    ),
    _Flag(
        signal="user.changed_hours",
        holds=lambda signals: signals.user_changed_hours < _RECENT_HOURS and not signals.device_known,
        nats=1.5,
        text="Within a day of a change to the account, from a device that is not known",
    ),
    _Flag(
        signal="travel.impossible",
        holds=lambda signals: signals.travel_impossible,
        nats=1.5,
        text="Nobody travels that fast from where this user was last seen",
        unsaid=lambda signals: signals.travel_speed >= UNLIMITED,
        unsaid_text="How fast this user would have travelled is not known, so it counts as too fast",
    ),
    _Flag(
        signal="agent.automated",
        holds=lambda signals: signals.agent_automated,
        nats=1.5,
        text="The user agent names a program that is no browser",
        unsaid=lambda signals: not signals.agent_type,
        unsaid_text="No user agent came with it, so it counts as a program that is no browser",
    ),
    _Flag(
        signal="contact.disposable",
        holds=lambda signals: signals.contact_disposable,
        nats=0.5,
        text="A contact is at a domain for throw-away mail",
        unsaid=lambda signals: not signals.user_registered,
        unsaid_text="The user is not registered, which counts like a contact for throw-away mail",
    ),
    _Flag(
        signal="contact.phone_type",
        holds=lambda signals: signals.contact_phone_type in {"voip", "premium"},
        nats=0.3,
        text="The phone is one that is rented without a person behind it",
    ),
    _Flag(
        signal="contact.age_hours",
        holds=lambda signals: signals.contact_age_hours < _YOUNG_CONTACT_HOURS,
        nats=0.3,
        text="The newest contact was added within three days",
        unsaid=lambda signals: not signals.user_registered,
        unsaid_text="The user is not registered, which counts like a contact of less than three days",
    ),
    _Flag(
        signal="action.type",
        holds=lambda signals: signals.action_type in ALWAYS_CHALLENGED,
        nats=1.0,
        text="Resets and changes of account data are what a thief does first",
    ),
)
_COUNTERS: Final = (
    _Counter(
        signal="user.failures",
        count=lambda signals: signals.user_failures,
        nats=0.9,
        most=2.5,
        text="Wrong codes were typed for this user lately",
    ),
    _Counter(
        signal="user.unproven_networks",
        count=lambda signals: signals.user_unproven_networks,
        nats=0.8,
        most=2.0,
        text="Networks from which this user was asked without proving it",
    ),
    _Counter(
        signal="velocity.user",
        count=lambda signals: signals.velocity_user,
        free=5.0,
        nats=0.5,
        most=1.5,
        text="Actions of this user within about an hour",
    ),
    _Counter(
        signal="velocity.address",
        count=lambda signals: signals.velocity_address,
        free=20.0,
        nats=0.4,
        most=1.5,
        text="Actions from this address within about an hour",
    ),
    _Counter(
        signal="velocity.users_at_address",
        count=lambda signals: signals.velocity_users_at_address,
        free=3.0,
        nats=0.6,
        most=2.0,
        text="Different users at this address within about an hour",
    ),
    _Counter(
        signal="velocity.unproven_at_address",
        count=lambda signals: signals.velocity_unproven_at_address,
        free=1.0,
        nats=1.0,
        most=3.0,
        text="Challenges from this address went unproven within about a day",
    ),
    _Counter(
        signal="velocity.contact",
        count=lambda signals: signals.velocity_contact,
        free=5.0,
        nats=0.5,
        most=1.5,
        text="Actions with one of this user's contacts within about an hour",
    ),
)
_WHOLE: Final = 1e15
"""From here on a number says no more than that it is large."""


def flag_terms(signals: Signals) -> Iterator[RiskTerm]:
    """Yield what holds, and what was counted."""
    for flag in _FLAGS:
        if flag.holds(signals):
            is_unsaid = flag.unsaid is not None and flag.unsaid(signals)
            yield RiskTerm(signal=flag.signal, nats=flag.nats, text=flag.unsaid_text if is_unsaid else flag.text)
    for counter in _COUNTERS:
        count = counter.count(signals)
        if count > counter.free:
            nats = min(counter.nats * log1p(count - counter.free), counter.most)
            yield RiskTerm(signal=counter.signal, nats=round(nats, 2), text=f"{counter.text}: {_told(count)}")


def _told(count: float) -> str:
    return "not known" if count > _WHOLE else f"{round(count)}"
