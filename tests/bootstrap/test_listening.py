"""Serving several applications together: they start or fail, and stop, as one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette

from watchword.bootstrap.listening import Listener, open_socket, serve
from watchword.domain.errors import ConfigurationError


@asynccontextmanager
async def _sound(application: Starlette) -> AsyncIterator[None]:
    yield
    application.state.put_down = True


@asynccontextmanager
async def _broken(_: Starlette) -> AsyncIterator[None]:
    _fail()
    yield


def _fail() -> None:
    raise ValueError("the worker does not start")


async def _never() -> None:
    raise AssertionError("it was never ready")


@pytest.mark.parametrize("lifespans", [(_broken,), (_sound, _broken), (_broken, _sound)])
async def test_is_never_ready_where_an_application_does_not_start(lifespans: tuple[object, ...]) -> None:
    listeners = [
        Listener(socket=open_socket("127.0.0.1", 0), app=Starlette(lifespan=lifespan))  # type: ignore[arg-type]  # both kinds of lifespan are one type here
        for lifespan in lifespans
    ]
    with pytest.raises(ConfigurationError, match="could not start"):
        await serve(listeners, ready=_never)
    assert [listener.socket.fileno() for listener in listeners] == [-1] * len(listeners)


async def test_puts_down_what_had_started() -> None:
    sound, broken = Starlette(lifespan=_sound), Starlette(lifespan=_broken)
    listeners = [Listener(socket=open_socket("127.0.0.1", 0), app=app) for app in (sound, broken)]
    with pytest.raises(ConfigurationError):
        await serve(listeners, ready=_never)
    assert sound.state.put_down
