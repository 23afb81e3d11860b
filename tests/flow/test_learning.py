"""What actions teach, through the whole flow: only what was proven or went unreported becomes familiar."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.flow.ailing_store import ailing
from tests.flow.outside import ABROAD, COUNTRIES, HOME
from tests.flow.world import ADA, BEA, SHOP, Browser, World, challenge_of, rules, usd
from tests.kit.default_policy import environment, text_of_the_default_policy
from tests.kit.languages import LANGUAGES
from watchword.adapters.letters import CatalogueLetters
from watchword.domain.action import ACCOUNT_UPDATE, PASSWORD_RESET, PURCHASE, SIGN_IN, Decision, Label
from watchword.domain.errors import StorageUnavailable, TooManyChallenges
from watchword.domain.ids import UserId
from watchword.flow.assess import Assessed
from watchword.flow.cancel import cancel
from watchword.flow.dispute import by_owner
from watchword.flow.learn import count_proven, label, prune_traffic, read_traffic, write_traffic
from watchword.ports.store.values import OwnersWord
from watchword.risk.policy import load_policy
from watchword.risk.signals import declarations
from watchword.risk.traffic import Traffic

PLACES = ("network.known", "network.address_known")
AGENTS = ("agent.type_known", "agent.os_known", "agent.browser_known", "agent.version_known")


async def signals_of(world: World, assessed: Assessed) -> dict[str, object]:
    """Give what was recorded of an action."""
    record = await world.store.action(world.ref(assessed.action.user_id), assessed.action.id)
    assert record is not None
    return dict(record.assessment.signals)


async def familiar(world: World, assessed: Assessed) -> set[str]:
    """Give what was familiar about an action when it was decided."""
    found = await signals_of(world, assessed)
    return {name for name in (*PLACES, *AGENTS) if found[name]}


async def test_a_proof_makes_place_and_agent_familiar(world: World) -> None:
    browser = world.browser()
    assert await familiar(world, await browser.report()) == set()
    await browser.prove()
    assert await familiar(world, await browser.report()) == {*PLACES, *AGENTS}
    stranger = world.browser()
    assert await familiar(world, await stranger.report()) == {*PLACES, *AGENTS}, "without a token too"
    stranger.user_agent = "Chrome on Windows"
    assert await familiar(world, await stranger.report()) == {*PLACES, "agent.type_known"}


async def test_what_is_asked_and_not_proven_teaches_nothing(world: World) -> None:
    owner, thief = await world.known_browser(), world.browser(ip=ABROAD)
    thief.user_agent = "Chrome on Windows"
    for _ in range(3):
        asked = await thief.report(SIGN_IN)
        await world.deliver()
        await thief.guess(asked, 4)
        await cancel(world.ports, world.shop, challenge_of(asked).id, "abandoned")
    last = await thief.report(SIGN_IN)
    assert await familiar(world, last) == {"agent.type_known"}, "four wrong codes each, and nothing has become familiar"
    signals = await signals_of(world, last)
    assert (signals["place.known"], signals["user.history"]) == (False, 1)
    assert await familiar(world, await owner.report(SIGN_IN)) == {*PLACES, *AGENTS}


async def test_an_exhausted_challenge_teaches_nothing(world: World) -> None:
    thief = world.browser(ip=ABROAD)
    asked = await thief.report(SIGN_IN)
    await world.deliver()
    assert [one.outcome for one in await thief.guess(asked, 6)][-1] == "exhausted"
    assert await familiar(world, await thief.report(SIGN_IN)) == set()
    assert await world.store.population(SHOP) == {}
    assert len(world.ports.traffic[SHOP].population.counts) == 0


async def test_an_allow_counts_a_quarter_until_a_day_has_gone_by_without_a_report(world: World) -> None:
    browser = await world.known_browser()
    for _ in range(4):
        assert (await browser.report(PURCHASE)).decision is Decision.ALLOW
    assert (await signals_of(world, await browser.report(PURCHASE)))["user.history"] == 2
    world.clock.move(hours=25)
    assert (await signals_of(world, await browser.report(SIGN_IN)))["user.history"] == 6


async def test_the_owners_word_makes_what_a_device_taught_strange_again(world: World) -> None:
    await world.known_browser()
    world.clock.move(hours=30)
    thief = world.browser(ip=ABROAD)
    asked = await thief.report(SIGN_IN)
    await thief.enter(asked, await world.code_of(asked))
    assert "network.known" in await familiar(world, await thief.report(SIGN_IN))
    assert await by_owner(world.ports, world.shop, ADA, asked.action.id) is OwnersWord.DISPUTED
    after = await thief.report(SIGN_IN)
    assert await familiar(world, after) == set(AGENTS), "which the owner uses too"
    assert (await signals_of(world, after))["place.known"] is False


@pytest.mark.parametrize("action_type", [SIGN_IN, PURCHASE, PASSWORD_RESET, ACCOUNT_UPDATE, "withdrawal"])
async def test_a_user_without_history_on_a_new_device_is_asked_for_everything(world: World, action_type: str) -> None:
    asked = await world.browser().report(action_type, conceal=False)
    assert asked.decision is Decision.CHALLENGE
    assert (await signals_of(world, asked))["user.history"] == 0


@pytest.mark.parametrize("user_agent", ["", "Mozilla/5.0", "\N{PILE OF POO}" * 200, "curl/8", "a on "])
async def test_an_agent_that_nobody_understands_is_new(world: World, user_agent: str) -> None:
    browser = await world.known_browser()
    browser.user_agent = user_agent
    known = await familiar(world, await browser.report(SIGN_IN))
    assert not known & {"agent.os_known", "agent.browser_known", "agent.version_known"}


# What the application's traffic learns -----------------------------------------------------------------------------


def counted(world: World) -> int:
    return len(world.ports.traffic[SHOP].population.counts)


async def test_the_population_learns_after_the_commit_and_is_the_same_after_a_restart(world: World) -> None:
    await (await world.known_browser()).report(PURCHASE)
    assert counted(world) > 0
    assert await write_traffic(world.ports) == counted(world)
    assert await write_traffic(world.ports) == 0, "once is enough"
    again = replace(world.ports, traffic={SHOP: Traffic()})
    await read_traffic(again)
    before, after = world.ports.traffic[SHOP].population.counts, again.traffic[SHOP].population.counts
    stored = await world.store.population(SHOP)
    assert {key: before.raw(key) for key in stored} == pytest.approx({key: after.raw(key) for key in stored})
    assert len(after) == len(before) == len(stored)


async def test_two_processes_add_up(world: World) -> None:
    other = replace(world.ports, traffic={SHOP: Traffic()})
    key = b"v" + bytes(8)
    for ports in (world.ports, other):
        ports.traffic[SHOP].population.counts.add(key, 1.0, world.clock.now())
        await write_traffic(ports)
    await read_traffic(other)
    assert other.traffic[SHOP].population.counts.get(key, world.clock.now()) == pytest.approx(2.0)


async def test_what_the_store_did_not_take_is_written_the_next_time(world: World) -> None:
    await world.known_browser()
    fresh = counted(world)

    broken, _ = ailing(world.store, "add_to_population", is_done=False)
    with pytest.raises(StorageUnavailable):
        await write_traffic(replace(world.ports, store=broken))
    assert counted(world) == fresh
    assert await write_traffic(world.ports) == fresh


async def test_pruning_keeps_what_is_small(world: World) -> None:
    await world.known_browser()
    await write_traffic(world.ports)
    assert prune_traffic(world.ports) == 0


async def test_an_application_that_is_declared_no_longer_teaches_nobody(world: World) -> None:
    asked = await world.browser().report()
    code = await world.code_of(asked)
    world.ports.traffic.pop(SHOP)  # type: ignore[attr-defined]  # the tests' own dictionary
    traffic = Traffic()
    world.ports = replace(world.ports, traffic={SHOP: traffic})
    assert (await world.check(challenge_of(asked).id, code)).outcome == "approved"
    await count_proven(world.ports)
    assert len(traffic.population.counts) == 1, "the budget follows; the lesson went to nobody"


# What is legitimate ------------------------------------------------------------------------------------------------


def legitimate(world: World) -> float:
    """Give how many actions the histogram of scores holds."""
    counts = world.ports.traffic[SHOP].population.counts
    return sum(counts.raw(key) for key in list(counts._fresh) if key[:1] == b"b")


async def test_an_allow_and_an_approval_are_legitimate_until_they_are_reported(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    assert legitimate(world) == 0, "not yet"
    await browser.enter(asked, await world.code_of(asked))
    one = legitimate(world)
    assert one > 0
    allowed = await browser.report(PURCHASE)
    assert legitimate(world) > one
    assert await label(world.ports, world.ref(), allowed.action.id, Label.FRAUD)
    assert legitimate(world) == pytest.approx(one)
    assert not await label(world.ports, world.ref(BEA), allowed.action.id, Label.FRAUD)


async def test_an_approval_that_another_process_decided_about_counts_soon(world: World) -> None:
    """Its answer does not wait until the action was read."""
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    code = await world.code_of(asked)
    world.ports = replace(world.ports, traffic={SHOP: Traffic()})
    await browser.enter(asked, code)
    assert legitimate(world) == 0
    store, _ = ailing(world.ports.store, "action", is_done=False)
    with pytest.raises(StorageUnavailable):
        await count_proven(replace(world.ports, store=store))
    await count_proven(world.ports)
    one = legitimate(world)
    assert one > 0
    await count_proven(world.ports)
    assert legitimate(world) == one, "once is enough"


async def test_an_approval_whose_user_was_erased_meanwhile_counts_nowhere(world: World) -> None:
    browser = world.browser()
    asked = await browser.report(SIGN_IN)
    code = await world.code_of(asked)
    world.ports = replace(world.ports, traffic={SHOP: Traffic()})
    await browser.enter(asked, code)
    await world.ports.store.erase_user(world.ref())
    await count_proven(world.ports)
    assert legitimate(world) == 0


# What happened of late ---------------------------------------------------------------------------------------------


async def test_unproven_challenges_at_an_address_are_counted_until_they_are_proven(world: World) -> None:
    asked = [await world.browser(UserId(name)).report(PASSWORD_RESET) for name in ("u-1", "u-2")]
    assert asked
    thief = world.browser()
    mine = await thief.report(SIGN_IN)
    assert (await signals_of(world, mine))["velocity.unproven_at_address"] == 2.0
    await thief.enter(mine, await world.code_of(mine))
    signals = await signals_of(world, await thief.report(SIGN_IN))
    assert signals["velocity.unproven_at_address"] == 2.0, "the proven one is taken back"
    assert (signals["velocity.users_at_address"], signals["velocity.user"]) == (2.0, 0.0)
    elsewhere = await signals_of(world, await world.browser(ip="192.0.2.99").report(SIGN_IN))
    assert (elsewhere["velocity.unproven_at_address"], elsewhere["velocity.network"]) == (0.0, 4.0)


async def test_one_64_of_ipv6_is_one_address(world: World) -> None:
    await world.browser(ip="2001:db8::1").report(SIGN_IN)
    found = await signals_of(world, await world.browser(ip="2001:db8::2").report(SIGN_IN))
    assert (found["velocity.address"], found["velocity.unproven_at_address"]) == (1.0, 1.0)
    assert (await signals_of(world, await world.browser(ip="2001:db8:0:1::1").report(SIGN_IN)))["velocity.address"] == 0


# Asking again ------------------------------------------------------------------------------------------------------


ADDRESSES = tuple(f"{prefix}{number}" for number in range(1, 14) for prefix in COUNTRIES if "." in prefix)
SYSTEMS = ("Windows", "Linux", "macOS", "Android", "iOS")
BROWSERS = ("Firefox", "Chrome", "Safari", "Edge")


@pytest.fixture
async def lenient() -> AsyncIterator[World]:
    """Give a shop that asks nobody for a new device or a new place, only for a score and for what was asked before."""
    _, *kept = text_of_the_default_policy().split("[[rule]]")
    about_news = ("new-device", "new-device-purchase", "new-place")
    text = "".join(f"[[rule]]{rule}" for rule in kept if not any(f'name = "{name}"' in rule for name in about_news))
    policy = load_policy(text, source_name="lenient.toml", action_types=("withdrawal",), environment=environment())
    world = World.create(policy, letters=CatalogueLetters(LANGUAGES))
    await world.register()
    yield world
    await world.close()


async def _ask_from_everywhere(world: World, user_agent: str, seconds: float) -> set[str]:
    """Ask for a purchase from sixty places, one after the other, and give what came of it."""
    decisions = set()
    for number, ip in enumerate((ABROAD, HOME, *ADDRESSES, *ADDRESSES)[:60]):
        thief = world.browser(ip=ip)
        invented = f"{BROWSERS[number % 4]} on {SYSTEMS[number % 5]}"
        thief.user_agent = user_agent if number % 3 == 1 else invented
        try:
            asked = await thief.report(PURCHASE, amount=usd("5.00"))
        except TooManyChallenges:
            decisions.add("too many")
        else:
            decisions.add(asked.decision.value)
        world.clock.move(seconds=seconds)
    return decisions


async def test_asking_again_through_other_addresses_finds_no_way_in(world: World) -> None:
    owner = await _long_known(world)
    assert await _ask_from_everywhere(world, owner.user_agent, 24 * 60) <= {"challenge", "deny", "too many"}
    assert (await owner.report(PURCHASE)).decision is Decision.ALLOW, "and the owner on his device goes on"


@pytest.mark.parametrize("seconds", [1, 24 * 60])
async def test_not_even_where_a_new_device_is_asked_for_nothing_by_itself(lenient: World, seconds: float) -> None:
    owner = await _long_known(lenient)
    stranger = lenient.browser()
    stranger.user_agent = owner.user_agent
    assert (await stranger.report(PURCHASE)).decision is Decision.ALLOW, "this shop does not mind"
    assert await _ask_from_everywhere(lenient, owner.user_agent, seconds) <= {"challenge", "deny", "too many"}


async def _long_known(world: World) -> Browser:
    """Give the browser of an owner with a long and familiar history, which the thief knows all about."""
    owner = world.browser()
    await owner.prove(ACCOUNT_UPDATE)
    for _ in range(20):
        world.clock.move(hours=23)
        assert (await owner.report(SIGN_IN)).decision is Decision.ALLOW
    return owner


async def test_a_stranger_who_keeps_asking_does_not_trouble_the_owner_on_his_device(world: World) -> None:
    owner = await world.known_browser()
    for number in range(60):
        thief = world.browser(ip=ADDRESSES[number % len(ADDRESSES)] if number % 4 else f"{number}.1.1.1")
        try:
            asked = await thief.report((SIGN_IN, PURCHASE, PASSWORD_RESET, ACCOUNT_UPDATE)[number % 4])
        except TooManyChallenges:
            continue
        await world.deliver()
        if number < 8 and not asked.action.conceal:
            await thief.guess(asked, 5)
    bought = await owner.report(PURCHASE)
    assert (bought.decision, rules(bought)) == (Decision.ALLOW, ["ordinary"])
    signals = await signals_of(world, bought)
    assert (signals["user.unproven_networks"], signals["velocity.user"], signals["velocity.contact"]) == (0, 0.0, 0.0)
    seen = await signals_of(world, await world.browser().report("withdrawal"))
    assert (seen["user.attack_suspected"], seen["velocity.user"]) == (True, 62.0), "whoever has no token is asked"


async def test_every_signal_and_every_term_is_recorded(world: World) -> None:
    asked = await world.browser().report(PURCHASE)
    record = await world.store.action(world.ref(), asked.action.id)
    assert record is not None
    assert set(record.assessment.signals) == {declared.name for declared in declarations()} - {"details"}
    assert (record.assessment.terms, record.assessment.score) == (asked.terms, asked.score)
    assert record.assessment.signals["score"] == asked.score
