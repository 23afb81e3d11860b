"""Guesses at a challenge, made beforehand, so that many can be made at once and other processes can make them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from watchword.domain.challenge import AttemptOutcome
from watchword.domain.ids import ChallengeId
from watchword.ports.store import Store
from watchword.ports.store.attempting import Attempted, Spending, TriedChallenge
from watchword.ports.store.values import Keep


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """Something typed at a challenge; it is guessed whatever has become of the challenge by then."""

    challenge_id: ChallengeId
    macs: Mapping[int, bytes]
    """The keyed hash of what was typed, for every generation that there may come to be."""
    spending: Spending
    """Without what is compared."""

    def __call__(self, challenge: TriedChallenge) -> Spending:
        """Return what is compared with the challenge as it stands."""
        candidates = {entry.number: self.macs[entry.number] for entry in challenge.generations}
        return replace(self.spending, candidates=candidates)


async def spend(store: Store, guess: Guess, *, keep: Keep[Attempted] | None = None) -> AttemptOutcome | None:
    """Make a guess and return what it came to; None where its challenge is gone."""
    attempted = await store.spend_attempt(guess.challenge_id, guess, keep=keep)
    return None if attempted is None else attempted.outcome
