"""Actions: the one call that decides, what was decided, and what an action turned out to be."""

from msgspec import Struct

from watchword.api.bodies import ActionBody, FeedbackBody
from watchword.api.cursors import read_wanted, write_cursor
from watchword.api.field_reading import amount_of, details_of, ip_of, locale_of
from watchword.api.operation import Call, Operation, Scope, Served
from watchword.api.responses import (
    ChallengeAnswer,
    DeviceAnswer,
    MoneyAnswer,
    answer_with,
    challenge_answer,
    device_answer,
    moment_text,
    money_answer,
    revealed,
)
from watchword.domain.action import Action, Decision, Detail, Label, Reason, RiskTerm
from watchword.domain.contact import ContactKind, mask
from watchword.domain.device import Device
from watchword.domain.errors import (
    InvalidField,
    NotFound,
    ReturnUrlNotAllowed,
    TooManyChallenges,
    UnknownActionType,
    UnknownUser,
)
from watchword.domain.grant import Grant, GrantState
from watchword.domain.ids import ActionId, UserId, user_key_of
from watchword.domain.instant import Instant, rfc3339, seconds_until
from watchword.domain.secret import Secret
from watchword.domain.user import UserRef
from watchword.flow.assess import Assessed, assess
from watchword.flow.claim import write_grant
from watchword.flow.gather import Report
from watchword.flow.learn import label
from watchword.flow.register import user_ref
from watchword.flow.show import DeviceView, show
from watchword.ports.store.values import ActionRecord
from watchword.web.exchange import Answer

_ACTIONS = "/v1/actions"
_ACTION = "/v1/actions/{action_id}"


class ReasonAnswer(Struct, kw_only=True):
    """A rule that matched."""

    rule: str
    text: str


class TermAnswer(Struct, kw_only=True):
    """One addend of the score, in nats; positive means riskier."""

    signal: str
    nats: float
    text: str


class RiskAnswer(Struct, kw_only=True):
    """The score, from 0 (ordinary) to 1, and what it is made of."""

    score: float
    terms: list[TermAnswer]


class AdviceAnswer(Struct, kw_only=True):
    """Something the application could do for this user."""

    code: str
    contact_id: str | None


class ActionAnswer(Struct, kw_only=True):
    """The decision about an action, and how to go on."""

    id: str
    decision: Decision
    reasons: list[ReasonAnswer]
    risk: RiskAnswer
    challenge: ChallengeAnswer | None
    device: DeviceAnswer | None
    advice: list[AdviceAnswer]
    grant: str | None
    retry_after: int | None


class RecordedAction(Struct, kw_only=True):
    """An action as it was reported, and everything that became of it; addresses are masked.

    ``shadow_rules`` are rules in mode ``log-only`` that matched.
    """

    id: str
    type: str
    user_id: str
    session_id: str | None
    amount: MoneyAnswer | None
    payee: str | None
    summary: str | None
    details: dict[str, str | int | bool]
    created_at: str
    decision: Decision
    reasons: list[ReasonAnswer]
    risk: RiskAnswer
    challenge: ChallengeAnswer | None
    device: DeviceAnswer | None
    advice: list[AdviceAnswer]
    grant: str | None
    retry_after: int | None
    shadow_rules: list[str]
    label: Label | None
    disputed_at: str | None


class ActionList(Struct, kw_only=True):
    """Actions of a user, newest first."""

    data: list[RecordedAction]
    next_cursor: str | None


class FeedbackAnswer(Struct, kw_only=True):
    """What an action is labelled as now."""

    id: str
    label: Label


def action_calls() -> tuple[Served, ...]:
    """Return the calls about actions."""
    return (
        Served(
            operation=Operation(
                method="POST",
                path=_ACTIONS,
                name="createAction",
                summary="Report what a customer wants to do, and get a decision",
                scope=Scope.ACTIONS,
                body=ActionBody,
                answers={201: ActionAnswer},
                refusals=(UnknownUser, UnknownActionType, ReturnUrlNotAllowed, TooManyChallenges),
            ),
            handle=report_action,
        ),
        Served(
            operation=Operation(
                method="GET",
                path=_ACTIONS,
                name="listActions",
                summary="List the actions of a user, newest first",
                scope=Scope.ACTIONS,
                parameters=("limit", "cursor", "user_id"),
                required_parameters=("user_id",),
                answers={200: ActionList},
                refusals=(InvalidField,),
            ),
            handle=list_actions,
        ),
        Served(
            operation=Operation(
                method="GET",
                path=_ACTION,
                name="getAction",
                summary="Look an action up",
                scope=Scope.ACTIONS,
                answers={200: RecordedAction},
            ),
            handle=get_action,
        ),
        Served(
            operation=Operation(
                method="POST",
                path=f"{_ACTION}/feedback",
                name="giveFeedback",
                summary="Say what an action turned out to be",
                scope=Scope.ACTIONS,
                body=FeedbackBody,
                answers={200: FeedbackAnswer},
            ),
            handle=give_feedback,
        ),
    )


async def report_action(call: Call) -> Answer:
    """Decide about an action."""
    report = _report_of(call.body(ActionBody))
    assessed = await assess(call.ports, call.application, report, keep=call.keep(_decided), call=call.scope)
    call.metrics.count_decision(report.type, assessed.decision.value)
    return _decided(assessed)


async def list_actions(call: Call) -> Answer:
    """List a user's actions, whether he is registered or not: a concealed one may be about nobody."""
    wanted = read_wanted(call.request, "actions", "user_id")
    user_id = wanted.others.get("user_id", "")
    if not 1 <= len(user_id) <= _LONGEST_USER_ID:
        raise InvalidField(f"user_id has 1 to {_LONGEST_USER_ID} characters")
    ref = user_ref(call.ports.keyring, call.application, UserId(user_id))
    records = await call.ports.store.actions(ref, limit=wanted.limit + 1, before=wanted.after)
    now = await call.ports.store.now()
    shown = records[: wanted.limit]
    has_more = len(records) > len(shown)
    body = ActionList(
        data=[_recorded(call, record, now) for record in shown],
        next_cursor=write_cursor("actions", shown[-1].action.id) if has_more else None,
    )
    return answer_with(200, body)


async def get_action(call: Call) -> Answer:
    """Show one action."""
    ref, action_id = _named_action(call)
    record = await call.ports.store.action(ref, action_id)
    if record is None:
        raise NotFound
    return answer_with(200, _recorded(call, record, await call.ports.store.now()))


async def give_feedback(call: Call) -> Answer:
    """Note a label."""
    ref, action_id = _named_action(call)
    told = call.body(FeedbackBody).label
    answer = answer_with(200, FeedbackAnswer(id=action_id, label=told))
    if not await label(call.ports, ref, action_id, told, keep=call.keep(lambda _: answer)):
        raise NotFound
    return answer


_LONGEST_USER_ID = 128


def _report_of(body: ActionBody) -> Report:
    return Report(
        type=body.type,
        user_id=UserId(body.user_id),
        session_id=body.session_id,
        device_token=body.device_token,
        ip=ip_of(body.ip, "/ip"),
        user_agent=body.user_agent,
        locale=locale_of(body.locale, "/locale"),
        amount=amount_of(body.amount, "/amount"),
        payee=body.payee,
        summary=body.summary,
        details=details_of(body.details, "/details"),
        return_url=body.return_url,
        state=body.state,
        send=body.send,
        conceal=body.conceal,
    )


def _decided(assessed: Assessed) -> Answer:
    body = ActionAnswer(
        id=assessed.action.id,
        decision=assessed.decision,
        reasons=_reasons(assessed.reasons),
        risk=_risk(assessed.score, assessed.terms),
        challenge=None if assessed.challenge is None else challenge_answer(assessed.challenge),
        device=device_answer(assessed.device),
        advice=[AdviceAnswer(code=advice.code, contact_id=advice.contact_id) for advice in assessed.advice],
        grant=revealed(assessed.grant),
        retry_after=assessed.retry_after_s,
    )
    return answer_with(201, body)


def _named_action(call: Call) -> tuple[UserRef, ActionId]:
    action_id = ActionId(call.request.values["action_id"])
    user_key = user_key_of("act", action_id)
    if user_key is None:
        raise NotFound
    return UserRef(application_id=call.application.id, key=user_key), action_id


def _recorded(call: Call, record: ActionRecord, now: Instant) -> RecordedAction:
    action, assessment, challenge = record.action, record.assessment, record.challenge
    return RecordedAction(
        id=action.id,
        type=action.type,
        user_id=action.user_id,
        session_id=action.session_id,
        amount=money_answer(action.amount),
        payee=action.payee,
        summary=action.summary,
        details=_masked_details(action),
        created_at=rfc3339(action.created_at),
        decision=record.decision,
        reasons=_reasons(assessment.reasons),
        risk=_risk(assessment.score, assessment.terms),
        challenge=None if challenge is None else challenge_answer(show(call.ports, challenge)),
        device=device_answer(_device_view(call, record.device, now)),
        advice=[],
        grant=_live_grant(call, record, now),
        retry_after=None if record.retry_at is None else seconds_until(record.retry_at, now),
        shadow_rules=list(assessment.shadow_rules),
        label=record.label,
        disputed_at=moment_text(record.disputed_at),
    )


def _masked_details(action: Action) -> dict[str, Detail]:
    details = dict(action.details)
    address = details.get("new_contact")
    if isinstance(address, str):
        kind = ContactKind.EMAIL if "@" in address else ContactKind.PHONE
        details["new_contact"] = mask(kind, Secret(address))
    return details


def _device_view(call: Call, device: Device | None, now: Instant) -> DeviceView | None:
    """Return the device without a token: one is handed out where it is issued, and by ``claim``."""
    if device is None:
        return None
    limits = call.application.limits
    state = device.state(now, known_days=limits.device_known_days, trusted_days=limits.device_trusted_days)
    return DeviceView(id=device.id, state=state, token=None)


def _live_grant(call: Call, record: ActionRecord, now: Instant) -> str | None:
    """Return the grant of an allowed action while it can be redeemed; one that was proven is claimed instead."""
    grant: Grant | None = record.grant
    if grant is None or record.decision is not Decision.ALLOW:
        return None
    is_live = grant.state is GrantState.ISSUED and now < grant.expires_at
    return write_grant(call.ports, call.application, grant).reveal() if is_live else None


def _reasons(reasons: tuple[Reason, ...]) -> list[ReasonAnswer]:
    return [ReasonAnswer(rule=reason.rule, text=reason.text) for reason in reasons]


def _risk(score: float, terms: tuple[RiskTerm, ...]) -> RiskAnswer:
    return RiskAnswer(
        score=score, terms=[TermAnswer(signal=term.signal, nats=term.nats, text=term.text) for term in terms]
    )
