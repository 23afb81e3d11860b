"""Gathers what is known of an action: the device behind its token, the user's profile, and what the files say.

What the store knows it hands over inside the transaction that the action is decided in, so nothing here waits.
Everything that the decision and its challenge rest on is in the ``Case``. Plain facts become keyed hashes here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import Final

from watchword.domain.action import PASSWORD_RESET, Action, Assessment, Decision, Detail
from watchword.domain.application import Application
from watchword.domain.atlas_facts import NetworkFacts
from watchword.domain.budget import Lane
from watchword.domain.contact import Contact, ContactKind
from watchword.domain.device import DeviceState, Found, Recognised, Stolen, state_of
from watchword.domain.ids import ActionId, DeviceId, UserId, make_id
from watchword.domain.instant import HOUR_MS, Instant
from watchword.domain.money import Money
from watchword.domain.user import UserRef
from watchword.flow.register import user_ref
from watchword.flow.remember import read_presented
from watchword.ports import Ports
from watchword.ports.store.deciding import Known, ProfileQuery
from watchword.risk.challenge_budget import threshold_of
from watchword.risk.memory import Contribution
from watchword.risk.profile import Profile
from watchword.risk.score import Evidence
from watchword.risk.signals import KnownFacts
from watchword.risk.spending_facts import amount_ratio, payee_reports
from watchword.risk.traits import Level, Traits
from watchword.risk.velocity import Rates, Sighting


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An action as an application reports it."""

    type: str
    user_id: UserId
    session_id: str | None = None
    device_token: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    locale: str | None = None
    amount: Money | None = None
    payee: str | None = None
    summary: str | None = None
    details: Mapping[str, Detail]
    return_url: str | None = None
    state: str | None = None
    send: bool = True
    conceal: bool | None = None
    """None: the default of the type, which is to conceal a password reset."""

    @property
    def is_concealed(self) -> bool:
        """Whether nobody may learn from the answer if there is such a user (I17)."""
        return self.type == PASSWORD_RESET if self.conceal is None else self.conceal


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An action with everything that was found out about it."""

    application: Application
    ref: UserRef
    action: Action
    assessment: Assessment
    profile: Profile
    found: Found
    facts: KnownFacts
    contribution: Contribution
    """What the action teaches if it is allowed or approved."""
    confirms: Contact | None = None
    """The one contact that a confirmation is about."""
    barred: bool = False
    """The policy denies a concealed action: its challenge is a decoy."""
    call: bytes | None = None
    """The call that it came with, by its idempotency key, so that one that is repeated elsewhere is charged once."""

    @property
    def device_id(self) -> DeviceId | None:
        """The device whose valid token the action carried."""
        return self.found.device.id if isinstance(self.found, Recognised) else None

    @property
    def device_state(self) -> DeviceState:
        """What the presented token makes of the device."""
        return self.facts.device_state

    @property
    def lane(self) -> Lane:
        """The lane that failures, starts and sends are counted in."""
        return self.facts.lane

    @property
    def country(self) -> str | None:
        """What the files say of the action's IP address, where there is one."""
        return None if self.facts.network is None else self.facts.network.country

    @property
    def address(self) -> int | None:
        """The keyed hash of the address that the action came from."""
        return self.facts.traits.values[Level.ADDRESS]


def query_of(ports: Ports, application: Application, report: Report) -> ProfileQuery:
    """Return what the store is asked about a reported action, with the device token that came with it."""
    ref = user_ref(ports.keyring, application, report.user_id)
    return ProfileQuery(
        ref=ref,
        action_type=report.type,
        currency=None if report.amount is None else report.amount.currency,
        limits=application.limits,
        presented=read_presented(ports, application, ref, report.device_token),
    )


def gather(
    ports: Ports,
    application: Application,
    report: Report,
    ref: UserRef,
    known: Known,
    *,
    conceal: bool,
    counted: Rates | None = None,
) -> Case:
    """Put together what is known of an action; the assessment is filled in by the caller.

    The action is counted among those of late, unless it was: then ``counted`` is what was there before it.
    """
    action = _action(ports, report, ref, conceal=conceal, now=known.profile.now)
    facts = _find_out(ports, application, action, known, counted)
    return Case(
        application=application,
        ref=ref,
        action=action,
        assessment=_NOTHING_YET,
        profile=known.profile,
        found=known.found,
        facts=facts,
        contribution=_contribution(action, facts),
    )


def evidence_of(ports: Ports, case: Case) -> Evidence:
    """Return what the score looks at besides the signals."""
    return Evidence(
        now=case.profile.now,
        traits=case.facts.traits,
        memory=case.profile.memory,
        population=ports.traffic[case.application.id].population,
        log_amount=case.contribution.log_amount,
        currency=case.contribution.currency,
        payee=case.contribution.payee,
    )


_NOTHING_YET: Final = Assessment(
    decision=Decision.DENY, reasons=(), score=0.0, terms=(), signals={}, high_value=False, policy_version=""
)
"""Stands in the case until the policy has spoken; a deny, so that forgetting it could not let anything pass."""


def _action(ports: Ports, report: Report, ref: UserRef, *, conceal: bool, now: Instant) -> Action:
    return Action(
        id=ActionId(make_id("act", ref.key, ports.entropy.token(16))),
        application_id=ref.application_id,
        user_id=report.user_id,
        user_key=ref.key,
        type=report.type,
        session_id=report.session_id,
        ip=report.ip,
        user_agent=report.user_agent,
        locale=report.locale,
        amount=report.amount,
        payee=report.payee,
        summary=report.summary,
        details=dict(report.details),
        return_url=report.return_url,
        state=report.state,
        conceal=conceal,
        created_at=now,
    )


def _find_out(
    ports: Ports, application: Application, action: Action, known: Known, counted: Rates | None
) -> KnownFacts:
    """Ask files and counters. The action is counted here, so that of many at once each one sees those before it."""
    atlas, tracer, traffic = ports.atlas, ports.tracer, ports.traffic[application.id]
    profile, found, population = known.profile, known.found, traffic.population
    network = None if action.ip is None else atlas.facts(action.ip)
    counted_as = None if action.ip is None else atlas.counted_as(action.ip)
    agent = atlas.agent(action.user_agent)
    traits = tracer.traits(application.id, network, counted_as, agent)
    contacts = () if profile.user is None else profile.user.contacts
    traces = [tracer.contact(application.id, contact) for contact in contacts]
    sighting = Sighting(
        user=int.from_bytes(action.user_key, "big"),
        address=traits.values[Level.ADDRESS],
        network=_counted_network(network, traits),
        contacts=tuple(trace.value for trace in traces),
        lane=known.lane,
    )
    payee = None if action.payee is None else tracer.payee(application.id, action.payee)
    currency = None if action.amount is None else action.amount.currency
    return KnownFacts(
        device_state=state_of(found, application.limits, profile.now),
        device_stolen=isinstance(found, Stolen),
        device_since=found.device.first_seen_at if isinstance(found, Recognised) else None,
        lane=known.lane,
        network=network,
        agent=agent,
        traits=traits,
        travelled_km=_travelled_km(ports, profile, network),
        rates=traffic.velocity.count(sighting, profile.now) if counted is None else counted,
        mail_is_disposable=any(_is_disposable(ports, contact) for contact in contacts),
        phone_types=tuple(trace.phone_type for trace in traces if trace.phone_type is not None),
        amount_ratio=amount_ratio(profile.memory, population, _log_amount(action), currency, profile.now),
        payee=payee,
        payee_reports=payee_reports(population, payee, profile.now),
        threshold=threshold_of(population.counts, application, action.type, profile.now),
    )


_NETWORK_UNKNOWN: Final = 0
"""What addresses are counted under that the files know no network of: together, because they hide behind that."""


def _counted_network(network: NetworkFacts | None, traits: Traits) -> int | None:
    """Return what an action is counted under; None where networks cannot be told apart, or there is no address."""
    if network is None or (network.asn is None and traits.values[Level.NETWORK] is not None):
        return None
    return traits.values[Level.NETWORK] or _NETWORK_UNKNOWN


def _travelled_km(ports: Ports, profile: Profile, network: NetworkFacts | None) -> float | None:
    if network is None or network.country is None or profile.last_country is None:
        return None
    return ports.atlas.distance_km(profile.last_country, network.country)


def _is_disposable(ports: Ports, contact: Contact) -> bool:
    if contact.kind is not ContactKind.EMAIL:
        return False
    return ports.atlas.email_is_disposable(contact.address.reveal().rpartition("@")[2])


_HOURS_OF_WEEK: Final = 168
_MONDAY_TO_THURSDAY_HOURS: Final = 72
"""1970 began on a Thursday, and the week begins on a Monday."""
_LEAST_AMOUNT: Final = 0.0001
"""What an amount of 0 counts as: the smallest that can be written."""


def _contribution(action: Action, facts: KnownFacts) -> Contribution:
    return Contribution(
        at=action.created_at,
        traits=facts.traits,
        hour_of_week=(action.created_at // HOUR_MS + _MONDAY_TO_THURSDAY_HOURS) % _HOURS_OF_WEEK,
        had_token=facts.device_state is not DeviceState.NEW,
        log_amount=_log_amount(action),
        currency=None if action.amount is None else action.amount.currency,
        payee=facts.payee,
    )


def _log_amount(action: Action) -> float | None:
    return None if action.amount is None else log(max(float(action.amount.value), _LEAST_AMOUNT))
