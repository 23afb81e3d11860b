"""A store that keeps what a cycle needs in dicts: what is left is the cost of everything but the store.

What rows would seal, open and compare is sealed, opened and compared here as well; nothing is written and nobody waits.
What no cycle asks for is passed on to the real store behind it, where the users are registered.
"""

import hmac
import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from watchword.adapters.rows.packed_text import pack
from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.rows.sealed_text import write_action, write_assessment, write_display
from watchword.adapters.sqlite.sqlite_store import open_sqlite_store
from watchword.adapters.system import SystemClock, SystemEntropy
from watchword.config.settings import Settings
from watchword.domain.budget import Charged
from watchword.domain.challenge import Approved, Challenge, ChallengeState, Generation, Incorrect, LastSend
from watchword.domain.contact import Contact
from watchword.domain.device import Device
from watchword.domain.event import EventType
from watchword.domain.grant import Grant
from watchword.domain.ids import RANDOM_BYTES, ChallengeId, DeliveryId, make_id
from watchword.domain.instant import Instant, later
from watchword.domain.message import DeliveryStatus
from watchword.domain.secret import Secret
from watchword.domain.user import UserRef
from watchword.ports.keyring import Keyring
from watchword.ports.store.attempting import Attempt, Attempted, Spending, TriedChallenge
from watchword.ports.store.charging import StartAddresses, StartCharged
from watchword.ports.store.deciding import Judge, Judgement, Known, ProfileQuery
from watchword.ports.store.outbox import QUEUED_AND_LEASED, ClaimedDelivery
from watchword.ports.store.values import ApiKey, ChallengeResult, Lesson, Opened, Opening
from watchword.risk.memory import NO_MEMORY, PROVEN

Told = TypeVar("Told")
_MEMORY: Final = bytes(400)
"""About as long as what is kept of a user who signed in a few times."""
_AT_START: Final = (EventType.ACTION_DECIDED, EventType.CHALLENGE_CREATED)
_AT_CHECK: Final = (EventType.CHALLENGE_APPROVED, EventType.GRANT_ISSUED, EventType.DEVICE_KNOWN)


async def open_null_store(
    settings: Settings,
    keyring: Keyring,
    *,
    on_event: Callable[[str], None] = lambda _: None,
    on_lesson: Callable[[Lesson], None] = lambda _: None,
) -> "NullStore":
    """Return a store of dicts before the file of the settings."""
    real = open_sqlite_store(str(settings.store_path), SystemClock(), SystemEntropy(), keyring)
    return NullStore(real, keyring, on_event, on_lesson)


class NullStore:
    """Keeps of ``ports.store.Store`` what a start and a check need; the rest is the real one's."""

    def __init__(
        self, real: RowStore, keyring: Keyring, on_event: Callable[[str], None], on_lesson: Callable[[Lesson], None]
    ) -> None:
        self._real = real
        self._keyring = keyring
        self._on_event = on_event
        self._on_lesson = on_lesson
        self._entropy = SystemEntropy()
        self._clock = SystemClock()
        self._api_keys: dict[bytes, ApiKey | None] = {}
        self._known: dict[bytes, Known] = {}
        self._openings: dict[ChallengeId, Opening] = {}
        self._challenges: dict[ChallengeId, Challenge] = {}
        self._sealed: dict[ChallengeId, Mapping[str, bytes]] = {}
        self._outbox: deque[tuple[DeliveryId, ChallengeId]] = deque()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 whatever the real store has
        """Return an operation of the real store."""
        return getattr(self._real, name)

    async def now(self) -> Instant:
        """Return the time."""
        return self._clock.now()

    async def api_key(self, key_hash: bytes) -> ApiKey | None:
        """Return the key of this hash."""
        if key_hash not in self._api_keys:
            self._api_keys[key_hash] = await self._real.api_key(key_hash)
        return self._api_keys[key_hash]

    async def decide(self, query: ProfileQuery, judge: Judge[Told]) -> Told:
        """Ask what becomes of an action, from what was known of its user at first."""
        known = self._known.get(query.ref.key)
        if known is None:
            known = await self._real.decide(query, lambda known: Judgement(told=known))
            self._known[query.ref.key] = known
        self._open(query.ref, "memories", "memory", self._seal(query.ref, "memories", "memory", _MEMORY))
        profile = replace(known.profile, now=self._clock.now())
        return judge(replace(known, profile=profile)).told

    async def charge_address(self, *_: object, **__: object) -> Charged:
        """Charge nothing."""
        return Charged()

    async def charge_start_addresses(self, start: StartAddresses) -> StartCharged:
        """Charge nothing: the first contact has room."""
        return StartCharged(contact=0 if start.contacts else None)

    async def count_attempt(self, *_: object, **__: object) -> None:
        """Count nothing."""

    async def record_decision(self, *_: object, **__: object) -> None:
        """Write nothing."""

    async def open_challenge(self, opening: Opening, **_: object) -> Opened:
        """Remember a challenge, with what is to be sealed of it sealed."""
        first, action = opening.first_send, opening.action
        if first is None or first.live is None:
            raise LookupError("every challenge of a measurement is sent")
        ref = UserRef(application_id=action.application_id, key=action.user_key)
        now = self._clock.now()
        shown = write_display(opening.options, first.route.masked, opening.reasons)
        self._seal(ref, "challenges", "shown", write_display(opening.options, None, opening.reasons).encode())
        self._seal(ref, "actions", "assessment", pack(write_assessment(opening.assessment)))
        self._seal(ref, "contributions", "contribution", _MEMORY[:200])
        self._sealed[opening.challenge_id] = {
            "action": self._seal(ref, "actions", "action", write_action(action).encode()),
            "display": self._seal(ref, "challenges", "display", shown.encode()),
            "code": self._seal(ref, "challenges", "code", first.live.code.reveal().encode()),
            "address": self._seal(ref, "contacts", "address", self._address(ref).encode()),
        }
        challenge = _opened(opening, now)
        self._openings[challenge.id] = opening
        self._challenges[challenge.id] = challenge
        delivery_id = DeliveryId(make_id("dlv", ref.key, self._entropy.token(RANDOM_BYTES)))
        if opening.lease_s is not None:
            self._tell((*_AT_START, QUEUED_AND_LEASED))
            return Opened(challenge=challenge, first=self._message(delivery_id, challenge, first.live.code))
        self._outbox.append((delivery_id, challenge.id))
        self._tell((*_AT_START, EventType.DELIVERY_QUEUED))
        return Opened(challenge=challenge)

    async def challenge(self, challenge_id: ChallengeId) -> ChallengeResult | None:
        """Return a challenge that was opened here."""
        challenge = self._challenges.get(challenge_id)
        if challenge is None:
            return None
        self._read(challenge)
        return ChallengeResult(challenge=challenge, grant=None, device=None)

    async def spend_attempt(self, challenge_id: ChallengeId, attempt: Attempt, **_: object) -> Attempted | None:
        """Ask what is guessed, compare, and approve what is right."""
        opening, pending = self._openings.get(challenge_id), self._challenges.get(challenge_id)
        if pending is None or opening is None or opening.first_send is None or opening.first_send.live is None:
            return None
        action, now = pending.action, self._clock.now()
        ref = UserRef(application_id=action.application_id, key=action.user_key)
        self._open_action(pending)
        tried = _tried(pending)
        guess = attempt(tried)
        if not isinstance(guess, Spending):
            return Attempted(challenge=tried, outcome=guess, at=now)
        if not hmac.compare_digest(opening.first_send.live.mac, guess.candidates[1]):
            return Attempted(challenge=tried, outcome=Incorrect(attempts_left=pending.attempts_left), at=now)
        self._open(ref, "contacts", "address", self._sealed[challenge_id]["address"])
        self._seal(ref, "devices", "name", guess.device_name.encode())
        self._open(ref, "memories", "memory", self._seal(ref, "memories", "memory", _MEMORY))
        self._seal(ref, "memories", "memory", _MEMORY)
        if opening.contribution is not None:
            self._on_lesson(_lesson(opening))
        self._tell(_AT_CHECK)
        del self._openings[challenge_id], self._challenges[challenge_id], self._sealed[challenge_id]
        approved = Approved(
            attempts_left=pending.attempts_left - 1, grant=_grant(pending, guess, now), device=_device(guess, now)
        )
        return Attempted(challenge=tried, outcome=approved, at=now)

    async def claim_deliveries(self, *, limit: int, **_: object) -> Sequence[ClaimedDelivery]:
        """Hand out what is to be sent."""
        count = min(limit, len(self._outbox))
        return [self._claimed(*self._outbox.popleft()) for _ in range(count)]

    async def finish_delivery(self, *_: object) -> None:
        """Take note of nothing."""
        self._tell((EventType.DELIVERY_SENT,))

    def _claimed(self, delivery_id: DeliveryId, challenge_id: ChallengeId) -> ClaimedDelivery:
        challenge = self._challenges[challenge_id]
        ref = UserRef(application_id=challenge.action.application_id, key=challenge.action.user_key)
        self._read(challenge)
        code = self._open(ref, "challenges", "code", self._sealed[challenge_id]["code"])
        return self._message(delivery_id, challenge, Secret(code.decode()))

    def _message(self, delivery_id: DeliveryId, challenge: Challenge, code: Secret) -> ClaimedDelivery:
        action = challenge.action
        ref = UserRef(application_id=action.application_id, key=action.user_key)
        address = Secret(self._open(ref, "contacts", "address", self._sealed[challenge.id]["address"]).decode())
        return ClaimedDelivery(
            id=delivery_id,
            ref=ref,
            channel=challenge.generations[0].channel,
            address=address,
            contact=replace(self._contact(ref), address=address),
            locale=action.locale or "en",
            tries=0,
            step=0,
            expires_at=challenge.expires_at,
            action=action,
            challenge=challenge,
            code=code,
            notice=None,
            notice_id=None,
            device_name=None,
            happened_at=challenge.created_at,
        )

    def _read(self, challenge: Challenge) -> None:
        """Open what a challenge is read from."""
        ref = UserRef(application_id=challenge.action.application_id, key=challenge.action.user_key)
        sealed = self._sealed[challenge.id]
        self._open_action(challenge)
        json.loads(self._open(ref, "challenges", "display", sealed["display"]))

    def _open_action(self, challenge: Challenge) -> None:
        ref = UserRef(application_id=challenge.action.application_id, key=challenge.action.user_key)
        json.loads(self._open(ref, "actions", "action", self._sealed[challenge.id]["action"]))

    def _address(self, ref: UserRef) -> str:
        return self._contact(ref).address.reveal()

    def _contact(self, ref: UserRef) -> Contact:
        user = self._known[ref.key].profile.user
        if user is None:
            raise LookupError("every user of a measurement is registered")
        return user.contacts[0]

    def _tell(self, events: Sequence[str]) -> None:
        for event in events:
            self._on_event(event)

    def _seal(self, ref: UserRef, table: str, purpose: str, plain: bytes) -> bytes:
        return self._keyring.seal(f"{ref.application_id}/{table}/{purpose}", plain)

    def _open(self, ref: UserRef, table: str, purpose: str, sealed: bytes) -> bytes:
        return self._keyring.open(f"{ref.application_id}/{table}/{purpose}", sealed)


def _opened(opening: Opening, now: Instant) -> Challenge:
    first = opening.first_send
    if first is None or first.live is None:
        raise LookupError("every challenge of a measurement is sent")
    route, live, limits = first.route, first.live, opening.limits
    generation = Generation(number=1, mac_key_id=live.mac_key_id, contact_id=live.contact_id, channel=route.channel)
    return Challenge(
        id=opening.challenge_id,
        action=opening.action,
        state=ChallengeState.PENDING,
        end_reason=None,
        lane=opening.lane,
        decoy=opening.decoy,
        reference=opening.reference,
        code_length=opening.code_length,
        generations=(generation,),
        bound_digest=opening.bound_digest,
        options=opening.options,
        route=route,
        delivery_status=DeliveryStatus.QUEUED,
        delivery_updated_at=now,
        sends=1,
        tries_spent=0,
        tries_allowed=limits.tries_per_challenge,
        high_value=opening.high_value,
        trust_allowed=opening.trust_allowed,
        reasons=opening.reasons,
        confirms=opening.confirms,
        device_id=opening.device_id,
        browser=None,
        created_at=now,
        expires_at=later(now, seconds=opening.lifetime_s),
        ended_at=None,
        resend_at=later(now, seconds=limits.resend_wait_s(1)),
        others_count_from=opening.others_count_from,
        last_sends=(LastSend(option_id=route.option_id, channel=route.channel, at=now),),
    )


def _tried(challenge: Challenge) -> TriedChallenge:
    return TriedChallenge(
        id=challenge.id,
        action=challenge.action,
        state=challenge.state,
        code_length=challenge.code_length,
        generations=challenge.generations,
        bound_digest=challenge.bound_digest,
        trust_allowed=challenge.trust_allowed,
        attempts_left=challenge.attempts_left,
    )


def _lesson(opening: Opening) -> Lesson:
    if opening.contribution is None:
        raise LookupError("nothing was learned")
    return Lesson(
        application_id=opening.action.application_id,
        contribution=opening.contribution,
        memory_before=NO_MEMORY,
        share=PROVEN,
        account_age_days=1.0,
    )


def _grant(challenge: Challenge, spending: Spending, now: Instant) -> Grant:
    action = challenge.action
    return Grant(
        id=spending.grant_id,
        application_id=action.application_id,
        user_id=action.user_id,
        action_id=action.id,
        action_type=action.type,
        challenge_id=challenge.id,
        bound_digest=challenge.bound_digest,
        assurance=spending.assurance,
        methods=spending.methods,
        issued_at=now,
        expires_at=later(now, seconds=spending.limits.grant_lifetime_s),
    )


def _device(spending: Spending, now: Instant) -> Device:
    return Device(
        id=spending.new_device_id,
        name=spending.device_name,
        step=0,
        stepped_at=now,
        first_seen_at=now,
        last_seen_at=now,
        last_proven_at=now,
    )
