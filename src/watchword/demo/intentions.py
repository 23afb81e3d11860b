"""What a customer was about to do while Watchword is asked: kept until it went ahead or was dropped.

An intention holds the exact fields that the grant will be bound to, so that redeeming uses the same ones.
"""

import json
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from watchword.demo.ledger import Ledger, now_s
from watchword_client import BoundFields, Challenge, Money

KEEP_S = 24 * 60 * 60
"""How long an intention is kept: far longer than any challenge and grant together live."""


class Kind(StrEnum):
    """What can be intended."""

    SIGN_IN = "sign_in"
    RESET = "reset"
    PASSWORD = "password"
    POSTAL_ADDRESS = "address"
    CONTACT = "contact"
    PURCHASE = "purchase"
    CONFIRMATION = "confirmation"


class Step(StrEnum):
    """How far an intention came."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intention:
    """One thing that a customer was about to do."""

    state: str = field(repr=False)
    """Its name, also in the address that the customer returns to."""
    visit_id: str
    """The visit that began it; no other may go on with it."""
    customer_id: str | None
    """Who it is about; ``None`` where nobody has this e-mail."""
    kind: Kind
    bound: BoundFields
    wish: Mapping[str, str] = field(repr=False)
    """What the store needs to carry it out, never a password in the clear."""
    step: Step = Step.OPEN
    challenge_id: str | None = None
    challenge_url: str | None = field(default=None, repr=False)
    reference: str | None = None


def new_intention(
    *, visit_id: str, customer_id: str | None, kind: Kind, bound: BoundFields, wish: Mapping[str, str] | None = None
) -> Intention:
    """Return an intention that is not kept yet."""
    return Intention(
        state=secrets.token_urlsafe(24),
        visit_id=visit_id,
        customer_id=customer_id,
        kind=kind,
        bound=bound,
        wish=wish or {},
    )


def keep_intention(ledger: Ledger, intention: Intention, form_key: str | None = None) -> bool:
    """Keep an intention; false if one was kept for this form already, so that two clicks do not buy twice."""
    ledger.write("DELETE FROM intentions WHERE created_at < :limit", limit=now_s() - KEEP_S)
    kept = ledger.write(
        "INSERT INTO intentions (state, visit_id, customer_id, kind, bound, wish, step, form_key, created_at)"
        " VALUES (:state, :visit_id, :customer_id, :kind, :bound, :wish, :step, :form_key, :created_at)"
        " ON CONFLICT (form_key) DO NOTHING",
        state=intention.state,
        visit_id=intention.visit_id,
        customer_id=intention.customer_id,
        kind=intention.kind,
        bound=json.dumps(intention.bound.to_json()),
        wish=json.dumps(dict(intention.wish)),
        step=Step.OPEN,
        form_key=form_key,
        created_at=now_s(),
    )
    return bool(kept)


def keep_challenge(ledger: Ledger, intention: Intention, challenge: Challenge) -> None:
    """Remember the challenge that has to be passed first."""
    ledger.write(
        "UPDATE intentions SET challenge_id = :id, challenge_url = :url, reference = :reference WHERE state = :state",
        id=challenge.id,
        url=challenge.url,
        reference=challenge.reference,
        state=intention.state,
    )


def finish(ledger: Ledger, intention: Intention, step: Step) -> bool:
    """End an open intention; false if somebody else ended it before."""
    return bool(
        ledger.write(
            "UPDATE intentions SET step = :step, challenge_url = NULL, wish = '{}'"
            " WHERE state = :state AND step = 'open'",
            step=step,
            state=intention.state,
        )
    )


def find_intention(ledger: Ledger, state: str, visit_id: str) -> Intention | None:
    """Return an intention of this visit."""
    return _intention(
        ledger.row(
            "SELECT * FROM intentions WHERE state = :state AND visit_id = :visit_id", state=state, visit_id=visit_id
        )
    )


def key_of_form(visit_id: str, typed: str) -> str:
    """Return the key of a form, which is worth something in the visit it was made for only."""
    return f"{visit_id}:{typed}"


def find_intention_of_form(ledger: Ledger, form_key: str, visit_id: str) -> Intention | None:
    """Return the intention that a form began before."""
    return _intention(
        ledger.row(
            "SELECT * FROM intentions WHERE form_key = :form_key AND visit_id = :visit_id",
            form_key=form_key,
            visit_id=visit_id,
        )
    )


def _intention(row: sqlite3.Row | None) -> Intention | None:
    if row is None:
        return None
    return Intention(
        state=row["state"],
        visit_id=row["visit_id"],
        customer_id=row["customer_id"],
        kind=Kind(row["kind"]),
        bound=_bound(json.loads(row["bound"])),
        wish=json.loads(row["wish"]),
        step=Step(row["step"]),
        challenge_id=row["challenge_id"],
        challenge_url=row["challenge_url"],
        reference=row["reference"],
    )


def _bound(kept: Mapping[str, object]) -> BoundFields:
    amount = kept.get("amount")
    details = kept.get("details")
    payee = kept.get("payee")
    return BoundFields(
        type=str(kept["type"]),
        user_id=str(kept["user_id"]),
        amount=Money(value=amount["value"], currency=amount["currency"]) if isinstance(amount, dict) else None,
        payee=str(payee) if payee is not None else None,
        details=details if isinstance(details, dict) else {},
    )
