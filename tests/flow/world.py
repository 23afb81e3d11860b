"""The whole service without its edges: real flow, store, keys and letters, and an outside that a test moves.

A test tells one story: a ``Browser`` reports an action and types codes, ``World.deliver`` is one round of the worker.
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import Any, Final

from tests.flow.outside import ALL_CHANNELS, HOME, START, Outbox, SmallAtlas, another
from tests.kit.clock_and_chance import HurriedPatience, MovableClock, SeededEntropy
from watchword.adapters.key_set import KeySet
from watchword.adapters.letters import CatalogueLetters
from watchword.adapters.places import SenderPlaces
from watchword.adapters.rows.guard_store import RowGuardStore
from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.sqlite.sqlite_store import open_sqlite_store
from watchword.domain.action import ACCOUNT_UPDATE, PURCHASE, SIGN_IN, Bound, Detail
from watchword.domain.application import Application
from watchword.domain.contact import Channel, Contact, ContactKind
from watchword.domain.event import Event, EventType
from watchword.domain.ids import ApplicationId, ChallengeId, ContactId, UserId
from watchword.domain.limits import Limits, Mode
from watchword.domain.message import Envelope
from watchword.domain.money import Money
from watchword.domain.routes import Routes
from watchword.domain.secret import Secret
from watchword.domain.user import User, UserRef
from watchword.flow.assess import Assessed, ConfirmationReport, assess, confirm_contact
from watchword.flow.check import Checked, check
from watchword.flow.claim import Claimed, claim
from watchword.flow.deliver import deliver_once
from watchword.flow.gather import Report
from watchword.flow.learn import learn
from watchword.flow.order import send
from watchword.flow.redeem import Receipt, redeem
from watchword.flow.register import ContactEntry, put_user, read_user, user_ref
from watchword.flow.show import ChallengeView, show
from watchword.ports import Ports
from watchword.ports.guarding import Guarding
from watchword.ports.keyring import Purpose
from watchword.risk.policy import Policy
from watchword.risk.tracing import Tracer
from watchword.risk.traffic import Traffic

SHOP: Final = ApplicationId("shop")
ADA: Final = UserId("ada")
BEA: Final = UserId("bea")
PHONE: Final = "+14155550123"
EMAIL: Final = "ada@home.example"
OTHER_PHONE: Final = "+14155550188"
OTHER_EMAIL: Final = "thief@elsewhere.example"
OUTBOX: Final = "outbox"
PAGE_BASE: Final = "https://verify.shop.example"


def usd(value: str) -> Money:
    return Money(value=Decimal(value), currency="USD")


def a_shop(**changes: Any) -> Application:
    """Give a test application with the limits of the product."""
    fields: dict[str, Any] = {
        "id": SHOP,
        "name": "Shop",
        "mode": Mode.TEST,
        "limits": Limits(),
        "issuer": f"{PAGE_BASE}/test",
        "channels": ALL_CHANNELS,
        "high_value": {"USD": usd("500.00")},
        "action_types": ("withdrawal",),
        "return_urls": ("https://shop.example/back",),
    }
    return Application(**(fields | changes))


def entry(kind: ContactKind, address: str, *, confirmed: bool = True, preferred: bool = False) -> ContactEntry:
    """Give one line of a user's list."""
    return ContactEntry(
        kind=kind,
        address=address,
        confirmed_at=START if confirmed else None,
        preferred=preferred,
        pointer="/contacts/0",
    )


def phone(address: str = PHONE, **fields: bool) -> ContactEntry:
    return entry(ContactKind.PHONE, address, **fields)


def email(address: str = EMAIL, **fields: bool) -> ContactEntry:
    return entry(ContactKind.EMAIL, address, **fields)


@dataclass(kw_only=True)
class World:
    """Everything at once, for one test."""

    ports: Ports
    store: RowStore
    clock: MovableClock
    outbox: Outbox
    shop: Application

    @classmethod
    def create(
        cls, policy: Policy, *, letters: CatalogueLetters, seed: int = 1, path: str = ":memory:", **shop: Any
    ) -> "World":
        clock, entropy, outbox, application = MovableClock(START), SeededEntropy(seed), Outbox(), a_shop(**shop)
        keyring = KeySet.generate(entropy, clock.now())
        traffic = {SHOP: Traffic()}
        store = open_sqlite_store(path, clock, entropy, keyring, on_lesson=partial(learn, traffic))
        ports = Ports(
            store=store,
            keyring=keyring,
            atlas=SmallAtlas(),
            letters=letters,
            entropy=entropy,
            applications={SHOP: application},
            policies={SHOP: policy},
            traffic=traffic,
            tracer=Tracer(partial(keyring.index, Purpose.TRAIT)),
            senders={OUTBOX: outbox},
            routes=Routes(orders={(SHOP, channel, None): (OUTBOX,) for channel in ALL_CHANNELS}),
            patience=HurriedPatience(),
            places=SenderPlaces(),
            guarding=Guarding(store=RowGuardStore(store.runner)),
            page_base=PAGE_BASE,
        )
        return cls(ports=ports, store=store, clock=clock, outbox=outbox, shop=application)

    async def close(self) -> None:
        await self.store.close()

    async def register(
        self, *entries: ContactEntry, user_id: UserId = ADA, grant: Secret | None = None, locale: str | None = None
    ) -> User:
        """Store a user's whole list; without one, a confirmed phone and a confirmed e-mail address."""
        registered = await put_user(
            self.ports,
            self.shop,
            user_id,
            entries or (phone(), email()),
            locale=locale,
            grant=None if grant is None else grant.reveal(),
        )
        return registered.user

    async def user(self, user_id: UserId = ADA) -> User:
        return await read_user(self.ports, self.shop, user_id)

    async def contact(self, address: str, user_id: UserId = ADA) -> Contact:
        """Give the listed contact of this address."""
        user = await self.user(user_id)
        return next(contact for contact in user.contacts if contact.address.reveal() == address)

    def ref(self, user_id: UserId = ADA) -> UserRef:
        return user_ref(self.ports.keyring, self.shop, user_id)

    def browser(self, user_id: UserId = ADA, *, ip: str | None = HOME) -> "Browser":
        """Give a fresh browser."""
        return Browser(world=self, user_id=user_id, ip=ip)

    async def known_browser(self, user_id: UserId = ADA, *, trust: bool = False) -> "Browser":
        """Give a browser that has been proven, with an empty outbox."""
        browser = self.browser(user_id)
        await browser.prove(SIGN_IN, trust_device=trust)
        await self.deliver()
        self.outbox.sent.clear()
        return browser

    async def deliver(self) -> list[Envelope]:
        """Let everything leave that is due, and give it."""
        before = len(self.outbox.sent)
        while await deliver_once(self.ports, limit=50):
            pass
        return self.outbox.sent[before:]

    async def code_of(self, assessed: Assessed) -> str:
        """Deliver what is due, and give the newest code of an action's challenge."""
        await self.deliver()
        return self.outbox.codes_of(challenge_of(assessed).id)[-1]

    async def check(self, challenge_id: ChallengeId, text: str, *, trust_device: bool = False) -> Checked:
        return await check(self.ports, self.shop, challenge_id, text, trust_device=trust_device)

    async def send(
        self, assessed: Assessed, contact_id: ContactId | None = None, channel: Channel | None = None
    ) -> ChallengeView:
        return await send(self.ports, self.shop, challenge_of(assessed).id, contact_id, channel)

    async def view(self, assessed: Assessed) -> ChallengeView:
        """Give the challenge as it stands now."""
        result = await self.ports.store.challenge(challenge_of(assessed).id)
        assert result is not None, "the challenge is gone"
        return show(self.ports, result.challenge)

    async def events(self, *wanted: EventType) -> list[Event]:
        """Give the audit log, or its lines of some types."""
        found = await self.ports.store.events(SHOP, limit=10_000, after=0)
        return [event for _, event in found if not wanted or event.type in wanted]


@dataclass(kw_only=True)
class Browser:
    """A browser of a customer or of a thief, with the cookie that the shop keeps in it."""

    world: World
    user_id: UserId
    ip: str | None
    token: Secret | None = None
    session_id: str | None = None
    user_agent: str = "Firefox on Linux"
    grants: list[Secret] = field(default_factory=list)

    async def report(self, action_type: str = SIGN_IN, **fields: Any) -> Assessed:
        """Have the shop report an action, and keep the cookie it answers with."""
        details: dict[str, Detail] = {"field": "password"} if action_type == ACCOUNT_UPDATE else {}
        amount = usd("20.00") if action_type == PURCHASE else None
        report = Report(
            **{
                "type": action_type,
                "user_id": self.user_id,
                "session_id": self.session_id,
                "device_token": None if self.token is None else self.token.reveal(),
                "ip": self.ip,
                "user_agent": self.user_agent,
                "details": details,
                "amount": amount,
            }
            | fields
        )
        assessed = await assess(self.world.ports, self.world.shop, report)
        self._keep(assessed)
        return assessed

    async def confirm(self, contact: Contact) -> Assessed:
        """Ask for the code that confirms a contact."""
        report = ConfirmationReport(
            session_id=self.session_id,
            device_token=None if self.token is None else self.token.reveal(),
            ip=self.ip,
            user_agent=self.user_agent,
        )
        assessed = await confirm_contact(self.world.ports, self.world.shop, self.user_id, contact.id, report)
        self._keep(assessed)
        return assessed

    async def enter(self, assessed: Assessed, text: str, *, trust_device: bool = False) -> Checked:
        """Type a code."""
        checked = await self.world.check(challenge_of(assessed).id, text, trust_device=trust_device)
        self._keep(checked)
        return checked

    async def guess(self, assessed: Assessed, times: int = 1) -> list[Checked]:
        """Type wrong codes."""
        challenge = challenge_of(assessed)
        codes = self.world.outbox.codes_of(challenge.id)
        wrong = another(codes[-1]) if codes else "0" * challenge.code_length
        return [await self.enter(assessed, wrong) for _ in range(times)]

    async def prove(self, action_type: str = SIGN_IN, *, trust_device: bool = False, **fields: Any) -> Checked:
        """Report an action and type the right code."""
        assessed = await self.report(action_type, **fields)
        return await self.enter(assessed, await self.world.code_of(assessed), trust_device=trust_device)

    async def claim(self, assessed: Assessed) -> Claimed:
        """Have the shop fetch the result."""
        return await claim(self.world.ports, self.world.shop, challenge_of(assessed).id, self.session_id)

    async def redeem(self, assessed: Assessed, grant: Secret | None, **changes: Any) -> Receipt:
        """Have the shop redeem a grant for an action, or for one that differs from it."""
        assert grant is not None, "there is no grant to redeem"
        session_id = changes.pop("session_id", self.session_id)
        bound: Bound = replace(assessed.action.bound, **changes)
        return await redeem(self.world.ports, self.world.shop, grant.reveal(), session_id, bound)

    def _keep(self, answer: Assessed | Checked) -> None:
        if answer.device is not None and answer.device.token is not None:
            self.token = answer.device.token
        if answer.grant is not None:
            self.grants.append(answer.grant)


def challenge_of(assessed: Assessed) -> ChallengeView:
    """Give the challenge of an answer that has one."""
    assert assessed.challenge is not None, f"no challenge: {assessed.decision} {rules(assessed)}"
    return assessed.challenge


def rules(assessed: Assessed) -> list[str]:
    """Give the names of the rules that an answer gives as reasons."""
    return [reason.rule for reason in assessed.reasons]
