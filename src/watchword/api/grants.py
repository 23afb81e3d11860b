"""Grants: redeem one, and the public keys that an early check of one needs."""

from msgspec import Struct

from watchword.api.bodies import RedeemBody
from watchword.api.field_reading import amount_of, details_of
from watchword.api.operation import Call, Operation, Public, Scope, Served
from watchword.api.responses import answer_with
from watchword.domain.action import Bound
from watchword.domain.errors import GrantAlreadyRedeemed, GrantExpired, GrantInvalid, GrantMismatch, GrantRevoked
from watchword.domain.grant import Assurance
from watchword.domain.ids import UserId
from watchword.domain.instant import rfc3339
from watchword.flow.redeem import Receipt, redeem
from watchword.ports import Ports
from watchword.web.exchange import Answer, Request
from watchword.web.json_texts import write_json

REDEEM = "/v1/grants/redeem"
_JWKS = "/.well-known/jwks.json"
_JWKS_LIFE_S = 300
"""How long a key set may be cached: a checker that misses a key asks again anyway."""


class ReceiptAnswer(Struct, kw_only=True):
    """The grant was used, now and only now."""

    id: str
    action_id: str
    challenge_id: str | None
    assurance: Assurance
    redeemed_at: str


class KeySet(Struct, kw_only=True):
    """A JSON Web Key Set (RFC 7517)."""

    keys: list[dict[str, str]]


def grant_calls() -> tuple[Served, ...]:
    """Return the calls about grants."""
    return (
        Served(
            operation=Operation(
                method="POST",
                path=REDEEM,
                name="redeemGrant",
                summary="Use a grant, once: the action goes ahead now",
                scope=Scope.ACTIONS,
                body=RedeemBody,
                answers={200: ReceiptAnswer},
                refusals=(GrantInvalid, GrantMismatch, GrantAlreadyRedeemed, GrantExpired, GrantRevoked),
            ),
            handle=redeem_grant,
        ),
    )


def key_set_call(ports: Ports) -> Public:
    """Return the call that publishes the signing keys."""

    async def show_keys(_request: Request) -> Answer:
        body = write_json(dict(ports.keyring.public_keys()))
        cached = ("cache-control", f"public, max-age={_JWKS_LIFE_S}")
        return Answer(status=200, body=body, headers=(cached, ("access-control-allow-origin", "*")))

    operation = Operation(
        method="GET",
        path=_JWKS,
        name="getKeySet",
        summary="Fetch the public keys that grants are signed with",
        answers={200: KeySet},
    )
    return Public(operation=operation, handler=show_keys)


async def redeem_grant(call: Call) -> Answer:
    """Use a grant for exactly the fields it was given for."""
    body = call.body(RedeemBody)
    action = body.action
    bound = Bound(
        type=action.type,
        user_id=UserId(action.user_id),
        amount=amount_of(action.amount, "/action/amount"),
        payee=action.payee,
        details=details_of(action.details, "/action/details"),
    )
    receipt = await redeem(call.ports, call.application, body.grant, body.session_id, bound, keep=call.keep(_redeemed))
    return _redeemed(receipt)


def _redeemed(receipt: Receipt) -> Answer:
    body = ReceiptAnswer(
        id=receipt.id,
        action_id=receipt.action_id,
        challenge_id=receipt.challenge_id,
        assurance=receipt.assurance,
        redeemed_at=rfc3339(receipt.redeemed_at),
    )
    return answer_with(200, body)
