"""The back end of a pretend app: it alone has the secret key, asks Watchword, and decides what goes ahead.

The app tells it what its customer wants. Where a code is needed, the app gets the challenge's id and token, with which
it can ask for the code, try it and give up; the grant comes here, and only here is it redeemed.

    python back_end.py --api http://127.0.0.1:8000 --key-file key.txt --port 9000
"""

import argparse
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from watchword_client import (
    Action,
    ActionRequest,
    AsyncClient,
    BoundFields,
    ChallengeState,
    Circumstances,
    Contact,
    Decision,
    DeviceInfo,
    Money,
)

APP_LINK = "com.example.shop:/watchword"
"""Where the hosted page returns to. Declared in ``return_urls``; a link of https that the app has claimed is better."""
CONFIRMED_AT = datetime(2026, 1, 1, tzinfo=UTC)
"""When the pretend customers showed that they reach their phones."""
PRICES = {"camera": "1299.00", "film": "12.50"}


@dataclass(slots=True, kw_only=True)
class Order:
    """What a customer wants to buy, as it was asked about: it is redeemed with the same fields."""

    id: str
    session_id: str
    bound: BoundFields
    challenge_id: str | None = None
    is_paid: bool = False


@dataclass(slots=True, kw_only=True)
class Shop:
    """All that the back end remembers; a real one has a database."""

    api: str
    watchword: AsyncClient
    users: dict[str, str] = field(default_factory=dict)
    """By session."""
    orders: dict[str, Order] = field(default_factory=dict)


async def sign_in(request: Request) -> JSONResponse:
    """Pretend to sign a customer in, and register the phone that a real back end would have confirmed long ago."""
    shop, wanted = _shop(request), await request.json()
    phone = Contact(channel_type="phone", address=wanted["phone"], confirmed_at=CONFIRMED_AT)
    await shop.watchword.users.put(wanted["user"], [phone], locale="en")
    session_id = secrets.token_urlsafe()
    shop.users[session_id] = wanted["user"]
    return JSONResponse({"session": session_id})


async def buy(request: Request) -> JSONResponse:
    """Report a purchase, and pass on what the app needs for the code where one is needed."""
    shop, wanted = _shop(request), await request.json()
    session_id = request.headers["authorization"].removeprefix("Bearer ")
    if session_id not in shop.users:
        return JSONResponse({"state": "signed_out"}, status_code=401)
    bound = BoundFields(
        type="purchase",
        user_id=shop.users[session_id],
        amount=Money(value=PRICES[wanted["item"]], currency="USD"),
        payee="Example Shop",
    )
    order = Order(id=secrets.token_urlsafe(), session_id=session_id, bound=bound)
    shop.orders[order.id] = order
    circumstances = Circumstances(
        session_id=session_id,
        device_token=wanted["device_token"],
        ip=request.client.host if request.client else None,
        user_agent=request.headers.get("user-agent"),
        return_url=APP_LINK if wanted["hosted"] else None,
        state=order.id,
    )
    answer = await shop.watchword.actions.create(
        ActionRequest(bound=bound, circumstances=circumstances), on_unavailable="deny"
    )
    if not isinstance(answer, Action) or answer.decision is Decision.DENY:
        return JSONResponse({"order": order.id, "state": "refused"})
    if answer.challenge is not None:
        order.challenge_id = answer.challenge.id
        to_the_app = {"api": shop.api, "id": answer.challenge.id, "token": answer.challenge.token}
        page = {"url": answer.challenge.url} if wanted["hosted"] else {}
        return JSONResponse({"order": order.id, "state": "code_needed", "challenge": to_the_app | page})
    return await _paid(shop, order, answer.grant, answer.device)


async def finish(request: Request) -> JSONResponse:
    """Claim what the code earned. Asked again, it answers the same; nothing that the app says counts as an approval."""
    shop = _shop(request)
    order = shop.orders.get(request.path_params["order"])
    session_id = request.headers["authorization"].removeprefix("Bearer ")
    if order is None or order.session_id != session_id or order.challenge_id is None:
        return JSONResponse({"state": "unknown"}, status_code=404)
    claim = await shop.watchword.challenges.claim(order.challenge_id, session_id=session_id)
    if claim.state == ChallengeState.PENDING:
        return JSONResponse({"order": order.id, "state": "code_needed"})
    return await _paid(shop, order, claim.grant, claim.device)


async def _paid(shop: Shop, order: Order, grant: str | None, device: DeviceInfo | None) -> JSONResponse:
    """Redeem the grant: this, and nothing before it, is what lets the order go ahead."""
    if grant is not None and not order.is_paid:
        await shop.watchword.grants.redeem(grant, order.bound, session_id=order.session_id)
        order.is_paid = True
    answer: dict[str, object] = {"order": order.id, "state": "paid" if order.is_paid else "refused"}
    # The app keeps the newest token; without one in an answer, the one it has stays good.
    if device is not None and device.token is not None:
        answer["device_token"] = device.token
    return JSONResponse(answer)


def create_back_end(api: str, secret_key: str) -> Starlette:
    """Return the back end; ``api`` is where both it and the app reach Watchword."""

    @contextlib.asynccontextmanager
    async def lifespan(back_end: Starlette) -> AsyncIterator[None]:
        async with AsyncClient(base_url=api, secret_key=secret_key) as watchword:
            back_end.state.shop = Shop(api=api, watchword=watchword)
            yield

    return Starlette(
        lifespan=lifespan,
        routes=[
            Route("/sessions", sign_in, methods=["POST"]),
            Route("/orders", buy, methods=["POST"]),
            Route("/orders/{order}/finish", finish, methods=["POST"]),
        ],
    )


def _shop(request: Request) -> Shop:
    shop: Shop = request.app.state.shop
    return shop


def main() -> None:
    """Serve on this machine, and say where."""
    parser = argparse.ArgumentParser(description="The back end of a pretend app.")
    parser.add_argument("--api", required=True, help="where Watchword is")
    parser.add_argument("--key-file", required=True, type=Path, help="a file with the secret key, and nothing else")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    chosen = parser.parse_args()
    back_end = create_back_end(chosen.api, chosen.key_file.read_text().strip())
    with socket.create_server(("127.0.0.1", chosen.port)) as listening:
        print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        uvicorn.Server(uvicorn.Config(back_end, log_level="warning")).run(sockets=[listening])


if __name__ == "__main__":
    main()
