"""What processes tell each other: everybody hears it but who told it, and it is forgotten soon."""

from tests.contract.builders import SHOP, Scene
from watchword.adapters.rows.hearsay_rows import TOLD_MS
from watchword.adapters.rows.row_store import RowStore
from watchword.domain.ids import ApplicationId
from watchword.domain.instant import Instant

OTHER = ApplicationId("other")
ANN, BOB = b"ann", b"bob"


async def test_everybody_hears_it_in_order_but_who_told_it(store: RowStore, scene: Scene) -> None:
    before = Instant(await store.now() - 1)
    await store.tell(ANN, {SHOP: b"one", OTHER: b"two"})
    await store.tell(BOB, {SHOP: b"three"})
    heard = await store.told_by_others(BOB, since=before)
    assert {(one.application_id, one.words) for one in heard} == {(SHOP, b"one"), (OTHER, b"two")}
    everything = await store.told_by_others(b"eve", since=before)
    assert len({one.number for one in everything}) == 3
    assert [one.number for one in everything] == sorted(one.number for one in everything)
    assert everything[-1].words == b"three"
    assert [one.words for one in await store.told_by_others(ANN, since=before)] == [b"three"]
    scene.clock.move(seconds=1)
    assert await store.told_by_others(BOB, since=await store.now()) == []


async def test_it_is_forgotten_after_a_while(store: RowStore, scene: Scene) -> None:
    before = Instant(await store.now() - 1)
    await store.tell(ANN, {SHOP: b"one"})
    scene.clock.move(seconds=TOLD_MS // 1_000)
    await store.tell(ANN, {SHOP: b"two"})
    assert (await store.sweep(limit=10)).forgotten == 1
    assert [one.words for one in await store.told_by_others(BOB, since=before)] == [b"two"]
