"""Redeems a grant: the moment that means "the action went ahead"."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Never

from watchword.domain.action import Bound
from watchword.domain.application import Application
from watchword.domain.errors import (
    GrantAlreadyRedeemed,
    GrantExpired,
    GrantInvalid,
    GrantMismatch,
    GrantRevoked,
    Refusal,
)
from watchword.domain.grant import Assurance, Redeemed
from watchword.domain.ids import ActionId, ApplicationId, ChallengeId, GrantId, encode, user_key_of
from watchword.domain.instant import Instant
from watchword.domain.user import UserRef
from watchword.ports import Ports
from watchword.ports.keyring import Keyring, Purpose
from watchword.ports.store.values import GrantProblem, Keep, KeptAnswer, Redemption


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The grant was used, once."""

    id: GrantId
    action_id: ActionId
    challenge_id: ChallengeId | None
    assurance: Assurance
    redeemed_at: Instant


async def redeem(
    ports: Ports,
    application: Application,
    grant: str,
    session_id: str | None,
    bound: Bound,
    *,
    keep: Keep[Receipt] | None = None,
) -> Receipt:
    """Use a grant for exactly these bound fields; the confirmation goes into the outbox with it.

    Raises, in this order: ``GrantInvalid``, ``GrantMismatch`` (not consumed), ``GrantAlreadyRedeemed``,
    ``GrantExpired``, ``GrantRevoked``.
    """
    grant_id, ref = read_grant(ports, application, grant)
    redemption = Redemption(
        ref=ref,
        grant_id=grant_id,
        bound_digest=bound_digest(ports.keyring, application.id, bound),
        session_id=session_id,
    )
    outcome = await ports.store.redeem_grant(redemption, keep=_keep_receipt(keep))
    if isinstance(outcome, GrantProblem):
        refuse_grant(outcome)
    return _receipt(outcome)


def read_grant(ports: Ports, application: Application, grant: str) -> tuple[GrantId, UserRef]:
    """Return which grant a text is and whose, after checking that we signed it for this application."""
    claims = ports.keyring.verify(grant)
    if claims is None or claims.get("iss") != application.issuer or claims.get("aud") != application.id:
        raise GrantInvalid
    grant_id = claims.get("jti")
    user_key = user_key_of("grt", grant_id) if isinstance(grant_id, str) else None
    if user_key is None:
        raise GrantInvalid
    return GrantId(str(grant_id)), UserRef(application_id=application.id, key=user_key)


def bound_digest(keyring: Keyring, application_id: ApplicationId, bound: Bound) -> str:
    """Return the keyed digest of the bound fields: without the key nobody can guess amounts from it."""
    return encode(keyring.index(Purpose.BOUND, application_id.encode(), *bound.canonical()))


def refuse_grant(problem: GrantProblem) -> Never:
    """Raise the refusal for a grant that was not redeemed."""
    refusals: dict[GrantProblem, type[Refusal]] = {
        GrantProblem.INVALID: GrantInvalid,
        GrantProblem.MISMATCH: GrantMismatch,
        GrantProblem.ALREADY_REDEEMED: GrantAlreadyRedeemed,
        GrantProblem.EXPIRED: GrantExpired,
        GrantProblem.REVOKED: GrantRevoked,
    }
    raise refusals[problem]


def _receipt(redeemed: Redeemed) -> Receipt:
    grant = redeemed.grant
    if grant.redeemed_at is None:
        raise GrantInvalid("the store redeemed a grant without a time")
    return Receipt(
        id=grant.id,
        action_id=grant.action_id,
        challenge_id=grant.challenge_id,
        assurance=grant.assurance,
        redeemed_at=grant.redeemed_at,
    )


def _keep_receipt(keep: Keep[Receipt] | None) -> Callable[[Redeemed], KeptAnswer | None] | None:
    return None if keep is None else lambda redeemed: keep(_receipt(redeemed))
