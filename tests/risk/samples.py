"""Actions, profiles and policies for the tests of the risk layer; nothing here looks at the outside."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from math import log
from typing import Any, Final

from hypothesis import strategies as st

from watchword.domain.action import ACCOUNT_UPDATE, PURCHASE, Action, Assessment, Detail
from watchword.domain.application import Application
from watchword.domain.atlas_facts import AgentFacts, AgentType, NetworkFacts
from watchword.domain.budget import Lane
from watchword.domain.contact import Channel, PhoneType
from watchword.domain.device import DeviceState
from watchword.domain.ids import ActionId, ApplicationId, UserId, UserKey
from watchword.domain.instant import HOUR_MS, Instant, later
from watchword.domain.limits import Limits, Mode
from watchword.domain.money import Money
from watchword.domain.user import User, UserRef
from watchword.risk.memory import NO_MEMORY, PROVEN, Contribution, Memory, learn
from watchword.risk.policy import Environment, Policy, load_policy
from watchword.risk.profile import Profile
from watchword.risk.score import Evidence, Rating, rate
from watchword.risk.signals import KnownFacts, Signals, observe
from watchword.risk.signals.signal_fields import AMOUNT_LEFT_OUT
from watchword.risk.traits import Traits
from watchword.risk.velocity import Rates

NOW: Final = Instant(1_800_000_000_000)
USER_KEY: Final = UserKey(b"user-key")
SHOP: Final = ApplicationId("shop")

ALWAYS_ASKED: Final = """
[[rule]]
name = "password-reset"
actions = ["password_reset"]
then = "challenge"
text = "A reset"
customer_text = "A reset."

[[rule]]
name = "account-update"
actions = ["account_update"]
then = "challenge"
text = "A change"
customer_text = "A change."
"""
"""Without these two no policy is accepted."""
ALLOWED: Final = """
[[rule]]
name = "ordinary"
actions = ["sign_in", "purchase"]
then = "allow"
text = "Ordinary"
"""


def usd(value: str) -> Money:
    return Money(value=Decimal(value), currency="USD")


def an_application(**limits: int) -> Application:
    return Application(
        id=SHOP,
        name="Shop",
        mode=Mode.LIVE,
        limits=Limits(**limits),
        issuer="https://verify.shop.example",
        channels=(Channel.SMS, Channel.EMAIL),
        high_value={"USD": usd("500.00"), "JPY": Money(value=Decimal(50_000), currency="JPY")},
        action_types=("withdrawal",),
    )


def an_action(action_type: str, amount: Money | None = None, details: Mapping[str, Detail] | None = None) -> Action:
    default: Mapping[str, Detail] = {"field": "password"} if action_type == ACCOUNT_UPDATE else {}
    return Action(
        id=ActionId("act_1"),
        application_id=SHOP,
        user_id=UserId("u-1"),
        user_key=USER_KEY,
        type=action_type,
        amount=amount,
        details=default if details is None else details,
        created_at=NOW,
    )


A_TRAITS: Final = Traits(values=(11, 12, 13, 14, 15, 16, 17))
"""Where the user of these tests lives, and what he uses."""


def a_contribution(at: Instant, traits: Traits = A_TRAITS) -> Contribution:
    """Give what an action at home teaches."""
    return Contribution(at=at, traits=traits, hour_of_week=at // HOUR_MS % 168, had_token=True)


def a_memory(traits: Traits = A_TRAITS) -> Memory:
    """Give the memory of a user who was seen on each of the last 20 days, at this hour."""
    memory = NO_MEMORY
    for days in range(20, 0, -1):
        memory = learn(memory, a_contribution(later(NOW, days=-days), traits), PROVEN)
    return memory


A_USER: Final = User(
    ref=UserRef(application_id=SHOP, key=USER_KEY),
    id=UserId("u-1"),
    contacts=(),
    locale=None,
    created_at=later(NOW, days=-100),
)
A_PROFILE: Final = Profile(
    now=NOW,
    user=A_USER,
    failures=0,
    lane_free_at=None,
    starts_free_at=None,
    unproven_same_type=False,
    unproven_networks=0,
    purchase_count=0,
    purchase_sum=Decimal(0),
    countries_seen=frozenset({"NO"}),
    last_seen_at=later(NOW, days=-1),
    reset_at=None,
    reset_contact_id=None,
    breaker_open=False,
    memory=a_memory(),
    registered_at=later(NOW, days=-100),
    last_country="NO",
    last_country_at=later(NOW, days=-1),
)
KNOWN_FACTS: Final = KnownFacts(
    device_state=DeviceState.KNOWN,
    device_since=later(NOW, days=-30),
    lane=Lane.OWN,
    network=NetworkFacts(country="NO", asn=64_496),
    agent=AgentFacts(
        type=AgentType.DESKTOP, os="Linux", os_version="", browser="Firefox", browser_major="140", automated=False
    ),
    traits=A_TRAITS,
    travelled_km=0.0,
    rates=Rates(user=0.0, address=0.0, network=0.0, contact=0.0, users_at_address=0.0, unproven_at_address=0.0),
    mail_is_disposable=False,
    phone_types=(PhoneType.MOBILE,),
)
"""A known device at home."""
NEW_DEVICE: Final = replace(KNOWN_FACTS, device_state=DeviceState.NEW, device_since=None, lane=Lane.OPEN)


def ordinary(action_type: str = PURCHASE, **changes: Any) -> Signals:
    """Give the signals of an action about which nothing is remarkable: a known device at a known place, 20 dollars."""
    action = an_action(action_type, usd("20.00") if action_type == PURCHASE else None)
    signals = observe(action, A_PROFILE, KNOWN_FACTS, an_application())
    return replace(signals, **changes)


TRUSTED: Final[Mapping[str, Any]] = {"device_state": "trusted", "device_known": True, "device_trusted": True}
NEW: Final[Mapping[str, Any]] = {
    "device_state": "new",
    "device_known": False,
    "device_trusted": False,
    "lane": "open",
}


def policy_of(text: str, environment: Environment) -> Policy:
    """Load rules together with the two that every policy needs and one that lets ordinary actions pass."""
    return load_policy(
        text + ALWAYS_ASKED + ALLOWED, source_name="policy.toml", action_types=("withdrawal",), environment=environment
    )


def rated(signals: Signals) -> Rating:
    """Rate an action of a user about whom nothing was learned yet."""
    is_amount = 0 < signals.action_amount < AMOUNT_LEFT_OUT
    log_amount, currency = (log(signals.action_amount), "USD") if is_amount else (None, None)
    return rate(signals, Evidence(now=NOW, log_amount=log_amount, currency=currency))


def judged(policy: Policy, signals: Signals) -> Assessment:
    """Rate such an action and let the policy decide."""
    return policy.assess(signals, rated(signals))


def names(policy: Policy, signals: Signals) -> list[str]:
    """Give the rules that are named as reasons."""
    return [reason.rule for reason in judged(policy, signals).reasons]


ACTION_TYPES: Final = ("sign_in", "password_reset", "account_update", "purchase", "withdrawal", "never declared", "")


@st.composite
def any_signals(draw: st.DrawFn) -> Signals:
    """Give signals of every kind, also combinations that observing never makes."""
    flags = st.booleans()
    text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    return Signals(
        action_type=draw(st.sampled_from(ACTION_TYPES)),
        action_has_amount=draw(flags),
        action_amount=draw(st.floats()),
        action_currency=draw(text),
        action_has_threshold=draw(flags),
        action_threshold=draw(text),
        action_high_amount=draw(flags),
        purchase_count=draw(st.integers(0, 2**31)),
        purchase_sum=draw(st.floats()),
        purchase_sum_threshold=draw(text),
        purchase_high_sum=draw(flags),
        purchase_high_count=draw(flags),
        purchase_high_value=draw(flags),
        purchase_amount_ratio=draw(st.floats()),
        payee_known=draw(flags),
        payee_reports=draw(st.floats()),
        device_state=draw(st.sampled_from(list(DeviceState))).value,
        device_known=draw(flags),
        device_trusted=draw(flags),
        device_stolen=draw(flags),
        device_age_hours=draw(st.floats()),
        place_country=draw(text),
        place_known=draw(flags),
        network_asn=draw(st.integers(0, 2**32 - 1)),
        network_known=draw(flags),
        network_address_known=draw(flags),
        network_hosting=draw(flags),
        network_vpn=draw(flags),
        network_tor=draw(flags),
        network_listed=draw(flags),
        agent_type=draw(st.sampled_from(["desktop", "mobile", "tablet", "bot", "unknown", ""])),
        agent_os=draw(text),
        agent_browser=draw(text),
        agent_type_known=draw(flags),
        agent_os_known=draw(flags),
        agent_browser_known=draw(flags),
        agent_version_known=draw(flags),
        agent_automated=draw(flags),
        travel_speed=draw(st.floats()),
        travel_impossible=draw(flags),
        time_hour=draw(st.integers(0, 23)),
        time_unusual=draw(flags),
        user_registered=draw(flags),
        user_history=draw(st.integers(0, 2**31)),
        user_age_hours=draw(st.floats()),
        user_idle_hours=draw(st.floats()),
        user_changed_hours=draw(st.floats()),
        user_failures=draw(st.integers(0, 2**31)),
        user_unproven_same_type=draw(flags),
        user_unproven_networks=draw(st.integers(0, 2**31)),
        user_attack_suspected=draw(flags),
        user_disputed=draw(flags),
        user_recent_reset=draw(flags),
        contact_age_hours=draw(st.floats()),
        contact_disposable=draw(flags),
        contact_stale=draw(flags),
        contact_phone_type=draw(text),
        velocity_user=draw(st.floats()),
        velocity_address=draw(st.floats()),
        velocity_network=draw(st.floats()),
        velocity_contact=draw(st.floats()),
        velocity_users_at_address=draw(st.floats()),
        velocity_unproven_at_address=draw(st.floats()),
        account_field=draw(text),
        lane=draw(st.sampled_from(list(Lane))).value,
        risk_threshold=draw(st.floats(0, 1)),
        details=draw(
            st.dictionaries(st.from_regex("[a-z][a-z0-9_]{0,8}", fullmatch=True), details_values(), max_size=4)
        ),
    )


def details_values() -> st.SearchStrategy[Detail]:
    """Give values that ``details`` may hold."""
    return st.one_of(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
        st.integers(-(2**53) + 1, 2**53 - 1),
        st.booleans(),
    )
