"""Which sizes of purchases reports speak against, and which they must not."""

from math import log

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.risk.learned import HOME, a_contribution, at_day
from watchword.risk.counts import Counts
from watchword.risk.memory import Contribution
from watchword.risk.purchases import ReportedSizes

NOW = at_day(30)


def a_purchase(amount: float) -> Contribution:
    return a_contribution(30, HOME, log_amount=log(amount), currency="USD", payee=1)


def sizes_of(bought: list[float], reported: list[float]) -> ReportedSizes:
    """Give what is known after purchases of these amounts, and others that were reported."""
    sizes = ReportedSizes(Counts())
    for amount in bought + reported:
        sizes.learn(a_purchase(amount), 1.0)
    for amount in reported:
        sizes.report(a_purchase(amount))
    return sizes


def share(sizes: ReportedSizes, amount: float) -> float:
    return sizes.share(log(amount), "USD", NOW)


def test_stolen_cards_that_are_tried_out_with_a_dollar_do_not_speak_against_every_larger_purchase() -> None:
    sizes = sizes_of([20.0 + number % 80 for number in range(1_000)], [1.0] * 50)
    for amount in (2.0, 25.0, 60.0, 500.0):
        assert share(sizes, amount) < 0.05


def test_a_size_from_which_on_all_is_reported_speaks_against_what_is_as_large_or_larger() -> None:
    sizes = sizes_of([20.0 + number % 80 for number in range(1_000)], [230.0 + number for number in range(50)])
    assert share(sizes, 100.0) < 0.01
    assert share(sizes, 231.0) > 0.5
    assert share(sizes, 10_000.0) > 0.5
    assert sizes.share(None, "USD", NOW) > 0.5


AMOUNTS = st.lists(st.floats(0.05, 1e7), max_size=40)


@settings(max_examples=60, deadline=None)
@given(bought=AMOUNTS, reported=AMOUNTS, amount=st.floats(0.01, 1e8), more=st.floats(1, 1e4))
def test_a_larger_amount_never_has_a_smaller_share(
    bought: list[float], reported: list[float], amount: float, more: float
) -> None:
    sizes = sizes_of(bought * 3, reported)
    assert 0 <= share(sizes, amount) <= share(sizes, amount * more) <= sizes.share(None, "USD", NOW) < 1
