"""What the customer is trying to do, the fields a proof is bound to, and the decision about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from watchword.domain.customer_text import CustomerText
from watchword.domain.ids import ActionId, ApplicationId, UserId, UserKey
from watchword.domain.instant import Instant
from watchword.domain.money import Money

SIGN_IN: Final = "sign_in"
PASSWORD_RESET: Final = "password_reset"
ACCOUNT_UPDATE: Final = "account_update"
PURCHASE: Final = "purchase"
CONTACT_CONFIRMATION: Final = "contact_confirmation"
"""Never reported by an application: the action behind the confirmation of one contact. Its approval gives no grant."""
BUILT_IN_TYPES: Final = (SIGN_IN, PASSWORD_RESET, ACCOUNT_UPDATE, PURCHASE)
ALWAYS_CHALLENGED: Final = (PASSWORD_RESET, ACCOUNT_UPDATE)
"""B2 and B3: no policy can let one of these pass without proof."""

Detail = str | int | bool
"""One value of ``details``: a string of at most 512 characters, an integer below 2**53, or a boolean."""


class AccountField(StrEnum):
    """What an ``account_update`` changes (``details.field``)."""

    EMAIL = "email"
    PHONE = "phone"
    PASSWORD = "password"
    ADDRESS = "address"


class Decision(StrEnum):
    """What Watchword says about an action, from mild to strict."""

    ALLOW = "allow"
    CHALLENGE = "challenge"
    DENY = "deny"

    def stricter(self, other: "Decision") -> "Decision":
        """Return the stricter of two decisions."""
        return other if _STRICTNESS[other] > _STRICTNESS[self] else self


_STRICTNESS: Final = {decision: place for place, decision in enumerate(Decision)}


class Label(StrEnum):
    """What an application later says an action was."""

    LEGITIMATE = "legitimate"
    FRAUD = "fraud"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """The fields a proof holds for; a grant is valid for identical ones only (I8)."""

    type: str
    user_id: UserId
    amount: Money | None = None
    payee: str | None = None
    details: Mapping[str, Detail]

    def canonical(self) -> tuple[bytes, ...]:
        """Return the fields as parts of a length-prefixed hash.

        Absent is distinct from empty; amounts compare as numbers; details are ordered by key and their types are
        told apart. Nothing else is folded (I8).
        """
        parts: list[bytes] = [
            self.type.encode(),
            self.user_id.encode(),
            _present(self.payee),
        ]
        amount = self.amount
        parts.append(_present(None if amount is None else f"{amount.value.normalize():f} {amount.currency}"))
        for key in sorted(self.details):
            value = self.details[key]
            parts += [key.encode(), f"{type(value).__name__}:{value}".encode()]
        return tuple(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One reported action, as the application told it."""

    id: ActionId
    application_id: ApplicationId
    user_id: UserId
    user_key: UserKey
    type: str
    session_id: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    locale: str | None = None
    amount: Money | None = None
    payee: str | None = None
    summary: str | None = None
    details: Mapping[str, Detail]
    return_url: str | None = None
    state: str | None = None
    conceal: bool = False
    created_at: Instant

    @property
    def bound(self) -> Bound:
        """The fields that a proof of this action holds for."""
        return Bound(
            type=self.type,
            user_id=self.user_id,
            amount=self.amount,
            payee=self.payee,
            details=self.details,
        )

    @property
    def account_field(self) -> AccountField | None:
        """What an account update changes; None for every other type."""
        return AccountField(str(self.details["field"])) if self.type == ACCOUNT_UPDATE else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A rule that matched, with its sentences."""

    rule: str
    text: str
    """For the operator and the application's back end."""
    customer_text: CustomerText | None = None
    """For the customer's page, worded there in his language; None where he is told nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskTerm:
    """One addend of the risk score."""

    signal: str
    nats: float
    """Its share of the log-odds, natural logarithm; positive means riskier."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The recorded evaluation of an action."""

    decision: Decision
    reasons: tuple[Reason, ...]
    score: float
    """Probability-like, 0 (ordinary) to 1 (certainly not the user)."""
    terms: tuple[RiskTerm, ...]
    signals: Mapping[str, str | int | float | bool]
    """What the rules saw, by signal name."""
    high_value: bool
    """B4: decides B13 and the other-contact rule."""
    policy_version: str
    shadow_rules: tuple[str, ...] = ()
    """Rules in mode ``log-only`` that would have matched."""
    failed_rules: tuple[str, ...] = ()
    """Rules that could not be evaluated; each counts as matched."""


def _present(text: str | None) -> bytes:
    return b"" if text is None else b"=" + text.encode()
