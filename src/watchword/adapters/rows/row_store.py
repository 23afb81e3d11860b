"""The store: every operation of ``ports.store`` by its name, as rows; what each promises is told there."""

from collections.abc import Mapping, Sequence

from watchword.adapters.rows import (
    attempt_rows,
    budget_rows,
    challenge_endings,
    challenge_openings,
    challenge_rows,
    claim_rows,
    contact_rows,
    device_rows,
    dispute_rows,
    erasure_rows,
    event_rows,
    grant_rows,
    handover_rows,
    hearsay_rows,
    kept_rows,
    key_rows,
    outbox_rows,
    policy_rows,
    population_rows,
    receipt_rows,
    record_rows,
    redemption_rows,
    registration_rows,
    retention_rows,
    start_charges,
    upkeep_rows,
    user_rows,
)
from watchword.adapters.rows.attempt_tally import AttemptTally, Counts
from watchword.adapters.rows.runner import Runner
from watchword.domain.action import Label
from watchword.domain.budget import Charged, Full, Lane
from watchword.domain.challenge import Challenge, ChallengeState
from watchword.domain.contact import Contact
from watchword.domain.device import Device
from watchword.domain.event import Event
from watchword.domain.grant import Grant, Redeemed
from watchword.domain.ids import (
    ActionId,
    ApplicationId,
    ChallengeId,
    ContactId,
    DeliveryId,
    DeviceId,
    GrantId,
    Reference,
    user_key_of,
)
from watchword.domain.instant import Instant
from watchword.domain.user import User, UserRef
from watchword.ports.sender import Receipt
from watchword.ports.store.attempting import Attempt, Attempted
from watchword.ports.store.charging import AddressCharge, ContactsFull, IpFull, StartAddresses, StartCharged
from watchword.ports.store.deciding import Judge, ProfileQuery, Told
from watchword.ports.store.outbox import ClaimedDelivery, HandedOver, Heard, NotHandedOver
from watchword.ports.store.values import (
    ActionRecord,
    ApiKey,
    AppliedPolicy,
    ChallengeResult,
    Decided,
    GrantProblem,
    Keep,
    KeptAnswer,
    Opened,
    Opening,
    Overheard,
    OwnersWord,
    Redemption,
    Registered,
    Registration,
    SendOrder,
    SendRefused,
    StartsFull,
    Swept,
    TooSoon,
)


class RowStore:
    """Keeps the promise of ``ports.store.Store`` on a runner; belongs to one event loop."""

    __slots__ = ("_tally", "runner")

    def __init__(self, runner: Runner) -> None:
        self._tally = AttemptTally(self._count_attempts)
        self.runner = runner
        """What carries out the operations; for questions that the promise of the store has no name for."""

    async def close(self) -> None:
        """Commit what is open, answer everybody and let go of the database; nothing works afterwards."""
        await self.runner.close()

    # What is known -------------------------------------------------------------------------------------------------

    async def now(self) -> Instant:
        """Return the store's time."""
        return await self.runner.now()

    async def user(self, ref: UserRef) -> User | None:
        """Return a registered user."""
        return await self.runner.ask(lambda read: user_rows.find_user(read, ref))

    async def action(self, ref: UserRef, action_id: ActionId) -> ActionRecord | None:
        """Return one action."""
        return await self.runner.ask(lambda read: record_rows.find_record(read, ref, action_id))

    async def actions(
        self, ref: UserRef, *, limit: int, before: str | None, asked_since: Instant | None = None
    ) -> Sequence[ActionRecord]:
        """Return the user's actions, newest first."""
        return await self.runner.ask(lambda read: record_rows.list_records(read, ref, limit, before, asked_since))

    async def challenge(self, challenge_id: ChallengeId) -> ChallengeResult | None:
        """Return one challenge with what it earned."""
        return await self.runner.ask(lambda read: record_rows.find_result(read, challenge_id))

    async def challenge_of_reference(self, reference: Reference) -> Challenge | None:
        """Return the challenge of a reference."""
        return await self.runner.ask(lambda read: challenge_rows.find_of_reference(read, reference))

    async def devices(self, ref: UserRef) -> Sequence[Device]:
        """Return the devices that are remembered."""
        return await self.runner.ask(lambda read: device_rows.list_devices(read, ref))

    async def grant(self, grant_id: GrantId) -> Grant | None:
        """Return the claims of a grant."""
        return await self.runner.ask(lambda read: grant_rows.find_grant(read, grant_id))

    async def events(self, application_id: ApplicationId, *, limit: int, after: int) -> Sequence[tuple[int, Event]]:
        """Return events with their numbers."""
        return await self.runner.ask(lambda read: event_rows.read_events(read, application_id, limit, after))

    async def kept_answer(self, application_id: ApplicationId, scope: bytes) -> KeptAnswer | None:
        """Return the answer kept under an idempotency key."""
        kept = await self.runner.ask(lambda read: kept_rows.read_kept(read, application_id, scope))
        if kept is not None:
            # Whoever wrote it may have been told that his commit is not certain; whoever is told it now must be.
            await self.runner.confirm()
        return kept

    async def api_key(self, key_hash: bytes) -> ApiKey | None:
        """Return the key of this hash."""
        return await self.runner.ask(lambda read: key_rows.find_key(read, key_hash), is_one_query=True)

    async def api_keys(self, application_id: ApplicationId) -> Sequence[ApiKey]:
        """Return all keys of an application."""
        return await self.runner.ask(lambda read: key_rows.list_keys(read, application_id))

    # Users and devices ---------------------------------------------------------------------------------------------

    async def register_user(
        self, registration: Registration, *, keep: Keep[Registered] | None = None
    ) -> Registered | GrantProblem:
        """Store the whole list of a user's contacts."""
        return await self.runner.write(
            registration.ref.key, lambda write: registration_rows.register_user(write, registration, keep)
        )

    async def erase_user(self, ref: UserRef, *, keep: Keep[None] | None = None) -> bool:
        """Forget the person."""
        return await self.runner.write(ref.key, lambda write: erasure_rows.erase_user(write, ref, keep))

    async def unlock_user(self, ref: UserRef, *, reason: str) -> bool:
        """Forget the wrong guesses of both lanes."""
        return await self.runner.write(ref.key, lambda write: erasure_rows.unlock_user(write, ref, reason))

    async def revoke_device(self, ref: UserRef, device_id: DeviceId, *, keep: Keep[None] | None = None) -> bool:
        """Revoke a device by the user's wish."""
        return await self.runner.write(ref.key, lambda write: device_rows.revoke_by_user(write, ref, device_id, keep))

    async def rename_device(self, ref: UserRef, device_id: DeviceId, name: str) -> Device | None:
        """Call a device by another name."""
        return await self.runner.write(ref.key, lambda write: device_rows.rename(write, ref, device_id, name))

    async def distrust_devices(
        self, ref: UserRef, device_id: DeviceId | None = None, *, keep: Keep[int] | None = None
    ) -> int:
        """Take trust from one device, or from all."""
        return await self.runner.write(ref.key, lambda write: device_rows.distrust_by_user(write, ref, device_id, keep))

    async def prefer_contact(self, ref: UserRef, contact_id: ContactId, *, preferred: bool) -> Contact | None:
        """Make a contact the preferred one, or have none preferred."""
        return await self.runner.write(
            ref.key, lambda write: contact_rows.prefer_by_user(write, ref, contact_id, preferred=preferred)
        )

    # Budgets outside the user's shard ------------------------------------------------------------------------------

    async def charge_address(
        self, application_id: ApplicationId, charge: AddressCharge, *, lane: Lane, call: bytes | None = None
    ) -> Charged | Full:
        """Charge one to an address if there is room."""
        return await self.runner.write(
            charge.subject, lambda write: budget_rows.charge_address(write, application_id, charge, lane, call)
        )

    async def charge_start_addresses(self, start: StartAddresses) -> StartCharged | IpFull | ContactsFull:
        """Charge the IP address of a start, and the first contact with room."""
        return await start_charges.charge_start_addresses(self.runner, start)

    async def count_attempt(self, application_id: ApplicationId, *, wrong: bool) -> None:
        """Count one compared guess for the breaker."""
        await self._tally.count(application_id, wrong=wrong)

    async def _count_attempts(self, counts: Counts) -> None:
        await self.runner.write(None, lambda write: budget_rows.count_attempts(write, counts), soon=True)

    # Actions and challenges ----------------------------------------------------------------------------------------

    async def decide(self, query: ProfileQuery, judge: Judge[Told]) -> Told:
        """Read what is known of a user, ask what becomes of his action, and write it."""
        return await self.runner.write(query.ref.key, lambda write: record_rows.decide(write, query, judge))

    async def record_decision(self, decided: Decided, *, keep: Keep[None] | None = None) -> None:
        """Write an allowed or denied action."""
        await self.runner.write(
            decided.action.user_key, lambda write: record_rows.record_decision(write, decided, keep)
        )

    async def open_challenge(self, opening: Opening, *, keep: Keep[Opened] | None = None) -> Opened | StartsFull:
        """Write action, assessment, challenge and first delivery."""
        return await self.runner.write(
            opening.action.user_key, lambda write: challenge_openings.open_challenge(write, opening, keep)
        )

    async def order_delivery(
        self, order: SendOrder, *, keep: Keep[Challenge] | None = None
    ) -> Challenge | TooSoon | SendRefused:
        """Queue a further message."""
        return await self.runner.write(
            user_key_of("chl", order.challenge_id), lambda write: challenge_openings.order_delivery(write, order, keep)
        )

    async def bind_browser(self, challenge_id: ChallengeId, browser: bytes) -> bool:
        """Bind a challenge to the first browser that asks."""
        return await self.runner.write(
            user_key_of("chl", challenge_id), lambda write: challenge_rows.bind_browser(write, challenge_id, browser)
        )

    async def spend_attempt(
        self,
        challenge_id: ChallengeId,
        attempt: Attempt,
        *,
        call: bytes | None = None,
        keep: Keep[Attempted] | None = None,
    ) -> Attempted | None:
        """Ask what is guessed, charge it, compare, and approve or not."""
        return await self.runner.write(
            user_key_of("chl", challenge_id),
            lambda write: attempt_rows.spend_attempt(write, challenge_id, attempt, call, keep),
        )

    async def end_challenge(
        self,
        challenge_id: ChallengeId,
        state: ChallengeState,
        reason: str,
        *,
        keep: Keep[Challenge] | None = None,
    ) -> Challenge | None:
        """Cancel or deny a pending challenge."""
        return await self.runner.write(
            user_key_of("chl", challenge_id),
            lambda write: challenge_endings.end_challenge(write, challenge_id, state, reason, keep),
        )

    async def redeem_grant(
        self, redemption: Redemption, *, keep: Keep[Redeemed] | None = None
    ) -> Redeemed | GrantProblem:
        """Use a grant once."""
        return await self.runner.write(
            redemption.ref.key, lambda write: redemption_rows.redeem_grant(write, redemption, keep)
        )

    async def label_action(
        self, ref: UserRef, action_id: ActionId, label: Label, *, keep: Keep[None] | None = None
    ) -> bool:
        """Note what the application says an action was."""
        return await self.runner.write(
            ref.key, lambda write: record_rows.label_action(write, ref, action_id, label, keep)
        )

    async def dispute_challenge(self, challenge_id: ChallengeId, *, keep: Keep[OwnersWord] | None = None) -> OwnersWord:
        """Take the owner's "this wasn't me" about a challenge."""
        return await self.runner.write(
            user_key_of("chl", challenge_id), lambda write: dispute_rows.dispute_by_owner(write, challenge_id, keep)
        )

    async def dispute_notice(self, notice_id: str) -> OwnersWord | None:
        """Take the owner's "this wasn't me" from a notice."""
        return await self.runner.write(
            user_key_of("ntc", notice_id), lambda write: dispute_rows.dispute_notice(write, notice_id)
        )

    # What is learned, and decided by -------------------------------------------------------------------------------

    async def population(self, application_id: ApplicationId) -> Mapping[bytes, float]:
        """Return what the application's traffic has been counted to."""
        return await self.runner.ask(lambda read: population_rows.read_population(read, application_id))

    async def add_to_population(self, application_id: ApplicationId, deltas: Mapping[bytes, float]) -> None:
        """Add what a process has counted."""
        await self.runner.write(
            application_id.encode(), lambda write: population_rows.add_to_population(write, application_id, deltas)
        )

    async def tell(self, teller: bytes, told: Mapping[ApplicationId, bytes]) -> None:
        """Leave word for the other processes."""
        await self.runner.write(None, lambda write: hearsay_rows.tell(write, teller, told))

    async def told_by_others(self, teller: bytes, *, since: Instant) -> Sequence[Overheard]:
        """Return what everybody else has told after a moment."""
        return await self.runner.ask(lambda read: hearsay_rows.told_by_others(read, teller, since))

    async def apply_policy(
        self, application_id: ApplicationId, *, version: str, text: str, applied_by: str, why: str
    ) -> AppliedPolicy:
        """Note a policy as the one that decides from now on."""
        return await self.runner.write(
            application_id.encode(),
            lambda write: policy_rows.apply_policy(write, application_id, version, text, applied_by, why),
        )

    async def policies(self, application_id: ApplicationId, *, limit: int) -> Sequence[AppliedPolicy]:
        """Return the policies that were applied, the one that decides first."""
        return await self.runner.ask(lambda read: policy_rows.list_policies(read, application_id, limit))

    # Work and upkeep -----------------------------------------------------------------------------------------------

    async def claim_deliveries(
        self, *, limit: int, lease_s: int, notices: int | None = None
    ) -> Sequence[ClaimedDelivery]:
        """Lease messages that are due."""
        return await self.runner.write(
            None,
            lambda write: claim_rows.claim_deliveries(write, limit, limit if notices is None else notices, lease_s),
        )

    async def finish_delivery(self, delivery_id: DeliveryId, tries: int, result: HandedOver | NotHandedOver) -> None:
        """Record what became of a leased message."""
        await self.runner.write(
            user_key_of("dlv", delivery_id),
            lambda write: handover_rows.finish(write, delivery_id, tries, result),
            soon=True,
        )

    async def record_receipt(self, sender: str, receipt: Receipt) -> Heard:
        """Note what a provider reports."""
        delivery_id = await self.runner.ask(lambda read: receipt_rows.find_delivery(read, sender, receipt))
        if delivery_id is None:
            return Heard.UNKNOWN
        return await self.runner.write(
            user_key_of("dlv", delivery_id),
            lambda write: receipt_rows.record_receipt(write, delivery_id, sender, receipt),
        )

    async def spoken(self, sender: str, delivery_id: DeliveryId) -> ClaimedDelivery | None:
        """Return a code that is being said in a call."""
        return await self.runner.ask(lambda read: claim_rows.find_spoken(read, sender, delivery_id))

    async def take_back_leases(self) -> int:
        """End every lease at once."""
        return await self.runner.write(None, outbox_rows.take_back_leases)

    async def sweep(self, *, limit: int) -> Swept:
        """Write expiries that are due, and forget what is past its time."""
        return await self.runner.write(None, lambda write: upkeep_rows.sweep(write, limit))

    async def forget_events(self, before: Instant, *, limit: int) -> int:
        """Forget events from before a moment."""
        return await self.runner.forget_events(before, limit)

    async def forget_actions(self, before: Instant, *, limit: int) -> int:
        """Forget the oldest actions with their challenges and grants."""
        return await self.runner.write(None, lambda write: retention_rows.forget_actions(write, before, limit))

    async def keep_answer(self, kept: KeptAnswer) -> KeptAnswer:
        """Keep the answer of a call that had no effect, and return the one that stays."""
        return await self.runner.write(None, lambda write: kept_rows.keep_first(write, kept))

    async def reseal(self, *, limit: int) -> int:
        """Seal contacts anew that are under an older key."""
        return await self.runner.write(None, lambda write: contact_rows.reseal_contacts(write, limit))

    # Keys of applications ------------------------------------------------------------------------------------------

    async def add_api_key(self, key: ApiKey, key_hash: bytes) -> None:
        """Store a new key by its hash."""
        await self.runner.write(None, lambda write: key_rows.insert_key(write, key, key_hash))

    async def revoke_api_key(self, application_id: ApplicationId, key_id: str) -> bool:
        """Revoke a key for good."""
        return await self.runner.write(None, lambda write: key_rows.revoke_key(write, application_id, key_id))
