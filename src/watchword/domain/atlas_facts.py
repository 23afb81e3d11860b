"""What files say of where an action came from, and of the program it came through.

Plain values; how they are looked up is the atlas's matter, and what they are worth is the matter of ``risk``.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFacts:
    """What the files say of one IP address; a fact that no file is there for is unknown or false, never guessed."""

    country: str | None = None
    """ISO 3166 code, ``local`` for private and loopback addresses, None where it is not known."""
    asn: int | None = None
    """Number of the autonomous system that announces the address."""
    asn_name: str | None = None
    """How that system calls itself, where the file says it. A stranger's words: for operators, never for customers."""
    hosting: bool = False
    """A data centre: machines, not people, have addresses there."""
    vpn: bool = False
    """A commercial VPN or proxy service."""
    tor: bool = False
    """An exit of the Tor network."""
    listed: bool = False
    """In a list of networks that abuse comes from: the shipped one, or the operator's own."""
    no_data: tuple[str, ...] = ()
    """Names of the facts above that no file is there for; they say nothing either way."""


UNKNOWN_NETWORK: Final = NetworkFacts()
"""What is known where nothing is."""


class AgentType(StrEnum):
    """What kind of machine a user agent says it runs on."""

    DESKTOP = "desktop"
    MOBILE = "mobile"
    TABLET = "tablet"
    BOT = "bot"
    """A crawler or a script, by its own word."""
    UNKNOWN = "unknown"
    """There was an agent, and it says nothing of the machine."""
    ABSENT = ""
    """There was no agent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFacts:
    """What a user agent says of itself; an empty text is "not known", which counts as new.

    Names are made of letters, digits, spaces and ``+ - _``, at most 40: an agent is whatever a stranger wrote.
    """

    type: AgentType = AgentType.ABSENT
    os: str = ""
    """Family of the system: ``Windows``, ``macOS``, ``Linux``, ``Android``, ``iOS`` and rarer ones."""
    os_version: str = ""
    """``17.5``, ``10``; at most two numbers."""
    browser: str = ""
    """Family of the browser: ``Chrome``, ``Firefox``, ``Safari``, ``Edge`` and rarer ones."""
    browser_major: str = ""
    """First number of its version."""
    automated: bool = True
    """A crawler, a script, a browser without a screen, or no agent at all."""


NO_AGENT: Final = AgentFacts()
"""What is known where no user agent was reported."""
