"""What lies on the disk says nothing without the keys, and nothing at all once it is over."""

import asyncio
from pathlib import Path

import pytest

from tests.contract.builders import EMAIL, OTHER_EMAIL, OTHER_PHONE, PHONE, Scene, update_details
from tests.contract.conftest import OpenStore
from tests.contract.guessing import spend
from tests.kit.database import change, count
from watchword.adapters.key_file import KeyKind
from watchword.adapters.key_set import KeySet
from watchword.adapters.rows.row_store import RowStore
from watchword.domain.action import ACCOUNT_UPDATE, PURCHASE
from watchword.domain.challenge import Approved
from watchword.domain.errors import StorageUnavailable
from watchword.domain.instant import later
from watchword.domain.secret import Secret
from watchword.ports.store.values import KeptAnswer


def _dump(database: str) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(Path(database).parent.glob("watchword.sqlite3*")))


async def test_a_copy_of_the_files_tells_no_address_code_word_or_answer(
    scene: Scene, store: RowStore, database: str
) -> None:
    user = await scene.register(PHONE, EMAIL, user_id="customer-number-4711")
    first = await scene.open(user_id=user.id, session_id="session-0815", contact=user.contacts[0])
    order, second = scene.switch(first, user.contacts[1])
    await store.order_delivery(order)
    update = await scene.open(
        ACCOUNT_UPDATE, user_id=user.id, details=update_details(added=OTHER_PHONE, field_name="phone")
    )
    await store.record_decision(scene.decided(scene.action(PURCHASE, user_id=user.id, amount="1234.56")))
    answer = KeptAnswer(
        application_id=scene.application_id, scope=b"s", fingerprint=b"f", status=200, body=Secret("wd1.a-device-token")
    )
    await spend(store, scene.guess(second), keep=lambda _: answer)
    (device,) = await store.devices(scene.ref(user.id))
    await store.rename_device(scene.ref(user.id), device.id, "Jane's kitchen tablet")
    dump = _dump(database)
    assert len(dump) > 10_000
    telling = [
        PHONE,
        PHONE.removeprefix("+1"),
        OTHER_PHONE,
        EMAIL,
        "customer-number-4711",
        "session-0815",
        "203.0.113.7",
        "Mozilla/5.0",
        "1234.56",
        "wd1.a-device-token",
        "Chrome on Windows",
        "Jane's kitchen tablet",
        "••• 23",
        *(code.reveal() for planned in (first, second, update) for code in planned.codes.values()),
    ]
    assert [text for text in telling if text.encode() in dump] == []


async def test_a_dump_that_held_a_code_in_the_clear_would_be_seen(database: str) -> None:
    """The search itself can find something: the names of the tables lie in the clear."""
    assert b"CREATE TABLE contacts" in _dump(database)


async def test_the_live_code_is_sealed_until_the_challenge_ends(scene: Scene, store: RowStore) -> None:
    user = await scene.register(PHONE)
    approved, cancelled, expired = [await scene.open(name) for name in ("sign_in", "transfer", "withdrawal")]
    del cancelled  # the open lane holds two: the third replaced the first

    async def sealed() -> int:
        return await count(store, "SELECT count(*) FROM challenges WHERE sealed_code IS NOT NULL")

    assert await sealed() == 2
    assert (await scene.challenge(approved.id)).end_reason == "replaced"
    scene.clock.move(seconds=scene.limits.lifetime_s)
    assert (await store.sweep(limit=10)).wiped == 2
    assert await sealed() == 0
    assert (await scene.challenge(expired.id)).end_reason == "expired"
    assert user.contacts


async def test_a_value_moved_to_another_row_does_not_open(scene: Scene, store: RowStore) -> None:
    """Somebody with access to the database gives one user the address of the other."""
    await scene.register(PHONE, user_id="u-1")
    await scene.register(EMAIL, user_id="u-2")
    other = "SELECT sealed_address FROM contacts AS other WHERE other.id <> contacts.id"
    assert await change(store, f"UPDATE contacts SET sealed_address = ({other})") == 2  # noqa: S608 our own words
    with pytest.raises(StorageUnavailable):
        await store.user(scene.ref("u-1"))


async def test_addresses_are_sealed_anew_under_the_newest_key(
    scene: Scene, store: RowStore, keyring: KeySet, open_store: OpenStore
) -> None:
    await asyncio.gather(*(scene.register(PHONE, EMAIL, user_id=f"u-{number}") for number in range(4)))
    assert await store.reseal(limit=100) == 0
    keyring.adopt(keyring.rotate(KeyKind.SEALING, scene.entropy, later(scene.clock.now(), days=1)))
    assert await store.reseal(limit=5) == 5
    assert await store.reseal(limit=5) == 3
    assert await store.reseal(limit=5) == 0
    newest_only = keyring.table.sealing[-1:]
    assert len(newest_only) == 1
    assert (await scene.user("u-3")).contacts[1].address.reveal() == EMAIL


async def test_an_erased_person_leaves_no_sealed_word(scene: Scene, store: RowStore) -> None:
    await scene.register(PHONE, OTHER_EMAIL)
    planned = await scene.open()
    assert isinstance(await spend(store, scene.guess(planned)), Approved)
    assert await store.erase_user(scene.ref())
    left = await count(
        store,
        "SELECT (SELECT count(*) FROM contacts) + (SELECT count(*) FROM devices) + (SELECT count(*) FROM places)"
        " + (SELECT count(*) FROM actions WHERE sealed_action IS NOT NULL OR sealed_assessment IS NOT NULL)"
        " + (SELECT count(*) FROM challenges WHERE sealed_display IS NOT NULL OR sealed_code IS NOT NULL)"
        " + (SELECT count(*) FROM users WHERE sealed_person IS NOT NULL)",
    )
    assert left == 0
