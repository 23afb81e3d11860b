"""Lives in which people act, report and withdraw while the store dies: each action is learned, and taken back, once.

After every step what is remembered is compared with a model that knows nothing of transactions: a list of what
happened, and whether each of it counts.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final, cast

import pytest

from tests.contract.builders import PHONE, START, Planned, Scene
from tests.contract.guessing import spend
from tests.kit.clock_and_chance import MovableClock, SeededEntropy
from tests.kit.database import count
from tests.simulation.failing_store import FailingStore, Trouble
from watchword.adapters.key_set import KeySet
from watchword.adapters.rows.contribution_rows import KEPT_MS, PROMOTED_AT_ONCE, REPORTABLE_MS
from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.sqlite.schema import migrate
from watchword.adapters.sqlite.sqlite_store import open_sqlite_store
from watchword.domain.action import Label
from watchword.domain.challenge import Approved, ChallengeState
from watchword.domain.errors import StorageUnavailable
from watchword.domain.ids import DeviceId
from watchword.domain.instant import Instant
from watchword.domain.limits import Limits
from watchword.domain.secret import Secret
from watchword.ports.store.values import AlreadyKept, Keep, KeptAnswer, Lesson
from watchword.risk.fading import growth
from watchword.risk.memory import PROVEN, PROVISIONAL

if TYPE_CHECKING:
    from watchword.ports.store import Store

PEOPLE: Final = ("ada", "bea")
COUNTRIES: Final = ("US", "CH", "FR", None)
FOR_GOOD: Final = "the owner"
LIMITS: Final = Limits(starts_per_hour=1_000, failures_per_user=100_000, open_lane_failures=100_000)
"""Nobody is locked here: that is lived through elsewhere."""


@dataclass(kw_only=True)
class Fact:
    """An action that taught, or could have."""

    action_id: str
    at: Instant
    device_id: DeviceId | None
    country: str | None
    proven: bool
    counts: bool
    """False: it was not approved, or its device was reported at the time."""
    challenge: Planned | None = None
    label: Label | None = None
    disputed: bool = False
    taken_by: str | None = None

    @property
    def holds(self) -> bool:
        return self.counts and self.taken_by is None


@dataclass(kw_only=True)
class Person:
    """What happened to one user, oldest first."""

    facts: list[Fact] = field(default_factory=list)
    devices: list[DeviceId] = field(default_factory=list)
    reported: set[DeviceId] = field(default_factory=set)


@dataclass(kw_only=True)
class Life:
    """One run of one seed."""

    scene: Scene
    random: Random
    reopen: Callable[[], RowStore]
    lessons: list[Lesson]
    store: RowStore
    people: dict[str, Person] = field(default_factory=lambda: defaultdict(Person))
    told: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """The sum of all lessons of a user, on the scale of the landmark."""
    story: list[str] = field(default_factory=list)

    # Steps ---------------------------------------------------------------------------------------------------------

    async def step(self) -> None:
        """Let one thing happen to one person, maybe through an accident, and compare."""
        if self.random.random() < 0.2:
            self._failing().plan(self.random.choice(list(Trouble)), after=self.random.randrange(3))
        name = self.random.choice(PEOPLE)
        steps: tuple[tuple[int, Callable[[str], Awaitable[None]]], ...] = (
            (30, self._allow),
            (12, self._prove),
            (8, self._fail),
            (6, self._dispute),
            (12, self._label),
            (2, self._present_stolen),
            (1, self._erase),
            (20, self._move_clock),
            (6, self._sweep),
        )
        chosen = self.random.choices([one for _, one in steps], [weight for weight, _ in steps])[0]
        self.story.append(f"{chosen.__name__} {name}")
        await chosen(name)
        self._hear()
        for one in PEOPLE:
            await self._compare(one)

    async def _allow(self, name: str) -> None:
        person, device_id = self.people[name], self._some_device(name)
        action, country = self.scene.action("post", user_id=name), self.random.choice(COUNTRIES)
        contribution = self.scene.contribution(*self._values(name))
        decided = self.scene.decided(action, contribution=contribution, device_id=device_id, country=country)
        await self._once(lambda keep: self.scene.store.record_decision(decided, keep=keep))
        counts = device_id not in person.reported
        person.facts.append(
            Fact(
                action_id=action.id,
                at=self._now(),
                device_id=device_id,
                country=country,
                proven=False,
                counts=counts,
            )
        )

    async def _prove(self, name: str) -> None:
        planned, fact = await self._open(name)
        spending = self.scene.guess(planned)
        outcomes: list[object] = []
        await self._once(lambda keep: spend(self.scene.store, spending, keep=keep), outcomes)
        result = await self.store.challenge(planned.id)
        assert result is not None
        assert result.challenge.state is ChallengeState.APPROVED
        assert [one for one in outcomes if not isinstance(one, Approved)] == []
        assert result.challenge.device_id is not None
        fact.device_id, fact.proven, fact.counts = result.challenge.device_id, True, True
        if fact.device_id not in self.people[name].devices:
            self.people[name].devices.append(fact.device_id)

    async def _fail(self, name: str) -> None:
        planned, _ = await self._open(name)
        for _ in range(self.random.randrange(6)):
            await self._persist(lambda: spend(self.scene.store, self.scene.wrong(planned)))
        end = self.random.choice([None, ChallengeState.CANCELLED, ChallengeState.DENIED])
        if end is not None:
            await self._persist(lambda: self.scene.store.end_challenge(planned.id, end, "not_me"))

    async def _open(self, name: str) -> tuple[Planned, Fact]:
        device_id, country = self._some_device(name), self.random.choice(COUNTRIES)
        contacts = (await self._persist(lambda: self.scene.user(name))).contacts
        opening, planned = self.scene.opening(
            self.scene.action(f"type-{self.random.randrange(3)}", user_id=name),
            contacts,
            device_id=device_id,
            country=country,
            network=None,
            contribution=self.scene.contribution(*self._values(name)),
        )
        await self._once(lambda keep: self.scene.store.open_challenge(opening, keep=keep))
        fact = Fact(
            action_id=planned.action.id,
            at=self._now(),
            device_id=device_id,
            country=country,
            proven=False,
            counts=False,
            challenge=planned,
        )
        self.people[name].facts.append(fact)
        return planned, fact

    async def _dispute(self, name: str) -> None:
        """Say about a challenge that it wasn't me, whatever became of it."""
        asked = [fact for fact in self.people[name].facts if fact.challenge is not None]
        if not asked:
            return
        fact = self.random.choice(asked[-6:])
        await self._persist(lambda: self.scene.store.dispute_challenge(cast("Planned", fact.challenge).id))
        if fact.disputed:
            return
        fact.disputed = fact.proven
        for one in self._beside(name, fact) if fact.device_id is not None else []:
            one.taken_by = FOR_GOOD
        if fact.proven and fact.device_id in self.people[name].devices:
            self.people[name].devices.remove(fact.device_id)

    async def _label(self, name: str) -> None:
        if not self.people[name].facts:
            return
        person, fact = self.people[name], self.random.choice(self.people[name].facts[-12:])
        label = self.random.choice(list(Label))
        ref = self.scene.ref(name)
        await self._persist(lambda: self.scene.store.label_action(ref, cast("Any", fact.action_id), label))
        if fact.label is label:
            return
        fact.label = label
        beside = self._beside(name, fact)
        if label is Label.FRAUD:
            if fact.device_id is not None:
                person.reported.add(fact.device_id)
            for one in beside:
                one.taken_by = one.taken_by or fact.action_id
            return
        heir = next((one.action_id for one in beside if one.label is Label.FRAUD), None)
        for one in beside:
            if one.taken_by == fact.action_id:
                one.taken_by = heir
        if heir is None and fact.device_id is not None:
            person.reported.discard(fact.device_id)

    def _beside(self, name: str, fact: Fact) -> list[Fact]:
        """Give what the report of an action is about: all of its device within thirty days, else itself."""
        same = [one for one in self.people[name].facts if one is fact or self._is_of(one, fact.device_id)]
        return [one for one in same if one.at > self._now() - KEPT_MS]

    def _is_of(self, fact: Fact, device_id: DeviceId | None) -> bool:
        return device_id is not None and fact.device_id == device_id

    async def _present_stolen(self, name: str) -> None:
        """Use a device's token twice more, and then one that was outlived long ago."""
        person, device_id = self.people[name], self._some_device(name)
        if device_id is None:
            return
        for step in (1, 2):
            await self._persist(lambda: self.scene.present(device_id, step, user_id=name))  # noqa: B023 awaited here
        self.scene.clock.move(seconds=20)
        await self._persist(lambda: self.scene.present(device_id, 0, user_id=name))
        person.devices.remove(device_id)
        for one in person.facts:
            if self._is_of(one, device_id) and one.challenge is None and one.at > self._now() - KEPT_MS:
                one.taken_by = FOR_GOOD

    async def _erase(self, name: str) -> None:
        ref = self.scene.ref(name)
        await self._persist(lambda: self.scene.store.erase_user(ref))
        await self._persist(lambda: self.scene.register(PHONE, user_id=name))
        self.people[name] = Person()
        self._hear()
        self.told[name] = 0.0
        self.scene.clock.move(days=4)  # until the new contact counts

    async def _move_clock(self, _: str) -> None:
        self.scene.clock.move(hours=self.random.choice([0.1, 1, 6, 12, 24, 48, 200]))

    async def _sweep(self, _: str) -> None:
        await self._persist(lambda: self.scene.store.sweep(limit=self.random.choice([2, 10, 100])))

    # Accidents -----------------------------------------------------------------------------------------------------

    async def _once(self, call: Callable[[Keep[Any]], Awaitable[object]], outcomes: list[object] | None = None) -> None:
        """Call until it is done, and have it done once."""
        scope = self.random.randbytes(16)

        def keep(_: Any) -> KeptAnswer:
            return KeptAnswer(
                application_id=self.scene.application_id, scope=scope, fingerprint=b"", status=200, body=Secret(".")
            )

        async def again() -> None:
            if await self.store.kept_answer(self.scene.application_id, scope) is not None:
                return
            with suppress(AlreadyKept):
                outcome = await call(keep)
                if outcomes is not None:
                    outcomes.append(outcome)

        await self._persist(again)

    async def _persist(self, call: Callable[[], Awaitable[Any]]) -> Any:
        for _ in range(5):
            try:
                return await call()
            except StorageUnavailable:
                assert self._failing().is_down, "a healthy store was called unavailable"
                await self.store.close()
                self.store = self.reopen()
                self.scene.store = cast("Store", FailingStore(self.store))
        raise AssertionError("nobody ever answers")

    def _failing(self) -> FailingStore:
        return cast("FailingStore", self.scene.store)

    # Comparing -----------------------------------------------------------------------------------------------------

    def _hear(self) -> None:
        """Add up what was told; every value of a user is his own, so that a lesson names its user."""
        for lesson in self.lessons:
            user = PEOPLE[cast("int", lesson.contribution.traits.values[0]) // 1_000 - 1]
            self.told[user] += lesson.share * growth(lesson.contribution.at)
        self.lessons.clear()

    async def _compare(self, name: str) -> None:
        scene, person, now = self.scene, self.people[name], self._now()
        healthy = replace(scene, store=self.store)
        profile = await healthy.profile(user_id=name)
        shown = profile.memory.events(now)
        least = sum(self._share(fact, shown=False) for fact in person.facts)
        most = sum(self._share(fact, shown=True) for fact in person.facts)
        assert least - 1e-3 <= shown <= most + 1e-3, f"{name}: {shown} is not within {least} and {most}"
        if len([fact for fact in person.facts if self._may_be_due(fact)]) <= PROMOTED_AT_ONCE:
            assert shown == pytest.approx(most, abs=1e-3), f"{name}: something does not count in full"
        assert profile.countries_seen == {fact.country for fact in person.facts if fact.holds} - {None}
        waiting = await count(self.store, "SELECT count(*) FROM contributions WHERE state = 'waiting'")
        assert waiting <= sum(not fact.counts for one in self.people.values() for fact in one.facts)
        assert self.told[name] / growth(now) <= most + 1e-3, "more was told than learned"
        assert self.told[name] / growth(now) >= least - 1e-3, "less was told than learned"

    def _share(self, fact: Fact, *, shown: bool) -> float:
        """Give what a fact weighs now: what waits for its day counts a quarter, and in full when it is shown."""
        if not fact.holds:
            return 0.0
        in_full = fact.proven or (shown and (self._may_be_due(fact) or fact.label is Label.LEGITIMATE))
        return (PROVEN if in_full else PROVISIONAL) * growth(fact.at) / growth(self._now())

    def _may_be_due(self, fact: Fact) -> bool:
        return fact.holds and not fact.proven and fact.at <= self._now() - REPORTABLE_MS

    # Small things --------------------------------------------------------------------------------------------------

    def _now(self) -> Instant:
        return self.scene.clock.now()

    def _some_device(self, name: str) -> DeviceId | None:
        return self.random.choice([None, *self.people[name].devices[-3:]])

    def _values(self, name: str) -> tuple[int, ...]:
        return tuple((PEOPLE.index(name) + 1) * 1_000 + self.random.randrange(12) for _ in range(7))


@pytest.mark.parametrize("seed", range(1, 4))
async def test_each_action_is_learned_and_taken_back_once(tmp_path: Path, seed: int, steps: int) -> None:
    path, clock, entropy = str(tmp_path / "watchword.sqlite3"), MovableClock(START), SeededEntropy(seed)
    migrate(path)
    keyring, lessons = KeySet.generate(entropy, START), list[Lesson]()

    def reopen() -> RowStore:
        return open_sqlite_store(path, clock, entropy, keyring, on_lesson=lessons.append)

    store = reopen()
    failing = cast("Store", FailingStore(store))
    scene = Scene(store=failing, clock=clock, entropy=entropy, keyring=keyring, limits=LIMITS)
    life = Life(scene=scene, random=Random(seed), reopen=reopen, lessons=lessons, store=store)
    for name in PEOPLE:
        await scene.register(PHONE, user_id=name)
    try:
        for _ in range(steps):
            await life.step()
    except BaseException as error:
        error.add_note(f"seed {seed} after {len(life.story)} steps: {life.story[-12:]}")
        raise
    finally:
        await life.store.close()
