"""Each event that applications may build upon really happens, and always has the fields that they are promised."""

from collections import defaultdict

from tests.contract.builders import Scene
from tests.contract.guessing import spend
from tests.contract.whole_life import play_whole_life
from watchword.adapters.rows.row_store import RowStore
from watchword.domain.limits import Limits
from watchword.domain.webhook import PUBLIC_FIELDS


async def test_every_public_event_happens_and_has_its_fields(store: RowStore, scene: Scene) -> None:
    await play_whole_life(scene, "u-1", is_forgotten=False)
    await _run_out_of_tries(store, scene)
    events = await store.events(scene.application_id, limit=10_000, after=0)
    fields: defaultdict[str, list[set[str]]] = defaultdict(list)
    for _, event in events:
        fields[event.type].append(set(event.data))
    missing = {
        event_type: {name for name in promised if not all(name in names for names in fields[event_type])}
        for event_type, promised in PUBLIC_FIELDS.items()
        if fields[event_type]
    }
    assert {event_type for event_type in PUBLIC_FIELDS if not fields[event_type]} == set()
    assert {event_type: names for event_type, names in missing.items() if names} == {}


async def test_no_public_event_holds_an_address_an_amount_or_a_code(store: RowStore, scene: Scene) -> None:
    await play_whole_life(scene, "u-1", is_forgotten=False)
    for _, event in await store.events(scene.application_id, limit=10_000, after=0):
        if event.type in PUBLIC_FIELDS:
            assert not {"address", "amount", "payee", "summary", "code", "ip", "name"} & set(event.data)
            assert not any(
                "@" in value or value.startswith("+") for value in event.data.values() if isinstance(value, str)
            )


async def _run_out_of_tries(store: RowStore, scene: Scene) -> None:
    await scene.register("+14155550199", user_id="u-2")
    scene.limits = Limits(failures_per_user=8, open_lane_failures=4)
    planned = await scene.open(user_id="u-2")
    for _ in range(4):
        await spend(store, scene.wrong(planned))
