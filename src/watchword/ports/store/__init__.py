"""The promise of the store: few operations, each one transaction, each named for what it means.

Rules that hold for every operation:

* It happens wholly or not at all, and the caller is answered only after the commit. A store that cannot say which
  raises ``StorageUnavailable``.
* A counter or a state is never read and then written: the rule is applied inside the transaction.
* All times come from the store itself (``now``), which never goes back, restarts included (I18).
* Each transition writes exactly one event in the same transaction (I15).
* A challenge whose time is up reads as ``expired`` everywhere; the row and its event are written by whichever writing
  operation touches it first, or by ``sweep``. A read writes nothing.
* A notice goes to contacts that are confirmed and count already: it carries the owner's word.
* Secrets and personal data (addresses, codes, what an action says, kept answers) are sealed at rest.
* ``keep``, where given, is called in the transaction with the outcome, and the answer it returns is stored with the
  effect; where another call with the same key came first, the operation is rolled back and raises ``AlreadyKept``.
* An id of another user or application is answered like one that does not exist.
* What a user's memory learns is applied in the operation that earns it, and told after the commit as a ``Lesson`` to
  whoever the store was made with (``on_lesson``); an operation that is rolled back teaches nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

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
    DeviceId,
    GrantId,
    Reference,
)
from watchword.domain.instant import Instant
from watchword.domain.user import User, UserRef
from watchword.ports.store.attempting import Attempt, Attempted
from watchword.ports.store.charging import AddressCharge, ContactsFull, IpFull, StartAddresses, StartCharged
from watchword.ports.store.deciding import Judge, ProfileQuery, Told
from watchword.ports.store.outbox import Outbox
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


class Store(Outbox, Protocol):
    """Where everything is kept; how messages leave is promised by ``Outbox``."""

    # What is known -------------------------------------------------------------------------------------------------

    async def now(self) -> Instant:
        """Return the store's time."""
        ...

    async def user(self, ref: UserRef) -> User | None:
        """Return a registered user with the contacts that are listed now."""
        ...

    async def action(self, ref: UserRef, action_id: ActionId) -> ActionRecord | None:
        """Return one action of this user."""
        ...

    async def actions(
        self, ref: UserRef, *, limit: int, before: str | None, asked_since: Instant | None = None
    ) -> Sequence[ActionRecord]:
        """Return the user's actions, newest first, at most ``limit``, older than the action id ``before``.

        With ``asked_since`` only those that were made since then and asked for a code or were denied.
        """
        ...

    async def challenge(self, challenge_id: ChallengeId) -> ChallengeResult | None:
        """Return one challenge with its grant (only while unredeemed and unexpired) and, once approved, its device."""
        ...

    async def challenge_of_reference(self, reference: Reference) -> Challenge | None:
        """Return the challenge that a customer read this reference from, if it is at most 30 days old."""
        ...

    async def devices(self, ref: UserRef) -> Sequence[Device]:
        """Return the devices that are remembered and not revoked, last seen first."""
        ...

    async def grant(self, grant_id: GrantId) -> Grant | None:
        """Return the claims of a grant."""
        ...

    async def events(self, application_id: ApplicationId, *, limit: int, after: int) -> Sequence[tuple[int, Event]]:
        """Return events in the order of their commit with their numbers, from the first after number ``after``."""
        ...

    async def kept_answer(self, application_id: ApplicationId, scope: bytes) -> KeptAnswer | None:
        """Return the answer kept under an idempotency key within 24 hours."""
        ...

    async def api_key(self, key_hash: bytes) -> ApiKey | None:
        """Return the key of this hash, revoked or not."""
        ...

    async def api_keys(self, application_id: ApplicationId) -> Sequence[ApiKey]:
        """Return all keys of an application, oldest first."""
        ...

    # Users and devices ---------------------------------------------------------------------------------------------

    async def register_user(
        self, registration: Registration, *, keep: Keep[Registered] | None = None
    ) -> Registered | GrantProblem:
        """Store the whole list of a user's contacts.

        A user who never had a contact (nor was erased within 30 days) registers freely: contacts count at once and
        ``confirmed_at`` is believed. Later and without a grant an added contact is unconfirmed and waits
        ``contact_wait_s``, one left out stays until then, and each older confirmed contact gets one notice. With a
        grant, its ``account_update`` must name exactly the additions and removals (``GrantProblem.MISMATCH``, one
        event, nothing changed otherwise); it is redeemed in the same transaction, every other pending challenge of the
        user is cancelled, every other unredeemed grant revoked, and the confirmation goes to every confirmed contact,
        the old ones first. A change approved by e-mail while a phone is confirmed waits like one without a grant, and
        the codes on their way to a contact that leaves at once die. One ``contact.changed`` per contact.
        """
        ...

    async def erase_user(self, ref: UserRef, *, keep: Keep[None] | None = None) -> bool:
        """Forget the person: contacts, devices, places, memory, what actions said. Return whether he was registered.

        Pending challenges are cancelled, unredeemed grants revoked; a keyed tombstone keeps his budgets and the 30 days
        in which he does not count as new.
        """
        ...

    async def unlock_user(self, ref: UserRef, *, reason: str) -> bool:
        """Forget the wrong guesses of both lanes, with an event that has the reason. Return whether there were any."""
        ...

    async def revoke_device(self, ref: UserRef, device_id: DeviceId, *, keep: Keep[None] | None = None) -> bool:
        """Revoke a device by the user's wish. Return whether it was there."""
        ...

    async def rename_device(self, ref: UserRef, device_id: DeviceId, name: str) -> Device | None:
        """Call a device by another name. Return it as it is now; None if it is not this user's, or revoked.

        One event, which does not hold the name; the same name again writes nothing.
        """
        ...

    async def distrust_devices(
        self, ref: UserRef, device_id: DeviceId | None = None, *, keep: Keep[int] | None = None
    ) -> int:
        """Take trust from one device of this user, or from all: they stay known. Return how many lost it, each once.

        One event for each of them, in one transaction.
        """
        ...

    async def prefer_contact(self, ref: UserRef, contact_id: ContactId, *, preferred: bool) -> Contact | None:
        """Make a contact the preferred one, and no other, or have none preferred. Return it as it is now.

        None if it is not among those that this user lists now. One that could carry no code is not made the preferred
        one and is returned as it was. One event; what was so before writes nothing.
        """
        ...

    # Budgets outside the user's shard ------------------------------------------------------------------------------

    async def charge_address(
        self, application_id: ApplicationId, charge: AddressCharge, *, lane: Lane, call: bytes | None = None
    ) -> Charged | Full:
        """Charge one to an address, if all its windows have room; what was charged is not given back.

        What was charged for the same ``call`` within the windows is not charged again.
        """
        ...

    async def charge_start_addresses(self, start: StartAddresses) -> StartCharged | IpFull | ContactsFull:
        """Charge the IP address of a start, and then the first contact that has room, as ``charge_address`` would.

        Nothing is charged where the IP address is full; where every contact is, its charge stays. Answered before the
        commit: the charges are on the disk with the challenge that they are for, or before it. Where somebody else is
        charging one of the contacts at this moment, that one and those after it are a transaction of their own.
        """
        ...

    async def count_attempt(self, application_id: ApplicationId, *, wrong: bool) -> None:
        """Count one compared guess for the breaker, in a bucket of one minute."""
        ...

    # Actions and challenges ----------------------------------------------------------------------------------------

    async def decide(self, query: ProfileQuery, judge: Judge[Told]) -> Told:
        """Take note of the device token, read the profile, ask ``judge``, and write what he decides.

        All of it is one transaction in which nobody else changes anything of this user: purchases allowed at the same
        moment add up, and no allow rests on what is true no longer. Return what ``judge`` hands back.

        The highest presented step of a token is current, and its successor is one more. The step before stays good
        until ``PARALLEL_GRACE_MS`` after its successor was first presented; any older one is theft: the device is
        revoked, with an event and a notice. A step beyond the successor can only come from us (a restored backup), and
        counts.
        """
        ...

    async def record_decision(self, decided: Decided, *, keep: Keep[None] | None = None) -> None:
        """Write an allowed or denied action with its assessment and, for an allow, its grant and its place."""
        ...

    async def open_challenge(self, opening: Opening, *, keep: Keep[Opened] | None = None) -> Opened | StartsFull:
        """Write action, assessment, challenge and first delivery.

        One start is charged to the user, type and lane, or ``StartsFull`` and nothing is written. Where the lane holds
        its number of pending challenges, the oldest of the same type, else the oldest, of the same lane is cancelled
        (``replaced``). With the ``unproven_networks``-th network within the window, one notice and one event a day.
        Raises ``UserGone`` where a registered user was erased meanwhile.

        With ``lease_s`` the delivery is leased in the same transaction and returned as a claim would return it: it is
        to be handed over by the caller, once, and only after this has returned. If its contact carries no code any
        more it is queued instead, and the claim reports it as failed.
        """
        ...

    async def order_delivery(
        self, order: SendOrder, *, keep: Keep[Challenge] | None = None
    ) -> Challenge | TooSoon | SendRefused:
        """Queue a further message; a new code becomes the live one and the old one is dead at once.

        The sends of the challenge and the wait for the same contact and channel are applied here; in a concealed one
        every send waits for the last, so that nobody learns where that one went.
        """
        ...

    async def bind_browser(self, challenge_id: ChallengeId, browser: bytes) -> bool:
        """Bind a challenge to the first browser that asks. Return whether it belongs to this one."""
        ...

    async def spend_attempt(
        self,
        challenge_id: ChallengeId,
        attempt: Attempt,
        *,
        call: bytes | None = None,
        keep: Keep[Attempted] | None = None,
    ) -> Attempted | None:
        """Ask ``attempt`` what is guessed at a challenge, charge it to challenge and user, compare, and approve or not.

        All at once (I1, I2, I3, I5, I6): ``attempt`` is handed the challenge as it stands in the transaction that
        charges and compares. Returns None where there is no such challenge. ``call`` is the scope of an idempotency
        key: where an answer is kept under it nothing is asked and nothing compared, and ``AlreadyKept`` is raised.

        An ended or expired challenge, and a lane without guesses, is answered without comparing; a concealed challenge
        answers a spent lane as ``Incorrect``, spends the try and compares nothing. The code of an older generation, and
        any code once the live one was killed, is ``Superseded``. A right guess takes the user's charge back. The last
        try exhausts the challenge and notifies the owner; the guess that spends a lane locks it (``user.locked``) and
        notifies him.

        Approval ends the challenge, wipes the code, writes the grant (none for a confirmation), proves and confirms the
        contact that carried the code, makes the device known (and trusted where asked and allowed, with a notice) and
        notes the place. It takes back a dispute if the contact is older than ``contact_wait_s``. For a password reset
        it cancels the user's other pending challenges, revokes his unredeemed grants and takes trust from every other
        device. The confirmation of a contact makes device and place known, and purchases add up anew, only if it is
        the user's first confirmed one.
        """
        ...

    async def end_challenge(
        self, challenge_id: ChallengeId, state: ChallengeState, reason: str, *, keep: Keep[Challenge] | None = None
    ) -> Challenge | None:
        """Cancel or deny a pending challenge and wipe its code; one that ended before is returned as it is."""
        ...

    async def redeem_grant(
        self, redemption: Redemption, *, keep: Keep[Redeemed] | None = None
    ) -> Redeemed | GrantProblem:
        """Use a grant once. A mismatch consumes nothing and writes one event.

        Queues the confirmation if a challenge was approved (by e-mail where the user has a confirmed one, else by the
        proven contact), and for resets and account updates always, to every confirmed contact, the oldest first.
        """
        ...

    async def label_action(
        self, ref: UserRef, action_id: ActionId, label: Label, *, keep: Keep[None] | None = None
    ) -> bool:
        """Note what the application says an action was. Return whether there is such an action.

        ``fraud`` takes back what its device taught. ``legitimate`` gives back what the label ``fraud`` of this action
        took, unless another action of the device is labelled fraud, and lets the action count in full at once.
        """
        ...

    async def dispute_challenge(self, challenge_id: ChallengeId, *, keep: Keep[OwnersWord] | None = None) -> OwnersWord:
        """Take the owner's "this wasn't me" about a challenge: end it while pending, dispute its action after approval.

        A dispute revokes the unredeemed grant, suspends devices trusted and contacts added by the action, brings back
        contacts it removed, cancels the user's other pending challenges, and marks the user as disputed.
        """
        ...

    async def dispute_notice(self, notice_id: str) -> OwnersWord | None:
        """Take the owner's "this wasn't me" from a notice of the last 30 days; None if there is no such notice.

        Undoes a change of contacts without a grant, else disputes the action, or revokes the device, it told about.
        """
        ...

    # What is learned, and decided by -------------------------------------------------------------------------------

    async def population(self, application_id: ApplicationId) -> Mapping[bytes, float]:
        """Return what the application's traffic has been counted to, on the scale of ``risk.counts``."""
        ...

    async def add_to_population(self, application_id: ApplicationId, deltas: Mapping[bytes, float]) -> None:
        """Add what a process has counted, all of it or nothing; several processes add to the same.

        ``sweep`` forgets the lightest keys of a table (the first byte of a key) that holds more than
        ``risk.counts.ENTRIES_MOST``.
        """
        ...

    async def tell(self, teller: bytes, told: Mapping[ApplicationId, bytes]) -> None:
        """Leave word for the other processes as ``teller``, drawn by each for itself; forgotten after two minutes."""
        ...

    async def told_by_others(self, teller: bytes, *, since: Instant) -> Sequence[Overheard]:
        """Return what everybody but this teller has told after a moment, in the order of telling."""
        ...

    async def apply_policy(
        self, application_id: ApplicationId, *, version: str, text: str, applied_by: str, why: str
    ) -> AppliedPolicy:
        """Note a policy as the one that decides from now on, with who applies it and why; earlier ones stay.

        One event, with the version alone.
        """
        ...

    async def policies(self, application_id: ApplicationId, *, limit: int) -> Sequence[AppliedPolicy]:
        """Return the policies that were applied, the one that decides first, then the ones before it."""
        ...

    # Work and upkeep -----------------------------------------------------------------------------------------------

    async def sweep(self, *, limit: int) -> Swept:
        """Write expiries that are due, wipe codes of ended challenges, and forget what is past its time."""
        ...

    async def forget_actions(self, before: Instant, *, limit: int) -> int:
        """Forget the oldest actions up to a time with their challenges and grants, at most ``limit``; return how many.

        ``before`` lies further back than anything reaches that refers to an action (a notice, a dispute, a label that
        is taken back). The newest action of all stays.
        """
        ...

    async def forget_events(self, before: Instant, *, limit: int) -> int:
        """Forget events from before a moment: at most ``limit``, or months that ended before. Return how many."""
        ...

    async def keep_answer(self, kept: KeptAnswer) -> KeptAnswer:
        """Keep the answer of a call that had no effect (a refusal); the first one stays, and is returned."""
        ...

    async def reseal(self, *, limit: int) -> int:
        """Seal contacts anew that are under an older key. Return how many."""
        ...

    # Keys of applications ------------------------------------------------------------------------------------------

    async def add_api_key(self, key: ApiKey, key_hash: bytes) -> None:
        """Store a new key by its hash."""
        ...

    async def revoke_api_key(self, application_id: ApplicationId, key_id: str) -> bool:
        """Revoke a key for good. Return whether it was there and live."""
        ...
