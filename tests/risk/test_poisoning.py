"""Attackers who first try to change what the model takes for normal, each replayed."""

from tests.risk.learned import ABROAD, HOME, STRANGER, a_contribution, a_memory, at_day, some_traffic
from tests.risk.samples import NEW, ordinary
from watchword.risk.memory import NO_MEMORY, PROVEN, PROVISIONAL, Memory, learn, take_back
from watchword.risk.population import Population
from watchword.risk.score import Evidence, rate
from watchword.risk.traits import Level, Traits

ASKED_FROM = 0.7


def log_odds(memory: Memory, values: tuple[int | None, ...], population: Population, day: float = 31) -> float:
    evidence = Evidence(now=at_day(day), traits=Traits(values=values), memory=memory, population=population)
    return sum(term.nats for term in rate(ordinary("sign_in", **NEW), evidence).terms)


def test_a_slow_poisoner_stays_far_from_the_owner_until_something_of_his_is_proven() -> None:
    """Three allowed actions, which nobody promoted, make a place seen, but no home."""
    memory, population = a_memory(30), some_traffic()
    fresh = log_odds(memory, STRANGER, population)
    for day in (30.1, 30.2, 30.3):
        memory = learn(memory, a_contribution(day, STRANGER), PROVISIONAL)
    assert fresh > log_odds(memory, STRANGER, population) > log_odds(memory, HOME, population) + 3


def test_one_allowed_action_is_less_than_a_proven_one() -> None:
    memory, population = a_memory(30), some_traffic()
    allowed = learn(memory, a_contribution(30.1, ABROAD), PROVISIONAL)
    proven = learn(memory, a_contribution(30.1, ABROAD), PROVEN)
    assert log_odds(allowed, ABROAD, population) >= log_odds(proven, ABROAD, population)
    assert (
        allowed.weight(Level.NETWORK, ABROAD[1], at_day(31)) < proven.weight(Level.NETWORK, ABROAD[1], at_day(31)) / 3
    )


def test_the_owners_word_takes_back_what_a_poisoner_taught_in_a_month() -> None:
    before, population = a_memory(30), some_traffic()
    taught = [a_contribution(day + 0.5, STRANGER) for day in range(10, 30)]
    memory = before
    for contribution in taught:
        memory = learn(memory, contribution, PROVEN)
    assert log_odds(memory, STRANGER, population) < log_odds(before, STRANGER, population) - 3
    for contribution in taught:
        memory = take_back(memory, contribution, PROVEN, at_day(31))
    assert log_odds(memory, STRANGER, population) == log_odds(before, STRANGER, population)
    assert log_odds(memory, HOME, population) == log_odds(before, HOME, population)


def test_many_new_accounts_do_not_make_their_network_an_ordinary_one() -> None:
    """Three hundred accounts of an hour's age, from as many addresses, against sixty users of some weeks."""
    population, memory = some_traffic(), a_memory(30)
    victim = (101, 8_888, 9, *HOME[3:])
    before = log_odds(memory, victim, population)
    for account in range(300):
        made = a_contribution(30, (101, 8_888, 50_000 + account, 401, 501, 601, 701))
        population.learn(made, NO_MEMORY, share=PROVISIONAL, account_age_days=0.04)
    assert log_odds(memory, victim, population) > before - 1.0


def test_accounts_of_a_poisoner_that_change_to_his_network_gain_him_little() -> None:
    """The other way: accounts with a history that move there one by one, which is what a migration looks like too."""
    population, memory = some_traffic(), a_memory(30)
    victim = (101, 8_888, 9, *HOME[3:])
    before = log_odds(memory, victim, population)
    for account in range(10):
        moved = a_contribution(30, (101, 8_888, 50_000 + account, 401, 501, 601, 701))
        population.learn(moved, a_memory(5), share=PROVISIONAL, account_age_days=30.0)
    assert log_odds(memory, victim, population) > before - 2.5


def test_a_flood_of_false_reports_does_not_get_a_network_asked_that_users_know() -> None:
    population, memory = some_traffic(), a_memory(30)
    for _ in range(10_000):
        population.label(a_contribution(30, HOME), is_fraud=True)
    evidence = Evidence(now=at_day(31), traits=Traits(values=HOME), memory=memory, population=population)
    assert rate(ordinary("sign_in"), evidence).score < 0.01


def test_restless_accounts_do_not_make_everybody_restless() -> None:
    """Accounts that change everything at every action teach only what accounts like them do."""
    population, memory = some_traffic(), a_memory(30)
    victim = (101, 8_888, 9, *HOME[3:])
    before = log_odds(memory, victim, population)
    for account in range(50):
        restless = NO_MEMORY
        for day in range(20, 30):
            values = tuple(level * 100_000 + account * 100 + day for level in Level)
            contribution = a_contribution(day, values)
            population.learn(contribution, restless, share=PROVISIONAL, account_age_days=30.0)
            restless = learn(restless, contribution, PROVISIONAL)
    assert log_odds(memory, victim, population) > before - 2.0
