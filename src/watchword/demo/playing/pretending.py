"""Lets one visitor at one desk play many: elsewhere in the world, in a browser that nobody knows, or a thief."""

from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import blake2b
from ipaddress import IPv4Network
from typing import Final

from watchword.demo.ledger import now_s

REMEMBERED_VISITS = 1000
"""Of how many visits old device tokens are kept, the newest first; more would only cost memory."""
REMEMBERED_TOKENS = 12
"""How many tokens back: a visitor who copies one buys a few things before he goes on."""
WORTHLESS_AFTER = 2
"""How many successors a token has when it gives its user away: the first of them was used to get the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Somewhere to pretend to be.

    The addresses are those that RFC 5737 sets aside for documentation. The countries in the titles are the ones that
    Watchword's ``example_places`` gives them; the store itself tells nothing but the address.
    """

    id: str
    title: str
    ip: str | None
    """``None``: the true address of the connection."""


_HOME: Final = IPv4Network("192.0.2.0/25")
_CAFE: Final = IPv4Network("192.0.2.128/25")
_ABROAD: Final = IPv4Network("198.51.100.0/24")
_ISLAND: Final = IPv4Network("203.0.113.0/24")


def places(customer_id: str | None = None) -> tuple[Place, ...]:
    """Return the places to choose from; the first is where everybody starts.

    Every customer has addresses of his own there: thirty of them at one address within an hour would look like what
    they are in life, somebody who tries accounts.
    """
    return (
        Place(id="home", title="At home in the United States", ip=_address(_HOME, customer_id)),
        Place(id="cafe", title="In a café nearby (another network)", ip=_address(_CAFE, customer_id)),
        Place(id="abroad", title="On a trip to Germany", ip=_address(_ABROAD, customer_id)),
        Place(id="island", title="On a trip to the United Kingdom", ip=_address(_ISLAND, customer_id)),
        Place(id="here", title="Where I really am", ip=None),
    )


def find_place(place_id: str, customer_id: str | None = None) -> Place:
    """Return the place with this id, or the first."""
    choices = places(customer_id)
    return next((place for place in choices if place.id == place_id), choices[0])


def _address(network: IPv4Network, customer_id: str | None) -> str:
    """Return an address of the network, the same for a customer each time, and never its first or its last one."""
    digest = blake2b((customer_id or "").encode(), digest_size=8).digest()
    return str(network[1 + int.from_bytes(digest) % (network.num_addresses - 2)])


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelvedToken:
    """A device token that was set."""

    value: str = field(repr=False)
    set_at_s: int


class TokenShelf:
    """The last device tokens of each visit, so that the visitor can play somebody who copied an old one."""

    def __init__(self) -> None:
        self._tokens: OrderedDict[str, list[ShelvedToken]] = OrderedDict()

    def keep(self, visit_id: str, token: str) -> None:
        """Keep a token that was just set."""
        tokens = self._tokens.setdefault(visit_id, [])
        tokens.append(ShelvedToken(value=token, set_at_s=now_s()))
        del tokens[:-REMEMBERED_TOKENS]
        self._tokens.move_to_end(visit_id)
        while len(self._tokens) > REMEMBERED_VISITS:
            self._tokens.popitem(last=False)

    def oldest(self, visit_id: str) -> str | None:
        """Return the newest token whose successor has been used since, if there is one."""
        tokens = self._tokens.get(visit_id, [])
        return tokens[-WORTHLESS_AFTER - 1].value if len(tokens) > WORTHLESS_AFTER else None

    def successors(self, visit_id: str, token: str) -> tuple[int, ...]:
        """Return when each token after this one was set, in seconds since 1970.

        The second one tells that the first was used. Empty for a token that is not remembered.
        """
        tokens = self._tokens.get(visit_id, [])
        values = [shelved.value for shelved in tokens]
        later = tokens[values.index(token) + 1 :] if token in values else []
        return tuple(shelved.set_at_s for shelved in later)

    def move(self, visit_id: str, new_visit_id: str) -> None:
        """Keep the tokens under the name that the visit has after signing in."""
        tokens = self._tokens.pop(visit_id, None)
        if tokens is not None:
            self._tokens[new_visit_id] = tokens
