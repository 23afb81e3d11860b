"""Observing: the signals of one action, from what it says, what the store knows of its user, and what was found out.

Pure: every fact is an argument. What is not there counts as new, unknown or high (I12). Each family of signals is
observed by one function, which names the fields it gives; ``Signals`` refuses any other.
"""

from typing import Any, Final

from watchword.domain.action import ACCOUNT_UPDATE, Action
from watchword.domain.application import Application
from watchword.domain.contact import PhoneType
from watchword.domain.device import DeviceState
from watchword.domain.instant import HOUR_MS, Instant
from watchword.risk.profile import Profile
from watchword.risk.signals.amounts import observe_amount, observe_spending
from watchword.risk.signals.known_facts import KnownFacts
from watchword.risk.signals.signal_fields import LONG_AGO_HOURS, NEVER_HOURS, UNLIMITED, Signals
from watchword.risk.signals.surroundings import observe_agent, observe_network, observe_time, observe_travel

_DIGITS: Final = 2


def observe(action: Action, profile: Profile, facts: KnownFacts, application: Application) -> Signals:
    """Return the signals of one action."""
    return Signals(
        action_type=action.type,
        account_field=str(action.details.get("field", "")) if action.type == ACCOUNT_UPDATE else "",
        lane=facts.lane.value,
        risk_threshold=facts.threshold,
        details=action.details,
        **observe_amount(action, profile, application),
        **observe_spending(profile, facts),
        **_observe_device(profile, facts),
        **observe_network(profile, facts),
        **observe_agent(profile, facts),
        **observe_travel(profile, facts),
        **observe_time(profile),
        **_observe_user(profile, application),
        **_observe_contacts(profile, facts, application),
        **_observe_velocity(facts),
    )


def _observe_device(profile: Profile, facts: KnownFacts) -> dict[str, Any]:
    """Return what the device token says; a stolen one never counts as a known device."""
    state = DeviceState.NEW if facts.device_stolen else facts.device_state
    is_new = state is DeviceState.NEW or facts.device_since is None
    return {
        "device_state": state.value,
        "device_known": state is not DeviceState.NEW,
        "device_trusted": state is DeviceState.TRUSTED,
        "device_stolen": facts.device_stolen,
        "device_age_hours": 0.0 if is_new else _hours(facts.device_since, profile.now, never=0.0),
    }


def _observe_user(profile: Profile, application: Application) -> dict[str, Any]:
    user, now = profile.user, profile.now
    return {
        "user_registered": user is not None,
        "user_history": round(profile.memory.events(now)),
        "user_age_hours": _hours(profile.registered_at, now, never=0.0),
        "user_idle_hours": _hours(profile.last_seen_at, now, never=NEVER_HOURS),
        "user_changed_hours": _hours(profile.changed_at, now, never=0.0 if user is None else LONG_AGO_HOURS),
        "user_failures": profile.failures,
        "user_unproven_same_type": profile.unproven_same_type,
        "user_unproven_networks": profile.unproven_networks,
        "user_attack_suspected": profile.unproven_networks >= application.limits.unproven_networks,
        "user_disputed": user is not None and user.disputed_at is not None,
        "user_recent_reset": profile.reset_at is not None,
    }


_RISKIEST_FIRST: Final = tuple(PhoneType(name) for name in ("premium", "voip", "toll_free", "other", "fixed"))


def _observe_contacts(profile: Profile, facts: KnownFacts, application: Application) -> dict[str, Any]:
    contacts = () if profile.user is None else profile.user.contacts
    newest = max((contact.added_at for contact in contacts), default=None)
    stale_days = application.limits.stale_contact_days
    riskiest = next((kind for kind in _RISKIEST_FIRST if kind in facts.phone_types), next(iter(facts.phone_types), ""))
    return {
        "contact_age_hours": _hours(newest, profile.now, never=0.0),
        "contact_disposable": profile.user is None or facts.mail_is_disposable,
        "contact_stale": all(contact.is_stale(profile.now, stale_days=stale_days) for contact in contacts),
        "contact_phone_type": str(riskiest),
    }


def _observe_velocity(facts: KnownFacts) -> dict[str, Any]:
    rates = facts.rates
    # Where there is an address, only networks that no file tells apart are not counted.
    network = rates.network if facts.network is None else rates.network or 0.0
    return {
        "velocity_user": rates.user,
        "velocity_address": _or_unlimited(rates.address),
        "velocity_network": _or_unlimited(network),
        "velocity_contact": rates.contact,
        "velocity_users_at_address": _or_unlimited(rates.users_at_address),
        "velocity_unproven_at_address": _or_unlimited(rates.unproven_at_address),
    }


def _or_unlimited(rate: float | None) -> float:
    return UNLIMITED if rate is None else rate


def _hours(since: Instant | None, now: Instant, *, never: float) -> float:
    return never if since is None else round(max(0, now - since) / HOUR_MS, _DIGITS)
