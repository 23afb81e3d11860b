"""One account that tries to teach the traffic of an application more than a user can in a day."""

from tests.risk.learned import ABROAD, HOME, STRANGER, a_contribution, a_memory, at_day, some_traffic
from tests.risk.purchases_seen import a_purchase, buy
from tests.risk.samples import NEW, ordinary
from watchword.risk.memory import NO_MEMORY, PROVEN, PROVISIONAL, Memory, learn, take_back
from watchword.risk.memory.spending import PAYEES_MOST, TOLD_MOST
from watchword.risk.population import Population
from watchword.risk.score import Evidence, rate
from watchword.risk.traits import Level, Traits


def log_odds(memory: Memory, values: tuple[int | None, ...], population: Population, day: float = 31) -> float:
    evidence = Evidence(now=at_day(day), traits=Traits(values=values), memory=memory, population=population)
    return sum(term.nats for term in rate(ordinary("sign_in", **NEW), evidence).terms)


def a_full_memory(day: float) -> Memory:
    """Remember somebody who showed more values in a day than a memory has places for."""
    memory = a_memory(20)
    for number in range(12):
        values = tuple(10_000 + 10 * number + level for level in Level)
        memory = learn(memory, a_contribution(day, values), PROVISIONAL)
    return memory


def purchases_counted(population: Population, payee: int, day: float) -> float:
    """Return how many users and days were counted at a payee."""
    return population.counts.get(b"Pt" + payee.to_bytes(8, "little"), at_day(day))


def a_buyer_of_many(population: Population, day: float) -> Memory:
    """Remember somebody who paid as many payees as he has places for, some days ago."""
    memory = NO_MEMORY
    for payee in range(100, 100 + PAYEES_MOST):
        memory = buy(population, memory, a_purchase(day, payee=payee))
    return memory


def test_one_account_that_shows_two_values_in_turn_makes_neither_a_common_one() -> None:
    """Where only one value may wait each pushes the other out, and both were new again at every action."""
    population, memory = some_traffic(), a_full_memory(29)
    foreign = tuple(value + 900 for value in STRANGER)
    turns = [
        a_contribution(30 + number / 1e5, (*values[:2], number, *values[3:]))
        for number in range(500)
        for values in (foreign, ABROAD)
    ]
    for contribution in turns:
        population.learn(contribution, memory, share=PROVISIONAL, account_age_days=30.0)
        memory = learn(memory, contribution, PROVISIONAL)
    for contribution in turns:
        before = take_back(memory, contribution, PROVISIONAL, at_day(31.5))
        population.learn(contribution, before, share=PROVEN - PROVISIONAL, account_age_days=30.0)
        memory = learn(memory, contribution, PROVEN - PROVISIONAL)
    for level in (Level.COUNTRY, Level.NETWORK, Level.AGENT):
        assert population.share(level, foreign[level]) < 0.01
        assert population.share(level, ABROAD[level]) < 0.2


def test_what_counts_in_full_a_day_later_counts_once_for_the_day_too() -> None:
    """Somebody with a thousand actions yesterday comes once today: not each of them is a day of its own now."""
    population, memory = Population(), a_memory(20)
    yesterday = [a_contribution(30 + number / 1e5, (*STRANGER[:2], number, *STRANGER[3:])) for number in range(300)]
    for contribution in [*yesterday, a_contribution(31, STRANGER)]:
        population.learn(contribution, memory, share=PROVISIONAL, account_age_days=30.0)
        memory = learn(memory, contribution, PROVISIONAL)
    for contribution in yesterday:
        before = take_back(memory, contribution, PROVISIONAL, at_day(31.5))
        population.learn(contribution, before, share=PROVEN - PROVISIONAL, account_age_days=30.0)
        memory = learn(memory, contribution, PROVEN - PROVISIONAL)
    counted = population.counts.get(b"v" + bytes([Level.NETWORK]), at_day(31.5))
    assert counted < 2 * PROVISIONAL + 2 * (PROVEN - PROVISIONAL)


def test_whoever_disowns_a_thousand_actions_takes_nothing_of_what_others_taught() -> None:
    """They had counted once for the day; each of them was taken back, and in the end nothing was new to anybody."""
    population, memory = some_traffic(), a_memory(30)
    victim = (101, 8_888, 9, *HOME[3:])
    disowned = [a_contribution(30 + number / 1e5, (*HOME[:2], number, *HOME[3:])) for number in range(1_000)]
    thief = a_memory(20)
    for contribution in disowned:
        population.learn(contribution, thief, share=PROVISIONAL, account_age_days=30.0)
        thief = learn(thief, contribution, PROVISIONAL)
    before = log_odds(memory, victim, population), log_odds(memory, STRANGER, population)
    for contribution in disowned:
        thief = take_back(thief, contribution, PROVISIONAL, at_day(31))
        population.learn(contribution, thief, share=-PROVISIONAL, account_age_days=30.0)
    assert (log_odds(memory, victim, population), log_odds(memory, STRANGER, population)) == before


def test_one_account_that_always_comes_without_its_token_does_not_make_everybody_do_so() -> None:
    """A known device then said hardly anything for its user, and the owners were asked."""
    population, memory = some_traffic(), a_memory(20)
    before = population.tokens(has_tokens=True, now=at_day(30.5))
    for number in range(1_000):
        values = (*HOME[:2], number, *HOME[3:])
        contribution = a_contribution(30 + number / 1e5, values, had_token=False)
        population.learn(contribution, memory, share=PROVISIONAL, account_age_days=30.0)
        memory = learn(memory, contribution, PROVISIONAL)
    came, missed = population.tokens(has_tokens=True, now=at_day(30.5))
    assert came == before[0]
    assert before[1] < missed <= before[1] + 1


def test_one_account_that_pays_two_payees_in_turn_is_one_purchase_at_each() -> None:
    """What nobody reports speaks for a payee, so a thief's own would have been sound after an afternoon."""
    population = Population()
    memory = a_buyer_of_many(population, 25)
    for number in range(200):
        for payee in (7, 8):
            memory = buy(population, memory, a_purchase(30 + number / 1e4, payee=payee))
    for payee in (7, 8):
        assert 0.9 < purchases_counted(population, payee, 30.5) <= 1


def test_one_account_counts_at_a_few_payees_a_day_of_those_that_it_has_no_place_for() -> None:
    population = Population()
    memory = a_buyer_of_many(population, 25)
    for turn in range(3):
        for payee in range(40):
            memory = buy(population, memory, a_purchase(30 + turn / 10 + payee / 1e4, payee=payee))
    assert 0.9 * TOLD_MOST < sum(purchases_counted(population, payee, 30.5) for payee in range(40)) <= TOLD_MOST


def test_a_purchase_that_is_told_late_counts_nowhere_when_a_later_day_has_begun() -> None:
    population = Population()
    memory = a_buyer_of_many(population, 25)
    memory = buy(population, memory, a_purchase(30, payee=7))
    for payee in (8, 7):
        memory = buy(population, memory, a_purchase(29.5, payee=payee))
    assert purchases_counted(population, 8, 30.5) == 0
    assert purchases_counted(population, 7, 30.5) <= 1


def test_what_a_user_takes_back_does_not_let_him_count_again_that_day() -> None:
    population = Population()
    memory = a_buyer_of_many(population, 25)
    for number in range(20):
        purchase = a_purchase(30 + number / 1e4, payee=7)
        memory = take_back(buy(population, memory, purchase), purchase, PROVEN, purchase.at)
    assert purchases_counted(population, 7, 30.5) <= 1


def test_every_payee_of_somebody_who_pays_many_counts_him() -> None:
    """Only one of them did in a day, and what was reported was held against a part of the purchases."""
    population, memory = Population(), NO_MEMORY
    for day in range(30):
        for turn in range(3):
            memory = buy(population, memory, a_purchase(day + turn / 10, payee=(day * 3 + turn) % 45))
    assert all(purchases_counted(population, payee, 30) > 1.4 for payee in range(45))
