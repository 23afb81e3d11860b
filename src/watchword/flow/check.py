"""Checks a code: the store charges, compares and approves at once, and asks here what it is to compare."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, assert_never

from watchword.domain.application import Application
from watchword.domain.challenge import (
    Approved,
    BudgetExhausted,
    ChallengeState,
    Ended,
    Incorrect,
    Malformed,
    Superseded,
)
from watchword.domain.code import read_code
from watchword.domain.contact import Channel
from watchword.domain.errors import CodeNotSent, NotFound
from watchword.domain.grant import Assurance
from watchword.domain.ids import ChallengeId, DeviceId, GrantId, make_id
from watchword.domain.instant import seconds_until
from watchword.domain.secret import Secret
from watchword.flow.claim import write_grant
from watchword.flow.issue import code_mac
from watchword.flow.learn import note_approved
from watchword.flow.remember import view_device
from watchword.flow.show import DeviceView
from watchword.ports import Ports
from watchword.ports.store.attempting import Attempted, Spending, TriedChallenge
from watchword.ports.store.values import Keep

_METHODS: Final[Mapping[Channel, tuple[str, ...]]] = {
    Channel.SMS: ("otp", "sms"),
    Channel.VOICE: ("otp", "tel"),
    Channel.WHATSAPP: ("otp",),
    Channel.EMAIL: ("email_code",),
}
"""``amr`` of a grant by the channel of its code (RFC 8176 §2); it has no word for a mailbox, nor for WhatsApp."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What an attempt came to; ``outcome`` is one of the words that ``/openapi.json`` lists."""

    outcome: str
    attempts_left: int
    retry_after_s: int | None
    grant: Secret | None
    device: DeviceView | None


async def check(
    ports: Ports,
    application: Application,
    challenge_id: ChallengeId,
    text: str,
    *,
    trust_device: bool = False,
    keep: Keep[Checked] | None = None,
    call: bytes | None = None,
) -> Checked:
    """Evaluate one attempt; ``call`` is the scope of its idempotency key, under which one code is compared.

    A text that holds no code is ``malformed`` and spends nothing. Raises ``NotFound``, or ``CodeNotSent`` where nothing
    was ever sent (never for a concealed challenge).
    """

    def attempt(challenge: TriedChallenge) -> Spending | Malformed | Ended:
        if challenge.action.application_id != application.id:
            raise NotFound
        if challenge.state is not ChallengeState.PENDING:
            return Ended(state=challenge.state)
        if not challenge.generations and not challenge.action.conceal:
            raise CodeNotSent
        code = read_code(text, challenge.code_length)
        if code is None:
            return Malformed(attempts_left=challenge.attempts_left)
        return _spending(ports, application, challenge, code, trust_device=trust_device)

    answer = _Answer(ports, application)
    attempted = await ports.store.spend_attempt(
        challenge_id, attempt, call=call, keep=None if keep is None else lambda attempted: keep(answer.to(attempted))
    )
    if attempted is None:
        raise NotFound
    outcome = attempted.outcome
    if isinstance(outcome, Approved | Incorrect | Superseded):
        await ports.store.count_attempt(application.id, wrong=not isinstance(outcome, Approved))
    if isinstance(outcome, Approved):
        note_approved(ports, attempted.challenge, attempted.at)
    return answer.to(attempted)


class _Answer:
    """Words what an attempt came to; once where it is kept and given, as signing a grant takes longer than the rest."""

    __slots__ = ("_application", "_made", "_ports")

    def __init__(self, ports: Ports, application: Application) -> None:
        self._ports = ports
        self._application = application
        self._made: tuple[Attempted, Checked] | None = None
        """The last one: the store may have carried the attempt out more than once."""

    def to(self, attempted: Attempted) -> Checked:
        """Return the answer to an attempt."""
        if self._made is None or self._made[0] is not attempted:
            self._made = attempted, _checked(self._ports, self._application, attempted)
        return self._made[1]


def _spending(
    ports: Ports, application: Application, challenge: TriedChallenge, code: Secret, *, trust_device: bool
) -> Spending:
    action, entropy = challenge.action, ports.entropy
    # The channel of the live code; a decoy has none, and nothing is ever proven over it.
    channel = challenge.generations[-1].channel if challenge.generations else Channel.EMAIL
    # A decoy has no generation: one hash is made all the same, so that it costs what a real guess costs (I17).
    generations = [(entry.number, entry.mac_key_id, entry.contact_id) for entry in challenge.generations]
    return Spending(
        candidates={
            number: code_mac(ports.keyring, challenge.id, action, challenge.bound_digest, number, contact, code, key_id)
            for number, key_id, contact in generations or [(0, ports.keyring.mac_key_id(), None)]
        },
        trust_device=trust_device and challenge.trust_allowed,
        new_device_id=DeviceId(make_id("dev", action.user_key, entropy.token(16))),
        device_name=ports.atlas.device_name(action.user_agent),
        grant_id=GrantId(make_id("grt", action.user_key, entropy.token(16))),
        assurance=Assurance.of(channel),
        methods=_METHODS[channel],
        limits=application.limits,
    )


def _checked(ports: Ports, application: Application, attempted: Attempted) -> Checked:
    challenge, outcome, now = attempted.challenge, attempted.outcome, attempted.at
    match outcome:
        case Approved(attempts_left=left, grant=grant, device=device):
            return Checked(
                outcome="approved",
                attempts_left=left,
                retry_after_s=None,
                grant=None if grant is None else write_grant(ports, application, grant),
                device=None if device is None else view_device(ports, application, device, now, step=device.step + 1),
            )
        case Incorrect(attempts_left=left):
            return _refused("incorrect", left)
        case Superseded(attempts_left=left):
            return _refused("superseded", left)
        case Malformed(attempts_left=left):
            return _refused("malformed", left)
        case BudgetExhausted(attempts_left=left, free_at=free_at):
            return _refused("budget_exhausted", left, seconds_until(free_at, now))
        case Ended(state=state):
            word = "already_approved" if state is ChallengeState.APPROVED else state.value
            return _refused(word, 0 if state is ChallengeState.EXHAUSTED else challenge.attempts_left)
        case _:
            assert_never(outcome)


def _refused(outcome: str, attempts_left: int, retry_after_s: int | None = None) -> Checked:
    return Checked(outcome=outcome, attempts_left=attempts_left, retry_after_s=retry_after_s, grant=None, device=None)
