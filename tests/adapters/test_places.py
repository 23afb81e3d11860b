"""Places with a sender: no more than there are, given in the order of asking, and none lost to whoever gives up."""

import asyncio
from contextlib import suppress

from watchword.adapters.places import SenderPlaces

FOR_EVER = 3_600.0


async def _until_they_wait() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_a_sender_is_busy_with_no_more_than_its_places() -> None:
    places = SenderPlaces(places=2, waiting=0)
    assert [await places.take("first", 0.0) for _ in range(3)] == [True, True, False]
    assert (places.has("first"), places.has("second")) == (False, True)
    places.leave("first")
    assert await places.take("first", 0.0)


async def test_who_waits_gets_a_place_in_the_order_of_asking() -> None:
    places, served = SenderPlaces(places=1), list[int]()
    await places.take("first", 0.0)

    async def wait(number: int) -> None:
        assert await places.take("first", FOR_EVER)
        served.append(number)
        places.leave("first")

    waiting = [asyncio.create_task(wait(number)) for number in range(5)]
    await _until_they_wait()
    places.leave("first")
    await asyncio.gather(*waiting)
    assert served == [0, 1, 2, 3, 4]
    assert places.has("first")


async def test_a_line_that_is_long_enough_takes_nobody_more() -> None:
    places = SenderPlaces(places=1, waiting=1)
    await places.take("first", 0.0)
    waits = asyncio.create_task(places.take("first", FOR_EVER))
    await _until_they_wait()
    assert not await places.take("first", FOR_EVER)
    places.leave("first")
    assert await waits


async def test_whoever_gives_up_takes_no_place_with_him() -> None:
    places = SenderPlaces(places=1)
    await places.take("first", 0.0)
    assert not await places.take("first", 0.0)
    cancelled = asyncio.create_task(places.take("first", FOR_EVER))
    await _until_they_wait()
    cancelled.cancel()
    with suppress(asyncio.CancelledError):
        await cancelled
    places.leave("first")
    assert places.has("first")


async def test_a_place_given_in_the_moment_of_giving_up_goes_to_the_next() -> None:
    places = SenderPlaces(places=1)
    await places.take("first", 0.0)
    first, second = (asyncio.create_task(places.take("first", FOR_EVER)) for _ in range(2))
    await _until_they_wait()
    places.leave("first")
    first.cancel()
    with suppress(asyncio.CancelledError):
        await first
    assert await second
