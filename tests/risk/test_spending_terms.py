"""Amounts and payees in the score: what is unusual counts, what is reported counts more, and nothing is ever milder."""

from math import exp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.risk.learned import at_day
from tests.risk.purchases_seen import (
    BAD,
    LATELY,
    SOUND,
    TODAY,
    a_buyer,
    a_purchase,
    a_shop,
    a_signal,
    buy,
    evidence,
    nats_of,
    rated,
    sentences,
)
from watchword.risk.memory import NO_MEMORY, PROVISIONAL, Memory, learn
from watchword.risk.population import Population
from watchword.risk.purchases.payee_standing import REPORTED_IF_BAD
from watchword.risk.score.spending_terms import report_terms, spending_terms
from watchword.risk.spending_facts import RATIO_MOST, amount_ratio, payee_known, payee_reports


@pytest.fixture(scope="module")
def shop() -> Population:
    return a_shop()


@pytest.fixture(scope="module")
def buyer() -> Memory:
    return a_buyer()


def test_a_usual_amount_adds_nothing(shop: Population, buyer: Memory) -> None:
    assert nats_of(evidence(shop, buyer)) <= 0


def test_an_amount_far_above_the_users_own_adds_much(shop: Population, buyer: Memory) -> None:
    assert nats_of(evidence(shop, buyer, amount=360.0)) > 2
    assert sentences(evidence(shop, buyer, amount=360.0))["purchase.amount_ratio"] == (
        "The amount is 12 times what this user usually spends"
    )


def test_the_same_amount_is_ordinary_for_somebody_who_spends_as_much(shop: Population) -> None:
    assert nats_of(evidence(shop, a_buyer(amount=360.0), amount=360.0)) < 0.5


def test_a_first_purchase_is_held_against_what_users_usually_spend(shop: Population) -> None:
    text = sentences(evidence(shop, amount=3_000.0))["purchase.amount_ratio"]
    assert text.endswith("times what users here usually spend, while nothing is known of this one")
    assert nats_of(evidence(shop, amount=3_000.0)) > nats_of(evidence(shop, amount=30.0))


def test_one_unproven_purchase_makes_no_payee_familiar(shop: Population, buyer: Memory) -> None:
    before = evidence(shop, buyer, payee=9)
    after = evidence(shop, learn(buyer, a_purchase(TODAY, payee=9), PROVISIONAL), payee=9)
    assert sentences(after)["payee.known"].startswith("This user paid this payee only lately")
    assert nats_of(after) >= nats_of(before) > nats_of(evidence(shop, buyer))


def test_a_users_only_payee_says_nothing_on_the_day_it_came(shop: Population) -> None:
    first = learn(NO_MEMORY, a_purchase(TODAY, payee=9), PROVISIONAL)
    assert "payee.known" in sentences(evidence(shop, first, payee=9))
    terms = spending_terms(a_signal(), evidence(shop, first, payee=9))
    assert next(term.nats for term in terms if term.signal == "payee.known") == 0
    assert nats_of(evidence(shop, first, payee=8)) > nats_of(evidence(shop, first, payee=9))


def test_works_before_anything_was_seen() -> None:
    nothing = Population()
    assert nats_of(evidence(nothing, amount=30.0)) == 0
    assert nats_of(evidence(nothing, amount=30_000.0)) > 1


@pytest.mark.parametrize("population", [a_shop(), Population()], ids=["shop", "nothing seen"])
@pytest.mark.parametrize("memory", [a_buyer(), a_buyer(days=1), NO_MEMORY], ids=["buyer", "one purchase", "nobody"])
@settings(max_examples=60)
@given(amounts=st.tuples(st.floats(0.01, 1e15), st.floats(0.01, 1e15)), payee=st.sampled_from([SOUND, BAD, LATELY, 9]))
def test_a_larger_amount_never_scores_lower(
    population: Population, memory: Memory, amounts: tuple[float, float], payee: int
) -> None:
    less, more = sorted(amounts)
    lower = rated(evidence(population, memory, amount=less, payee=payee)).score
    assert rated(evidence(population, memory, amount=more, payee=payee)).score >= lower


@pytest.mark.parametrize("memory", [a_buyer(), NO_MEMORY], ids=["buyer", "nobody"])
@given(amount=st.floats(0.01, 1e15))
def test_leaving_the_amount_out_never_scores_lower(memory: Memory, amount: float) -> None:
    shop = _SHOP
    assert nats_of(evidence(shop, memory, amount=None)) >= nats_of(evidence(shop, memory, amount=amount))


@pytest.mark.parametrize("payee", [SOUND, LATELY, 9])
def test_leaving_the_payee_out_never_scores_lower_than_one_without_reports(buyer: Memory, payee: int) -> None:
    shop = Population() if payee == LATELY else _SHOP
    assert nats_of(evidence(shop, buyer, payee=None)) >= nats_of(evidence(shop, buyer, payee=payee))


@settings(max_examples=50)
@given(count=st.integers(0, 50), more=st.integers(1, 50))
def test_more_purchases_in_a_day_never_score_lower(count: int, more: int) -> None:
    of = evidence(_SHOP, _BUYER)
    assert nats_of(of, purchase_count=count + more) >= nats_of(of, purchase_count=count)


def test_a_burst_is_told_beside_what_is_usual(shop: Population, buyer: Memory) -> None:
    assert sentences(evidence(shop, buyer), purchase_count=9)["purchase.count"] == (
        "Purchases within a day before this one: 9; usual for this user: 1.0 a day"
    )
    assert "purchase.count" not in sentences(evidence(shop, buyer), purchase_count=1)


def test_a_small_purchase_is_not_told_as_one_of_high_value(shop: Population, buyer: Memory) -> None:
    of, small = evidence(shop, buyer), {"purchase_high_value": True, "purchase_high_sum": True}
    assert sentences(of, **small, action_high_amount=True)["purchase.high_value"] == "The purchase is of high value"
    assert sentences(of, **small, action_high_amount=False)["purchase.high_value"].startswith(
        "With the purchases since"
    )


def test_a_payee_whose_purchases_are_reported_again_and_again_wins_against_all_that_is_familiar(
    shop: Population, buyer: Memory
) -> None:
    at_bad = evidence(shop, buyer, payee=BAD)
    assert nats_of(at_bad, log_odds=-9.0) > 8
    text = sentences(at_bad)["payee.reports"]
    assert text.startswith("Purchases at this payee were reported as fraud 11 times lately; ")
    assert text.endswith(" of 100 of the next are expected to be")


def test_a_single_report_among_many_purchases_says_little(shop: Population) -> None:
    now = at_day(TODAY)
    assert shop.purchases.payees.standing(LATELY, now).share < 0.1 < shop.purchases.payees.standing(BAD, now).share


def test_a_payee_recovers_when_nobody_reports_him_any_more(buyer: Memory) -> None:
    shop = a_shop()
    purchases = [a_purchase(TODAY + day, payee=BAD) for day in range(30)]
    for purchase in purchases:
        shop.purchases.learn(purchase, NO_MEMORY.spending, 1.0)
    assert nats_of(evidence(shop, buyer, day=TODAY + 30, payee=BAD), log_odds=-3.0) < 1


@pytest.mark.parametrize("payee", [SOUND, BAD, LATELY, 9])
@pytest.mark.parametrize("days_ago", [0, 2, 6])
def test_another_report_of_the_last_week_never_scores_lower(payee: int, days_ago: int) -> None:
    shop = a_shop()
    of = evidence(shop, payee=payee)
    before = nats_of(of)
    shop.purchases.label(a_purchase(TODAY - days_ago, payee=payee), is_fraud=True)
    assert nats_of(of) >= before


def test_a_legitimate_label_condemns_nobody(buyer: Memory) -> None:
    shop = a_shop()
    of = evidence(shop, buyer)
    before = nats_of(of)
    shop.purchases.label(a_purchase(TODAY - 1), is_fraud=False)
    assert nats_of(of) == before


@pytest.mark.parametrize("reports", [1, 40, 4_000])
def test_no_number_of_reports_makes_the_next_one_certain(reports: int) -> None:
    shop = a_shop()
    for _ in range(reports):
        shop.purchases.label(a_purchase(TODAY - 1, payee=SOUND), is_fraud=True)
    assert shop.purchases.payees.standing(SOUND, at_day(TODAY)).share <= REPORTED_IF_BAD


def test_a_few_reports_a_day_condemn_no_payee_with_many_purchases() -> None:
    mall = Population()
    for day in range(TODAY):
        for number in range(200):
            mall.purchases.learn(a_purchase(day + number / 200), NO_MEMORY.spending, 1.0)
        mall.purchases.label(a_purchase(day), is_fraud=True)
    assert sentences(evidence(mall))["payee.reports"] == "Purchases at this payee are seldom reported as fraud"
    assert mall.purchases.payees.standing(SOUND, at_day(TODAY)).share < 0.01


def test_a_payee_with_many_purchases_is_bad_when_many_are_reported() -> None:
    mall = Population()
    for day in range(TODAY):
        for number in range(50):
            mall.purchases.learn(a_purchase(day + number / 50), NO_MEMORY.spending, 1.0)
            if day >= 25 and number % 2:
                mall.purchases.label(a_purchase(day), is_fraud=True)
    assert mall.purchases.payees.standing(SOUND, at_day(TODAY)).share > 0.3


def test_a_size_that_is_reported_counts_and_larger_ones_with_it() -> None:
    shop = a_shop()
    for number in range(12):
        reported = a_purchase(TODAY - 3, amount=500.0, payee=100 + number)
        shop.purchases.learn(reported, NO_MEMORY.spending, 1.0)
        shop.purchases.label(reported, is_fraud=True)
    rich = a_buyer(amount=500.0)
    assert "action.amount" in sentences(evidence(shop, rich, amount=500.0))
    assert "action.amount" in sentences(evidence(shop, rich, amount=900.0))
    assert "action.amount" not in sentences(evidence(shop, rich, amount=400.0))


def test_a_single_reported_purchase_condemns_no_size(buyer: Memory) -> None:
    shop = a_shop()
    reported = a_purchase(TODAY - 3, amount=500.0, payee=100)
    shop.purchases.learn(reported, NO_MEMORY.spending, 1.0)
    shop.purchases.label(reported, is_fraud=True)
    assert "action.amount" not in sentences(evidence(shop, buyer, amount=500.0))


def test_a_new_payee_counts_where_users_keep_to_their_payees(buyer: Memory) -> None:
    loyal = Population()
    for _ in range(20):
        a_buyer(population=loyal)
    assert nats_of(evidence(loyal, buyer, payee=9)) > 1.5
    assert sentences(evidence(loyal, buyer, payee=9))["payee.known"] == (
        "First purchase of this user from this payee; 1 other is known"
    )
    assert sentences(evidence(loyal, buyer))["payee.known"] == "This user has paid this payee before"


def test_a_new_payee_says_nothing_where_every_payee_is_new() -> None:
    restless, memory = Population(), NO_MEMORY
    for user in range(20):
        memory = NO_MEMORY
        for day in range(TODAY):
            memory = buy(restless, memory, a_purchase(day, payee=1_000 * user + day + 10))
    assert nats_of(evidence(restless, memory, payee=9)) < 0.1


def test_other_types_have_no_terms_about_spending(shop: Population, buyer: Memory) -> None:
    signals, of = a_signal(action_type="withdrawal"), evidence(shop, buyer, amount=1e6, payee=BAD)
    assert [*spending_terms(signals, of), *report_terms(signals, of, 0.0)] == []


def test_the_terms_add_up_to_the_score_with_reports_too(shop: Population, buyer: Memory) -> None:
    rating = rated(evidence(shop, buyer, payee=BAD, amount=300.0))
    assert rating.score == pytest.approx(1 / (1 + exp(-sum(term.nats for term in rating.terms))), abs=1e-4)


@given(st.floats(-12, 12), st.floats(0, 5))
def test_reports_never_make_up_for_a_risk_elsewhere(log_odds: float, more: float) -> None:
    signals, of = a_signal(), evidence(_SHOP, _BUYER, payee=BAD, amount=500.0)

    def after(base: float) -> float:
        return base + sum(term.nats for term in report_terms(signals, of, base))

    low, high = round(log_odds, 2), round(log_odds + more, 2)
    assert round(after(high), 2) >= round(after(low), 2)


def test_the_facts_that_rules_see(shop: Population, buyer: Memory) -> None:
    now = at_day(TODAY)
    assert amount_ratio(buyer, shop, a_purchase(0, 360.0).log_amount, "USD", now) == pytest.approx(12, rel=0.05)
    assert amount_ratio(buyer, shop, None, "USD", now) == amount_ratio(buyer, shop, 1.0, None, now) == RATIO_MOST
    assert amount_ratio(NO_MEMORY, Population(), a_purchase(0, 40.0).log_amount, "USD", now) == pytest.approx(1.0)
    assert (payee_known(buyer, SOUND, now), payee_known(buyer, BAD, now), payee_known(buyer, None, now)) == (
        True,
        False,
        False,
    )
    assert payee_reports(shop, BAD, now) == pytest.approx(11, rel=0.2)
    assert payee_reports(shop, SOUND, now) == payee_reports(shop, None, now) == 0


def test_what_processes_learn_of_purchases_adds_up(buyer: Memory) -> None:
    whole, here, there = a_shop(), a_shop(), Population()
    for day in range(TODAY - 9, TODAY):
        for population in (whole, there):
            population.purchases.label(a_purchase(day, payee=SOUND), is_fraud=True)
    stored = dict(here.counts.drain())
    for key, weight in there.counts.drain().items():
        stored[key] = stored.get(key, 0.0) + weight
    here.counts.absorb(stored)
    assert nats_of(evidence(here, buyer)) == pytest.approx(nats_of(evidence(whole, buyer)), abs=0.3)


_SHOP = a_shop()
_BUYER = a_buyer()
