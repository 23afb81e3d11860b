"""Cancels a challenge for the one who started it: it ends, and that is all it does."""

from typing import Literal

from watchword.domain.application import Application
from watchword.domain.challenge import ChallengeState
from watchword.domain.errors import NotFound
from watchword.domain.ids import ChallengeId
from watchword.flow.show import ChallengeView, show
from watchword.ports import Ports
from watchword.ports.store.values import Keep


async def cancel(
    ports: Ports,
    application: Application,
    challenge_id: ChallengeId,
    reason: Literal["abandoned", "not_me"],
    *,
    keep: Keep[ChallengeView] | None = None,
) -> ChallengeView:
    """End a pending challenge as ``cancelled`` or ``denied``; one that ended before is shown as it is.

    The word of the starter, who may be the thief: no risk, no memory, no label. Raises ``NotFound``.
    """
    known = await ports.store.challenge(challenge_id)
    if known is None or known.challenge.action.application_id != application.id:
        raise NotFound
    state = ChallengeState.DENIED if reason == "not_me" else ChallengeState.CANCELLED
    ended = await ports.store.end_challenge(
        challenge_id,
        state,
        reason,
        keep=None if keep is None else lambda challenge: keep(show(ports, challenge)),
    )
    if ended is None:
        raise NotFound
    return show(ports, ended)
