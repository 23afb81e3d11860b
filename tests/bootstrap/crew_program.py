"""A crew whose members answer with their process number: ``crew SIZE`` runs it, ``member SOCKET PAIR`` is one of it.

``broken SIZE`` runs one whose members end at once; all do so once there is the file that ``CREW_BROKEN`` names.
"""

import asyncio
import os
import socket
import sys
from pathlib import Path

import structlog
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from watchword.adapters.structured_logs import configure_logs
from watchword.bootstrap.crew import READY, Crew
from watchword.bootstrap.listening import LINGERING_S, Farewell, Listener, open_socket, serve
from watchword.domain.errors import ConfigurationError

SLOW_S = 0.3


async def _number(_: Request) -> Response:
    return PlainTextResponse(str(os.getpid()))


async def _slow_number(_: Request) -> Response:
    structlog.get_logger().info("slow.asked")
    await asyncio.sleep(SLOW_S)  # a request that is running while its process is told to stop
    return PlainTextResponse(str(os.getpid()))


async def _die(_: Request) -> Response:
    os._exit(9)


async def _serve(listening: int, pair: int) -> None:
    configure_logs("info", process=os.getpid())
    from_crew, to_crew = await asyncio.open_connection(sock=socket.socket(fileno=pair))
    stopping = asyncio.Event()

    async def announce() -> None:
        to_crew.write(READY)

    async def stop_with_the_crew() -> None:
        await from_crew.read()
        stopping.set()

    watching = asyncio.create_task(stop_with_the_crew())
    site = Starlette(routes=[Route("/", _number), Route("/slow", _slow_number), Route("/die", _die, methods=["POST"])])
    await serve(
        [Listener(socket=socket.socket(fileno=listening), app=site, is_shared=True)],
        ready=announce,
        stopping=stopping,
        farewell=Farewell(lingering_s=LINGERING_S),
    )
    watching.cancel()


def _run(size: int, *, broken: bool) -> int:
    configure_logs("info")
    opened = open_socket("127.0.0.1", 0)
    command = (
        [sys.executable, "-c", "raise SystemExit(3)"] if broken else [sys.executable, "-m", __spec__.name, "member"]
    )
    crew = Crew(opened=opened, command=command, environment=os.environ, size=size, patience_s=20.0)  # noqa: TID251 members get what the test has
    try:
        asyncio.run(crew.run(lambda: _say(opened.getsockname()[1])))
    except ConfigurationError as error:
        _say(error)
        return 1
    return 0


def _say(word: object) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["member", listening, pair]:
            if Path(os.environ["CREW_BROKEN"]).exists():  # noqa: TID251 as above
                sys.exit(3)
            uvloop.run(_serve(int(listening), int(pair)))
        case [kind, size]:
            sys.exit(_run(int(size), broken=kind == "broken"))
        case _:
            sys.exit(2)
