"""What is remembered of a user's amounts and payees."""

from dataclasses import dataclass
from typing import Final

from watchword.domain.instant import Instant
from watchword.risk.memory.contribution import Contribution

SPENDING_BYTES_MOST: Final = 240
"""Its part of the 1,200 bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """Amounts and payees of one user, on the scale of the landmark."""


NOTHING_SPENT: Final = Spending()


def learn_spending(spending: Spending, contribution: Contribution, share: float) -> Spending:  # noqa: ARG001 nothing is kept yet
    """Return the spending after a contribution."""
    return spending


def take_back_spending(spending: Spending, contribution: Contribution, share: float, now: Instant) -> Spending:  # noqa: ARG001 nothing is kept yet
    """Return the spending without a contribution."""
    return spending


def encode_spending(spending: Spending) -> bytes:  # noqa: ARG001 nothing is kept yet
    """Return the spending as at most 240 bytes."""
    return b""


def decode_spending(encoded: bytes) -> Spending:  # noqa: ARG001 nothing is kept yet
    """Return what was encoded. Raises ``ValueError`` for bytes that are no spending."""
    return NOTHING_SPENT
