"""What the store and whoever checks a code say to each other, inside the transaction that charges the guess."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from watchword.domain.action import Action
from watchword.domain.challenge import AttemptOutcome, ChallengeState, Ended, Generation, Malformed
from watchword.domain.grant import Assurance
from watchword.domain.ids import ChallengeId, DeviceId, GrantId
from watchword.domain.instant import Instant
from watchword.domain.limits import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedChallenge:
    """A challenge as an attempt finds it when its turn comes: nobody changes it until the attempt is over."""

    id: ChallengeId
    action: Action
    state: ChallengeState
    """Shows an expiry that nobody has written yet."""
    code_length: int
    generations: tuple[Generation, ...]
    """Oldest first; empty before the first send."""
    bound_digest: str
    trust_allowed: bool
    attempts_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """One guess, and what follows if it is right."""

    candidates: Mapping[int, bytes]
    """The keyed hash of what was typed, for every generation that the challenge has."""
    trust_device: bool
    new_device_id: DeviceId
    """For the device that becomes known, where the action carried none."""
    device_name: str
    grant_id: GrantId
    assurance: Assurance
    methods: tuple[str, ...]
    limits: Limits


Attempt = Callable[[TriedChallenge], Spending | Malformed | Ended]
"""Says what is compared, or why nothing is; whatever it raises leaves no trace.

Called inside the transaction, which waits for it: it hashes, and no more. Pure but for what it draws, and it may be
called again.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """What an attempt came to, and when."""

    challenge: TriedChallenge
    """As the attempt found it."""
    outcome: AttemptOutcome
    at: Instant
