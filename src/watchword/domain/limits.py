"""The limits of an application: every default of the product with its unit, its hard bounds and its source.

Configuration may move a limit inside its bounds and never outside (``check``); the reference page is generated from
here. A test application has wider bounds for its waits, starts and sends, and none for its guesses.
"""

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final

from watchword.domain.budget import Lane, Window

HOUR_S: Final = 3_600
PSD2_TRIES: Final = 5
"""(EU) 2018/389 article 4(3)(b)."""
DAY_S: Final = 24 * HOUR_S


class Mode(StrEnum):
    """Whether an application deals with real people."""

    LIVE = "live"
    TEST = "test"


class Conformance(StrEnum):
    """Which bar the application holds itself to."""

    STORE = "store"
    PSD2 = "psd2"
    """Commission Delegated Regulation (EU) 2018/389 as a design target: at most five tries (article 4(3)(b))."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a limit may be set to, and why it is what it is."""

    meaning: str
    unit: str
    low: int
    high: int
    source: str
    test_low: int
    test_high: int


def _limit(
    default: int,
    meaning: str,
    unit: str,
    low: int,
    high: int,
    source: str,
    *,
    test_low: int | None = None,
    test_high: int | None = None,
) -> Any:  # noqa: ANN401 the declared type of each field is what a reader and mypy see
    bounds = Bounds(
        meaning=meaning,
        unit=unit,
        low=low,
        high=high,
        source=source,
        test_low=low if test_low is None else test_low,
        test_high=high if test_high is None else test_high,
    )
    return field(default=default, metadata={"bounds": bounds})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The numbers an application runs under."""

    code_length: int = _limit(
        6,
        "digits of a code in ordinary times",
        "digits",
        6,
        10,
        "SP 800-63B-4 §3.1.3.2 (at least six)",
    )
    long_code_length: int = _limit(
        8,
        "digits of a code after failures, while the breaker is open, and for a reset in the open lane",
        "digits",
        8,
        10,
        "5 failures at 6 digits and 45 at 8: a 6.6e-5 chance of a hit per account and year",
    )
    failures_before_long_code: int = _limit(
        5,
        "failures within the window from which codes are long",
        "failures",
        1,
        10,
        "as long_code_length",
    )
    lifetime_s: int = _limit(
        600,
        "life of a challenge from its start, across resends",
        "seconds",
        60,
        600,
        "SP 800-63B-4 §3.1.3.2",
    )
    purchase_lifetime_s: int = _limit(
        300,
        "life of a purchase's challenge",
        "seconds",
        60,
        600,
        "SP 800-63B-4 §3.1.3.2; short for money",
    )
    tries_per_challenge: int = _limit(
        5,
        "guesses compared per challenge",
        "guesses",
        1,
        10,
        "(EU) 2018/389 art. 4(3)(b)",
    )
    failures_per_user: int = _limit(
        50,
        "wrong guesses of a user per window, not reset by success",
        "guesses",
        5,
        100,
        "as long_code_length",
    )
    open_lane_failures: int = _limit(
        40,
        "the part of that budget which the open lane may use",
        "guesses",
        1,
        99,
        "whoever can ask for a reset must not lock the owner out",
    )
    failure_window_days: int = _limit(30, "length of the failure window", "days", 30, 90, "as long_code_length")
    sends_per_challenge: int = _limit(
        5, "sends ordered per challenge", "sends", 1, 5, "flooding a person with messages; five is usual practice"
    )
    sends_per_contact_hour: int = _limit(
        8,
        "messages to one address an hour",
        "sends",
        1,
        10,
        "flooding a person with messages",
        test_high=100_000,
    )
    sends_per_contact_day: int = _limit(
        15,
        "messages to one address a day",
        "sends",
        1,
        20,
        "flooding a person with messages",
        test_high=100_000,
    )
    open_lane_sends_per_contact_hour: int = _limit(
        5,
        "of them from the open lane, an hour",
        "sends",
        1,
        10,
        "flooding a person with messages",
        test_high=100_000,
    )
    open_lane_sends_per_contact_day: int = _limit(
        10,
        "of them from the open lane, a day",
        "sends",
        1,
        20,
        "flooding a person with messages",
        test_high=100_000,
    )
    starts_per_hour: int = _limit(
        10,
        "challenged starts per user, action type and lane",
        "starts",
        1,
        20,
        "new challenges must win no fresh guesses (SP 800-63B-4 §3.1.3.2)",
        test_high=100_000,
    )
    starts_per_ip_hour: int = _limit(
        100,
        "challenged starts per IPv4 address or IPv6 /64, own lane exempt",
        "starts",
        1,
        100_000,
        "one code tried against many users is seen by no limit per user",
    )
    breaker_wrong_percent: int = _limit(
        20,
        "share of wrong guesses above which codes get long for everybody",
        "percent",
        1,
        90,
        "one code tried against many users is seen by no limit per user",
    )
    breaker_least_attempts: int = _limit(
        200,
        "attempts in ten minutes below which the breaker stays shut",
        "attempts",
        20,
        100_000,
        "one code tried against many users is seen by no limit per user",
    )
    pending_own_lane: int = _limit(
        3, "pending challenges of a user in the own lane", "challenges", 1, 10, "tabs that a person keeps open"
    )
    pending_open_lane: int = _limit(
        2,
        "pending challenges of a user in the open lane",
        "challenges",
        1,
        10,
        "a person's own tabs, and no room for a stranger's many",
    )
    unproven_hours: int = _limit(
        24,
        "how long an unproven challenge makes the next action of its type asked",
        "hours",
        1,
        168,
        "asking again must not wear the decision down (B5)",
    )
    unproven_networks: int = _limit(
        5,
        "unproven challenges from different networks that make every type asked",
        "networks",
        2,
        50,
        "asking again must not wear the decision down (B5)",
    )
    reset_wait_s: int = _limit(
        72 * HOUR_S,
        "how long after a reset its contact alone is not enough for account updates and high value",
        "seconds",
        24 * HOUR_S,
        168 * HOUR_S,
        "SP 800-63B-4 §4.2: recovery weakens what carried it",
        test_low=60,
    )
    contact_wait_s: int = _limit(
        72 * HOUR_S,
        "how long a contact added without a grant carries nothing but its own confirmation",
        "seconds",
        24 * HOUR_S,
        168 * HOUR_S,
        "SP 800-63B-4 §4.1.2.1",
        test_low=60,
    )
    grant_lifetime_s: int = _limit(
        300,
        "life of a grant",
        "seconds",
        30,
        900,
        "OWASP Transaction Authorization 2.9",
    )
    device_known_days: int = _limit(
        180,
        "how long a proof makes a device known",
        "days",
        1,
        365,
        "history older than six months can be dropped (Wiefling et al. 2022, doi 10.1145/3546069)",
    )
    device_trusted_days: int = _limit(
        30,
        "how long trust lasts after the last proof",
        "days",
        1,
        90,
        "SP 800-63B-4 §5.1; a stolen token must not last",
    )
    devices_per_user: int = _limit(20, "devices remembered per user", "devices", 1, 100, "more than a person has")
    purchase_window_hours: int = _limit(
        24,
        "window in which allowed purchases add up since the last proof",
        "hours",
        1,
        168,
        "B4; (EU) 2018/389 art. 16",
    )
    purchase_count: int = _limit(
        5,
        "allowed purchases in that window before one is asked",
        "purchases",
        1,
        100,
        "B4",
    )
    purchase_sum_percent: int = _limit(
        200,
        "their sum that counts as high value, of the threshold",
        "percent",
        100,
        1_000,
        "B4",
    )
    stale_contact_days: int = _limit(
        365,
        "days without proof after which a refresh of a contact is advised",
        "days",
        30,
        3_650,
        "numbers are recycled: a contact unproven for a year may be somebody else's",
    )

    def resend_wait_s(self, sends: int) -> int:
        """Return the wait before the same contact and channel is sent to again, after ``sends`` sends.

        30, 60, 120 and 120 seconds; not a setting, because faster is flooding and slower is cruel.
        """
        waits = (30, 60, 120)
        return waits[min(max(sends, 1), len(waits)) - 1]

    def code_digits(self, *, failures: int, breaker_open: bool, open_reset: bool) -> int:
        """Return how long a code has to be now."""
        under_attack = failures >= self.failures_before_long_code or breaker_open or open_reset
        return max(self.code_length, self.long_code_length) if under_attack else self.code_length

    def failures(self, lane: Lane) -> int:
        """Return how many wrong guesses in this lane alone end it; all lanes together end at ``failures_per_user``."""
        return self.open_lane_failures if lane is Lane.OPEN else self.failures_per_user

    def pending(self, lane: Lane) -> int:
        """Return how many challenges may be pending in this lane."""
        return self.pending_open_lane if lane is Lane.OPEN else self.pending_own_lane

    def contact_windows(self, lane: Lane | None) -> tuple[Window, ...]:
        """Return the windows for sends to one address: of the open lane alone, or (None) of all lanes together."""
        if lane is Lane.OPEN:
            hour, day = (
                self.open_lane_sends_per_contact_hour,
                self.open_lane_sends_per_contact_day,
            )
        else:
            hour, day = self.sends_per_contact_hour, self.sends_per_contact_day
        return (Window(most=hour, length_s=HOUR_S), Window(most=day, length_s=DAY_S))


def bounds_of(name: str) -> Bounds:
    """Return the bounds of a limit; ``KeyError`` for an unknown name."""
    bounds = {entry.name: entry.metadata["bounds"] for entry in fields(Limits)}[name]
    if not isinstance(bounds, Bounds):
        raise KeyError(name)
    return bounds


def check(limits: Limits, mode: Mode, profile: Conformance) -> tuple[tuple[str, str], ...]:
    """Return each limit that is out of bounds with a sentence that says what is allowed."""
    found: list[tuple[str, str]] = []
    for entry in fields(Limits):
        bounds, value = bounds_of(entry.name), getattr(limits, entry.name)
        low, high = (bounds.test_low, bounds.test_high) if mode is Mode.TEST else (bounds.low, bounds.high)
        if not low <= value <= high:
            found.append(
                (
                    entry.name,
                    f"{value} is outside {low} to {high} {bounds.unit} ({bounds.source})",
                )
            )
    if limits.open_lane_failures >= limits.failures_per_user:
        found.append(
            (
                "open_lane_failures",
                "must be below failures_per_user, so that the own lane keeps a reserve",
            )
        )
    if profile is Conformance.PSD2 and limits.tries_per_challenge > PSD2_TRIES:
        found.append(
            (
                "tries_per_challenge",
                "is at most 5 under the psd2 profile ((EU) 2018/389 art. 4(3)(b))",
            )
        )
    return tuple(found)
