"""The charges of a start to addresses: where it comes from, and the first contact with room, in one operation."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import psycopg
import pytest

from tests.contract.builders import Scene
from tests.contract.conftest import OpenStore
from tests.kit.clock_and_chance import SeededEntropy
from tests.kit.postgres_databases import PostgresDatabases
from tests.kit.statement_record import record_statements
from watchword.adapters.key_set import KeySet
from watchword.adapters.postgres.postgres_statements import lock_of
from watchword.adapters.postgres.postgres_store import open_postgres_store
from watchword.adapters.rows.row_store import RowStore
from watchword.domain.budget import Budget, Charged, Full, Lane, Window
from watchword.domain.ids import ApplicationId
from watchword.domain.instant import later
from watchword.ports.store import Store
from watchword.ports.store.charging import AddressCharge, ContactsFull, IpFull, StartAddresses, StartCharged

HOUR_S = 3_600


def _ip(number: int = 0, *, most: int = 100) -> AddressCharge:
    windows = (Window(most=most, length_s=HOUR_S),)
    return AddressCharge(budget=Budget.IP_STARTS, subject=b"%032d" % number, windows=windows)


def _contact(number: int = 0, *, most: int = 100, open_most: int = 100) -> AddressCharge:
    return AddressCharge(
        budget=Budget.CONTACT_SENDS,
        subject=b"contact %024d" % number,
        windows=(Window(most=most, length_s=HOUR_S), Window(most=2 * most, length_s=24 * HOUR_S)),
        open_windows=(Window(most=open_most, length_s=HOUR_S),),
    )


async def _start(
    store: Store,
    ip: AddressCharge | None,
    *contacts: AddressCharge,
    lane: Lane = Lane.OPEN,
    call: bytes | None = None,
) -> StartCharged | IpFull | ContactsFull:
    application_id = ApplicationId("shop")
    return await store.charge_start_addresses(
        StartAddresses(application_id=application_id, ip=ip, contacts=contacts, lane=lane, call=call)
    )


async def _charges(store: RowStore, *addresses: AddressCharge) -> list[int]:
    """Return how often each address was charged."""
    counted = await store.runner.ask(
        lambda read: Counter(row["subject"] for row in read.all("SELECT subject FROM charges WHERE number > :n", n=0))
    )
    return [counted[address.subject] for address in addresses]


@pytest.fixture
async def both(place: str, store: RowStore, open_store: OpenStore) -> AsyncIterator[tuple[RowStore, RowStore]]:
    """Gives two stores on one database; on a file, which one process writes to, the same one twice."""
    if not place.startswith("postgresql:"):
        yield store, store
        return
    other = await open_store()
    yield store, other
    await other.close()


async def _until_charged(store: RowStore, address: AddressCharge) -> None:
    while await _charges(store, address) != [1]:
        pass


@pytest.fixture
async def shared(
    postgres_databases: PostgresDatabases, entropy: SeededEntropy, keyring: KeySet
) -> AsyncIterator[tuple[str, RowStore]]:
    """Gives a store that other processes write to as well, and where it is: one process alone writes to a file."""
    with postgres_databases.migrated() as url:
        store = await open_postgres_store(url, entropy, keyring)
        yield url, store
        await store.close()


async def test_charges_where_a_start_comes_from_and_whom_it_goes_to(store: RowStore) -> None:
    assert await _start(store, _ip(), _contact()) == StartCharged(contact=0)
    assert await _charges(store, _ip(), _contact()) == [1, 1]


async def test_charges_what_there_is(store: RowStore) -> None:
    assert await _start(store, _ip()) == StartCharged(contact=None)
    assert await _start(store, None, _contact()) == StartCharged(contact=0)
    assert await _start(store, None) == StartCharged(contact=None)
    assert await _charges(store, _ip(), _contact()) == [1, 1]


async def test_charges_no_contact_where_the_ip_is_full(store: RowStore, scene: Scene) -> None:
    began = await store.now()
    assert await _start(store, _ip(most=1)) == StartCharged(contact=None)
    assert await _start(store, _ip(most=1), _contact(0), _contact(1)) == IpFull(free_at=later(began, hours=1))
    assert await _charges(store, _ip(), _contact(0), _contact(1)) == [1, 0, 0]
    scene.clock.move(hours=1)
    assert await _start(store, _ip(most=1), _contact(0)) == StartCharged(contact=0)


@pytest.mark.parametrize("lane", Lane)
async def test_charges_the_first_contact_with_room_and_no_other(store: RowStore, scene: Scene, lane: Lane) -> None:
    contacts = (_contact(0, most=1), _contact(1, open_most=1), _contact(2, most=1))
    began = await store.now()
    assert await _start(store, _ip(), *contacts, lane=lane) == StartCharged(contact=0)
    assert await _start(store, None, *contacts, lane=lane) == StartCharged(contact=1)
    assert await _charges(store, *contacts) == [1, 1, 0]
    scene.clock.move(seconds=60)
    third = StartCharged(contact=2 if lane is Lane.OPEN else 1)
    assert await _start(store, _ip(1), *contacts, lane=lane) == third
    if lane is Lane.OPEN:
        assert await _start(store, _ip(2), *contacts) == ContactsFull(free_at=later(began, hours=1))
        assert await _start(store, None, contacts[2], contacts[1]) == ContactsFull(free_at=later(began, hours=1))
        assert await _start(store, None, contacts[2]) == ContactsFull(free_at=later(began, seconds=3_660))
        assert await _charges(store, _ip(2), *contacts) == [1, 1, 1, 1], "the address keeps its charge"


async def test_is_one_operation_and_two_statements_where_the_first_contact_has_room(store: RowStore) -> None:
    recording, operations = record_statements(store)
    assert await _start(recording, _ip(), _contact(), _contact(1)) == StartCharged(contact=0)
    assert [len(operation.statements) for operation in operations] == [2]
    assert operations[0].owner == _ip().subject
    assert operations[0].reserved == [(_contact().subject, 0)], "before it reads what somebody may have charged"


async def test_a_call_that_is_repeated_charges_once(both: tuple[RowStore, RowStore]) -> None:
    store, _ = both
    room = (_ip(most=3), _contact(most=3))
    at_once = await asyncio.gather(*(_start(one, *room, call=b"one") for one in both * 20))
    assert at_once == [StartCharged(contact=0)] * 40
    assert await _charges(store, *room) == [1, 1]
    assert [await _start(store, *room, call=call) for call in (b"two", None)] == [StartCharged(contact=0)] * 2
    assert isinstance(await _start(store, *room, call=b"three"), IpFull)
    assert await _start(store, *room, call=b"one") == StartCharged(contact=0), "it has its place, whatever came after"


async def test_what_stopped_between_the_two_is_made_up_for_by_the_same_call(store: RowStore) -> None:
    assert await _start(store, _ip(), call=b"one") == StartCharged(contact=None)
    assert await _start(store, _ip(), _contact(), call=b"one") == StartCharged(contact=0)
    assert await _charges(store, _ip(), _contact()) == [1, 1]


async def test_neither_holds_more_than_it_has_room_for_however_many_start_at_once(
    both: tuple[RowStore, RowStore],
) -> None:
    store, other = both
    stores = both * 30
    # From one address to many contacts, and from many addresses to one contact.
    from_one = [_start(one, _ip(most=7), _contact(number)) for number, one in enumerate(stores)]
    to_one = [
        _start(one, _ip(1 + number), _contact(100, most=9, open_most=5), lane=Lane.OWN if number % 2 else Lane.OPEN)
        for number, one in enumerate((store, other, other, store) * 15)
    ]
    to_two = [
        _start(one, _ip(200 + number), _contact(200, most=2), _contact(201, most=3))
        for number, one in enumerate(stores)
    ]
    outcomes = await asyncio.gather(*from_one, *to_one, *to_two)
    kinds = [Counter(type(one).__name__ for one in outcomes[first : first + 60]) for first in (0, 60, 120)]
    assert kinds[0] == {"StartCharged": 7, "IpFull": 53}
    assert kinds[1] == {"StartCharged": 9, "ContactsFull": 51}
    assert kinds[2] == {"StartCharged": 5, "ContactsFull": 55}
    assert Counter(one.contact for one in outcomes[120:] if isinstance(one, StartCharged)) == {0: 2, 1: 3}
    assert sum(await _charges(store, *(_contact(number) for number in range(60)))) == 7
    assert await _charges(store, _ip(), _contact(100), _contact(200), _contact(201)) == [7, 9, 2, 3]
    assert await _charges(store, *(_ip(1 + number) for number in range(60))) == [1] * 60


async def test_starts_and_resends_share_what_a_contact_has_room_for(store: RowStore) -> None:
    contact = _contact(most=8)
    outcomes = await asyncio.gather(
        *(_start(store, _ip(number), contact) for number in range(20)),
        *(store.charge_address(ApplicationId("shop"), contact, lane=Lane.OPEN) for _ in range(20)),
    )
    assert sum(isinstance(one, StartCharged | Charged) for one in outcomes) == 8
    assert sum(isinstance(one, ContactsFull | Full) for one in outcomes) == 32
    assert await _charges(store, contact) == [8]


async def test_starts_that_want_each_others_addresses_all_come_to_an_end(
    both: tuple[RowStore, RowStore],
) -> None:
    """Nobody waits while he holds something, so no order of addresses can make two wait for each other."""
    store, _ = both
    addresses = [_contact(number) for number in range(4)]
    turned = [(addresses[turn:] + addresses[:turn]) for turn in range(4)]
    outcomes = await asyncio.wait_for(
        asyncio.gather(*(_start(one, *turned[number % 4]) for number, one in enumerate(both * 40))),
        timeout=60,
    )
    assert outcomes == [StartCharged(contact=0)] * 80
    assert sum(await _charges(store, *addresses)) == 160


@pytest.mark.parametrize("held", [0, 1])
async def test_a_contact_that_another_process_is_charging_is_charged_by_an_operation_of_its_own(
    shared: tuple[str, RowStore], held: int
) -> None:
    url, store = shared
    contacts = (_contact(0, most=1), _contact(1, most=1))
    if held == 1:
        assert await _start(store, None, contacts[0]) == StartCharged(contact=0)
    recording, operations = record_statements(store)
    with psycopg.connect(url) as holding:
        holding.execute("SELECT pg_advisory_xact_lock(%s)", (lock_of(contacts[held].subject),))
        starting = asyncio.ensure_future(_start(recording, _ip(), *contacts))
        await _until_charged(store, _ip())
        assert await _charges(store, *contacts) == [held, 0], (
            "nothing is charged while somebody else may be charging it"
        )
        assert not starting.done()
    assert await starting == StartCharged(contact=held)
    assert await _charges(store, _ip(), *contacts) == [1, 1, held]
    assert [operation.owner for operation in operations] == [_ip().subject, contacts[held].subject]


async def test_a_contact_that_became_full_meanwhile_is_left_for_the_next(shared: tuple[str, RowStore]) -> None:
    url, store = shared
    contacts = (_contact(0, most=1), _contact(1, most=1))
    with psycopg.connect(url) as holding:
        holding.execute("SELECT pg_advisory_xact_lock(%s)", (lock_of(contacts[0].subject),))
        holding.execute(
            "INSERT INTO charges (application_id, user_key, budget, subject, lane, at)"
            " VALUES ('shop', '', 'contact_sends', %s, 'open', %s)",
            (contacts[0].subject, await store.now()),
        )
        starting = asyncio.ensure_future(_start(store, _ip(), *contacts))
        await _until_charged(store, _ip())
    assert await starting == StartCharged(contact=1)
    assert await _charges(store, *contacts) == [1, 1]
