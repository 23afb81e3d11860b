"""What is remembered of a user's amounts and payees: bounded, fading, and taken back when it was not the user."""

from math import exp, log
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.risk.samples import A_TRAITS, NOW
from watchword.domain.instant import Instant, later
from watchword.risk.memory import PROVEN, PROVISIONAL, Contribution
from watchword.risk.memory.spending import (
    CURRENCIES_MOST,
    NOTHING_SPENT,
    PAYEES_MOST,
    SPENDING_BYTES_MOST,
    TOLD_MOST,
    Spending,
    decode_spending,
    encode_spending,
    learn_spending,
    take_back_spending,
)


def bought(
    amount: float | None, *, at: Instant = NOW, currency: str | None = "USD", payee: int | None = 7
) -> Contribution:
    return Contribution(
        at=at,
        traits=A_TRAITS,
        hour_of_week=0,
        had_token=True,
        log_amount=None if amount is None else log(amount),
        currency=currency,
        payee=payee,
    )


def spent(*amounts: float, share: float = PROVEN, **others: Any) -> Spending:
    spending = NOTHING_SPENT
    for days, amount in enumerate(amounts):
        spending = learn_spending(spending, bought(amount, at=later(NOW, days=days - len(amounts)), **others), share)
    return spending


contributions = st.builds(
    bought,
    st.none() | st.floats(0.01, 1e15),
    at=st.integers(0, 400).map(lambda days: later(NOW, days=days - 400)),
    currency=st.sampled_from(["USD", "EUR", "JPY", None]),
    payee=st.none() | st.integers(0, 40),
)
shares = st.sampled_from([PROVISIONAL, PROVEN - PROVISIONAL, PROVEN])


def test_the_usual_amount_is_the_geometric_mean() -> None:
    assert exp(spent(10.0, 1_000.0, share=PROVEN).usual("USD").mean) == pytest.approx(100.0, rel=0.02)


def test_an_amount_in_another_currency_is_not_the_usual() -> None:
    assert spent(10.0).usual("EUR").weight == 0
    assert spent(10.0).usual(None).weight == 0


def test_what_is_older_weighs_less() -> None:
    old = learn_spending(NOTHING_SPENT, bought(10.0, at=later(NOW, days=-120)), PROVEN)
    both = learn_spending(old, bought(1_000.0), PROVEN)
    assert exp(both.usual("USD").mean) > 300
    assert old.purchases(NOW) == pytest.approx(0.25, rel=1e-3)


def test_one_huge_purchase_does_not_make_huge_ones_usual() -> None:
    spending = spent(*[20.0] * 10)
    after = learn_spending(spending, bought(1_000_000.0), PROVEN)
    assert exp(after.usual("USD").mean) < 25


@given(amounts=st.lists(st.floats(1, 1_000), min_size=1, max_size=6), fraud=st.floats(1_000, 1e6))
def test_a_purchase_that_was_not_the_users_leaves_nothing_behind(amounts: list[float], fraud: float) -> None:
    before = spent(*amounts)
    stolen = bought(fraud, payee=99)
    after = take_back_spending(learn_spending(before, stolen, PROVEN), stolen, PROVEN, NOW)
    assert after.usual("USD").weight == pytest.approx(before.usual("USD").weight, rel=1e-4)
    assert not after.knows_payee(99, NOW)
    # Where the bound cut the amount, taking back takes a little more: that asks more and never less.
    assert after.usual("USD").mean <= before.usual("USD").mean + 0.001


def test_taking_back_the_only_purchase_leaves_no_amount() -> None:
    only = bought(20.0)
    left = take_back_spending(learn_spending(NOTHING_SPENT, only, PROVEN), only, PROVEN, NOW)
    assert (left.usual("USD").weight, left.knows_payee(7, NOW)) == (0, False)


def test_taking_back_what_was_never_learned_does_no_harm() -> None:
    assert take_back_spending(NOTHING_SPENT, bought(20.0), PROVEN, NOW).purchases(NOW) == 0


def test_a_payee_is_known_after_the_first_purchase_and_forgotten_after_a_year() -> None:
    spending = spent(20.0, payee=7)
    assert spending.knows_payee(7, NOW)
    assert not spending.knows_payee(8, NOW)
    assert not spending.knows_payee(None, NOW)
    assert not spending.knows_payee(7, later(NOW, days=365))


def test_a_payee_is_familiar_only_on_a_later_day_and_by_more_than_one_unproven_purchase() -> None:
    proven = learn_spending(NOTHING_SPENT, bought(20.0, payee=7), PROVEN)
    assert not proven.knew_payee(7, NOW)
    assert proven.knew_payee(7, later(NOW, days=1))
    assert not proven.knew_payee(8, later(NOW, days=1))
    allowed = learn_spending(NOTHING_SPENT, bought(20.0, payee=7), PROVISIONAL)
    assert allowed.knows_payee(7, later(NOW, days=1))
    assert not allowed.knew_payee(7, later(NOW, days=1))
    promoted = learn_spending(allowed, bought(20.0, payee=7), PROVEN - PROVISIONAL)
    assert promoted.knew_payee(7, later(NOW, days=1))


def test_a_payee_that_waits_for_its_place_is_no_familiar_one_on_its_first_day() -> None:
    spending = NOTHING_SPENT
    for payee in range(PAYEES_MOST):
        spending = learn_spending(spending, bought(20.0, payee=payee, at=later(NOW, days=-3)), PROVEN)
    waiting = learn_spending(spending, bought(20.0, payee=99), PROVEN)
    assert waiting.knows_payee(99, NOW)
    assert not waiting.knew_payee(99, NOW)


def test_an_action_without_amount_and_payee_changes_nothing() -> None:
    assert learn_spending(NOTHING_SPENT, bought(None, payee=None), PROVEN) == NOTHING_SPENT


def test_the_currency_of_least_weight_gives_way() -> None:
    spending = learn_spending(spent(1.0, 2.0, 3.0), bought(5.0, currency="EUR"), PROVEN)
    spending = learn_spending(spending, bought(5.0, currency="JPY"), PROVEN)
    assert set(spending.amounts) == {"USD", "JPY"}


def test_the_usual_pace_is_purchases_a_day() -> None:
    assert spent(*[5.0] * 60).purchases_a_day(NOW) == pytest.approx(1.0, rel=0.05)
    assert NOTHING_SPENT.purchases_a_day(NOW) == 0


@given(st.lists(st.tuples(contributions, shares), max_size=60))
def test_the_spending_of_a_user_stays_small_and_survives_being_written(
    learned: list[tuple[Contribution, float]],
) -> None:
    spending = NOTHING_SPENT
    for contribution, share in sorted(learned, key=lambda pair: pair[0].at):
        spending = learn_spending(spending, contribution, share)
    assert len(spending.amounts) <= CURRENCIES_MOST
    assert len(spending.payees.entries) <= PAYEES_MOST
    encoded = encode_spending(spending)
    assert len(encoded) <= SPENDING_BYTES_MOST
    assert decode_spending(encoded) == spending


def test_the_spending_of_somebody_with_all_that_can_be_remembered_is_as_small() -> None:
    spending = NOTHING_SPENT
    for payee in range(PAYEES_MOST):
        spending = learn_spending(spending, bought(20.0, payee=payee, at=later(NOW, days=-3)), PROVEN)
    for payee in range(50, 60):
        spending = learn_spending(spending, bought(20.0, payee=payee << 40 | payee, currency="EUR"), PROVEN)
    assert [spending.has_told(payee << 40 | payee, NOW) for payee in range(50, 60)] == [True] * 10
    assert len(spending.told.marks) == TOLD_MOST
    encoded = encode_spending(spending)
    assert len(encoded) <= SPENDING_BYTES_MOST
    assert decode_spending(encoded) == spending


def test_a_payee_without_a_place_tells_something_again_the_next_day() -> None:
    spending = NOTHING_SPENT
    for payee in range(PAYEES_MOST):
        spending = learn_spending(spending, bought(20.0, payee=payee, at=later(NOW, days=-3)), PROVEN)
    for payee in (50, 51):
        assert not spending.has_told(payee, NOW)
        spending = learn_spending(spending, bought(20.0, payee=payee), PROVISIONAL)
        assert spending.has_told(payee, NOW)
        assert not spending.has_told(payee, later(NOW, days=1))
    assert spending.has_told(50, NOW)


@pytest.mark.parametrize("broken", [b"\x01", b"\x01\x00\x05short", b"\x01\x00\x00\x09"])
def test_refuses_bytes_that_are_no_spending(broken: bytes) -> None:
    with pytest.raises(ValueError, match="no spending"):
        decode_spending(broken)
