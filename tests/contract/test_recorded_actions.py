"""What a replay reads of recorded actions: the same from every kind of store, piece by piece and by their time."""

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.builders import PHONE, Scene
from tests.contract.guessing import spend
from watchword.adapters.key_set import KeySet
from watchword.adapters.postgres.postgres_records import PostgresRecords
from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.sqlite.recorded_rows import RecordedRows
from watchword.domain.action import PURCHASE, SIGN_IN, Decision, Label
from watchword.domain.errors import ConfigurationError
from watchword.domain.instant import Instant
from watchword.risk.replay import Asked, Recorded, Truth, Unjudged

END = Instant(2**62)


def _open(place: str, keyring: KeySet, application_id: str) -> RecordedRows | PostgresRecords:
    kind = PostgresRecords if place.startswith("postgresql:") else RecordedRows
    return kind(place, keyring, application_id)


async def _read(
    place: str, keyring: KeySet, application_id: str, *, since: int = 0, until: int = END
) -> list[Recorded | Unjudged]:
    """Read all that is recorded in a time, two numbers at once, where no event loop runs."""

    def read() -> list[Recorded | Unjudged]:
        with closing(_open(place, keyring, application_id)) as records:
            numbers = records.span(Instant(since), Instant(until))
            pieces = [numbers[start : start + 2] for start in range(0, len(numbers), 2)]
            return [one for piece in pieces for one in records.read(piece, details=True)]

    return await asyncio.to_thread(read)


async def test_reads_what_became_of_every_action(place: str, keyring: KeySet, store: RowStore, scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await scene.open(SIGN_IN)
    await spend(store, scene.guess(planned))
    scene.clock.move(hours=1)
    later = await store.now()
    bought = scene.action(PURCHASE, amount="20.00", details={"gift": True})
    await store.record_decision(scene.decided(bought))
    await store.label_action(scene.ref(), bought.id, Label.FRAUD)
    read = await _read(place, keyring, scene.application_id)
    asked, allowed = read
    assert isinstance(asked, Recorded)
    assert isinstance(allowed, Recorded)
    assert (asked.type, asked.decision, asked.truth) == (SIGN_IN, Decision.CHALLENGE, Truth.UNLABELLED)
    assert asked.asked == Asked(approved=True, concealed=False, decoy=False, channels=("sms",))
    assert (allowed.action_id, allowed.decision, allowed.truth) == (bought.id, Decision.ALLOW, Truth.FRAUD)
    assert (allowed.details, allowed.asked, allowed.user_key) == ({"gift": True}, None, scene.ref().key)
    assert asked.number < allowed.number
    assert await _read(place, keyring, scene.application_id, since=later) == [allowed]
    assert await _read(place, keyring, scene.application_id, until=later) == [asked]
    assert await _read(place, keyring, "other") == []
    await store.erase_user(scene.ref())
    assert await _read(place, keyring, scene.application_id) == [Unjudged.ERASED] * 2


async def test_a_store_without_a_schema_is_refused(empty_postgres: str, tmp_path: Path, keyring: KeySet) -> None:
    for place in (empty_postgres, str(tmp_path / "nothing.sqlite3")):
        with pytest.raises(ConfigurationError):
            await asyncio.to_thread(_open, place, keyring, "shop")
