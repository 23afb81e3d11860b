"""How late this machine holds it to be possible: its clock is followed, and a leap of it is not."""

import pytest

from tests.kit.clock_and_chance import MovableClock
from watchword.adapters.system import SystemHorizon, elapsed_ms
from watchword.domain.instant import DAY_MS, HOUR_MS, MINUTE_MS, Instant

START = Instant(1_790_000_000_000)


class Elapsed:
    """How long the machine has run."""

    def __init__(self) -> None:
        self.ms = 7_000

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(START)


@pytest.fixture
def elapsed() -> Elapsed:
    return Elapsed()


@pytest.fixture
def horizon(clock: MovableClock, elapsed: Elapsed) -> SystemHorizon:
    return SystemHorizon(clock, elapsed)


def test_is_ten_minutes_ahead_of_the_clock(horizon: SystemHorizon, clock: MovableClock, elapsed: Elapsed) -> None:
    assert horizon.latest() == START + 10 * MINUTE_MS
    clock.move(hours=-2)
    assert horizon.latest() == clock.now() + 10 * MINUTE_MS
    clock.move(hours=20)
    assert horizon.latest() == clock.now() + 10 * MINUTE_MS


def test_follows_however_long_nobody_asked(horizon: SystemHorizon, clock: MovableClock, elapsed: Elapsed) -> None:
    clock.move(days=400)
    elapsed.ms += 400 * DAY_MS
    assert horizon.latest() == clock.now() + 10 * MINUTE_MS


def test_does_not_follow_a_leap_of_more_than_a_day(
    horizon: SystemHorizon, clock: MovableClock, elapsed: Elapsed
) -> None:
    clock.move(days=30)
    for _ in range(3):
        elapsed.ms += HOUR_MS
        assert horizon.latest() < clock.now()
    clock.move(days=-30)
    assert horizon.latest() == clock.now() + 10 * MINUTE_MS


def test_the_time_that_has_passed_never_goes_back() -> None:
    assert 0 < elapsed_ms() <= elapsed_ms()
