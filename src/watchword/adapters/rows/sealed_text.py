"""How actions, assessments and what a challenge shows are written as text before they are sealed, and read again."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, assert_never

from watchword.adapters.rows.json_columns import read_json, write_json
from watchword.domain.action import Action, Assessment, Decision, Reason, RiskTerm
from watchword.domain.challenge import Option, Route
from watchword.domain.contact import Channel, ContactKind
from watchword.domain.customer_text import CatalogueSentence, CustomerText, OwnWords, words_for_everybody
from watchword.domain.ids import ActionId, ApplicationId, ContactId, UserId
from watchword.domain.instant import Instant
from watchword.domain.money import Money
from watchword.domain.user import UserRef


def write_action(action: Action) -> str:
    """Return what an action says, without what its row holds in the clear."""
    return write_json(
        {
            "user_id": action.user_id,
            "session_id": action.session_id,
            "ip": action.ip,
            "user_agent": action.user_agent,
            "locale": action.locale,
            "amount": _write_money(action.amount),
            "payee": action.payee,
            "summary": action.summary,
            "details": dict(action.details),
            "return_url": action.return_url,
            "state": action.state,
            "conceal": action.conceal,
        }
    )


def read_action(text: str, ref: UserRef, action_id: str, action_type: str, created_at: int) -> Action:
    """Return the action that was written."""
    body = read_json(text)
    amount = _read_money(body.pop("amount"))
    return Action(
        id=ActionId(action_id),
        application_id=ApplicationId(ref.application_id),
        user_id=UserId(body.pop("user_id")),
        user_key=ref.key,
        type=action_type,
        amount=amount,
        created_at=Instant(created_at),
        **body,
    )


def write_assessment(assessment: Assessment) -> str:
    """Return an assessment as text."""
    return write_json(
        {
            "reasons": [
                [reason.rule, reason.text, _write_customer_text(reason.customer_text)] for reason in assessment.reasons
            ],
            "score": assessment.score,
            "terms": [[term.signal, term.nats, term.text] for term in assessment.terms],
            "signals": assessment.signals,
            "high_value": assessment.high_value,
            "policy_version": assessment.policy_version,
            "shadow_rules": assessment.shadow_rules,
            "failed_rules": assessment.failed_rules,
        }
    )


def read_assessment(text: str, decision: Decision) -> Assessment:
    """Return the assessment that was written."""
    body = read_json(text)
    return Assessment(
        decision=decision,
        reasons=tuple(
            Reason(rule=rule, text=said, customer_text=_read_customer_text(shown) if shown else None)
            for rule, said, shown in body["reasons"]
        ),
        score=body["score"],
        terms=tuple(RiskTerm(signal=signal, nats=nats, text=said) for signal, nats, said in body["terms"]),
        signals=body["signals"],
        high_value=body["high_value"],
        policy_version=body["policy_version"],
        shadow_rules=tuple(body["shadow_rules"]),
        failed_rules=tuple(body["failed_rules"]),
    )


def write_display(options: tuple[Option, ...], masked: str | None, reasons: tuple[CustomerText, ...]) -> str:
    """Return what the page of a challenge shows as text."""
    return write_json(
        {
            "options": [
                [option.id, option.contact_id, option.kind, list(option.channels), option.masked] for option in options
            ],
            "masked": masked,
            "reasons": [_write_customer_text(reason) for reason in reasons],
        }
    )


def read_options(display: Mapping[str, Any]) -> tuple[Option, ...]:
    """Return the contacts that a challenge lists."""
    return tuple(
        Option(
            id=ContactId(option_id),
            contact_id=None if contact_id is None else ContactId(contact_id),
            kind=ContactKind(kind),
            channels=tuple(Channel(channel) for channel in channels),
            masked=masked,
        )
        for option_id, contact_id, kind, channels, masked in display["options"]
    )


def read_reasons(display: Mapping[str, Any]) -> tuple[CustomerText, ...]:
    """Return why the customer is asked, as it is worded when he is shown it."""
    return tuple(_read_customer_text(reason) for reason in display["reasons"])


def read_display(text: str) -> Mapping[str, Any]:
    """Return what was written for the page."""
    display: dict[str, Any] = read_json(text)
    return display


def read_route(row: Mapping[str, Any], masked: str | None) -> Route | None:
    """Return where the live code of a challenge was last sent."""
    if row["route_option_id"] is None or masked is None:
        return None
    contact_id = row["route_contact_id"]
    return Route(
        option_id=ContactId(row["route_option_id"]),
        contact_id=None if contact_id is None else ContactId(contact_id),
        channel=Channel(row["route_channel"]),
        masked=masked,
    )


def _write_customer_text(text: CustomerText | None) -> Mapping[str, object] | None:
    match text:
        case None:
            return None
        case CatalogueSentence():
            return {"key": text.key, "amount": _write_money(text.amount)}
        case OwnWords():
            return {"words": dict(text.by_language)}
        case _:
            assert_never(text)


def _read_customer_text(written: str | Mapping[str, Any]) -> CustomerText:
    # Until 0.1 a finished sentence was stored, in whatever language it had.
    if isinstance(written, str):
        return words_for_everybody(written)
    if "words" in written:
        return OwnWords(by_language=written["words"])
    return CatalogueSentence(key=written["key"], amount=_read_money(written["amount"]))


def _write_money(money: Money | None) -> list[str] | None:
    return None if money is None else [str(money.value), money.currency]


def _read_money(written: list[str] | None) -> Money | None:
    return None if written is None else Money(value=Decimal(written[0]), currency=written[1])
