"""A seeded life of a shop: people act at random while clocks jump, senders fail and the store dies.

Everything real but the outside: the store is a file, and a crash is a store that is dropped and opened again. After
every step the world is compared with the model and with its own audit log.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Any, Final

from tests.flow.outside import ABROAD, HOME, START, another, code_in, notice_token_in
from tests.flow.replay import Replay
from tests.flow.world import SHOP, Browser, World, challenge_of, email, phone, usd
from tests.kit.database import count
from tests.simulation.failing_store import Trouble
from tests.simulation.model import Expected, Model
from tests.simulation.patient_client import PatientClient
from tests.simulation.satchel import Satchel
from watchword.domain.action import ACCOUNT_UPDATE, PASSWORD_RESET, PURCHASE, SIGN_IN
from watchword.domain.budget import Lane
from watchword.domain.contact import Channel
from watchword.domain.errors import (
    CodeNotSent,
    ContactNotUsable,
    DeliveryFailed,
    GrantMismatch,
    Refusal,
    StorageUnavailable,
    UnknownUser,
)
from watchword.domain.event import Event, EventType
from watchword.domain.ids import ChallengeId, ContactId, UserId, UserKey
from watchword.domain.instant import Instant
from watchword.domain.secret import Secret
from watchword.domain.user import UserRef
from watchword.flow.assess import Assessed, assess
from watchword.flow.cancel import cancel
from watchword.flow.check import Checked, check
from watchword.flow.deliver import deliver_one
from watchword.flow.dispute import by_notice, by_reference
from watchword.flow.gather import Report
from watchword.flow.order import send
from watchword.flow.prefer import prefer_contact
from watchword.flow.redeem import redeem
from watchword.flow.register import ContactEntry, delete_user, put_user
from watchword.flow.remember import distrust_device, distrust_devices, list_devices, rename_device
from watchword.flow.retain import sweep
from watchword.ports.store.deciding import Judgement, ProfileQuery
from watchword.ports.store.values import OwnersWord

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

PEOPLE: Final = tuple(UserId(name) for name in ("ada", "bea", "cyd"))
NOBODY: Final = UserId("nobody")


@dataclass(kw_only=True)
class Life:
    """One run of one seed."""

    world: World
    client: PatientClient
    random: Random
    model: Model
    satchel: Satchel
    browsers: list[Browser] = field(default_factory=list)
    asked: list[Assessed] = field(default_factory=list)
    granted: list[tuple[Assessed, Secret]] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    """What was done, for whoever has to understand a failing seed."""
    _seen: int = 0
    _floor: Instant = START

    @classmethod
    async def begin(cls, world: World, path: str, seed: int) -> "Life":
        """Give a shop with three customers, each with a browser of his own."""
        limits, random = world.shop.limits, Random(seed)
        model, satchel = Model(limits=limits, replay=Replay(limits=limits)), Satchel(random)
        world.ports = replace(world.ports, courier=satchel)
        client = PatientClient(world, path, random)
        life = cls(world=world, client=client, random=random, model=model, satchel=satchel)
        for number, user_id in enumerate(PEOPLE):
            await world.register(phone(f"+1415555012{number}"), email(f"{user_id}@home.example"), user_id=user_id)
            life.browsers.append(world.browser(user_id))
        life.browsers += [world.browser(user_id, ip=ABROAD) for user_id in (*PEOPLE, NOBODY)]
        return life

    # Steps ---------------------------------------------------------------------------------------------------------

    async def step(self) -> None:
        """Let one thing happen, and compare."""
        if self.random.random() < 0.15:
            self.client.failing.plan(self.random.choice(list(Trouble)), after=self.random.randrange(8))
        steps: tuple[tuple[int, Callable[[], Awaitable[None]]], ...] = (
            (22, self._report),
            (30, self._guess),
            (8, self._guess_many),
            (26, self._deliver),
            (12, self._resend),
            (10, self._switch),
            (6, self._redeem),
            (3, self._cancel),
            (2, self._dispute),
            (2, self._answer_notice),
            (3, self._change_contacts),
            (3, self._change_contacts_proven),
            (2, self._confirm),
            (3, self._look_after),
            (1, self._erase),
            (10, self._move_clock),
            (3, self._sweep),
            (2, self._restart),
        )
        chosen = self.random.choices([one for _, one in steps], [weight for weight, _ in steps])[0]
        self.story.append(chosen.__name__)
        with suppress(Refusal):
            await chosen()
        await self._deliver(looks=False)
        await self.compare()

    async def _report(self) -> None:
        browser = self.random.choice(self.browsers)
        action_type = self.random.choice([SIGN_IN, SIGN_IN, PURCHASE, PURCHASE, PASSWORD_RESET, ACCOUNT_UPDATE])
        await self._ask(browser, action_type, conceal=self.random.choice([None, None, True]))

    async def _ask(self, browser: Browser, action_type: str, **fields: Any) -> Assessed:
        amount = usd(self.random.choice(["5.00", "900.00"])) if action_type == PURCHASE else None
        report = Report(
            **{
                "type": action_type,
                "user_id": browser.user_id,
                "device_token": None if browser.token is None else browser.token.reveal(),
                "ip": f"10.0.{self.random.randrange(20)}.1" if browser.ip == ABROAD else HOME,
                "amount": amount,
                "details": {"field": "password"} if action_type == ACCOUNT_UPDATE else {},
                "send": self.random.random() < 0.9,
            }
            | fields
        )
        world = self.world
        assessed = await self.client.call(lambda keep: assess(world.ports, world.shop, report, keep=keep))
        self._keep_answer(browser, assessed, assessed)
        if assessed.challenge is not None:
            self.asked.append(assessed)
        return assessed

    async def _guess(self) -> None:
        await self._type_into(*self._recent())

    async def _type_into(self, asked: Assessed, browser: Browser) -> None:
        challenge = self.model.challenges[challenge_of(asked).id]
        text = self._something_to_type(challenge)
        trust, now = self.random.random() < 0.3, await self._now()
        try:
            checked = await self._check(asked, text, trust=trust)
            outcome = checked.outcome
        except CodeNotSent:
            checked, outcome = None, "code_not_sent"
        expected = self.model.guess(challenge, text, now, conceal=asked.action.conceal)
        self.story[-1] += f" {challenge.id[-6:]} {outcome}"
        assert outcome in expected, f"{outcome} instead of {expected}"
        if checked is not None and outcome in {"incorrect", "superseded", "approved"}:
            assert checked.attempts_left == challenge.tries_left
            self._keep_answer(browser, checked, asked)

    def _something_to_type(self, challenge: Expected) -> str:
        known = list(challenge.codes.values())
        wrong = another(known[-1]) if known else "0" * challenge.code_length
        if wrong in known:
            wrong = another(wrong)
        return self.random.choice([*known[:-1] * 3, *known[-1:] * 3, wrong, wrong, "no code"])

    async def _guess_many(self) -> None:
        """Type the live code, or a wrong one, many times at once: as many are compared as there is room for."""
        asked, browser = self._recent()
        challenge, now = self.model.challenges[challenge_of(asked).id], await self._now()
        live = challenge.codes.get(max(challenge.contacts, default=0))
        text = live if live is not None and self.random.random() < 0.3 else another(live or "0" * challenge.code_length)
        done = [await self._check(asked, text)] if self.random.random() < 0.1 else await self._at_once(asked, text)
        got = sorted(one.outcome for one in done)
        wanted = [self.model.guess(challenge, text, now, conceal=asked.action.conceal) for _ in done]
        for answers in wanted:
            found = next((one for one in got if one in answers), None)
            assert found is not None, f"{got} and no {answers}"
            got.remove(found)
        for one in done:
            self._keep_answer(browser, one, asked)

    async def _at_once(self, asked: Assessed, text: str) -> list[Checked]:
        return list(await asyncio.gather(*(self._check(asked, text) for _ in range(self.random.randrange(2, 9)))))

    async def _check(self, asked: Assessed, text: str, *, trust: bool = False) -> Checked:
        world, challenge_id = self.world, challenge_of(asked).id
        return await self.client.call(
            lambda keep: check(world.ports, world.shop, challenge_id, text, trust_device=trust, keep=keep)
        )

    async def _deliver(self, *, looks: bool = True) -> None:
        """Let leave what this process leased as it was written, and all that is found where it looks for more."""
        outbox = self.world.outbox
        outbox.failure = self.random.choice(
            [*[None] * 6, DeliveryFailed("busy", retryable=True), DeliveryFailed("refused", retryable=False)]
        )
        before = len(outbox.sent)
        try:
            for claimed in self.satchel.empty():
                await deliver_one(self.world.ports, claimed)
            if looks:
                await self.world.deliver()
        except StorageUnavailable:
            await self.client.recover()
        outbox.failure = None
        await self._learn()
        now = await self._now()
        for envelope in outbox.sent[before:]:
            if envelope.is_code and envelope.challenge_id is not None:
                challenge = self.model.challenges[envelope.challenge_id]
                generation = max(challenge.contacts)
                assert self.model.may_carry(challenge, challenge.contacts[generation], now), (
                    "sent to a contact that is gone"
                )
                assert challenge.codes.setdefault(generation, code_in(envelope)) == code_in(envelope), "two live codes"

    async def _resend(self) -> None:
        asked, _ = self._recent()
        option = self.random.choice([None, *challenge_of(asked).options])
        channel = None if option is None else self.random.choice([None, *option.channels])
        await self._send(asked, None if option is None else option.id, channel)

    async def _send(self, asked: Assessed, option_id: ContactId | None, channel: Channel | None) -> None:
        world, challenge_id = self.world, challenge_of(asked).id
        view = await self.client.call(
            lambda keep: send(world.ports, world.shop, challenge_id, option_id, channel, keep=keep)
        )
        assert view.expires_at == challenge_of(asked).expires_at, "a resend gave time"

    async def _switch(self) -> None:
        """Have a code, switch to another contact, have its code too, and type one of the two."""
        asked, browser = self._recent()
        await self._deliver()
        for option in challenge_of(asked).options:
            with suppress(Refusal):
                await self._send(asked, option.id, None)
            await self._deliver()
        await self._type_into(asked, browser)

    async def _redeem(self) -> None:
        if not self.granted:
            return
        asked, grant = self.random.choice(self.granted[-10:])
        if self.random.random() < 0.3:
            other = replace(asked.action.bound, payee="somebody else")
            with suppress(StorageUnavailable):
                try:
                    await redeem(self.world.ports, self.world.shop, grant.reveal(), None, other)
                except GrantMismatch:
                    return
                raise AssertionError("a grant was redeemed for something else")
            await self.client.recover()
            return
        world, bound = self.world, asked.action.bound
        receipt = await self.client.call(
            lambda keep: redeem(world.ports, world.shop, grant.reveal(), None, bound, keep=keep)
        )
        assert receipt.action_id == asked.action.id

    async def _cancel(self) -> None:
        asked, _ = self._recent()
        world, challenge = self.world, self.model.challenges[challenge_of(asked).id]
        await self.client.call(
            lambda keep: cancel(world.ports, world.shop, challenge_of(asked).id, "abandoned", keep=keep)
        )
        self.model.settle(await self._now())
        if challenge.state == "pending":
            challenge.state = "cancelled"

    async def _dispute(self) -> None:
        asked, _ = self._recent()
        reference, ip = challenge_of(asked).reference, f"10.1.{self.random.randrange(250)}.1"
        challenge = self.model.challenges[challenge_of(asked).id]
        self.model.settle(await self._now())
        word = await self.client.persist(lambda: by_reference(self.world.ports, reference, ip=ip))
        if challenge.state == "pending":
            assert word in {OwnersWord.ENDED, OwnersWord.NOTED}, "noted, where the answer to the first call was lost"
            challenge.state = "denied"

    async def _answer_notice(self) -> None:
        notices = [one for one in self.world.outbox.sent[-30:] if not one.is_code]
        if not notices:
            return
        token, known = notice_token_in(self.random.choice(notices)), self._seen
        await self.client.persist(lambda: by_notice(self.world.ports, token))
        told = await self.world.store.events(SHOP, limit=100, after=known)
        for denied in [event for _, event in told if event.type is EventType.CHALLENGE_DENIED]:
            assert self.model.challenges[str(denied.data["challenge_id"])].state == "pending"
            self.model.challenges[str(denied.data["challenge_id"])].state = "denied"

    async def _look_after(self) -> None:
        """Have somebody do what his own account offers: prefer a contact, rename and distrust devices."""
        world, user_id, likes = self.world, self.random.choice(PEOPLE), self.random.random() < 0.8
        contact = self.random.choice((await self.client.persist(lambda: world.user(user_id))).contacts)
        with suppress(ContactNotUsable):
            await self.client.persist(
                lambda: prefer_contact(world.ports, world.shop, user_id, contact.id, preferred=likes)
            )
        devices = await self.client.persist(lambda: list_devices(world.ports, world.shop, user_id))
        if not devices:
            return
        device_id, name = self.random.choice(devices).id, f"Laptop {self.random.randrange(3)}"
        await self.client.persist(lambda: rename_device(world.ports, world.shop, user_id, device_id, name))
        if self.random.random() < 0.5:
            await self.client.persist(lambda: distrust_device(world.ports, world.shop, user_id, device_id))
        else:
            await self.client.persist(lambda: distrust_devices(world.ports, world.shop, user_id))

    async def _change_contacts(self) -> None:
        user_id = self.random.choice(PEOPLE)
        entries = self._some_list(user_id)
        await self.client.persist(
            lambda: put_user(self.world.ports, self.world.shop, user_id, entries, locale=None, grant=None)
        )

    def _some_list(self, user_id: UserId) -> tuple[ContactEntry, ...]:
        number = PEOPLE.index(user_id)
        pool = (
            phone(f"+1415555012{number}"),
            phone(f"+1415555018{number}"),
            email(f"{user_id}@home.example"),
            email(f"{user_id}@work.example"),
        )
        return tuple(self.random.sample(pool, self.random.randrange(1, 4)))

    async def _change_contacts_proven(self) -> None:
        """Exchange the mailbox of somebody with a proof, as far as the store lets it happen."""
        browser = self.browsers[self.random.randrange(len(PEOPLE))]
        user = await self.client.persist(lambda: self.world.user(browser.user_id))
        address = f"{browser.user_id}{self.random.randrange(9)}@new.example"
        details = {"field": "email", "new_contact": address}
        asked = await self._ask(browser, ACCOUNT_UPDATE, details=details, conceal=None, send=True)
        await self._deliver()
        if asked.challenge is None:
            return
        challenge = self.model.challenges[challenge_of(asked).id]
        code = challenge.codes.get(max(challenge.contacts, default=0))
        if code is None:
            return
        now = await self._now()
        checked = await self._check(asked, code)
        assert checked.outcome in self.model.guess(challenge, code, now, conceal=False)
        if checked.grant is None:
            return
        listed = (
            ContactEntry(
                kind=one.kind, address=one.address.reveal(), confirmed_at=None, preferred=one.preferred, pointer=""
            )
            for one in user.contacts
        )
        entries, grant, world = (*listed, email(address)), checked.grant.reveal(), self.world
        await self.client.call(
            lambda keep: put_user(
                world.ports, world.shop, browser.user_id, entries, locale=None, grant=grant, keep=keep
            )
        )

    async def _confirm(self) -> None:
        browser = self.random.choice(self.browsers)
        user = await self.client.persist(lambda: self.world.user(browser.user_id))
        contact = self.random.choice(user.contacts)
        with suppress(StorageUnavailable):
            assessed = await browser.confirm(contact)
            if assessed.challenge is not None:
                self.asked.append(assessed)
            return
        await self.client.recover()

    async def _erase(self) -> None:
        user_id = self.random.choice(PEOPLE)
        if self.random.random() < 0.5:
            with suppress(UnknownUser):  # by a repetition whose first answer was lost
                await self.client.persist(lambda: delete_user(self.world.ports, self.world.shop, user_id))
        entries = self._some_list(user_id)
        await self.client.persist(
            lambda: put_user(self.world.ports, self.world.shop, user_id, entries, locale=None, grant=None)
        )

    async def _move_clock(self) -> None:
        small, large = [1, 10, 31, 61, 121, -1, -100], [299, 599, 3_600, 86_400, 4 * 86_400, 10 * 86_400, -300, -90_000]
        seconds = self.random.choice(small if self.random.random() < 0.7 else large)
        self.world.clock.move(seconds=seconds)
        self.story[-1] += f" {seconds}"

    async def _sweep(self) -> None:
        await self.client.persist(lambda: sweep(self.world.ports))
        rotten = await count(
            self.world.store,
            "SELECT count(*) FROM challenges WHERE sealed_code IS NOT NULL"
            " AND (state <> 'pending' OR expires_at <= :now)",
            now=await self._now(),
        )
        assert rotten == 0, "a code outlived its challenge"

    async def _restart(self) -> None:
        await self.client.reopen()

    # Comparing -----------------------------------------------------------------------------------------------------

    async def compare(self) -> None:
        """Take the new events in, and compare store, log and model."""
        await self._learn()
        now = await self._now()
        assert now >= self._floor, "the time went back below what was written"
        self.model.settle(now)
        for challenge in list(self.model.challenges.values())[-12:]:
            shown = await self.world.store.challenge(ChallengeId(challenge.id))
            if shown is not None:
                assert shown.challenge.state == challenge.state, f"{challenge.id}: {shown.challenge.end_reason}"
                assert shown.challenge.attempts_left == challenge.tries_left
        for user_key in {challenge.user_key for challenge in self.model.challenges.values()}:
            await self._compare_failures(user_key, now)
            lanes = [challenge.lane for challenge in self.model.pending(user_key)]
            assert lanes.count("own") <= self.model.limits.pending_own_lane
            assert lanes.count("open") <= self.model.limits.pending_open_lane

    async def _compare_failures(self, user_key: UserKey, now: Instant) -> None:
        query = ProfileQuery(
            ref=UserRef(application_id=SHOP, key=user_key),
            action_type=SIGN_IN,
            lane=Lane.OPEN,
            currency=None,
            limits=self.model.limits,
        )
        failures = await self.world.store.decide(query, lambda known: Judgement(told=known.profile.failures))
        assert failures == len(self.model.recent_failures(user_key, now))

    async def _learn(self) -> None:
        for number, event in await self.world.store.events(SHOP, limit=10_000, after=self._seen):
            assert number > self._seen
            self._seen, self._floor = number, max(self._floor, event.at)
            self.model.replay.take(event)
            self.model.take(event)
            self._end_together(event)

    def _end_together(self, event: Event) -> None:
        """A change of contacts with a proof, a dispute and an erasure end all that is pending."""
        is_change = event.type is EventType.CHALLENGE_CANCELLED and event.data["reason"] == "contact_change"
        if is_change or event.type in {EventType.ACTION_DISPUTED, EventType.USER_ERASED}:
            self.model.settle(event.at)
            self.model.end_all(event.user_key)

    async def finish(self) -> None:
        """Let everything that was accepted leave or be reported (I9), and rebuild it all from the log (I15)."""
        self.client.use(self.world.store)
        self.world.clock.at = max(self.world.clock.at, self._floor)  # a clock that was set back catches up
        for _ in range(40):
            self.world.clock.move(seconds=120)
            await self.world.deliver()
        await self.compare()
        assert self.model.replay.open_deliveries == set(), "a message was accepted and forgotten"
        await self.model.replay.compare(self.world.store, SHOP)

    # Small things --------------------------------------------------------------------------------------------------

    async def _now(self) -> Instant:
        return await self.world.store.now()

    def _recent(self) -> tuple[Assessed, Browser]:
        """Give one of the latest challenges and the browser that it may make known."""
        live = [one for one in self.asked[-8:] if challenge_of(one).id in self.model.challenges]
        if not live:
            raise Refusal("nobody was asked yet")
        pending = [one for one in live if self.model.challenges[challenge_of(one).id].state == "pending"]
        asked = self.random.choice(pending if pending and self.random.random() < 0.8 else live)
        return asked, next(one for one in self.browsers if one.user_id == asked.action.user_id)

    def _keep_answer(self, browser: Browser, answer: Assessed | Checked, asked: Assessed) -> None:
        if answer.device is not None and answer.device.token is not None:
            browser.token = answer.device.token
        if answer.grant is not None:
            self.granted.append((asked, answer.grant))
