"""Turns plain facts into the hashed values that model and counters look at; the only place that sees both.

A keyed hash costs about 3 µs and a telephone number 20, and most of what comes was there a moment ago, so the recent
ones are kept, in this process and nowhere else. Contacts are kept by their ids and never by their addresses.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from watchword.domain.atlas_facts import AgentFacts, AgentType, NetworkFacts
from watchword.domain.contact import Contact, ContactKind, PhoneType, canonical_address, phone_type
from watchword.domain.ids import ApplicationId, ContactId
from watchword.risk.recent import Recent
from watchword.risk.traits import Level, Traits

RECENT_MOST: Final = 8_192
"""Hashes kept of each kind; about 2 MB."""
_VALUE_BYTES: Final = 8
_NO_FILE: Final = "no file"
"""Where there is no file about networks every address is in the same one, so that it speaks neither for nor against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactTrace:
    """What is looked at of one contact."""

    value: int
    """Keyed hash of the form under which sends are counted, the same for every user of the application."""
    phone_type: PhoneType | None
    """None for an e-mail address."""


class Tracer:
    """Makes hashed values. ``index`` is a keyed hash of length-prefixed parts that is the same for ever."""

    __slots__ = ("_agents", "_contacts", "_index", "_values")

    def __init__(self, index: Callable[..., bytes]) -> None:
        self._index = index
        self._values: Recent[tuple[str, ...], int] = Recent(RECENT_MOST)
        self._agents: Recent[tuple[ApplicationId, AgentFacts], tuple[int | None, ...]] = Recent(RECENT_MOST)
        """What was made of the kinds of agents, of which there are few."""
        self._contacts: Recent[ContactId, ContactTrace] = Recent(RECENT_MOST)

    def traits(
        self, application_id: ApplicationId, network: NetworkFacts | None, counted_as: str | None, agent: AgentFacts
    ) -> Traits:
        """Return the values of one action; ``counted_as`` is the address, or the /64 of an IPv6 address.

        What is left out or not understood has no value, and nor has anything below it in its chain.
        """
        return Traits(
            values=(*self._where(application_id, network, counted_as), *self._what_with(application_id, agent))
        )

    def address(self, application_id: ApplicationId, counted_as: str) -> int:
        """Return the value of an address, the same as in ``traits``."""
        return self._value(application_id, "address", counted_as)

    def payee(self, application_id: ApplicationId, payee: str) -> int:
        """Return the value of a payee."""
        return self._value(application_id, "payee", payee)

    def contact(self, application_id: ApplicationId, contact: Contact) -> ContactTrace:
        """Return what is looked at of a contact."""
        found = self._contacts.get(contact.id)
        if found is None:
            address = canonical_address(contact.kind, contact.address)
            is_phone = contact.kind is ContactKind.PHONE
            found = ContactTrace(
                value=self._hashed((application_id, "contact", contact.kind, address)),
                phone_type=phone_type(contact.address) if is_phone else None,
            )
            self._contacts.put(contact.id, found)
        return found

    def _where(
        self, application_id: ApplicationId, network: NetworkFacts | None, counted_as: str | None
    ) -> tuple[int | None, int | None, int | None]:
        if network is None or counted_as is None:
            return None, None, None
        country = None if network.country is None else self._value(application_id, "country", network.country)
        name = network_name(network)
        system = None if name is None else self._value(application_id, "network", name)
        return country, system, self.address(application_id, counted_as)

    def _what_with(self, application_id: ApplicationId, agent: AgentFacts) -> tuple[int | None, ...]:
        found = self._agents.get((application_id, agent))
        if found is None:
            found = self._traced(application_id, agent)
            self._agents.put((application_id, agent), found)
        return found

    def _traced(self, application_id: ApplicationId, agent: AgentFacts) -> tuple[int | None, ...]:
        chain = (agent.type.value, agent.os, agent.browser, agent.browser_major)
        understood = 0 if agent.type in _SAYS_NOTHING else next((n for n, part in enumerate(chain) if not part), 4)
        return tuple(
            None if level - Level.KIND >= understood else self._value(application_id, level.name, *parts)
            for level, parts in (
                (Level.KIND, chain[:1]),
                (Level.SYSTEM, chain[:2]),
                (Level.BROWSER, chain[:3]),
                (Level.AGENT, (*chain, agent.os_version)),
            )
        )

    def _value(self, *parts: str) -> int:
        found = self._values.get(parts)
        if found is None:
            found = self._hashed(parts)
            self._values.put(parts, found)
        return found

    def _hashed(self, parts: tuple[str, ...]) -> int:
        return int.from_bytes(self._index(*(part.encode() for part in parts))[:_VALUE_BYTES], "big")


def network_name(network: NetworkFacts) -> str | None:
    """Return what stands for the network of an address; None where the files do not know it, which counts as new."""
    if network.asn is not None:
        return str(network.asn)
    if network.country == LOCAL:
        return LOCAL
    return _NO_FILE if "asn" in network.no_data else None


LOCAL: Final = "local"
"""The country of an address that is not on the internet (``ports.atlas``)."""
_SAYS_NOTHING: Final = (AgentType.ABSENT, AgentType.UNKNOWN)
