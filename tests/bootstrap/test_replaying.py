"""A replay over a real store that real people's actions were written to: what decided decides again as it did."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.flow.outside import ABROAD
from tests.flow.world import ADA, BEA, SHOP, Browser, World, email, phone, usd
from tests.kit.default_policy import environment, text_of_the_default_policy
from tests.kit.languages import LANGUAGES
from watchword.adapters.key_set import KeySet
from watchword.adapters.letters import CatalogueLetters
from watchword.adapters.sqlite.recorded_rows import PLAIN_ROWS, ROWS_WITH_DETAILS
from watchword.adapters.sqlite.schema import migrate, open_writer
from watchword.adapters.system import SystemClock, SystemEntropy
from watchword.bootstrap.replaying import Replayed, replay_policy
from watchword.config.first_files import write_default
from watchword.config.loading import load_settings
from watchword.config.settings import KeySource, PolicySource, Settings, Situation
from watchword.domain.action import ACCOUNT_UPDATE, PASSWORD_RESET, PURCHASE, SIGN_IN, Decision, Label
from watchword.domain.errors import ConfigurationError, Refusal, StorageUnavailable
from watchword.domain.ids import UserId
from watchword.domain.secret import Secret
from watchword.flow.register import delete_user, put_user
from watchword.risk.policy import load_policy
from watchword.risk.replay import Truth, Unjudged

OWN_RULES = """
[[rule]]
name = "gift-card"
actions = ["purchase"]
when = "details.gift_card == true && !device.known"
then = "deny"
text = "Gift cards go to known devices"

[[rule]]
name = "watched"
when = "user.failures > 2"
then = "deny"
mode = "log-only"
text = "Only watched"

[[rule]]
name = "small-withdrawal"
actions = ["withdrawal"]
when = "!action.high_amount && score < 0.9"
then = "allow"
text = "A small withdrawal"
"""
POLICY = text_of_the_default_policy() + OWN_RULES
"""What decides in these tests: with a rule over details that fails where nobody sent any."""
LENIENT = POLICY.replace('when = "!device.known"', 'when = "device.stolen"')
"""Knows no new devices."""
MOODY = (
    LENIENT
    + """
[[rule]]
name = "even-hours"
when = "time.hour % 2 == 0"
then = "deny"
text = "Closed every other hour"
"""
)
"""Changes about every second decision."""
PEOPLE = (ADA, BEA, UserId("cyd"))
NOBODY = UserId("nobody")
UNREACHABLE = UserId("dee")
"""Has no contact, so that no challenge can open that is not concealed."""


def world_at(path: Path) -> World:
    """Give a shop whose store is a file."""
    migrate(str(path))
    policy = load_policy(POLICY, source_name="p", action_types=("withdrawal",), environment=environment())
    return World.create(policy, letters=CatalogueLetters(LANGUAGES), path=str(path))


def settings_of(world: World, path: Path) -> Settings:
    """Give the settings that an operator of this world would have."""
    write_default(path.with_name("watchword.toml"))
    base = {"server.page_base": "http://127.0.0.1:8000"}
    settings = load_settings(path.with_name("watchword.toml"), situation=Situation.DEV, environ={}, overrides=base)
    assert isinstance(world.ports.keyring, KeySet)
    declared = replace(settings.applications[0], application=world.shop)
    keys = KeySource(name="keys", path=path, text=Secret(world.ports.keyring.to_toml()))
    return replace(settings, store_path=path, keys=keys, applications=(declared,))


def replayed(world: World, path: Path, text: str = POLICY, **more: Any) -> Replayed:
    settings = settings_of(world, path)
    arguments: dict[str, Any] = {"since": 0, "until": None, "on_progress": lambda _done, _total: None}
    return replay_policy(
        settings, settings.applications[0], PolicySource(name="new.toml", text=text), **(arguments | more)
    )


async def live(world: World, random: Random, steps: int) -> None:
    """Let people do things at random: sign in, buy, reset, give up, guess, and be labelled."""
    browsers = []
    for number, user_id in enumerate(PEOPLE):
        await world.register(phone(f"+1415555012{number}"), email(f"{user_id}@home.example"), user_id=user_id)
        browsers += [world.browser(user_id), world.browser(user_id, ip=ABROAD)]
    await put_user(world.ports, world.shop, UNREACHABLE, (), locale=None, grant=None)
    browsers += [world.browser(NOBODY), world.browser(ADA, ip=None), world.browser(UNREACHABLE)]
    for _ in range(steps):
        world.clock.move(seconds=random.expovariate(1 / 2_000))
        with suppress(Refusal):
            await act(world, random, random.choice(browsers))


async def act(world: World, random: Random, browser: Browser) -> None:
    """Let somebody do one thing, and maybe prove it."""
    action_type = random.choice([SIGN_IN, SIGN_IN, PURCHASE, PURCHASE, PASSWORD_RESET, ACCOUNT_UPDATE, "withdrawal"])
    fields: dict[str, Any] = {"conceal": True} if random.random() < 0.2 else {}
    if action_type in (PURCHASE, "withdrawal"):
        fields["amount"] = random.choice([usd("20.00"), usd("480.00"), usd("900.00"), None])
        fields["details"] = random.choice([{}, {"gift_card": True}, {"gift_card": False}, {"gift_card": "yes"}])
    asked = await browser.report(action_type, **fields)
    if random.random() < 0.1:
        await world.ports.store.label_action(world.ref(browser.user_id), asked.action.id, random.choice(list(Label)))
    if asked.challenge is None or random.random() < 0.2:
        return
    await world.deliver()
    codes = world.outbox.codes_of(asked.challenge.id)
    if codes and random.random() < 0.8:
        await browser.enter(asked, codes[-1], trust_device=random.random() < 0.3)
    else:
        await browser.guess(asked, random.randrange(4))


async def test_the_policy_that_decided_decides_every_recorded_action_as_it_did(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    world = world_at(path)
    await live(world, Random(1), 500)
    told = replayed(world, path).tally  # while the store is open and serving
    assert told.judged > 200
    assert dict(told.changes) == {}
    # What the policy alone does not decide is there, and counted: concealed actions, and challenges that cannot open.
    assert told.concealed > 0
    assert told.refused > 0
    assert told.failures["gift-card"] > 0
    assert {decision for _, _, decision in told.then} == set(Decision)
    assert set(told.versions) == {world.ports.policies[SHOP].version}
    assert told.incomplete == 0
    await world.close()


async def test_a_changed_policy_changes_what_its_rules_change(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    world = world_at(path)
    await world.register()
    known = await world.known_browser()
    await world.deliver()
    stranger = world.browser()
    proven = await stranger.report(SIGN_IN)
    await stranger.enter(proven, await world.code_of(proven))
    given_up = await world.browser().report(SIGN_IN)
    bought = await known.report(PURCHASE, amount=usd("300.00"), details={"gift_card": False})
    assert bought.decision is Decision.ALLOW
    await world.ports.store.label_action(world.ref(), bought.action.id, Label.FRAUD)
    limit = """
[[rule]]
name = "limit"
actions = ["purchase"]
when = "action.amount > 250.0"
then = "challenge"
text = "Limit"
customer_text = "Limit."
"""
    told = replayed(world, path, LENIENT + limit).tally
    spared = told.changes[SIGN_IN, Decision.CHALLENGE, Decision.ALLOW]
    assert [action_id for _, action_id in spared.newest][:2] == [given_up.action.id, proven.action.id]
    assert spared.approved == spared.count - 1
    assert set(spared.rules) >= {"new-device"}
    assert spared.sends.total() >= spared.count - 1
    asked = told.changes[PURCHASE, Decision.ALLOW, Decision.CHALLENGE]
    assert (asked.truths, asked.rules) == ({Truth.FRAUD: 1}, {"limit": 1})
    assert told.users.count() == 1
    await world.close()


async def test_two_processes_come_to_the_same_as_one(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    world = world_at(path)
    await live(world, Random(5), 80)
    steps: list[tuple[int, int]] = []
    one = replayed(world, path, MOODY, processes=1)
    two = replayed(
        world, path, MOODY, processes=2, piece=7, on_progress=lambda done, total: steps.append((done, total))
    )
    assert one.tally.changes
    assert two.tally.users.count() == one.tally.users.count()
    one.tally.users = two.tally.users
    assert two.tally == one.tally
    assert steps[0] == (0, two.tally.judged)
    assert steps[-1] == (two.tally.judged, two.tally.judged)
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    await world.close()


async def test_who_was_erased_and_what_only_confirms_a_contact_is_left_out_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    world = world_at(path)
    await world.register()
    await world.register(phone("+14155550199", confirmed=False), email("bea@home.example"), user_id=BEA)
    await world.browser().report(SIGN_IN)
    await world.browser(BEA).confirm(await world.contact("+14155550199", BEA))
    await world.browser(BEA).report(SIGN_IN)
    assert replayed(world, path).tally.unjudged == {Unjudged.CONFIRMATION: 1}
    await delete_user(world.ports, world.shop, ADA)
    told = replayed(world, path).tally
    assert told.unjudged == {Unjudged.CONFIRMATION: 1, Unjudged.ERASED: 1}
    assert told.judged == 1
    await world.close()


async def test_only_the_actions_of_the_time_are_replayed(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    world = world_at(path)
    await world.register()
    moments = []
    for _ in range(5):
        moments.append(world.clock.at)
        await world.browser().report(SIGN_IN)
        world.clock.move(hours=2)
    assert replayed(world, path, since=moments[1], until=moments[4]).tally.judged == 3
    assert replayed(world, path, since=moments[1] + 1, until=moments[4] + 1).tally.judged == 3
    assert replayed(world, path, since=moments[4] + 1).tally.judged == 0
    await world.close()


async def test_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    world = world_at(path)
    await world.register()
    await world.browser().report(SIGN_IN)
    await world.close()
    before = path.read_bytes()
    world_again = world_at(path)
    await world_again.close()
    replayed(world, path, LENIENT)
    assert path.read_bytes() == before


@pytest.mark.parametrize("sql", [PLAIN_ROWS, ROWS_WITH_DETAILS])
def test_reading_some_actions_walks_through_no_others(sql: str, tmp_path: Path) -> None:
    migrate(str(tmp_path / "store.sqlite3"))
    connection = open_writer(str(tmp_path / "store.sqlite3"))
    plan = [step[3] for step in connection.execute(f"EXPLAIN QUERY PLAN {sql}", (1, 5_000, "shop"))]
    assert plan[0] == "SEARCH a USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"
    assert not any("SCAN" in step or "TEMP B-TREE" in step for step in plan)
    connection.close()


async def test_the_actions_of_another_application_are_none_of_its(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    world = world_at(path)
    await world.register()
    await world.browser().report(SIGN_IN)
    world.shop = replace(world.shop, id=type(SHOP)("other"))
    assert replayed(world, path).tally.judged == 0
    await world.close()


async def test_a_policy_that_is_not_right_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    world = World.create(
        load_policy(POLICY, source_name="p", action_types=("withdrawal",), environment=environment()),
        letters=CatalogueLetters(LANGUAGES),
    )
    with pytest.raises(ConfigurationError, match=r"new\.toml:.*let password_reset pass"):
        replayed(world, tmp_path / "none.sqlite3", OWN_RULES)
    with pytest.raises(ConfigurationError, match="no database yet"):
        replayed(world, tmp_path / "none.sqlite3")
    await world.close()


async def test_other_keys_open_nothing_in_one_process_or_in_two(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    world = world_at(path)
    await world.register()
    await world.browser().report(SIGN_IN)
    ports = replace(world.ports, keyring=KeySet.generate(SystemEntropy(), SystemClock().now()))
    stranger = replace(world, ports=ports)
    for processes in (1, 2):
        with pytest.raises(StorageUnavailable, match="does not open"):
            replayed(stranger, path, processes=processes)
    await world.close()


async def test_the_schema_of_another_release_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    world = world_at(path)
    await world.close()
    connection = open_writer(str(path))
    connection.pragma("user_version", 1)
    connection.close()
    with pytest.raises(ConfigurationError, match="its schema is version 1"):
        replayed(world, path)
