"""A process that starts sign-ins and hands their codes to a gateway until it is killed, and says what it was told.

Run as ``python -m tests.process.starting_worker <place> <gateway> <life>``; prints a line for each acknowledged start,
with the address that its code has to reach.
"""

import asyncio
import sys
from itertools import count

from tests.flow.outside import START
from tests.flow.world import World, email
from tests.kit.clock_and_chance import MovableClock
from tests.kit.failing_world import failing_world
from watchword.domain.ids import UserId

AT_ONCE = 8


async def _start(world: World, life: int, number: int) -> None:
    user_id = UserId(f"life-{life}-{number}")
    address = f"{user_id}@home.example"
    await world.register(email(address), user_id=user_id)
    ip = f"100.{64 + (life >> 8)}.{life & 255}.{number & 255}"
    await world.browser(user_id, ip=ip).report()
    sys.stdout.write(f"started {address}\n")
    sys.stdout.flush()


async def _work(place: str, gateway: str, life: int) -> None:
    async with failing_world(place, MovableClock(START), (gateway,)) as failing:
        await failing.worker.start()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        for number in count(0, AT_ONCE):
            await asyncio.gather(*(_start(failing.world, life, one) for one in range(number, number + AT_ONCE)))


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1], sys.argv[2], int(sys.argv[3])))
