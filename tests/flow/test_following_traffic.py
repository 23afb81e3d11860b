"""A challenge budget in the life of an application: what is legitimate moves the threshold, hard rules stay."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.flow.world import ADA, BEA, World, phone, rules, usd
from tests.kit.default_policy import default_policy
from tests.kit.languages import LANGUAGES
from watchword.adapters.letters import CatalogueLetters
from watchword.domain.action import PURCHASE, SIGN_IN, Decision, Label
from watchword.flow.learn import label
from watchword.risk.challenge_budget import (
    DEFAULT_THRESHOLD,
    LOWEST_THRESHOLD,
    BudgetState,
    Legitimate,
    state_of,
)

OTHER_SYSTEM = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Mobile/15E148 Safari/604.1"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Gives an application that wants a fiftieth of purchases asked at most for their score."""
    made = World.create(
        default_policy(), letters=CatalogueLetters(LANGUAGES), challenge_budget={PURCHASE: 2.0, SIGN_IN: 2.0}
    )
    yield made
    await made.close()


async def _state(world: World, action_type: str = PURCHASE) -> BudgetState:
    counts = world.ports.traffic[world.shop.id].population.counts
    return state_of(counts, world.shop, action_type, await world.store.now())


async def _had_calm_traffic(world: World, action_type: str = PURCHASE) -> None:
    """Let the application look back on two thousand customers of whom nothing is unusual."""
    now = await world.store.now()
    for number in range(2_000):
        one = Legitimate(
            action_type=action_type,
            user_key=number.to_bytes(8),
            score=0.01,
            threshold=DEFAULT_THRESHOLD,
            asked_anyway=False,
            account_age_days=100.0,
            at=now,
        )
        world.ports.traffic[world.shop.id].legitimate.note(one)


async def test_an_allowed_action_counts_once_and_until_it_is_called_fraud(world: World) -> None:
    await world.register()
    browser = await world.known_browser()
    bought = await browser.report(PURCHASE)
    for action in (bought, await browser.report(PURCHASE), await browser.report(PURCHASE)):
        assert action.decision is Decision.ALLOW
    new_account = pytest.approx(0.1)
    assert (await _state(world)).actions == new_account
    await label(world.ports, world.ref(ADA), bought.action.id, Label.FRAUD)
    assert (await _state(world)).actions == pytest.approx(0.0)


async def test_a_challenged_action_counts_once_it_is_proven(world: World) -> None:
    await world.register()
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    assert (await _state(world, SIGN_IN)).actions == 0.0
    await browser.enter(asked, await world.code_of(asked))
    assert (await _state(world, SIGN_IN)).actions == pytest.approx(0.1)


async def test_what_is_denied_or_never_proven_counts_nothing(world: World) -> None:
    await world.register()
    for _ in range(3):
        await world.browser().report(SIGN_IN)
    assert (await _state(world, SIGN_IN)).actions == 0.0


async def test_calm_traffic_lets_an_unusual_purchase_be_asked_that_would_have_passed(world: World) -> None:
    await world.register()
    browser = await world.known_browser()
    unusual = {"amount": usd("450.00"), "user_agent": OTHER_SYSTEM}
    assert (await browser.report(PURCHASE, **unusual)).decision is Decision.ALLOW
    await _had_calm_traffic(world)
    assert (await _state(world)).threshold == LOWEST_THRESHOLD
    again = await browser.report(PURCHASE, **unusual)
    assert LOWEST_THRESHOLD < again.score < DEFAULT_THRESHOLD
    assert rules(again) == ["suspicious"]
    assert again.reasons[0].text == f"The risk score is {LOWEST_THRESHOLD} or more"


async def test_the_rules_that_look_at_no_score_stay_as_they_are(world: World) -> None:
    await world.register()
    before = [rules(await world.browser().report(kind)) for kind in (SIGN_IN, "password_reset")]
    await _had_calm_traffic(world, SIGN_IN)
    after = [rules(await world.browser().report(kind)) for kind in (SIGN_IN, "password_reset")]
    assert before[0] == ["new-device", *before[0][1:]]
    assert set(after[0]) >= set(before[0])
    assert after[1] == before[1]


async def test_an_application_that_asks_for_nothing_keeps_the_default(world: World) -> None:
    await _had_calm_traffic(world)
    silent = replace(world.shop, challenge_budget={})
    counts = world.ports.traffic[world.shop.id].population.counts
    assert state_of(counts, silent, PURCHASE, await world.store.now()).threshold == DEFAULT_THRESHOLD


async def test_a_label_that_is_sent_anew_every_day_takes_back_once(world: World) -> None:
    await world.register()
    await world.register(phone("+14155550199"), user_id=BEA)
    world.clock.move(days=8)  # a new account counts a tenth
    browser, other = await world.known_browser(), await world.known_browser(BEA)
    bought = [await browser.report(PURCHASE)]
    for _ in range(5):
        world.clock.move(days=1)
        bought.append(await browser.report(PURCHASE))
    for _ in range(6):
        assert await label(world.ports, world.ref(), bought[-1].action.id, Label.FRAUD)
        world.clock.move(days=1)
        assert (await other.report(SIGN_IN)).decision is Decision.ALLOW
    assert 4.5 < (await _state(world)).actions <= 5.0
