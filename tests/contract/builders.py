"""Builds what the store is handed: users, openings and guesses, with a clock that stands until it is moved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from tests.contract.guessing import Guess
from tests.kit.clock_and_chance import MovableClock
from tests.kit.postgres_databases import PostgresClock
from watchword.domain.action import CONTACT_CONFIRMATION, SIGN_IN, Action, Assessment, Decision, Detail, Reason
from watchword.domain.budget import Lane
from watchword.domain.challenge import Challenge, Option, Route
from watchword.domain.code import make_code
from watchword.domain.contact import Channel, Contact, ContactKind, mask
from watchword.domain.customer_text import CatalogueSentence, CustomerText, OwnWords
from watchword.domain.device import Found
from watchword.domain.grant import Assurance, Grant
from watchword.domain.ids import (
    ActionId,
    ApplicationId,
    ChallengeId,
    ContactId,
    DeviceId,
    GrantId,
    Reference,
    UserId,
    UserKey,
    encode,
    make_id,
    make_reference,
)
from watchword.domain.instant import Instant, later
from watchword.domain.limits import Limits
from watchword.domain.money import Money
from watchword.domain.secret import Secret
from watchword.domain.user import User, UserRef
from watchword.ports.clock import Entropy
from watchword.ports.keyring import Keyring, Purpose
from watchword.ports.store import Store
from watchword.ports.store.attempting import Spending
from watchword.ports.store.deciding import Judgement, Known, Presented, ProfileQuery
from watchword.ports.store.values import (
    ContactDraft,
    Decided,
    FirstSend,
    LiveCode,
    Opened,
    Opening,
    Redemption,
    Registered,
    Registration,
    SendOrder,
)
from watchword.risk.memory import Contribution
from watchword.risk.profile import Profile
from watchword.risk.traits import Level, Traits

START: Final = Instant(1_790_000_000_000)
SHOP: Final = ApplicationId("shop")
PHONE: Final = "+14155550123"
OTHER_PHONE: Final = "+14155550124"
EMAIL: Final = "ada@shop.example"
OTHER_EMAIL: Final = "ada@home.example"
_GENERATIONS: Final = 5
"""As many as a challenge has sends."""
NEW_DEVICE: Final = CatalogueSentence(key="new_device")
REASONS: Final[tuple[CustomerText, ...]] = (
    NEW_DEVICE,
    CatalogueSentence(key="high_value_purchase", amount=Money(value=Decimal("500.00"), currency="USD")),
    OwnWords(by_language={"de": "Gutscheine über 100 € bestätigen wir.", "": "Vouchers are confirmed."}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A challenge with the code that only its contact would know."""

    id: ChallengeId
    action: Action
    bound_digest: str
    codes: Mapping[int, Secret]
    """By generation."""

    @property
    def code(self) -> Secret:
        """The live code."""
        return self.codes[max(self.codes)]


@dataclass(kw_only=True)
class Scene:
    """A store with everything that is needed to play a scene on it."""

    store: Store
    clock: MovableClock | PostgresClock
    entropy: Entropy
    keyring: Keyring
    application_id: ApplicationId = SHOP
    limits: Limits = field(default_factory=Limits)

    # Users ---------------------------------------------------------------------------------------------------------

    def ref(self, user_id: str = "u-1") -> UserRef:
        """Return the reference of a user, registered or not."""
        key = self.keyring.index(Purpose.USER, self.application_id.encode(), user_id.encode())[:8]
        return UserRef(application_id=self.application_id, key=UserKey(key))

    def registration(
        self,
        *addresses: str,
        user_id: str = "u-1",
        confirmed: bool = True,
        grant_id: GrantId | None = None,
        preferred: str | None = None,
    ) -> Registration:
        """Return the list of a user's contacts; what begins with ``+`` is a phone."""
        ref = self.ref(user_id)
        return Registration(
            ref=ref,
            user_id=UserId(user_id),
            contacts=tuple(
                ContactDraft(
                    id=ContactId(self.make_id("ctc", ref)),
                    kind=ContactKind.PHONE if address.startswith("+") else ContactKind.EMAIL,
                    address=Secret(address),
                    confirmed_at=self.clock.now() if confirmed else None,
                    preferred=address == preferred,
                )
                for address in addresses
            ),
            locale="en",
            grant_id=grant_id,
            limits=self.limits,
        )

    async def register(self, *addresses: str, user_id: str = "u-1", confirmed: bool = True) -> User:
        """Register a user with these contacts."""
        outcome = await self.store.register_user(self.registration(*addresses, user_id=user_id, confirmed=confirmed))
        if not isinstance(outcome, Registered):
            raise TypeError(outcome)
        return outcome.user

    async def user(self, user_id: str = "u-1") -> User:
        """Return a user who must be registered."""
        found = await self.store.user(self.ref(user_id))
        if found is None:
            raise LookupError(user_id)
        return found

    async def profile(
        self, action_type: str = SIGN_IN, *, lane: Lane = Lane.OPEN, currency: str | None = None, user_id: str = "u-1"
    ) -> Profile:
        """Return what the store knows of a user."""
        query = self.query(action_type, lane=lane, currency=currency, user_id=user_id)
        return (await self.known(query)).profile

    async def present(self, device_id: DeviceId, step: int, *, user_id: str = "u-1") -> Found:
        """Present a device token, and return what the store makes of it."""
        return (
            await self.known(self.query(presented=Presented(device_id=device_id, step=step), user_id=user_id))
        ).found

    async def known(self, query: ProfileQuery) -> Known:
        """Return what the store knows as an action is decided that comes to nothing."""
        return await self.store.decide(query, lambda known: Judgement(told=known))

    def query(
        self,
        action_type: str = SIGN_IN,
        *,
        lane: Lane = Lane.OPEN,
        currency: str | None = None,
        presented: Presented | None = None,
        user_id: str = "u-1",
    ) -> ProfileQuery:
        """Return what is asked about a user as an action is decided."""
        return ProfileQuery(
            ref=self.ref(user_id),
            action_type=action_type,
            lane=lane,
            currency=currency,
            presented=presented,
            limits=self.limits,
        )

    # Actions and challenges ----------------------------------------------------------------------------------------

    def action(
        self,
        action_type: str = SIGN_IN,
        *,
        user_id: str = "u-1",
        session_id: str | None = None,
        amount: str | None = None,
        currency: str = "USD",
        details: Mapping[str, Detail] | None = None,
        conceal: bool = False,
    ) -> Action:
        """Return an action that is reported now."""
        ref = self.ref(user_id)
        return Action(
            id=ActionId(self.make_id("act", ref)),
            application_id=ref.application_id,
            user_id=UserId(user_id),
            user_key=ref.key,
            type=action_type,
            session_id=session_id,
            ip="203.0.113.7",
            user_agent="Mozilla/5.0",
            amount=None if amount is None else Money(value=Decimal(amount), currency=currency),
            details=details or {},
            conceal=conceal,
            created_at=self.clock.now(),
        )

    def decided(
        self,
        action: Action,
        decision: Decision = Decision.ALLOW,
        *,
        country: str | None = "US",
        lane: Lane = Lane.OPEN,
        retry_at: Instant | None = None,
        device_id: DeviceId | None = None,
        contribution: Contribution | None = None,
    ) -> Decided:
        """Return an action that needs no proof, or gets no chance of one."""
        grant = Grant(
            id=GrantId(make_id("grt", action.user_key, self.entropy.token(16))),
            application_id=action.application_id,
            user_id=action.user_id,
            action_id=action.id,
            action_type=action.type,
            challenge_id=None,
            bound_digest=self.digest(action),
            assurance=Assurance.NONE,
            methods=(),
            issued_at=self.clock.now(),
            expires_at=later(self.clock.now(), seconds=self.limits.grant_lifetime_s),
        )
        return Decided(
            action=action,
            assessment=assessment(decision),
            country=country,
            device_id=device_id,
            lane=lane,
            contribution=contribution,
            grant=grant if decision is Decision.ALLOW else None,
            retry_at=retry_at,
        )

    def opening(
        self,
        action: Action,
        contacts: Sequence[Contact] = (),
        *,
        lane: Lane = Lane.OPEN,
        device_id: DeviceId | None = None,
        network: bytes | None = b"network-1",
        decoy: bool = False,
        send: bool = True,
        trust_allowed: bool = True,
        confirms: ContactId | None = None,
        failed_rules: tuple[str, ...] = (),
        country: str | None = "US",
        contribution: Contribution | None = None,
    ) -> tuple[Opening, Planned]:
        """Return a challenge that sends to the first contact, and its code."""
        challenge_id = ChallengeId(make_id("chl", action.user_key, self.entropy.token(16)))
        digest = self.digest(action)
        options = tuple(option_of(contact) for contact in contacts) or (_nobody(),)
        code = make_code(6, self.entropy.below)
        planned = Planned(id=challenge_id, action=action, bound_digest=digest, codes={} if decoy else {1: code})
        live = None if decoy else self.live(challenge_id, 1, contacts[0].id, code)
        opening = Opening(
            registered=bool(contacts),
            challenge_id=challenge_id,
            action=action,
            assessment=assessment(Decision.CHALLENGE, failed_rules=failed_rules),
            country=country,
            network=network,
            device_id=device_id,
            lane=lane,
            decoy=decoy,
            contribution=contribution,
            reference=self.reference(),
            code_length=6,
            lifetime_s=self.limits.lifetime_s,
            bound_digest=digest,
            options=options,
            first_send=FirstSend(route=route_to(options[0]), live=live) if send else None,
            resend_at=None,
            high_value=False,
            trust_allowed=trust_allowed,
            reasons=REASONS,
            confirms=confirms,
            others_count_from=None,
            limits=self.limits,
        )
        return opening, planned

    async def open(
        self,
        action_type: str = SIGN_IN,
        *,
        user_id: str = "u-1",
        contact: Contact | None = None,
        lane: Lane = Lane.OPEN,
        device_id: DeviceId | None = None,
        network: bytes | None = b"network-1",
        session_id: str | None = None,
        details: Mapping[str, Detail] | None = None,
        conceal: bool = False,
        confirms: ContactId | None = None,
        country: str | None = "US",
        contribution: Contribution | None = None,
    ) -> Planned:
        """Open a challenge for a registered user over his first contact, or the named one."""
        contacts = (contact,) if contact else (await self.user(user_id)).contacts
        action = self.action(action_type, user_id=user_id, session_id=session_id, details=details, conceal=conceal)
        opening, planned = self.opening(
            action,
            contacts,
            lane=lane,
            device_id=device_id,
            network=network,
            confirms=confirms,
            country=country,
            contribution=contribution,
        )
        outcome = await self.store.open_challenge(opening)
        if not isinstance(outcome, Opened):
            raise TypeError(outcome)
        return planned

    async def confirm(
        self,
        contact: Contact,
        *,
        user_id: str = "u-1",
        lane: Lane = Lane.OPEN,
        contribution: Contribution | None = None,
    ) -> Planned:
        """Open the challenge that confirms one contact."""
        return await self.open(
            CONTACT_CONFIRMATION,
            user_id=user_id,
            contact=contact,
            confirms=contact.id,
            lane=lane,
            contribution=contribution,
        )

    def contribution(self, *seen: int, at: Instant | None = None) -> Contribution:
        """Return what an action would teach that shows these values, by level; what is not named is not known."""
        now = self.clock.now() if at is None else at
        values = (*seen, *(None,) * (len(Level) - len(seen)))
        return Contribution(at=now, traits=Traits(values=values), hour_of_week=0, had_token=False)

    async def challenge(self, challenge_id: ChallengeId) -> Challenge:
        """Return a challenge that must be there."""
        result = await self.store.challenge(challenge_id)
        if result is None:
            raise LookupError(challenge_id)
        return result.challenge

    def live(self, challenge_id: ChallengeId, generation: int, contact_id: ContactId, code: Secret) -> LiveCode:
        """Return a code as the live one of a generation."""
        mac = self.code_mac(challenge_id, generation, code)
        return LiveCode(code=code, mac=mac, mac_key_id=self.keyring.mac_key_id(), contact_id=contact_id)

    def code_mac(self, challenge_id: ChallengeId, generation: int, code: Secret) -> bytes:
        """Return the keyed hash that stands for a code here; the real one covers more."""
        return self.keyring.mac(Purpose.CODE, challenge_id.encode(), b"%d" % generation, code.reveal().encode())

    def switch(self, planned: Planned, contact: Contact, *, generation: int = 1) -> tuple[SendOrder, Planned]:
        """Return an order for a new code to another contact, and the challenge with it."""
        code = make_code(6, self.entropy.below)
        live = self.live(planned.id, generation + 1, contact.id, code)
        order = self.order(planned, contact, live=live, generation=generation)
        codes = {**planned.codes, generation + 1: code}
        return order, Planned(id=planned.id, action=planned.action, bound_digest=planned.bound_digest, codes=codes)

    def order(
        self,
        planned: Planned,
        contact: Contact,
        *,
        live: LiveCode | None = None,
        generation: int = 1,
        withheld: bool = False,
    ) -> SendOrder:
        """Return an order for a further message; without ``live`` the same code again."""
        return SendOrder(
            challenge_id=planned.id,
            generation=generation,
            route=route_to(option_of(contact)),
            live=live,
            withheld=withheld,
            limits=self.limits,
        )

    def guess(self, planned: Planned, code: Secret | None = None, *, trust_device: bool = False) -> Guess:
        """Return a guess, the right one unless another is named."""
        typed = planned.code if code is None else code
        key = planned.action.user_key
        macs = {number: self.code_mac(planned.id, number, typed) for number in range(1, _GENERATIONS + 1)}
        spending = Spending(
            candidates={},
            trust_device=trust_device,
            new_device_id=DeviceId(make_id("dev", key, self.entropy.token(16))),
            device_name="Chrome on Windows",
            grant_id=GrantId(make_id("grt", key, self.entropy.token(16))),
            assurance=Assurance.SIM_CONTROL,
            methods=("otp", "sms"),
            limits=self.limits,
        )
        return Guess(challenge_id=planned.id, macs=macs, spending=spending)

    def wrong(self, planned: Planned) -> Guess:
        """Return a guess that is not right in any generation."""
        known = {code.reveal() for code in planned.codes.values()}
        return self.guess(planned, next(Secret(code) for code in ("000000", "111111", "222222") if code not in known))

    def redemption(self, planned: Planned, grant_id: GrantId, *, session_id: str | None = None) -> Redemption:
        """Return an attempt to redeem a grant for exactly what it was given for."""
        return Redemption(
            ref=UserRef(application_id=self.application_id, key=planned.action.user_key),
            grant_id=grant_id,
            bound_digest=planned.bound_digest,
            session_id=session_id,
        )

    def digest(self, action: Action) -> str:
        """Return the keyed digest of what a proof of this action holds for."""
        return encode(self.keyring.index(Purpose.BOUND, *action.bound.canonical()))

    def make_id(self, prefix: str, ref: UserRef) -> str:
        """Return a fresh id of a user."""
        return make_id(prefix, ref.key, self.entropy.token(16))

    def reference(self) -> Reference:
        """Return a fresh reference."""
        found = None
        while found is None:
            found = make_reference(self.entropy.token(5))
        return found


def update_details(
    *, added: str | None = None, removed: Contact | None = None, field_name: str = "phone"
) -> dict[str, Detail]:
    """Return the details of an ``account_update`` that names this change."""
    details: dict[str, Detail] = {"field": field_name}
    if added is not None:
        details["new_contact"] = added
    if removed is not None:
        details["old_contact"] = removed.id
    return details


def assessment(decision: Decision, *, failed_rules: tuple[str, ...] = ()) -> Assessment:
    """Return an assessment that came to this decision."""
    return Assessment(
        decision=decision,
        reasons=(Reason(rule="new-device", text="The device is new", customer_text=NEW_DEVICE),),
        score=0.25,
        terms=(),
        signals={"device": "new", "country": "US"},
        high_value=False,
        policy_version="test",
        failed_rules=failed_rules,
    )


def option_of(contact: Contact) -> Option:
    """Return a contact as a challenge lists it."""
    is_phone = contact.kind is ContactKind.PHONE
    return Option(
        id=contact.id,
        contact_id=contact.id,
        kind=contact.kind,
        channels=(Channel.SMS, Channel.VOICE) if is_phone else (Channel.EMAIL,),
        masked=mask(contact.kind, contact.address),
    )


def route_to(option: Option) -> Route:
    """Return the way to a contact over its first channel."""
    return Route(option_id=option.id, contact_id=option.contact_id, channel=option.channels[0], masked=option.masked)


def _nobody() -> Option:
    return Option(
        id=ContactId("ctc_nobody"), contact_id=None, kind=ContactKind.PHONE, channels=(Channel.SMS,), masked="•••"
    )
