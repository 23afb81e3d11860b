"""The audit feed over HTTP."""

from tests.api.world import EMAIL, PHONE, World


async def test_the_feed_tells_what_happened_in_order(world: World) -> None:
    await world.register()
    action = await world.act("purchase", payee="ACME", amount={"value": "1299.00", "currency": "USD"})
    await world.approve(action)
    page = (await world.get("/v1/events?limit=100")).json()
    types = [event["type"] for event in page["data"]]
    told = ["action.decided", "challenge.created", "delivery.sent", "challenge.approved", "grant.issued"]
    assert [kind for kind in types if kind in told] == told
    assert page["next_cursor"] is None
    assert {tuple(event) for event in page["data"]} == {("id", "type", "created_at", "data", "cursor")}
    assert len({event["id"] for event in page["data"]}) == len(types)


async def test_the_feed_holds_nothing_about_the_person(world: World) -> None:
    await world.register()
    await world.approve(await world.act("purchase", payee="ACME", amount={"value": "1299.00", "currency": "USD"}))
    text = (await world.get("/v1/events?limit=100")).text
    assert "challenge.approved" in text
    for personal in (PHONE, EMAIL, "ACME", "1299", "u-42"):
        assert personal not in text


async def test_times_in_the_feed_read_like_every_time_of_the_api(world: World) -> None:
    await world.register()
    action = await world.act("purchase", payee="ACME", amount={"value": "1299.00", "currency": "USD"})
    events = (await world.get("/v1/events?limit=100")).json()["data"]
    told = {event["type"]: event["data"] for event in events}
    assert told["challenge.created"]["expires_at"] == action["challenge"]["expires_at"]
    assert told["contact.changed"]["usable_from"].endswith("Z")


async def test_whoever_read_to_the_end_goes_on_from_there(world: World) -> None:
    await world.register()
    read = (await world.get("/v1/events?limit=100")).json()["data"]
    assert (await world.get(f"/v1/events?cursor={read[-1]['cursor']}")).json() == {"data": [], "next_cursor": None}
    await world.act()
    new = (await world.get(f"/v1/events?cursor={read[-1]['cursor']}")).json()["data"]
    assert "action.decided" in [event["type"] for event in new]
    assert not {event["id"] for event in new} & {event["id"] for event in read}


async def test_pages_join_without_gaps(world: World) -> None:
    await world.register()
    await world.approve(await world.act())
    whole = (await world.get("/v1/events?limit=100")).json()["data"]
    parts, cursor = [], ""
    while True:
        page = (await world.get(f"/v1/events?limit=2{cursor}")).json()
        parts += page["data"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert parts == whole


async def test_an_application_reads_its_own_events_only(world: World) -> None:
    await world.register()
    await world.act()
    assert (await world.get("/v1/events", as_=world.keys["other"])).json()["data"] == []
