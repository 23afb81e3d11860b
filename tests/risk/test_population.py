"""What the traffic of an application teaches, and how little one user, address or label can teach it."""

from math import log

import pytest

from tests.risk.learned import HOME, STRANGER, a_contribution, a_memory, at_day, some_traffic
from tests.risk.samples import ordinary
from watchword.risk.memory import NO_MEMORY, PROVEN, PROVISIONAL, Contribution, Memory, learn
from watchword.risk.population import ADDRESS_DAY_MOST, Population
from watchword.risk.score import Evidence, rate
from watchword.risk.score.densities import judge, sight
from watchword.risk.traits import Level, Traits

NETWORK = Level.NETWORK


def count(population: Population, value: int) -> float:
    """Give how much of a network was counted, on the scale of the landmark."""
    return population.share(NETWORK, value) * population.counts.raw(b"v" + bytes([NETWORK]))


def learned(contributions: list[Contribution], *, share: float = PROVEN, age_days: float = 100.0) -> Population:
    """Let one user come again and again."""
    population, memory = Population(), NO_MEMORY
    for contribution in contributions:
        population.learn(contribution, memory, share=share, account_age_days=age_days)
        memory = learn(memory, contribution, share)
    return population


def nats_of(signal: str, values: tuple[int | None, ...], population: Population, memory: Memory) -> float:
    evidence = Evidence(now=at_day(21), traits=Traits(values=values), memory=memory, population=population)
    return sum(term.nats for term in rate(ordinary("sign_in"), evidence).terms if term.signal == signal)


def novel(population: Population, network: int) -> float:
    """Give what a network alone says that a user never showed."""
    return judge(sight(a_memory(), population, at_day(21), (101, network, 9, *HOME[3:])), NETWORK).nats


def test_a_user_counts_once_a_day_for_each_value() -> None:
    once = learned([a_contribution(0)])
    often = learned([a_contribution(hour / 24) for hour in range(15)])
    assert count(often, HOME[NETWORK]) == pytest.approx(count(once, HOME[NETWORK]))


def test_an_account_in_its_first_week_counts_a_tenth() -> None:
    old, new = learned([a_contribution()]), learned([a_contribution()], age_days=6.9)
    assert count(new, HOME[NETWORK]) == pytest.approx(count(old, HOME[NETWORK]) / 10)


def test_what_was_not_proven_counts_a_quarter() -> None:
    proven, allowed = learned([a_contribution()]), learned([a_contribution()], share=PROVISIONAL)
    assert count(allowed, HOME[NETWORK]) == pytest.approx(count(proven, HOME[NETWORK]) / 4)


def test_an_address_teaches_little_however_many_accounts_come_from_it() -> None:
    population = Population()
    for _ in range(500):
        population.learn(a_contribution(), NO_MEMORY, share=PROVEN, account_age_days=100.0)
    one = learned([a_contribution()])
    assert count(population, HOME[NETWORK]) == pytest.approx(ADDRESS_DAY_MOST * count(one, HOME[NETWORK]))


def test_what_is_usual_at_home_is_learned_by_country() -> None:
    population = some_traffic()
    assert population.share_at_home(NETWORK, 101, 201) > 0.1
    assert population.share_at_home(NETWORK, 102, 201) == 0.0


def test_users_who_change_often_are_known_to_change_often() -> None:
    population, memory = Population(), NO_MEMORY
    for day in range(60):
        contribution = a_contribution(day, (101, 2_000 + day % 30, 1, 401, 501, 601, 701))
        population.learn(contribution, memory, share=PROVEN, account_age_days=100.0)
        memory = learn(memory, contribution, PROVEN)
    new = (101, 7_777, 1, 401, 501, 601, 701)
    assert nats_of("network.known", new, population, memory) < nats_of("network.known", new, some_traffic(), a_memory())


def test_a_network_that_others_change_to_weighs_less_than_one_nobody_has() -> None:
    population = some_traffic()
    usual, rare = (101, 211, 9, *HOME[3:]), (101, 8_888, 9, *HOME[3:])
    assert nats_of("network.known", usual, population, a_memory()) + 1 < nats_of(
        "network.known", rare, population, a_memory()
    )


def test_labels_move_a_value_by_one_nat_at_most() -> None:
    population = some_traffic()
    before = novel(population, 211)
    for _ in range(5_000):
        population.label(a_contribution(20, (101, 211, 9, *HOME[3:])), is_fraud=True)
    assert before < novel(population, 211) <= before + 1.0


def test_labels_of_others_move_a_value_down_by_one_nat_at_most() -> None:
    population = some_traffic()
    before = novel(population, 211)
    for _ in range(5_000):
        population.label(a_contribution(20, STRANGER), is_fraud=True)
    assert before - 1.0 <= novel(population, 211) < before


def test_a_legitimate_label_teaches_nothing_that_the_traffic_did_not() -> None:
    population = Population()
    population.label(a_contribution(), is_fraud=False)
    assert len(population.counts) == 0


def test_tokens_that_usually_come_make_their_absence_tell_more() -> None:
    with_tokens, without = (
        learned([a_contribution(day, had_token=had_token) for day in range(40)]) for had_token in (True, False)
    )
    new = {"device_state": "new", "device_known": False}
    scores = [
        rate(ordinary("sign_in", **new), Evidence(now=at_day(40), memory=a_memory(40), population=population)).score
        for population in (without, with_tokens)
    ]
    assert scores[0] < scores[1]


def test_the_first_day_works_with_what_research_says() -> None:
    novel = (101, 8_888, 9, *HOME[3:])
    assert 1 < nats_of("network.known", novel, Population(), a_memory()) <= log(200)
