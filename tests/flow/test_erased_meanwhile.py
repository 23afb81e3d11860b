"""A user who is erased while his action is decided: nothing is written about him, and he is answered as unknown."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.flow.world import ADA, World
from watchword.domain.action import PASSWORD_RESET, SIGN_IN, Decision
from watchword.domain.errors import UnknownUser
from watchword.domain.event import EventType
from watchword.domain.user import UserRef


class _Erasing:
    """The store, whose user is erased by somebody else right before his challenge opens."""

    def __init__(self, store: Any, ref: UserRef) -> None:
        self._store = store
        self._ref = ref

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        operation: Callable[..., Awaitable[Any]] = getattr(self._store, name)
        if name not in {"open_challenge", "record_decision"}:
            return operation

        async def after_erasure(*arguments: Any, **named: Any) -> Any:
            await self._store.erase_user(self._ref)
            return await operation(*arguments, **named)

        return after_erasure


@pytest.fixture
async def erasing(world: World) -> World:
    await world.register()
    erasing: Any = _Erasing(world.store, world.ref())
    world.ports = replace(world.ports, store=erasing)
    return world


async def test_a_sign_in_is_answered_as_of_somebody_unknown(erasing: World) -> None:
    with pytest.raises(UnknownUser):
        await erasing.browser(ADA).report(SIGN_IN)
    await _holds_nothing(erasing)


async def test_the_confirmation_of_a_contact_is_too(erasing: World) -> None:
    user = await erasing.store.user(erasing.ref())
    assert user is not None
    with pytest.raises(UnknownUser):
        await erasing.browser(ADA).confirm(user.contacts[0])
    await _holds_nothing(erasing)


async def test_a_concealed_reset_gets_a_decoy(erasing: World) -> None:
    answer = await erasing.browser(ADA).report(PASSWORD_RESET)
    assert answer.decision is Decision.CHALLENGE
    assert answer.challenge is not None
    created = [event for event in await erasing.events() if event.type is EventType.CHALLENGE_CREATED]
    assert [event.data["decoy"] for event in created] == [True]


async def _holds_nothing(world: World) -> None:
    assert not await world.store.actions(world.ref(), limit=10, before=None)
    written = {event.type for event in await world.events()}
    assert EventType.USER_ERASED in written
    assert not written & {EventType.ACTION_DECIDED, EventType.CHALLENGE_CREATED}
