"""How often an application is told, and what its answers mean."""

import pytest

from watchword.domain.event import EventType
from watchword.domain.instant import DAY_MS
from watchword.domain.webhook import PUBLIC_FIELDS, RETRIES_S, CallResult, Verdict, retry_delay_ms


def test_the_waits_are_those_of_the_specification() -> None:
    assert [retry_delay_ms(failures, 0.0) for failures in range(1, 11)] == [
        *(5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 50_400_000, 72_000_000, 86_400_000),
        None,
    ]


def test_all_tries_together_take_more_than_three_days() -> None:
    assert sum(RETRIES_S) * 1_000 > 3 * DAY_MS


def test_chance_lengthens_a_wait_by_at_most_a_fifth() -> None:
    assert retry_delay_ms(1, 0.999) == 5_999


@pytest.mark.parametrize(("wait_s", "delay_ms"), [(None, 5_000), (1, 5_000), (60, 60_000), (10**9, 86_400_000)])
def test_who_asks_for_a_longer_wait_gets_it_up_to_a_day(wait_s: int | None, delay_ms: int) -> None:
    assert retry_delay_ms(1, 0.0, wait_s=wait_s) == delay_ms
    assert retry_delay_ms(10, 0.0, wait_s=wait_s) is None


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        *((200, Verdict.TAKEN), (204, Verdict.TAKEN), (299, Verdict.TAKEN), (410, Verdict.GONE)),
        *((199, Verdict.FAILED), (301, Verdict.FAILED), (302, Verdict.FAILED), (308, Verdict.FAILED)),
        *((400, Verdict.FAILED), (404, Verdict.FAILED), (429, Verdict.FAILED), (500, Verdict.FAILED)),
        (None, Verdict.FAILED),
    ],
)
def test_only_success_is_success(status: int | None, verdict: Verdict) -> None:
    error = "timed_out" if status is None else None
    assert CallResult(status=status, error=error, took_ms=1).verdict is verdict


def test_the_public_events_are_the_first_group_of_all() -> None:
    assert list(PUBLIC_FIELDS) == list(EventType)[: len(PUBLIC_FIELDS)]
