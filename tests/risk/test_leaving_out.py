"""I12 over everything that is observed: what an application leaves out never makes an action look better."""

from dataclasses import dataclass, replace
from decimal import Decimal
from math import log
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.risk.hashing import Hashing
from tests.risk.samples import A_PROFILE, NOW, SHOP, an_action, an_application
from watchword.domain.action import PURCHASE, SIGN_IN, Assessment, Decision
from watchword.domain.atlas_facts import NO_AGENT, AgentFacts, AgentType, NetworkFacts
from watchword.domain.budget import Lane
from watchword.domain.device import DeviceState
from watchword.domain.instant import Instant, later
from watchword.domain.money import Money
from watchword.risk.memory import NO_MEMORY, PROVEN, PROVISIONAL, Contribution, Memory, learn
from watchword.risk.policy import Policy
from watchword.risk.population import Population
from watchword.risk.score import Evidence, rate
from watchword.risk.signals import KnownFacts, observe
from watchword.risk.spending_facts import amount_ratio, payee_reports
from watchword.risk.tracing import Tracer
from watchword.risk.velocity import Rates

EXAMPLES = settings(max_examples=40, deadline=None)
TRACER = Tracer(Hashing())


@dataclass(frozen=True, kw_only=True)
class Told:
    """What an application reports of an action; None for what it leaves out."""

    address: str | None
    network: NetworkFacts | None
    agent: AgentFacts
    device_state: DeviceState
    amount: Money | None
    payee: str | None
    rates: Rates

    def without_ip(self) -> "Told":
        rates = replace(self.rates, address=None, network=None, users_at_address=None, unproven_at_address=None)
        return replace(self, address=None, network=None, rates=rates)

    def contribution(self, at: Instant) -> Contribution:
        return Contribution(
            at=at,
            traits=TRACER.traits(SHOP, self.network, self.address, self.agent),
            hour_of_week=0,
            had_token=self.device_state is not DeviceState.NEW,
            log_amount=None if self.amount is None else log(self.amount.value),
            currency=None if self.amount is None else self.amount.currency,
            payee=None if self.payee is None else TRACER.payee(SHOP, self.payee),
        )


FACTS = st.booleans()
NETWORKS = st.builds(
    NetworkFacts,
    country=st.sampled_from(["NO", "SE", None]),
    asn=st.sampled_from([64_496, 64_497, None]),
    hosting=FACTS,
    vpn=FACTS,
    tor=FACTS,
    listed=FACTS,
)
AGENTS = st.builds(
    AgentFacts,
    type=st.sampled_from([AgentType.DESKTOP, AgentType.MOBILE, AgentType.UNKNOWN, AgentType.BOT]),
    os=st.sampled_from(["Linux", "Windows", ""]),
    browser=st.sampled_from(["Firefox", "Chrome", ""]),
    browser_major=st.sampled_from(["1", "2", ""]),
    automated=FACTS,
)
COUNTED = st.floats(0, 1_000)
TOLD = st.builds(
    Told,
    address=st.sampled_from(["192.0.2.1", "192.0.2.2", "192.0.2.3"]),
    network=NETWORKS,
    agent=AGENTS,
    device_state=st.sampled_from(list(DeviceState)),
    amount=st.builds(Money, value=st.decimals(Decimal("0.01"), 10_000, places=2), currency=st.just("USD")),
    payee=st.sampled_from(["a", "b", "c"]),
    rates=st.builds(
        Rates,
        user=COUNTED,
        address=COUNTED,
        network=COUNTED,
        contact=COUNTED,
        users_at_address=COUNTED,
        unproven_at_address=COUNTED,
    ),
)
PASTS = st.lists(st.tuples(TOLD, st.sampled_from([PROVISIONAL, PROVEN]), st.booleans()), max_size=8)
"""What came before, how much of it counts, and whether it was this user's or somebody else's."""


def remembered(past: list[tuple[Told, float, bool]]) -> tuple[Memory, Population]:
    """Give what user and application learned, one action a day."""
    mine, population = NO_MEMORY, Population()
    for days, (told, share, is_mine) in enumerate(reversed(past), start=1):
        contribution = told.contribution(later(NOW, days=days - len(past) - 1))
        population.learn(contribution, mine if is_mine else NO_MEMORY, share=share, account_age_days=100.0)
        mine = learn(mine, contribution, share) if is_mine else mine
    return mine, population


def assessed(policy: Policy, action_type: str, told: Told, memory: Memory, population: Population) -> Assessment:
    contribution = told.contribution(NOW)
    action = replace(an_action(action_type, told.amount), payee=told.payee)
    facts = KnownFacts(
        device_state=told.device_state,
        device_since=None if told.device_state is DeviceState.NEW else later(NOW, days=-10),
        lane=Lane.OPEN if told.device_state is DeviceState.NEW else Lane.OWN,
        network=told.network,
        agent=told.agent,
        traits=contribution.traits,
        travelled_km=400.0,
        rates=told.rates,
        mail_is_disposable=False,
        amount_ratio=amount_ratio(memory, population, contribution.log_amount, contribution.currency, NOW),
        payee=contribution.payee,
        payee_reports=payee_reports(population, contribution.payee, NOW),
    )
    signals = observe(action, replace(A_PROFILE, memory=memory), facts, an_application())
    evidence = Evidence(
        now=NOW,
        traits=contribution.traits,
        memory=memory,
        population=population,
        log_amount=contribution.log_amount,
        currency=contribution.currency,
        payee=contribution.payee,
    )
    return policy.assess(signals, rate(signals, evidence))


LEAVING_OUT: dict[str, Any] = {
    "ip": Told.without_ip,
    "user_agent": lambda told: replace(told, agent=NO_AGENT),
    "device_token": lambda told: replace(told, device_state=DeviceState.NEW),
    "amount": lambda told: replace(told, amount=None),
    "payee": lambda told: replace(told, payee=None),
    "everything": lambda told: replace(
        told.without_ip(), agent=NO_AGENT, device_state=DeviceState.NEW, amount=None, payee=None
    ),
}


@pytest.mark.parametrize("left_out", LEAVING_OUT)
@EXAMPLES
@given(action_type=st.sampled_from([SIGN_IN, PURCHASE, "withdrawal"]), told=TOLD, past=PASTS)
def test_leaving_it_out_never_makes_score_or_decision_milder(
    default_policy: Policy, left_out: str, action_type: str, told: Told, past: list[tuple[Told, float, bool]]
) -> None:
    memory, population = remembered(past)
    named = assessed(default_policy, action_type, told, memory, population)
    without = assessed(default_policy, action_type, LEAVING_OUT[left_out](told), memory, population)
    assert without.score >= named.score, (named.terms, without.terms)
    order = list(Decision)
    assert order.index(without.decision) >= order.index(named.decision)
