"""Assesses an action: what is known, what the policy says of it, and then a grant, a challenge or a refusal."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from watchword.domain.action import (
    ACCOUNT_UPDATE,
    CONTACT_CONFIRMATION,
    Action,
    Decision,
    Reason,
    RiskTerm,
)
from watchword.domain.application import Application
from watchword.domain.customer_text import CatalogueSentence
from watchword.domain.device import DeviceState, Recognised, Stolen, Unrecognised
from watchword.domain.errors import (
    ContactNotUsable,
    Refusal,
    ReturnUrlNotAllowed,
    UnknownActionType,
    UnknownUser,
)
from watchword.domain.grant import Assurance, Grant
from watchword.domain.ids import ContactId, GrantId, UserId, make_id
from watchword.domain.instant import Instant, later, seconds_until
from watchword.domain.secret import Secret
from watchword.domain.user import UserRef
from watchword.flow.advise import Advice, advise
from watchword.flow.claim import write_grant
from watchword.flow.gather import Case, Report, evidence_of, gather, query_of
from watchword.flow.guard import shut_reasons
from watchword.flow.issue import CONCEALED_STEP_S, Refused, open_challenge, recent_reset_reason
from watchword.flow.learn import note_allowed, note_asked
from watchword.flow.redeem import bound_digest
from watchword.flow.refuse import refuse_bad_update, refuse_bad_user
from watchword.flow.remember import view_device
from watchword.flow.show import ChallengeView, DeviceView, show
from watchword.ports import Ports
from watchword.ports.store.deciding import Judgement, Known
from watchword.ports.store.values import Decided, Keep, UserGone
from watchword.risk.reasons import SentenceKey
from watchword.risk.score import UNRATED, rate
from watchword.risk.signals import observe

if TYPE_CHECKING:
    from watchword.risk.velocity import Rates

CONCEALED: Final = Reason(
    rule="concealed",
    text="This action always needs a code, whoever it is for.",
    customer_text=CatalogueSentence(key=SentenceKey.CONCEALED),
)
"""All that a concealed answer says about why: it holds for everybody (I17)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationReport:
    """Who wants to confirm a contact, and from where."""

    session_id: str | None = None
    device_token: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    return_url: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    """The answer to a reported action."""

    action: Action
    decision: Decision
    reasons: tuple[Reason, ...]
    score: float
    terms: tuple[RiskTerm, ...]
    challenge: ChallengeView | None
    device: DeviceView | None
    advice: tuple[Advice, ...]
    grant: Secret | None
    retry_after_s: int | None


async def assess(
    ports: Ports,
    application: Application,
    report: Report,
    *,
    keep: Keep[Assessed] | None = None,
    call: bytes | None = None,
) -> Assessed:
    """Decide about an action, and open its challenge where one is needed.

    ``call`` names the call by its idempotency key: the same one at another process charges an address once.

    Raises ``UnknownActionType``, ``ReturnUrlNotAllowed``, ``InvalidField`` for a bad account update, ``UnknownUser``
    for a user who is not registered (a concealed action gets a decoy instead), ``TooManyChallenges``. Whether the
    contact that an account update removes is this user's is looked at only where nothing is concealed.
    """
    _refuse_bad(application, report)
    assessed = _assess_again(ports, application, report, keep, call)
    return await (ports.patience.in_steps(CONCEALED_STEP_S, assessed) if report.is_concealed else assessed)


async def _assess_again(
    ports: Ports, application: Application, report: Report, keep: Keep[Assessed] | None, call: bytes | None
) -> Assessed:
    try:
        return await _assess(ports, application, report, keep, call)
    except UserGone:
        # He was erased in between: now he is answered like anybody who is not known.
        return await _assess(ports, application, report, keep, call)


async def _assess(
    ports: Ports, application: Application, report: Report, keep: Keep[Assessed] | None, call: bytes | None
) -> Assessed:
    query = query_of(ports, application, report)
    judging = _Judging(ports, application, report, query.ref, keep)
    match await ports.store.decide(query, judging.judge):
        case _Settled(case=case, answer=answer):
            if answer.grant is not None:
                note_allowed(ports, case)
            return answer
        case Refusal() as refusal:
            raise refusal
        case Case() as case:
            return await _challenge(ports, replace(case, call=call), send=report.send, keep=keep)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settled:
    """An action that was allowed or denied, and that is written."""

    case: Case
    answer: Assessed


class _Judging:
    """Decides one reported action from what the store knows; the store may ask again, and then knows better."""

    __slots__ = ("_application", "_conceal", "_counted", "_keep", "_ports", "_ref", "_report")

    def __init__(
        self, ports: Ports, application: Application, report: Report, ref: UserRef, keep: Keep[Assessed] | None
    ) -> None:
        self._ports = ports
        self._application = application
        self._report = report
        self._ref = ref
        self._keep = keep
        self._conceal = report.is_concealed
        self._counted: Rates | None = None

    def judge(self, known: Known) -> Judgement[_Settled | Case | Refusal]:
        """Say what becomes of the action; a challenge is for the caller to open, and a refusal for him to raise.

        Raising here would take back what the device token told, a theft included.
        """
        ports = self._ports
        case = gather(
            ports, self._application, self._report, self._ref, known, conceal=self._conceal, counted=self._counted
        )
        self._counted = case.facts.rates  # an action counts once, however often it is judged
        try:
            if not self._conceal:
                refuse_bad_user(known.profile.user, case.action)
        except Refusal as refusal:
            return Judgement(told=refusal)
        case = _assessed(ports, case)
        if case.assessment.decision is Decision.CHALLENGE:
            return Judgement(told=case)
        answer, decided = _settle(ports, case)
        kept = None if self._keep is None else self._keep(answer)
        return Judgement(told=_Settled(case=case, answer=answer), decided=decided, kept=kept)


def _assessed(ports: Ports, case: Case) -> Case:
    """Return the case with what score and policy say of it."""
    signals = observe(case.action, case.profile, case.facts, case.application)
    rating = UNRATED if case.profile.memory_is_lost else rate(signals, evidence_of(ports, case))
    assessment = ports.policies[case.application.id].assess(signals, rating)
    if not case.action.conceal:
        return replace(case, assessment=assessment)
    # What the policy would let pass is asked, and what it denies gets a challenge that nobody can answer.
    barred = assessment.decision is Decision.DENY
    return replace(case, barred=barred, assessment=replace(assessment, decision=Decision.CHALLENGE))


async def confirm_contact(
    ports: Ports,
    application: Application,
    user_id: UserId,
    contact_id: ContactId,
    report: ConfirmationReport,
    *,
    keep: Keep[Assessed] | None = None,
    call: bytes | None = None,
) -> Assessed:
    """Open the challenge that confirms one contact; its approval gives no grant. ``call`` is as in ``assess``.

    It is also how a contact that has bounced comes to count again: with a code that came back from it.

    Raises ``UnknownUser``, ``ContactNotUsable`` for a contact that is not this user's or is suspended,
    ``ReturnUrlNotAllowed``, ``TooManyChallenges``.
    """
    full = Report(
        type=CONTACT_CONFIRMATION,
        user_id=user_id,
        details={},
        session_id=report.session_id,
        device_token=report.device_token,
        ip=report.ip,
        user_agent=report.user_agent,
        return_url=report.return_url,
        state=report.state,
    )
    _refuse_bad_return(application, full)
    query = query_of(ports, application, full)
    case = await ports.store.decide(
        query, lambda known: Judgement(told=gather(ports, application, full, query.ref, known, conceal=False))
    )
    if case.profile.user is None:
        raise UnknownUser
    contact = next((entry for entry in case.profile.user.contacts if entry.id == contact_id), None)
    if contact is None or contact.disabled_at is not None:
        raise ContactNotUsable
    reason = Reason(
        rule="contact-confirmation",
        text="The contact is confirmed by a code of its own",
        customer_text=CatalogueSentence(key=SentenceKey.CONTACT_CONFIRMATION),
    )
    assessment = replace(case.assessment, decision=Decision.CHALLENGE, reasons=(reason,))
    case = replace(case, assessment=assessment, confirms=contact, call=call)
    try:
        return await _challenge(ports, case, send=True, keep=keep)
    except UserGone:
        raise UnknownUser from None


async def _challenge(ports: Ports, case: Case, *, send: bool, keep: Keep[Assessed] | None) -> Assessed:
    """Open the challenge, or deny where nothing could carry it."""
    opened = await open_challenge(
        ports,
        case,
        send=send,
        keep=None if keep is None else lambda opened: keep(_answer(ports, case, show(ports, opened.challenge))),
    )
    if not isinstance(opened, Refused):
        note_asked(ports, case, opened.challenge.id)
        return _answer(ports, case, show(ports, opened.challenge))
    reasons = (opened.reason, *case.assessment.reasons)
    denied = replace(case, assessment=replace(case.assessment, decision=Decision.DENY, reasons=reasons))
    answer, decided = _settle(ports, denied, retry_at=opened.free_at)
    await ports.store.record_decision(decided, keep=None if keep is None else lambda _: keep(answer))
    return answer


def _settle(ports: Ports, case: Case, *, retry_at: Instant | None = None) -> tuple[Assessed, Decided]:
    """Return the answer for an allow, with its grant, or a deny; and what is to be written down."""
    grant = _allowed(ports, case) if case.assessment.decision is Decision.ALLOW else None
    decided = Decided(
        action=case.action,
        assessment=case.assessment,
        country=case.country,
        device_id=case.device_id,
        lane=case.lane,
        grant=grant,
        retry_at=retry_at,
        contribution=None if grant is None else case.contribution,
        registered=case.profile.user is not None,
    )
    return _answer(ports, case, None, grant=grant, retry_at=retry_at), decided


def _allowed(ports: Ports, case: Case) -> Grant:
    action, now = case.action, case.profile.now
    return Grant(
        id=GrantId(make_id("grt", action.user_key, ports.entropy.token(16))),
        application_id=action.application_id,
        user_id=action.user_id,
        action_id=action.id,
        action_type=action.type,
        challenge_id=None,
        bound_digest=bound_digest(ports.keyring, action.application_id, action.bound),
        assurance=Assurance.NONE,
        methods=(),
        issued_at=now,
        expires_at=later(now, seconds=case.application.limits.grant_lifetime_s),
    )


def _answer(
    ports: Ports,
    case: Case,
    challenge: ChallengeView | None,
    *,
    grant: Grant | None = None,
    retry_at: Instant | None = None,
) -> Assessed:
    """Put the answer together; a concealed one says only what holds for everybody."""
    concealed, assessment, now = case.action.conceal, case.assessment, case.profile.now
    reasons = assessment.reasons
    if challenge is not None and challenge.others_count_from is not None:
        reasons = (*reasons, recent_reset_reason(challenge.others_count_from))
    if challenge is not None and not concealed and case.profile.user is not None:
        reasons = (*reasons, *shut_reasons(ports, case.application, case.profile.user.contacts, now))
    return Assessed(
        action=case.action,
        decision=assessment.decision,
        reasons=(CONCEALED,) if concealed else reasons,
        score=0.0 if concealed else assessment.score,
        terms=() if concealed else assessment.terms,
        challenge=challenge,
        device=_device(ports, case),
        advice=() if concealed else advise(case.application, case.profile),
        grant=None if grant is None else write_grant(ports, case.application, grant),
        retry_after_s=None if retry_at is None else seconds_until(retry_at, now),
    )


def _device(ports: Ports, case: Case) -> DeviceView:
    match case.found:
        case Recognised(device=device, successor_step=step):
            return view_device(ports, case.application, device, case.profile.now, step=step)
        case Stolen() | Unrecognised():
            return DeviceView(id=None, state=DeviceState.NEW, token=None)


def _refuse_bad(application: Application, report: Report) -> None:
    if not application.knows_type(report.type):
        raise UnknownActionType(pointer="/type")
    _refuse_bad_return(application, report)
    if report.type == ACCOUNT_UPDATE:
        refuse_bad_update(report.details)


def _refuse_bad_return(application: Application, report: Report) -> None:
    if report.return_url is not None and not application.allows_return_to(report.return_url):
        raise ReturnUrlNotAllowed(pointer="/return_url")
