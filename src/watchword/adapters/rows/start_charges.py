"""What a start charges to addresses: one to where it comes from, and one to the first contact that has room.

All of it is one operation, which the IP address owns. A contact may be charged for somebody else in the same moment, so
it is reserved before its charges count. Nobody waits for that: an operation that waited while it holds something could
wait for one that waits for it. What cannot be reserved is charged by an operation of its own, whose owner it is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from watchword.adapters.rows.budget_rows import (
    address_full_until,
    address_rows,
    charge_addresses,
    rows_of_two_addresses,
    was_charged,
)
from watchword.adapters.rows.runner import Runner
from watchword.adapters.rows.transaction import Row, Transaction
from watchword.domain.instant import Instant
from watchword.ports.store.charging import AddressCharge, ContactsFull, IpFull, StartAddresses, StartCharged


async def charge_start_addresses(runner: Runner, start: StartAddresses) -> StartCharged | IpFull | ContactsFull:
    """Charge the IP address of a start, and then the first contact that has room, as ``ports.store`` says.

    Not waited for on the disk: the challenge that is opened next is there only with these charges or after them, and no
    message leaves before it is.
    """
    left = _Left(ip=start.ip, place=0, frees=())
    while True:
        owner = left.ip or next(iter(start.contacts[left.place :]), None)
        if owner is None:
            return StartCharged(contact=None)
        outcome = await runner.write(owner.subject, _Charging(start=start, left=left).carry_out, soon=True)
        if not isinstance(outcome, _Left):
            return outcome
        left = outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class _Left:
    """What there is to charge yet: the contacts from a place on, where somebody else was charging that one."""

    ip: AddressCharge | None
    place: int
    frees: tuple[Instant, ...]
    """When the contacts before it have room again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Charging:
    """One operation; whoever owns it is the IP address, or the first contact that is left."""

    start: StartAddresses
    left: _Left

    def carry_out(self, transaction: Transaction) -> StartCharged | IpFull | ContactsFull | _Left:
        """Charge what has room, and say what that came to."""
        start, ip = self.start, self.left.ip
        of_ip, of_first = self._look(transaction)
        due: list[AddressCharge] = []
        if ip is not None and not was_charged(of_ip, start.call):
            full_until = address_full_until(of_ip, ip, start.lane, transaction.now)
            if full_until is not None:
                return IpFull(free_at=full_until)
            due.append(ip)
        outcome = self._choose_contact(transaction, of_first, due)
        charge_addresses(transaction, start.application_id, due, start.lane, start.call)
        return outcome

    def _look(self, transaction: Transaction) -> tuple[Sequence[Row], Sequence[Row] | None]:
        """Return the charges of the IP address and of the first contact left; None where that is being charged."""
        application_id, ip = self.start.application_id, self.left.ip
        contact = next(iter(self.start.contacts[self.left.place :]), None)
        if ip is None:
            return (), () if contact is None else address_rows(transaction, application_id, contact)
        if contact is None:
            return address_rows(transaction, application_id, ip), ()
        read = partial(rows_of_two_addresses, transaction, application_id, ip, contact)
        is_ours, rows = _reserve(transaction, contact, read)
        of_ip, of_contact = ([row for row in rows if row["place"] == place] for place in (0, 1))
        return of_ip, of_contact if is_ours else None

    def _choose_contact(
        self, transaction: Transaction, rows: Sequence[Row] | None, due: list[AddressCharge]
    ) -> StartCharged | ContactsFull | _Left:
        """Put the first contact with room to what is due; ``rows`` are the charges of the first that is left."""
        start, begun, frees = self.start, self.left.place, list(self.left.frees)
        for place, contact in enumerate(start.contacts[begun:], begun):
            if place > begun:
                is_ours, found = _reserve(
                    transaction, contact, partial(address_rows, transaction, start.application_id, contact)
                )
                rows = found if is_ours else None
            if rows is None:
                return _Left(ip=None, place=place, frees=tuple(frees))
            if was_charged(rows, start.call):
                return StartCharged(contact=place)
            full_until = address_full_until(rows, contact, start.lane, transaction.now)
            if full_until is None:
                due.append(contact)
                return StartCharged(contact=place)
            frees.append(full_until)
        return ContactsFull(free_at=min(frees)) if frees else StartCharged(contact=None)


def _reserve(transaction: Transaction, contact: AddressCharge, read: Callable[[], list[Row]]) -> tuple[bool, list[Row]]:
    """Return whether nobody else can charge a contact any more, and what was read after that was settled."""
    reserved: list[bytes] = []
    found: list[Row] = []
    # What is read goes out behind the reservation, in the same exchange, and sees all that is committed by then.
    transaction.side_by_side(
        (
            lambda: reserved.extend(transaction.reserve((contact.subject,))),
            lambda: found.extend(read()),
        )
    )
    return bool(reserved), found
