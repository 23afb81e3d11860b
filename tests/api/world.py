"""The API on the real story and the real store in memory, with a clock that tests move and messages that they read."""

import secrets
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import Any, Final

import structlog
from httpx2 import ASGITransport, AsyncClient, Response
from prometheus_client import CollectorRegistry
from structlog.testing import LogCapture

from tests.kit.clock_and_chance import HurriedPatience, MovableClock
from tests.kit.languages import LANGUAGES
from watchword.adapters.key_set import KeySet
from watchword.adapters.letters import CatalogueLetters
from watchword.adapters.places import SenderPlaces
from watchword.adapters.rows.guard_store import RowGuardStore
from watchword.adapters.sqlite.sqlite_store import open_sqlite_store
from watchword.adapters.system import SystemEntropy
from watchword.api.surface import Api, create_api
from watchword.domain.application import Application
from watchword.domain.atlas_facts import NO_AGENT, AgentFacts, AgentType, NetworkFacts
from watchword.domain.contact import Channel
from watchword.domain.ids import ApplicationId, ChallengeId
from watchword.domain.instant import Instant
from watchword.domain.limits import Limits, Mode
from watchword.domain.message import DeliveryStatus
from watchword.domain.money import Money
from watchword.domain.routes import Routes
from watchword.flow.learn import learn
from watchword.ports import Ports
from watchword.ports.guarding import Guarding
from watchword.ports.keyring import Purpose
from watchword.ports.store.outbox import ClaimedDelivery, HandedOver
from watchword.ports.store.values import ApiKey
from watchword.risk.policy import Policy
from watchword.risk.tracing import Tracer
from watchword.risk.traffic import Traffic
from watchword.web.dispatcher import Dispatcher, create_site
from watchword.web.edge import Edge
from watchword.web.metrics import Metrics

ADDRESS_BASE: Final = "https://verify.shop.example"
SHOP, TRIAL, OTHER = ApplicationId("shop"), ApplicationId("trial"), ApplicationId("other")
ORIGIN: Final = "https://shop.example"
RETURN_URL: Final = "https://shop.example/continue"
PHONE: Final = "+14155550123"
EMAIL: Final = "jane@example.com"
NEWEST_IP: Final = "203.0.113.7"
START: Final = Instant(1_795_341_600_000)
ALL_SCOPES: Final = frozenset({"actions", "users", "events"})


class FlatAtlas:
    """Knows one country and no networks."""

    def country(self, ip: str) -> str | None:
        return "NO" if ip.startswith("203.") else None

    def network(self, ip: str) -> str:
        return ip

    def counted_as(self, ip: str) -> str:
        return ip

    def device_name(self, user_agent: str | None) -> str:
        return "Chrome on Windows" if user_agent else "a browser"

    def facts(self, ip: str) -> NetworkFacts:
        return NetworkFacts(country=self.country(ip), no_data=("asn",))

    def agent(self, user_agent: str | None) -> AgentFacts:
        if not user_agent:
            return NO_AGENT
        return AgentFacts(type=AgentType.DESKTOP, os="Windows", browser="Chrome", browser_major="150", automated=False)

    def email_is_disposable(self, domain: str) -> bool:
        return domain == "throwaway.example"

    def distance_km(self, country_a: str, country_b: str) -> float | None:
        return 0.0 if country_a == country_b else None


def an_application(application_id: ApplicationId, mode: Mode, **limits: int) -> Application:
    return Application(
        id=application_id,
        name=application_id.title(),
        mode=mode,
        limits=Limits(**limits),
        issuer=f"{ADDRESS_BASE}/{application_id}",
        channels=(Channel.SMS, Channel.VOICE, Channel.EMAIL),
        high_value={"USD": Money(value=Decimal(500), currency="USD")},
        return_urls=(RETURN_URL,),
        origins=(ORIGIN,) if application_id == SHOP else (),
    )


@dataclass(slots=True, kw_only=True)
class World:
    """Everything a test of the API holds."""

    clock: MovableClock
    ports: Ports
    site: Dispatcher
    api: Api
    edge: Edge
    logged: LogCapture
    keys: dict[str, str] = field(default_factory=dict)

    def beside(self) -> "World":
        """Give a second server on the same store."""
        return replace(self, site=_serve(self.ports, self.edge)[1])

    async def add_key(
        self, name: str, application_id: ApplicationId, *, mode: str = "live", scopes: frozenset[str] = ALL_SCOPES
    ) -> str:
        """Make a secret key, as the command line does."""
        key = f"wk_{mode}_{secrets.token_urlsafe(24)}"
        record = ApiKey(
            id=f"key_{name}",
            application_id=application_id,
            scopes=scopes,
            created_at=self.clock.now(),
            revoked_at=None,
        )
        await self.ports.store.add_api_key(record, self.ports.keyring.index(Purpose.API_KEY, key.encode()))
        self.keys[name] = key
        return key

    def client(self, credential: str | None = None, **headers: str) -> AsyncClient:
        """Give a caller with a credential; without one, the shop's secret key is used."""
        bearer = self.keys["shop"] if credential is None else credential
        return AsyncClient(
            transport=ASGITransport(self.site),
            base_url=ADDRESS_BASE,
            headers={**({"authorization": f"Bearer {bearer}"} if bearer else {}), **headers},
        )

    async def call(
        self, method: str, path: str, body: object = None, *, as_: str | None = None, **headers: str
    ) -> Response:
        """Make one call; a name ending in ``_`` stands for a header with dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client(as_) as client:
            if body is None:
                return await client.request(method, path, headers=named)
            return await client.request(method, path, json=body, headers=named)

    async def post(self, path: str, body: object = None, *, as_: str | None = None, **headers: str) -> Response:
        return await self.call("POST", path, body, as_=as_, **headers)

    async def get(self, path: str, *, as_: str | None = None) -> Response:
        return await self.call("GET", path, as_=as_)

    async def register(self, user_id: str = "u-42", *, email: bool = True, confirmed: bool = True) -> dict[str, Any]:
        """Register a user with a phone and, unless told otherwise, an e-mail address."""
        confirmed_at = "2026-01-05T09:30:00Z" if confirmed else None
        contacts = [{"channel_type": "phone", "address": PHONE, "confirmed_at": confirmed_at, "preferred": True}]
        if email:
            contacts.append({"channel_type": "email", "address": EMAIL, "confirmed_at": confirmed_at})
        answer = await self.call("PUT", f"/v1/users/{user_id}", {"contacts": contacts, "locale": "en"})
        assert answer.status_code == 201, answer.text
        user: dict[str, Any] = answer.json()
        return user

    async def act(self, action_type: str = "sign_in", user_id: str = "u-42", **fields: Any) -> dict[str, Any]:
        """Report an action."""
        answer = await self.post("/v1/actions", {"type": action_type, "user_id": user_id, **fields})
        assert answer.status_code == 201, answer.text
        action: dict[str, Any] = answer.json()
        return action

    async def deliver(self) -> list[ClaimedDelivery]:
        """Let every message that is due leave, and return what left."""
        claimed = await self.ports.store.claim_deliveries(limit=100, lease_s=30)
        for delivery in claimed:
            handed = HandedOver(sender="test", provider="test", provider_message_id=None, status=DeliveryStatus.SENT)
            await self.ports.store.finish_delivery(delivery.id, delivery.tries, handed)
        return list(claimed)

    async def code_of(self, challenge: dict[str, Any]) -> str:
        """Return the code of a challenge, from its message."""
        for delivery in await self.deliver():
            if delivery.challenge is not None and delivery.challenge.id == ChallengeId(challenge["id"]):
                assert delivery.code is not None
                return delivery.code.reveal()
        raise AssertionError("no code left for this challenge")

    async def approve(self, action: dict[str, Any], **fields: object) -> dict[str, Any]:
        """Type the right code, and return what came of it."""
        challenge = action["challenge"]
        code = await self.code_of(challenge)
        answer = await self.post(f"/v1/challenges/{challenge['id']}/attempts", {"code": code, **fields})
        assert answer.json()["outcome"] == "approved", answer.text
        outcome: dict[str, Any] = answer.json()
        return outcome


async def create_world(policy: Policy, **limits: int) -> World:
    """Bring up an API with three applications: two live ones and a test one."""
    clock, entropy = MovableClock(START), SystemEntropy()
    keyring = KeySet.generate(entropy, clock.now())
    metrics = Metrics(CollectorRegistry())
    traffic = {application_id: Traffic() for application_id in (SHOP, OTHER, TRIAL)}
    store = open_sqlite_store(
        ":memory:", clock, entropy, keyring, on_event=metrics.count_event, on_lesson=partial(learn, traffic)
    )
    applications = {
        SHOP: an_application(SHOP, Mode.LIVE, **limits),
        OTHER: an_application(OTHER, Mode.LIVE),
        TRIAL: an_application(TRIAL, Mode.TEST),
    }
    ports = Ports(
        store=store,
        keyring=keyring,
        atlas=FlatAtlas(),
        letters=CatalogueLetters(LANGUAGES),
        entropy=entropy,
        applications=applications,
        policies=dict.fromkeys(applications, policy),
        traffic=traffic,
        tracer=Tracer(partial(keyring.index, Purpose.TRAIT)),
        senders={},
        routes=Routes(orders={}),
        patience=HurriedPatience(),
        places=SenderPlaces(),
        guarding=Guarding(store=RowGuardStore(store.runner)),
        page_base=ADDRESS_BASE,
    )
    logged = LogCapture()
    edge = Edge(
        address_base=ADDRESS_BASE,
        entropy=entropy,
        log=structlog.wrap_logger(None, processors=[logged]),
        metrics=metrics,
        monotonic_s=lambda: clock.now() / 1_000,
        now=store.now,
    )
    api, site = _serve(ports, edge)
    world = World(clock=clock, ports=ports, site=site, api=api, edge=edge, logged=logged)
    await world.add_key("shop", SHOP)
    await world.add_key("other", OTHER)
    await world.add_key("trial", TRIAL, mode="test")
    return world


def _serve(ports: Ports, edge: Edge) -> tuple[Api, Dispatcher]:
    api = create_api(ports, edge, LANGUAGES, version="1.2.3")
    return api, create_site(api.routes, api.hot, edge)
