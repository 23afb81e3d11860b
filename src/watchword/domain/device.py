"""A browser or app instance of one user, and the rotating token that proves it.

The token of step *n* is the device's id, *n*, and a keyed hash of both: nothing of it is stored, a database dump holds
no token, and parallel uses of one token get the same successor without any coordination. The row keeps the highest
step that was ever presented (``docs/decisions/0001``).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from watchword.domain.ids import DeviceId, UserKey, decode, encode, user_key_of
from watchword.domain.instant import SECOND_MS, Instant, later
from watchword.domain.limits import Limits
from watchword.domain.message import plain_line
from watchword.domain.secret import Secret

PARALLEL_GRACE_MS: Final = 10 * SECOND_MS
"""How long an old token stays valid after its successor was first presented: calls sent at once are no theft."""
LONGEST_NAME: Final = 60
"""Characters of what a user may call a device: it has to fit into one line of a message and of a small screen."""
UNKNOWN_BROWSER: Final = "an unknown browser"
ON_SYSTEM: Final = " on "
"""Between a browser and its system in the name that is made of a user agent: "Chrome on Windows"."""
_TOKEN_PREFIX: Final = "wd1"
_TOKEN_PIECES: Final = 4
_LONGEST_TOKEN: Final = 256
_LONGEST_STEP: Final = 12


class DeviceState(StrEnum):
    """How much a device says about the user."""

    NEW = "new"
    KNOWN = "known"
    """Proven lately, so not challenged for being new."""
    TRUSTED = "trusted"
    """Chosen by the user and proven lately, so not challenged for a new place or a medium score either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One remembered device."""

    id: DeviceId
    name: str
    """From the user agent when it was first proven, or what the user called it."""
    step: int
    """The highest step of its token that was ever presented; 0 before the first use."""
    stepped_at: Instant
    """When that step was first presented."""
    first_seen_at: Instant
    last_seen_at: Instant
    last_proven_at: Instant
    trusted_at: Instant | None = None
    revoked_at: Instant | None = None

    def state(self, now: Instant, *, known_days: int, trusted_days: int) -> DeviceState:
        """Return what the device counts as; both spans run from its last proof."""
        if self.revoked_at is not None or now >= later(self.last_proven_at, days=known_days):
            return DeviceState.NEW
        if self.trusted_at is not None and now < later(self.last_proven_at, days=trusted_days):
            return DeviceState.TRUSTED
        return DeviceState.KNOWN


def read_name(text: str) -> str | None:
    """Return what a user calls a device as one harmless line, or None where it is longer or nothing is left of it.

    The name stands in messages to the owner, and somebody else may have written it: ``plain_line`` says what goes.
    """
    if len(text) > LONGEST_NAME:
        return None
    return plain_line(text, LONGEST_NAME) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedToken:
    """A device token taken apart; its hash has yet to be checked."""

    device_id: DeviceId
    user_key: UserKey
    step: int
    mac: bytes


def write_token(device_id: DeviceId, step: int, mac: bytes) -> Secret:
    """Return the token text of a step, given the keyed hash of ``token_parts``."""
    return Secret(f"{_TOKEN_PREFIX}.{device_id.removeprefix('dev_')}.{step}.{encode(mac)}")


def read_token(text: str) -> PresentedToken | None:
    """Return the parts of a device token, or None for anything that is not one."""
    pieces = text.split(".")
    if len(pieces) != _TOKEN_PIECES or pieces[0] != _TOKEN_PREFIX or len(text) > _LONGEST_TOKEN:
        return None
    device_id = DeviceId(f"dev_{pieces[1]}")
    user_key, mac = user_key_of("dev", device_id), decode(pieces[3])
    if (
        user_key is None
        or mac is None
        or not (pieces[2].isascii() and pieces[2].isdigit() and len(pieces[2]) <= _LONGEST_STEP)
    ):
        return None
    return PresentedToken(device_id=device_id, user_key=user_key, step=int(pieces[2]), mac=mac)


def token_parts(application_id: str, device_id: DeviceId, step: int) -> tuple[bytes, ...]:
    """Return what the keyed hash of a device token covers."""
    return (application_id.encode(), device_id.encode(), str(step).encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A valid token of a live device was presented; ``successor_step`` is the step to hand out now."""

    device: Device
    successor_step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stolen:
    """An outlived token was presented: somebody holds a copy, and the device is revoked now."""

    device_id: DeviceId


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrecognised:
    """No live device of this user: the action counts as coming from a new one, and nothing is revealed."""


Found = Recognised | Stolen | Unrecognised
"""What a presented token comes to."""


def state_of(found: Found, limits: Limits, now: Instant) -> DeviceState:
    """Return what the presented token makes of the device."""
    if not isinstance(found, Recognised):
        return DeviceState.NEW
    return found.device.state(now, known_days=limits.device_known_days, trusted_days=limits.device_trusted_days)
