"""What the store and whoever decides an action say to each other, inside the transaction that it is decided in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from watchword.domain.budget import Lane
from watchword.domain.device import Found
from watchword.domain.ids import DeviceId
from watchword.domain.limits import Limits
from watchword.domain.user import UserRef
from watchword.ports.store.values import Decided, KeptAnswer
from watchword.risk.profile import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """A device token whose keyed hash was right."""

    device_id: DeviceId
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileQuery:
    """What an assessment wants to know, and the device token that came with the action."""

    ref: UserRef
    action_type: str
    currency: str | None
    limits: Limits
    presented: Presented | None = None
    lane: Lane = Lane.OPEN
    """The lane where the token is not that of a known device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the store knows as an action is decided."""

    profile: Profile
    found: Found
    lane: Lane
    """The one that the profile was read for."""


Told = TypeVar("Told")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement(Generic[Told]):
    """What somebody makes of what is known."""

    told: Told
    """Handed back to whoever asked for the decision."""
    decided: Decided | None = None
    """Written with it; None where the action is neither allowed nor denied here."""
    kept: KeptAnswer | None = None
    """Stored with what is decided."""


Judge = Callable[[Known], Judgement[Told]]
"""Called inside the transaction that writes what it decides. Pure but for what it draws, and it may be called again."""
