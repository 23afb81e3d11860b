"""Challenges: show one, send its code, try a code, end it, and claim what an approval earned."""

import re
from typing import Final

from msgspec import Struct

from watchword.api.bodies import LOCALE, LONGEST_LOCALE, AttemptBody, CancelBody, ClaimBody, DeliveryBody
from watchword.api.challenge_words import challenge_words
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
    InvalidField,
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
from watchword.wording.languages import Languages

CHALLENGES = "/v1/challenges/"
ATTEMPTS = "/attempts"
_CHALLENGE = f"{CHALLENGES}{{challenge_id}}"
_TAG: Final = re.compile(LOCALE, re.ASCII)


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


def challenge_calls(languages: Languages) -> tuple[Served, ...]:
    """Return the calls about challenges."""

    async def show_one(call: Call) -> Answer:
        return await get_challenge(call, languages)

    return (
        Served(
            operation=Operation(
                method="GET",
                path=_CHALLENGE,
                name="getChallenge",
                summary="Look a challenge up",
                scope=Scope.ACTIONS,
                takes_token=True,
                parameters=("words",),
                answers={200: ChallengeAnswer},
            ),
            handle=show_one,
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


async def get_challenge(call: Call, languages: Languages) -> Answer:
    """Show a challenge, with every sentence about it where ``words`` names a language."""
    tag = call.request.parameters("words").get("words")
    if tag is not None and (len(tag) > LONGEST_LOCALE or not _TAG.fullmatch(tag)):
        raise InvalidField("words is a language tag such as en or pt-BR")
    found = await call.ports.store.challenge(_challenge_id(call))
    if found is None or found.challenge.action.application_id != call.application.id:
        raise NotFound
    view = show(call.ports, found.challenge)
    if tag is None:
        return _shown(200, view)
    words = challenge_words(
        languages,
        tag,
        application=call.application,
        challenge=found.challenge,
        view=view,
        atlas=call.ports.atlas,
        now=await call.ports.store.now(),
    )
    return answer_with(200, challenge_answer(view, words))


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
        call=call.scope,
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
        call=call.scope,
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
