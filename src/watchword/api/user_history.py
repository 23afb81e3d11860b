"""What a user can be shown of himself: his devices, and the genuine requests for a code of the last 30 days."""

from msgspec import Struct

from watchword.api.cursors import Wanted, read_wanted, write_cursor
from watchword.api.operation import Call, Operation, Scope, Served
from watchword.api.responses import MoneyAnswer, answer_with, moment_text, money_answer
from watchword.api.users import USER, named_user
from watchword.domain.action import ACCOUNT_UPDATE
from watchword.domain.challenge import Challenge, ChallengeState
from watchword.domain.device import Device, DeviceState
from watchword.domain.errors import InvalidField, NotFound, UnknownUser
from watchword.domain.ids import DeviceId
from watchword.domain.instant import Instant, later, rfc3339
from watchword.domain.user import UserRef
from watchword.flow.register import read_user
from watchword.flow.remember import forget_device, list_devices
from watchword.web.exchange import Answer

REQUESTS_SHOWN_DAYS = 30
_READ_AT_ONCE = 100
_MOST_READINGS = 10
"""Batches of actions that one call looks through: somebody who is never asked has many actions and no request."""


class UserDevice(Struct, kw_only=True):
    """A remembered device."""

    id: str
    name: str
    state: DeviceState
    first_seen_at: str
    last_seen_at: str
    last_proven_at: str
    trusted_at: str | None


class DeviceList(Struct, kw_only=True):
    """The devices of a user, last seen first."""

    data: list[UserDevice]
    next_cursor: str | None


class GenuineRequest(Struct, kw_only=True):
    """A request for a code that really was made; a message that is not among them is a fake."""

    challenge_id: str
    action_id: str
    reference: str
    type: str
    field: str | None
    amount: MoneyAnswer | None
    payee: str | None
    state: ChallengeState
    device: str | None
    country: str | None
    created_at: str
    expires_at: str


class RequestList(Struct, kw_only=True):
    """The genuine requests of a user, newest first."""

    data: list[GenuineRequest]
    next_cursor: str | None


def history_calls() -> tuple[Served, ...]:
    """Return the calls about devices and requests of a user."""
    devices, device = f"{USER}/devices", f"{USER}/devices/{{device_id}}"
    return (
        Served(
            operation=Operation(
                method="GET",
                path=devices,
                name="listDevices",
                summary="List the devices that are remembered for a user",
                scope=Scope.USERS,
                parameters=("limit", "cursor"),
                answers={200: DeviceList},
                refusals=(UnknownUser, InvalidField),
            ),
            handle=show_devices,
        ),
        Served(
            operation=Operation(
                method="DELETE",
                path=devices,
                name="deleteDevices",
                summary="Forget every device of a user",
                scope=Scope.USERS,
                answers={204: None},
                refusals=(UnknownUser,),
            ),
            handle=forget_devices,
        ),
        Served(
            operation=Operation(
                method="GET",
                path=device,
                name="getDevice",
                summary="Look one device of a user up",
                scope=Scope.USERS,
                answers={200: UserDevice},
            ),
            handle=show_device,
        ),
        Served(
            operation=Operation(
                method="DELETE",
                path=device,
                name="deleteDevice",
                summary="Forget one device of a user",
                scope=Scope.USERS,
                answers={204: None},
            ),
            handle=forget_one,
        ),
        Served(
            operation=Operation(
                method="GET",
                path=f"{USER}/requests",
                name="listRequests",
                summary="List the genuine requests for a code of the last 30 days",
                scope=Scope.USERS,
                parameters=("limit", "cursor"),
                answers={200: RequestList},
                refusals=(UnknownUser, InvalidField),
            ),
            handle=show_requests,
        ),
    )


async def show_devices(call: Call) -> Answer:
    """List a user's devices."""
    wanted = read_wanted(call.request, "devices")
    await read_user(call.ports, call.application, named_user(call))
    found = await _devices(call)
    behind = [place for place, device in enumerate(found, start=1) if device.id == wanted.after]
    start = 0 if wanted.after is None else (behind or [len(found)])[0]
    shown = found[start : start + wanted.limit]
    has_more = start + len(shown) < len(found)
    cursor = write_cursor("devices", shown[-1].id) if has_more else None
    return answer_with(200, DeviceList(data=shown, next_cursor=cursor))


async def show_device(call: Call) -> Answer:
    """Show one device."""
    wanted_id = call.request.values["device_id"]
    device = next((found for found in await _devices(call) if found.id == wanted_id), None)
    if device is None:
        raise NotFound
    return answer_with(200, device)


async def forget_one(call: Call) -> Answer:
    """Forget one device."""
    device_id = DeviceId(call.request.values["device_id"])
    await forget_device(call.ports, call.application, named_user(call), device_id)
    return Answer(status=204)


async def forget_devices(call: Call) -> Answer:
    """Forget every device, one after the other; whoever is interrupted calls again."""
    user_id = named_user(call)
    await read_user(call.ports, call.application, user_id)
    for device in await list_devices(call.ports, call.application, user_id):
        try:
            await forget_device(call.ports, call.application, user_id, device.id)
        except NotFound:
            continue  # gone in the meantime, which is what was wanted
    return Answer(status=204)


async def show_requests(call: Call) -> Answer:
    """List the genuine requests of a user."""
    wanted = read_wanted(call.request, "requests")
    user = await read_user(call.ports, call.application, named_user(call))
    data, last_read = await _requests(call, user.ref, wanted)
    cursor = None if last_read is None else write_cursor("requests", last_read)
    return answer_with(200, RequestList(data=data, next_cursor=cursor))


async def _devices(call: Call) -> list[UserDevice]:
    now = await call.ports.store.now()
    devices = await list_devices(call.ports, call.application, named_user(call))
    return [_user_device(call, device, now) for device in devices]


def _user_device(call: Call, device: Device, now: Instant) -> UserDevice:
    limits = call.application.limits
    return UserDevice(
        id=device.id,
        name=device.name,
        state=device.state(now, known_days=limits.device_known_days, trusted_days=limits.device_trusted_days),
        first_seen_at=rfc3339(device.first_seen_at),
        last_seen_at=rfc3339(device.last_seen_at),
        last_proven_at=rfc3339(device.last_proven_at),
        trusted_at=moment_text(device.trusted_at),
    )


async def _requests(call: Call, ref: UserRef, wanted: Wanted) -> tuple[list[GenuineRequest], str | None]:
    """Return requests, and the action to go on behind; None where there are no more."""
    oldest = later(await call.ports.store.now(), days=-REQUESTS_SHOWN_DAYS)
    found: list[GenuineRequest] = []
    before = wanted.after
    for _ in range(_MOST_READINGS):
        records = await call.ports.store.actions(ref, limit=_READ_AT_ONCE, before=before)
        for record in records:
            if record.action.created_at < oldest:
                return found, None
            if record.challenge is not None:
                if len(found) == wanted.limit:
                    return found, before
                found.append(_genuine(call, record.challenge))
            before = record.action.id
        if len(records) < _READ_AT_ONCE:
            return found, None
    return found, before


def _genuine(call: Call, challenge: Challenge) -> GenuineRequest:
    action, atlas = challenge.action, call.ports.atlas
    return GenuineRequest(
        challenge_id=challenge.id,
        action_id=action.id,
        reference=challenge.reference,
        type=action.type,
        field=str(action.details["field"]) if action.type == ACCOUNT_UPDATE else None,
        amount=money_answer(action.amount),
        payee=action.payee,
        state=challenge.state,
        device=None if action.user_agent is None else atlas.device_name(action.user_agent),
        country=None if action.ip is None else atlas.country(action.ip),
        created_at=rfc3339(challenge.created_at),
        expires_at=rfc3339(challenge.expires_at),
    )
