"""What is observed of an action, and that whatever is left out counts as new."""

from dataclasses import fields, replace
from math import isnan
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.risk.samples import (
    A_PROFILE,
    A_USER,
    KNOWN_FACTS,
    NOW,
    an_action,
    an_application,
    any_signals,
    judged,
    ordinary,
    usd,
)
from watchword.domain.action import Decision
from watchword.domain.atlas_facts import NetworkFacts
from watchword.domain.budget import Lane
from watchword.domain.device import DeviceState
from watchword.risk.memory import NO_MEMORY
from watchword.risk.policy import Policy
from watchword.risk.profile import Profile
from watchword.risk.signals import KnownFacts, Signals, SignalType, declarations, observe, read_signals

DOUBLES = [d.field_name for d in declarations() if d.type is SignalType.DOUBLE and d.name != "score"]


def observed(
    action_type: str = "purchase",
    *,
    amount: str | None = "20.00",
    profile: Profile = A_PROFILE,
    device_state: DeviceState = DeviceState.KNOWN,
    device_stolen: bool = False,
    country: str | None = "NO",
) -> Signals:
    facts = replace(
        KNOWN_FACTS,
        device_state=device_state,
        device_stolen=device_stolen,
        lane=Lane.OPEN if device_state is DeviceState.NEW else Lane.OWN,
        network=NetworkFacts(country=country),
    )
    action = an_action(action_type, None if amount is None else usd(amount))
    return observe(action, profile, facts, an_application())


@pytest.mark.parametrize(
    ("state", "known", "trusted"),
    [(DeviceState.NEW, False, False), (DeviceState.KNOWN, True, False), (DeviceState.TRUSTED, True, True)],
)
def test_a_trusted_device_is_known_too(state: DeviceState, known: bool, trusted: bool) -> None:
    signals = observed(device_state=state)
    assert (signals.device_state, signals.device_known, signals.device_trusted) == (state.value, known, trusted)


def test_a_stolen_token_never_counts_as_a_known_device() -> None:
    signals = observed(device_state=DeviceState.TRUSTED, device_stolen=True)
    assert (signals.device_state, signals.device_known, signals.device_trusted) == ("new", False, False)


@pytest.mark.parametrize(("country", "known"), [("NO", True), ("SE", False), (None, False), ("local", False)])
def test_a_place_is_known_when_the_user_was_seen_there(country: str | None, known: bool) -> None:
    assert observed(country=country).place_known is known


def test_an_unknown_country_is_new_even_for_a_user_without_any() -> None:
    assert not observed(country=None, profile=replace(A_PROFILE, countries_seen=frozenset({""}))).place_known


def test_only_a_purchase_is_of_high_value() -> None:
    signals = observed("withdrawal", amount="600.00", profile=replace(A_PROFILE, purchase_count=9))
    assert (signals.high_value, signals.action_high_amount) == (False, True)
    assert (signals.purchase_high_sum, signals.purchase_high_count) == (False, False)


def test_what_the_store_knows_of_the_user_is_passed_on() -> None:
    profile = replace(
        A_PROFILE,
        user=replace(A_USER, disputed_at=NOW),
        failures=7,
        unproven_same_type=True,
        unproven_networks=5,
        reset_at=NOW,
    )
    signals = observed(profile=profile)
    assert (signals.user_disputed, signals.user_failures, signals.user_unproven_same_type) == (True, 7, True)
    assert (signals.user_attack_suspected, signals.user_recent_reset, signals.user_registered) == (True, True, True)
    assert not observed(profile=replace(profile, unproven_networks=4)).user_attack_suspected
    assert not observed(profile=replace(profile, user=None)).user_registered


@pytest.mark.parametrize(("details", "field"), [({"field": "email"}, "email"), ({}, "")])
def test_the_field_of_an_account_update_is_named(details: dict[str, str], field: str) -> None:
    signals = observe(an_action("account_update", details=details), A_PROFILE, KnownFacts(), an_application())
    assert signals.account_field == field


def test_a_field_of_another_type_is_not_an_account_field() -> None:
    assert ordinary("purchase", details={"field": "email"}).account_field == ""


def test_leaving_the_amount_out_is_above_every_amount() -> None:
    assert observed(amount=None).action_amount > observed(amount="999999999999999.9999").action_amount


@given(
    action_type=st.sampled_from(["sign_in", "purchase", "withdrawal"]),
    amount=st.decimals(0, 999_999_999_999_999, places=2),
    state=st.sampled_from(list(DeviceState)),
)
def test_leaving_something_out_is_never_milder(
    default_policy: Policy, action_type: str, amount: object, state: DeviceState
) -> None:
    named = observed(action_type, amount=str(amount), device_state=state)
    without = [
        observed(action_type, amount=None, device_state=state),
        observed(action_type, amount=str(amount), device_state=state, country=None),
        observed(action_type, amount=str(amount), device_state=DeviceState.NEW),
    ]
    order = list(Decision)
    least = order.index(judged(default_policy, named).decision)
    assert all(order.index(judged(default_policy, signals).decision) >= least for signals in without)


def test_without_arguments_everything_that_can_be_left_out_is() -> None:
    nobody = replace(A_PROFILE, user=None, memory=NO_MEMORY, registered_at=None, last_seen_at=None)
    left_out = observe(an_action("purchase"), nobody, KnownFacts(), an_application())
    assert left_out == Signals(action_type="purchase", time_hour=left_out.time_hour)


def test_every_signal_is_declared_once_with_a_meaning() -> None:
    names = [declared.name for declared in declarations()]
    assert len(set(names)) == len(names) == len(fields(Signals)) + 1
    assert all(declared.meaning for declared in declarations())
    assert set(Signals().by_name()) == set(names) - {"details", "score"}


@settings(max_examples=50)
@given(signals=any_signals())
def test_a_record_gives_the_same_signals_back(signals: Signals) -> None:
    no_numbers: dict[str, Any] = {name: 0.5 for name in DOUBLES if isnan(getattr(signals, name))}
    known = replace(signals, **no_numbers)
    assert read_signals({**known.by_name(), "score": 0.3}, known.details) == known


def test_signals_written_by_hand_follow_from_each_other() -> None:
    signals = read_signals({"action.type": "purchase", "device.state": "trusted", "action.amount": 20}, {})
    assert (signals.device_known, signals.device_trusted, signals.action_amount) == (True, True, 20.0)
    assert signals.high_value
    assert not read_signals({"action.type": "purchase", "action.high_amount": False}, {}).high_value
    assert not read_signals({"action.type": "sign_in"}, {}).purchase_high_value


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("device.knwon", True, "there is no signal device.knwon"),
        ("details", "x", "there is no signal details"),
        ("device.known", 1, "device.known is of type bool"),
        ("user.failures", True, "user.failures is of type int"),
        ("user.failures", 1.0, "user.failures is of type int"),
        ("action.amount", "20", "action.amount is of type double"),
    ],
)
def test_signals_written_wrong_are_refused(name: str, value: str | float | bool, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{problem}$"):
        read_signals({name: value}, {})
