"""The pages over the real story and the real store in memory, with a clock that stands still until it is moved."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Any

from starlette.applications import Starlette

from tests.kit.clock_and_chance import HurriedPatience, MovableClock
from tests.kit.default_policy import default_policy
from tests.kit.languages import LANGUAGES
from tests.pages.samples import APPLICATION, NOW, RETURN_URL, PlainAtlas
from watchword.adapters.key_set import KeySet
from watchword.adapters.places import SenderPlaces
from watchword.adapters.rows.guard_store import RowGuardStore
from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.sqlite.sqlite_store import open_sqlite_store
from watchword.adapters.system import SystemEntropy
from watchword.domain.action import PURCHASE, SIGN_IN
from watchword.domain.application import Application
from watchword.domain.challenge import Challenge
from watchword.domain.contact import ContactKind
from watchword.domain.ids import ChallengeId, UserId
from watchword.domain.message import CodeMessage, DeliveryStatus, Notice, RenderedMessage
from watchword.domain.money import Money
from watchword.domain.routes import Routes
from watchword.flow.assess import assess
from watchword.flow.gather import Report
from watchword.flow.register import ContactEntry, put_user
from watchword.flow.show import ChallengeView
from watchword.pages.hosted import create_page_routes
from watchword.ports import Ports
from watchword.ports.guarding import Guarding
from watchword.ports.keyring import Purpose
from watchword.ports.store.outbox import ClaimedDelivery, HandedOver
from watchword.risk.tracing import Tracer
from watchword.risk.traffic import Traffic

PAGE_BASE = "https://verify.shop.example"
USER = UserId("u-42")
THRESHOLD = Money(value=Decimal("500.00"), currency="USD")
ONE_CAMERA: Mapping[str, Any] = MappingProxyType(
    {
        "type": PURCHASE,
        "amount": Money(value=Decimal("1299.00"), currency="USD"),
        "payee": "ACME Cameras",
        "state": "cart 7",
    }
)
A_SIGN_IN: Mapping[str, Any] = MappingProxyType({"type": SIGN_IN, "user_agent": "Firefox on Linux", "ip": "192.0.2.7"})


class NoLetters:
    """Words nothing: the pages send no message themselves."""

    def code(self, message: CodeMessage) -> RenderedMessage:
        raise AssertionError(f"a page sent a code by {message.channel}")

    def notice(self, notice: Notice) -> RenderedMessage:
        raise AssertionError(f"a page sent a notice by {notice.channel}")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything behind the pages, and the other side: what the application and the mailbox see."""

    ports: Ports
    store: RowStore
    clock: MovableClock
    application: Application
    site: Starlette

    async def close(self) -> None:
        """Close the store."""
        await self.store.close()

    async def start(self, **report: Any) -> ChallengeView:
        """Report an action that is challenged, and return its challenge."""
        assessed = await assess(self.ports, self.application, _report(report))
        if assessed.challenge is None:
            raise AssertionError(f"decided {assessed.decision}")
        return assessed.challenge

    async def read(self, challenge_id: ChallengeId) -> Challenge:
        """Return a challenge as the store has it."""
        result = await self.ports.store.challenge(challenge_id)
        if result is None:
            raise AssertionError("there is no such challenge")
        return result.challenge

    async def has_grant(self, challenge_id: ChallengeId) -> bool:
        """Whether the challenge earned a grant."""
        result = await self.ports.store.challenge(challenge_id)
        return result is not None and result.grant is not None

    async def messages(self) -> list[ClaimedDelivery]:
        """Hand over every message that waits, and return them."""
        claimed = await self.ports.store.claim_deliveries(limit=100, lease_s=30)
        for delivery in claimed:
            taken = HandedOver(sender="test", provider="test", provider_message_id=None, status=DeliveryStatus.SENT)
            await self.ports.store.finish_delivery(delivery.id, delivery.tries, taken)
        return list(claimed)

    async def code(self) -> str:
        """Return the code in the latest message."""
        codes = [delivery.code for delivery in await self.messages() if delivery.code is not None]
        return codes[-1].reveal()


async def new_world(page_base: str = PAGE_BASE, **application: Any) -> World:
    """Return a world with one user who has a phone and a mailbox."""
    clock, entropy = MovableClock(NOW), SystemEntropy()
    keys = KeySet.generate(entropy, NOW)
    shop = replace(APPLICATION, high_value={"USD": THRESHOLD}, **application)
    store = open_sqlite_store(":memory:", clock, entropy, keys)
    ports = Ports(
        store=store,
        keyring=keys,
        atlas=PlainAtlas(),
        letters=NoLetters(),
        entropy=entropy,
        applications={shop.id: shop},
        policies={shop.id: default_policy()},
        traffic={shop.id: Traffic()},
        tracer=Tracer(partial(keys.index, Purpose.TRAIT)),
        senders={},
        routes=Routes(orders={}),
        patience=HurriedPatience(),
        places=SenderPlaces(),
        guarding=Guarding(store=RowGuardStore(store.runner)),
        page_base=page_base,
    )
    entries = (
        _entry(ContactKind.PHONE, "+14155552671", preferred=True),
        _entry(ContactKind.EMAIL, "jane@gmx.example", preferred=False),
    )
    await put_user(ports, shop, USER, entries, locale="en", grant=None)
    return World(
        ports=ports,
        store=store,
        clock=clock,
        application=shop,
        site=Starlette(routes=create_page_routes(ports, LANGUAGES)),
    )


def _report(fields: Mapping[str, Any]) -> Report:
    chosen = {"user_id": USER, "details": {}, "return_url": RETURN_URL, **fields}
    return Report(**chosen)


def _entry(kind: ContactKind, address: str, *, preferred: bool) -> ContactEntry:
    return ContactEntry(kind=kind, address=address, confirmed_at=NOW, preferred=preferred, pointer="/contacts")
