"""What happens in a stream: one sign-in attempt, with everything that a contestant may look at.

It knows no model. Traffic that is made and traffic that is read from a file both come in this form.
"""

from dataclasses import dataclass, field, replace
from typing import Final

from watchword.domain.instant import Instant

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """What is read out of a user agent, from coarse to fine."""

    kind: str
    """``mobile``, ``desktop``, ``tablet``, ``bot`` or ``unknown``."""
    system: str
    """The family of the operating system, such as ``iOS``."""
    system_version: str
    browser: str
    """The family of the browser, such as ``Chrome Mobile``."""
    browser_version: str
    text: str
    """The whole user agent: it tells apart what the parts do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an attempt comes from."""

    country: str
    network: int
    """The number of the autonomous system."""
    address: int
    """Stands for an IPv4 address or an IPv6 /64."""
    is_hosting: bool = False
    """A list names it as hosting; so with the next three. Whether a list knows it is another thing than what it is."""
    is_vpn: bool = False
    is_tor: bool = False
    is_listed: bool = False
    """It stands on the operator's list of bad networks."""

    @property
    def is_named(self) -> bool:
        """Return whether any list names it."""
        return self.is_hosting or self.is_vpn or self.is_tor or self.is_listed

    def unnamed(self) -> "Place":
        """Return it as it is where there are no lists."""
        return replace(self, is_hosting=False, is_vpn=False, is_tor=False, is_listed=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One attempt to sign in with this user's password."""

    at: Instant
    user: int
    place: Place
    agent: Agent
    device: int
    """Which machine it is, for the attackers and the audit; no contestant may look at it."""
    has_token: bool
    """A valid token of a device that this user has proven came with it."""
    is_successful: bool
    """The password was right. Only then there is a decision to make."""
    attack: str = ""
    """Which attacker it is; empty for the user himself."""
    is_attack_address: bool = field(default=False)
    """Guessing came from this address; a label of the data set, no contestant may look at it."""

    @property
    def is_legitimate(self) -> bool:
        """Whether the user himself got in."""
        return self.is_successful and not self.attack
