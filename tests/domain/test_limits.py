"""Limits may be moved inside their bounds and never outside; a test application has wider ones."""

from dataclasses import fields, replace

import pytest

from watchword.domain.budget import Lane
from watchword.domain.limits import Conformance, Limits, Mode, bounds_of, check


def test_the_defaults_are_within_bounds_everywhere() -> None:
    assert check(Limits(), Mode.LIVE, Conformance.PSD2) == ()
    assert check(Limits(), Mode.TEST, Conformance.STORE) == ()


@pytest.mark.parametrize("name", [entry.name for entry in fields(Limits)])
def test_refuses_each_limit_on_either_side_of_its_bounds(name: str) -> None:
    bounds = bounds_of(name)
    for value in (bounds.low - 1, bounds.high + 1):
        assert name in dict(check(replace(Limits(), **{name: value}), Mode.LIVE, Conformance.STORE))


@pytest.mark.parametrize("name", [entry.name for entry in fields(Limits)])
def test_says_what_each_limit_is_for(name: str) -> None:
    bounds = bounds_of(name)
    assert bounds.meaning
    assert bounds.unit
    assert bounds.source
    assert bounds.test_low <= bounds.low <= getattr(Limits(), name) <= bounds.high <= bounds.test_high


def test_a_test_application_may_wait_a_minute_where_a_live_one_waits_a_day() -> None:
    limits = replace(Limits(), contact_wait_s=60, reset_wait_s=60, starts_per_hour=100)
    assert check(limits, Mode.TEST, Conformance.STORE) == ()
    assert len(check(limits, Mode.LIVE, Conformance.STORE)) == 3


def test_the_own_lane_always_keeps_a_reserve() -> None:
    limits = replace(Limits(), open_lane_failures=50)
    assert "open_lane_failures" in dict(check(limits, Mode.LIVE, Conformance.STORE))


def test_the_psd2_bar_holds_at_five_tries() -> None:
    limits = replace(Limits(), tries_per_challenge=6)
    assert check(limits, Mode.LIVE, Conformance.STORE) == ()
    assert "tries_per_challenge" in dict(check(limits, Mode.LIVE, Conformance.PSD2))


def test_codes_get_long_under_attack() -> None:
    limits = Limits()
    assert limits.code_digits(failures=4, breaker_open=False, open_reset=False) == 6
    assert limits.code_digits(failures=5, breaker_open=False, open_reset=False) == 8
    assert limits.code_digits(failures=0, breaker_open=True, open_reset=False) == 8
    assert limits.code_digits(failures=0, breaker_open=False, open_reset=True) == 8


def test_resends_wait_longer_each_time() -> None:
    assert [Limits().resend_wait_s(sends) for sends in (1, 2, 3, 4, 5)] == [30, 60, 120, 120, 120]


def test_the_open_lane_has_less_of_everything() -> None:
    limits = Limits()
    assert limits.failures(Lane.OPEN) < limits.failures(Lane.OWN)
    assert limits.pending(Lane.OPEN) < limits.pending(Lane.OWN)
    for narrow, wide in zip(limits.contact_windows(Lane.OPEN), limits.contact_windows(None), strict=True):
        assert narrow.most < wide.most
