"""What one action would teach, small enough to be kept with it so that it can be taken back."""

from dataclasses import dataclass
from struct import Struct
from typing import Final

from watchword.domain.instant import Instant
from watchword.risk.traits import Level, Traits

PROVISIONAL: Final = 0.25
"""The share of an action that was allowed without a proof and has not been disputed yet."""
PROVEN: Final = 1.0
"""The share of an action that was proven, or that nobody disputed for a day."""

HOURS_OF_WEEK: Final = 168
_VERSION: Final = 1
_HEAD: Final = Struct("<BBqBBd3sQ")
_VALUES: Final = Struct(f"<{len(Level)}Q")
_HAD_TOKEN: Final = 1
_HAS_AMOUNT: Final = 2
_HAS_PAYEE: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one action would teach about its user."""

    at: Instant
    traits: Traits
    hour_of_week: int
    """0 to 167, in UTC, from Monday midnight."""
    had_token: bool
    """A valid device token came with it."""
    log_amount: float | None = None
    """Natural logarithm of the amount in major units."""
    currency: str | None = None
    """ISO 4217."""
    payee: int | None = None
    """Unsigned 64-bit keyed hash."""

    def encode(self) -> bytes:
        """Return it as 87 bytes."""
        values = self.traits.values
        present = sum(1 << level for level, value in enumerate(values) if value is not None)
        flags = (
            _HAD_TOKEN * self.had_token
            | _HAS_AMOUNT * (self.log_amount is not None)
            | _HAS_PAYEE * (self.payee is not None)
        )
        head = _HEAD.pack(
            _VERSION,
            flags,
            self.at,
            present,
            self.hour_of_week,
            self.log_amount or 0.0,
            (self.currency or "").encode("ascii"),
            self.payee or 0,
        )
        return head + _VALUES.pack(*(value or 0 for value in values))


def decode_contribution(encoded: bytes) -> Contribution:
    """Return what was encoded. Raises ``ValueError`` for bytes that are no contribution."""
    if len(encoded) != _HEAD.size + _VALUES.size or encoded[0] != _VERSION:
        raise ValueError("these bytes are no contribution")
    _, flags, at, present, hour_of_week, log_amount, currency, payee = _HEAD.unpack_from(encoded)
    values = _VALUES.unpack_from(encoded, _HEAD.size)
    return Contribution(
        at=Instant(at),
        traits=Traits(values=tuple(value if present >> level & 1 else None for level, value in enumerate(values))),
        hour_of_week=hour_of_week,
        had_token=bool(flags & _HAD_TOKEN),
        log_amount=log_amount if flags & _HAS_AMOUNT else None,
        currency=currency.rstrip(b"\0").decode("ascii") or None,
        payee=payee if flags & _HAS_PAYEE else None,
    )
