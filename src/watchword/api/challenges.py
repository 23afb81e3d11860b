"""Challenges: show one, send its code, try a code, end it, and claim what an approval earned."""

from msgspec import Struct

from watchword.api.bodies import AttemptBody, CancelBody, ClaimBody, DeliveryBody
from watchword.api.operation import Call, Operation, Scope, Served
from watchword.api.responses import (
    ChallengeAnswer,
    DeviceAnswer,
    answer_with,
    challenge_answer,
    device_answer,
    revealed,
)
from watchword.domain.challenge import ChallengeState
from watchword.domain.errors import (
    ChallengeEnded,
    CodeNotSent,
    ContactNotUsable,
    NotFound,
    ResendTooSoon,
    SendsExhausted,
    SessionMismatch,
)
from watchword.domain.ids import ChallengeId, ContactId
from watchword.flow.cancel import cancel
from watchword.flow.check import Checked, check
from watchword.flow.claim import claim
from watchword.flow.order import send
from watchword.flow.show import ChallengeView, show
from watchword.web.exchange import Answer

CHALLENGES = "/v1/challenges/"
ATTEMPTS = "/attempts"
_CHALLENGE = f"{CHALLENGES}{{challenge_id}}"


class AttemptAnswer(Struct, kw_only=True):
    """What an attempt came to; grant and device only for a caller with the secret key."""

    outcome: str
    attempts_left: int
    retry_after: int | None
    grant: str | None
    device: DeviceAnswer | None


class ClaimAnswer(Struct, kw_only=True):
    """The result of a challenge."""

    state: ChallengeState
    grant: str | None
    device: DeviceAnswer | None


def challenge_calls() -> tuple[Served, ...]:
    """Return the calls about challenges."""
    return (
        Served(
            operation=Operation(
                method="GET",
                path=_CHALLENGE,
                name="getChallenge",
                summary="Look a challenge up",
                scope=Scope.ACTIONS,
                takes_token=True,
                answers={200: ChallengeAnswer},
            ),
            handle=get_challenge,
        ),
        Served(
            operation=Operation(
                method="POST",
                path=f"{_CHALLENGE}/deliveries",
                name="createDelivery",
                summary="Send the code again, or a new one over another contact or channel",
                scope=Scope.ACTIONS,
                takes_token=True,
                body=DeliveryBody,
                body_may_be_empty=True,
                answers={202: ChallengeAnswer},
                refusals=(ResendTooSoon, SendsExhausted, ChallengeEnded, ContactNotUsable),
            ),
            handle=order_delivery,
        ),
        Served(
            operation=Operation(
                method="POST",
                path=f"{_CHALLENGE}{ATTEMPTS}",
                name="createAttempt",
                summary="Try a code",
                scope=Scope.ACTIONS,
                takes_token=True,
                body=AttemptBody,
                answers={200: AttemptAnswer},
                refusals=(CodeNotSent,),
            ),
            handle=try_code,
        ),
        Served(
            operation=Operation(
                method="POST",
                path=f"{_CHALLENGE}/cancel",
                name="cancelChallenge",
                summary="End a challenge in the name of the one who started it",
                scope=Scope.ACTIONS,
                takes_token=True,
                body=CancelBody,
                answers={200: ChallengeAnswer},
            ),
            handle=cancel_challenge,
        ),
        Served(
            operation=Operation(
                method="POST",
                path=f"{_CHALLENGE}/claim",
                name="claimChallenge",
                summary="Fetch the grant and the device that an approval earned",
                scope=Scope.ACTIONS,
                body=ClaimBody,
                body_may_be_empty=True,
                answers={200: ClaimAnswer},
                refusals=(SessionMismatch,),
            ),
            handle=claim_result,
        ),
    )


async def get_challenge(call: Call) -> Answer:
    """Show a challenge."""
    found = await call.ports.store.challenge(_challenge_id(call))
    if found is None or found.challenge.action.application_id != call.application.id:
        raise NotFound
    return _shown(200, show(call.ports, found.challenge))


async def order_delivery(call: Call) -> Answer:
    """Order a further message."""
    body = call.body(DeliveryBody)
    option_id = None if body.contact_id is None else ContactId(body.contact_id)
    view = await send(
        call.ports,
        call.application,
        _challenge_id(call),
        option_id,
        body.channel,
        keep=call.keep(lambda ordered: _shown(202, ordered)),
    )
    return _shown(202, view)


async def try_code(call: Call) -> Answer:
    """Evaluate one attempt."""
    body = call.body(AttemptBody)

    def answer(checked: Checked) -> Answer:
        return _checked(checked, with_token=call.with_token)

    checked = await check(
        call.ports,
        call.application,
        _challenge_id(call),
        body.code,
        trust_device=body.trust_device,
        keep=call.keep(answer),
    )
    call.metrics.count_attempt(checked.outcome)
    return answer(checked)


async def cancel_challenge(call: Call) -> Answer:
    """End a challenge."""
    reason = call.body(CancelBody).reason
    view = await cancel(
        call.ports,
        call.application,
        _challenge_id(call),
        reason,
        keep=call.keep(lambda ended: _shown(200, ended)),
    )
    return _shown(200, view)


async def claim_result(call: Call) -> Answer:
    """Hand over what an approval earned."""
    session_id = call.body(ClaimBody).session_id
    claimed = await claim(call.ports, call.application, _challenge_id(call), session_id)
    body = ClaimAnswer(state=claimed.state, grant=revealed(claimed.grant), device=device_answer(claimed.device))
    return answer_with(200, body)


def _challenge_id(call: Call) -> ChallengeId:
    return ChallengeId(call.request.values["challenge_id"])


def _shown(status: int, view: ChallengeView) -> Answer:
    return answer_with(status, challenge_answer(view))


def _checked(checked: Checked, *, with_token: bool) -> Answer:
    """Return the outcome; whoever holds only the challenge's token never gets what the approval earned."""
    body = AttemptAnswer(
        outcome=checked.outcome,
        attempts_left=checked.attempts_left,
        retry_after=checked.retry_after_s,
        grant=None if with_token else revealed(checked.grant),
        device=None if with_token else device_answer(checked.device),
    )
    return answer_with(200, body)
