"""Claims what an approval earned: the grant, written anew from its claims, and the device."""

from dataclasses import dataclass

from watchword.domain.application import Application
from watchword.domain.challenge import ChallengeState
from watchword.domain.errors import NotFound, SessionMismatch
from watchword.domain.grant import Grant
from watchword.domain.ids import ChallengeId
from watchword.domain.instant import SECOND_MS
from watchword.domain.limits import Mode
from watchword.domain.secret import Secret
from watchword.flow.remember import view_device
from watchword.flow.show import DeviceView
from watchword.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What the back end gets; grant and device only after approval."""

    state: ChallengeState
    grant: Secret | None
    """None too once it is redeemed, expired or revoked."""
    device: DeviceView | None


async def claim(ports: Ports, application: Application, challenge_id: ChallengeId, session_id: str | None) -> Claimed:
    """Return the result of a challenge, the same again while its grant is unredeemed (a lost answer loses nothing).

    Raises ``NotFound`` for a challenge of nobody here, ``SessionMismatch`` if the action named another session.
    """
    result = await ports.store.challenge(challenge_id)
    if result is None or result.challenge.action.application_id != application.id:
        raise NotFound
    named = result.challenge.action.session_id
    if named is not None and named != session_id:
        raise SessionMismatch
    device = None
    if result.challenge.state is ChallengeState.APPROVED and result.device is not None:
        now = await ports.store.now()
        device = view_device(ports, application, result.device, now, step=result.device.step + 1)
    grant = None if result.grant is None else write_grant(ports, application, result.grant)
    return Claimed(state=result.challenge.state, grant=grant, device=device)


def write_grant(ports: Ports, application: Application, grant: Grant) -> Secret:
    """Return the grant as a JWT (RFC 7519); of what is bound its claims hold a digest only."""
    return ports.keyring.sign(
        {
            "iss": application.issuer,
            "aud": application.id,
            "sub": grant.user_id,
            "act": {"id": grant.action_id, "type": grant.action_type, "digest": grant.bound_digest},
            "amr": list(grant.methods),
            "assurance": grant.assurance.value,
            "livemode": application.mode is Mode.LIVE,
            "iat": grant.issued_at // SECOND_MS,
            "exp": grant.expires_at // SECOND_MS,
            "jti": grant.id,
        }
    )
