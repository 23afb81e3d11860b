"""The policies of a running process: what was applied decides, what is broken never does."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.kit.clock_and_chance import MovableClock, SeededEntropy
from watchword.adapters.key_set import KeySet
from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.sqlite.schema import migrate
from watchword.adapters.sqlite.sqlite_store import open_sqlite_store
from watchword.bootstrap.policy_versions import load_source
from watchword.bootstrap.policy_watch import PolicyWatch
from watchword.config.first_files import write_default
from watchword.config.loading import load_settings
from watchword.config.settings import DeclaredApplication, PolicySource, Settings, Situation
from watchword.domain.errors import ConfigurationError
from watchword.domain.ids import ApplicationId
from watchword.domain.instant import Instant
from watchword.ports.store.values import AppliedPolicy
from watchword.risk.policy import version_of

SHOP = ApplicationId("shop")
ASKS_ALWAYS = '[[rule]]\nname = "asks"\nthen = "challenge"\ntext = "Asked"\ncustomer_text = "We ask."\n'
BROKEN = ASKS_ALWAYS + 'whne = "true"\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A data folder with its settings and its open store."""

    settings: Settings
    store: RowStore

    @property
    def declared(self) -> DeclaredApplication:
        (declared,) = self.settings.applications
        return declared

    async def apply(self, text: str) -> AppliedPolicy:
        """Store a policy as it is, as another release might have."""
        return await self.store.apply_policy(SHOP, version=version_of(text), text=text, applied_by="ann", why="test")

    async def watch(self) -> PolicyWatch:
        """Start like a process does."""
        newest = await self.store.policies(SHOP, limit=1)
        return PolicyWatch(self.settings.applications, {one.application_id: one for one in newest})


def _settings(folder: Path, policy: str | None = None) -> Settings:
    path = folder / "watchword.toml"
    write_default(path)
    if policy is not None:
        (folder / "policy.toml").write_text(policy)
        path.write_text(
            path.read_text().replace("[applications.shop]\n", '[applications.shop]\npolicy = "policy.toml"\n')
        )
    return load_settings(path, situation=Situation.DEV, environ={})


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    settings = _settings(tmp_path)
    migrate(str(settings.store_path))
    clock, entropy = MovableClock(Instant(1_800_000_000_000)), SeededEntropy(7)
    store = open_sqlite_store(str(settings.store_path), clock, entropy, KeySet.generate(entropy, clock.now()))
    yield Place(settings=settings, store=store)
    await store.close()


def _version(watch: PolicyWatch) -> str:
    return watch.policies[SHOP].version


async def test_the_file_of_the_settings_decides_until_a_policy_is_applied(place: Place) -> None:
    watch = await place.watch()
    assert _version(watch) == version_of(place.declared.policy.text)
    await watch.look(place.store)
    assert _version(watch) == version_of(place.declared.policy.text)


async def test_what_is_applied_is_taken_up_with_the_next_look(place: Place) -> None:
    watch = await place.watch()
    before = watch.policies
    await place.apply(ASKS_ALWAYS)
    with capture_logs() as logged:
        await watch.look(place.store)
        await watch.look(place.store)
    assert _version(watch) == version_of(ASKS_ALWAYS)
    assert before is watch.policies  # whoever holds the mapping decides by the new policy too
    assert [entry["event"] for entry in logged] == ["policy.taken_up"]


async def test_what_was_applied_before_decides_after_a_restart(place: Place) -> None:
    await place.apply(ASKS_ALWAYS)
    assert _version(await place.watch()) == version_of(ASKS_ALWAYS)


async def test_the_last_one_that_was_applied_decides_also_where_it_is_an_old_one(place: Place) -> None:
    other = f"# another\n{ASKS_ALWAYS}"
    watch = await place.watch()
    for text in (ASKS_ALWAYS, other, ASKS_ALWAYS):
        await place.apply(text)
        await watch.look(place.store)
        assert _version(watch) == version_of(text)


async def test_a_broken_policy_is_never_taken_up_and_the_one_before_goes_on(place: Place) -> None:
    await place.apply(ASKS_ALWAYS)
    watch = await place.watch()
    await place.apply(BROKEN)
    with capture_logs() as logged:
        await watch.look(place.store)
        await watch.look(place.store)
    assert _version(watch) == version_of(ASKS_ALWAYS)
    assert [(entry["event"], entry["log_level"]) for entry in logged] == [("policy.refused", "error")] * 2
    assert "did you mean when?" in logged[0]["problems"][0]


async def test_no_process_starts_with_a_broken_policy(place: Place) -> None:
    await place.apply(BROKEN)
    with pytest.raises(ConfigurationError) as refused:
        await place.watch()
    problem, way_out = refused.value.problems
    assert problem.startswith(f"policy {version_of(BROKEN)} of shop, applied 2027-")
    assert "watchword policy apply" in way_out


async def test_a_start_says_that_the_file_does_not_decide(place: Place, tmp_path: Path) -> None:
    applied = await place.apply(ASKS_ALWAYS)
    settings = _settings(tmp_path, policy=f"# edited\n{ASKS_ALWAYS}")
    with capture_logs() as logged:
        PolicyWatch(settings.applications, {SHOP: applied})
    (entry,) = logged
    assert (entry["event"], entry["version"]) == ("policy.file_is_not_in_force", applied.version)
    assert entry["file"] == str(tmp_path / "policy.toml")


async def test_a_file_that_says_the_same_is_not_mentioned(place: Place, tmp_path: Path) -> None:
    applied = await place.apply(ASKS_ALWAYS)
    with capture_logs() as logged:
        PolicyWatch(_settings(tmp_path, policy=ASKS_ALWAYS).applications, {SHOP: applied})
        PolicyWatch(place.settings.applications, {SHOP: applied})  # the product's own policy is nobody's file
    assert logged == []


async def test_a_broken_file_is_no_matter_where_a_policy_is_applied(place: Place, tmp_path: Path) -> None:
    applied = await place.apply(ASKS_ALWAYS)
    broken = _settings(tmp_path, policy=BROKEN).applications
    assert _version(PolicyWatch(broken, {SHOP: applied})) == applied.version
    with pytest.raises(ConfigurationError):
        PolicyWatch(broken, {})


async def test_an_applied_policy_leaves_one_event_that_names_nobody(place: Place) -> None:
    applied = await place.apply(ASKS_ALWAYS)
    ((_, event),) = await place.store.events(SHOP, limit=10, after=0)
    assert (event.type.value, event.data) == ("policy.applied", {"version": applied.version})
    assert "ann" not in repr(event)


async def test_versions_are_kept_for_each_application_newest_first(place: Place) -> None:
    for number in range(3):
        await place.apply(f"# {number}\n{ASKS_ALWAYS}")
    found = await place.store.policies(SHOP, limit=2)
    assert [one.text[:3] for one in found] == ["# 2", "# 1"]
    assert [(one.applied_by, one.why) for one in found] == [("ann", "test")] * 2
    assert await place.store.policies(ApplicationId("other"), limit=2) == []
    source = PolicySource(name="x", text=found[0].text)
    assert load_source(place.declared, source).version == found[0].version
