"""What the traffic is measured with, on values counted by hand; and that the traffic is like its targets."""

import pytest

from bench.risk.calibration import calibrated, entropy, new_share, quantile
from bench.risk.happenings import Happening
from bench.risk.traffic import Traffic, make_traffic
from tests.bench.streams import at, sign_in

TOLERANCES = {
    "sign-ins per user, median": (2, 0),
    "sign-ins per user, p75": (4, 0),
    "sign-ins per user, p90": (9, 1),
    "sign-ins per user, p99": (28, 4),
    "users with a single sign-in": (39.7, 1.5),
    "new given history: address": (0.41, 0.03),
    "new given history: network (ASN)": (0.095, 0.015),
    "new given history: country": (0.01, 0.006),
    "new given history: browser and version": (0.335, 0.03),
    "new given history: system and version": (0.19, 0.03),
    "new given history: device type": (0.07, 0.015),
    "new given history: user agent": (0.52, 0.05),
    "entropy of 1,054 sign-ins, bits: country": (1.9, 0.25),
    "entropy of 1,054 sign-ins, bits: network (ASN)": (4.4, 0.4),
    "entropy of 1,054 sign-ins, bits: device type": (1.1, 0.1),
    "sign-ins from NO": (70.6, 3),
    "attempts that fail": (22, 1),
    "attempts from attacking addresses": (9.9, 0.5),
}


@pytest.fixture(scope="module")
def traffic() -> Traffic:
    return make_traffic(7, users=6_000)


def _address(one: Happening) -> int:
    return one.place.address


def test_a_first_sign_in_is_not_asked_whether_it_is_new() -> None:
    addresses = [1, 1, 2, 1, 2, 3]
    stream = [sign_in(day, place=at(address=address)) for day, address in enumerate(addresses)]
    assert new_share(stream, _address) == 2 / 5
    assert new_share([sign_in(user=1), sign_in(user=2)], _address) == 0


def test_the_entropy_is_in_bits() -> None:
    assert entropy("abcd") == 2
    assert entropy("aaab") == pytest.approx(0.8113, abs=1e-4)
    assert entropy("aaaa") == 0


def test_a_quantile_is_a_value_that_was_there() -> None:
    assert [quantile([1, 1, 2, 5], share) for share in (0.25, 0.5, 0.75, 0.9, 1.0)] == [1, 1, 2, 5, 5]


def test_the_traffic_is_like_the_published_statistics(traffic: Traffic) -> None:
    measured = {one.name: one.value for one in calibrated(traffic.happenings)}
    assert set(TOLERANCES) <= set(measured)
    far = {name: measured[name] for name, (target, most) in TOLERANCES.items() if abs(measured[name] - target) > most}
    assert far == {}


def test_the_same_seed_makes_the_same_traffic() -> None:
    first, again, other = (make_traffic(seed, users=50).happenings for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_the_stream_is_in_the_order_of_time(traffic: Traffic) -> None:
    times = [one.at for one in traffic.happenings]
    assert times == sorted(times)


def test_guesses_of_strangers_are_never_right(traffic: Traffic) -> None:
    guesses = [one for one in traffic.happenings if one.attack]
    assert guesses
    assert not any(one.is_successful or one.has_token for one in guesses)


def test_a_device_that_was_never_there_has_no_token(traffic: Traffic) -> None:
    seen: set[tuple[int, int]] = set()
    early = 0
    for one in traffic.happenings:
        if one.is_legitimate:
            early += one.has_token and (one.user, one.device) not in seen
            seen.add((one.user, one.device))
    assert early == 0


def test_browsers_that_update_themselves_name_ever_newer_versions() -> None:
    versions: dict[int, list[int]] = {}
    for one in make_traffic(3, users=300, is_realistic=True).happenings:
        if one.is_legitimate:
            versions.setdefault(one.device, []).append(int(one.agent.browser_version))
    assert len(versions) > 300
    assert [seen for seen in versions.values() if seen != sorted(seen)] == []
