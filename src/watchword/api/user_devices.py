"""The devices of a user: listed, renamed, trusted no more, forgotten."""

from msgspec import Struct

from watchword.api.bodies import DeviceChangeBody, NoFieldsBody
from watchword.api.cursors import read_wanted, write_cursor
from watchword.api.operation import Call, Operation, Scope, Served
from watchword.api.responses import answer_with, moment_text
from watchword.api.users import USER, named_user
from watchword.domain.device import DeviceState
from watchword.domain.errors import InvalidField, NotFound, UnknownUser
from watchword.domain.ids import DeviceId
from watchword.domain.instant import rfc3339
from watchword.flow.overview import OwnDevice, list_own_devices
from watchword.flow.register import read_user
from watchword.flow.remember import distrust_device, distrust_devices, forget_device, forget_devices, rename_device
from watchword.web.exchange import Answer

_DEVICES = f"{USER}/devices"
_DEVICE = f"{USER}/devices/{{device_id}}"


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


class DistrustAnswer(Struct, kw_only=True):
    """How many devices were trusted until now; they are known and no more."""

    distrusted: int


def device_calls() -> tuple[Served, ...]:
    """Return the calls about the devices of a user."""
    return (*_calls_about_all(), *_calls_about_one())


def _calls_about_all() -> tuple[Served, ...]:
    return (
        Served(
            operation=Operation(
                method="GET",
                path=_DEVICES,
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
                path=_DEVICES,
                name="deleteDevices",
                summary="Forget every device of a user",
                scope=Scope.USERS,
                answers={204: None},
                refusals=(UnknownUser,),
            ),
            handle=forget_all,
        ),
        Served(
            operation=Operation(
                method="POST",
                path=f"{_DEVICES}/distrust",
                name="distrustDevices",
                summary="Take trust from every device of a user",
                scope=Scope.USERS,
                body=NoFieldsBody,
                body_may_be_empty=True,
                answers={200: DistrustAnswer},
                refusals=(UnknownUser,),
            ),
            handle=distrust_all,
        ),
    )


def _calls_about_one() -> tuple[Served, ...]:
    return (
        Served(
            operation=Operation(
                method="GET",
                path=_DEVICE,
                name="getDevice",
                summary="Look one device of a user up",
                scope=Scope.USERS,
                answers={200: UserDevice},
                refusals=(UnknownUser,),
            ),
            handle=show_device,
        ),
        Served(
            operation=Operation(
                method="PATCH",
                path=_DEVICE,
                name="changeDevice",
                summary="Rename one device of a user, or take trust from it",
                scope=Scope.USERS,
                body=DeviceChangeBody,
                answers={200: UserDevice},
                refusals=(UnknownUser,),
            ),
            handle=change_device,
        ),
        Served(
            operation=Operation(
                method="DELETE",
                path=_DEVICE,
                name="deleteDevice",
                summary="Forget one device of a user",
                scope=Scope.USERS,
                answers={204: None},
            ),
            handle=forget_one,
        ),
    )


async def show_devices(call: Call) -> Answer:
    """List a user's devices."""
    wanted = read_wanted(call.request, "devices")
    found = [_user_device(own) for own in await list_own_devices(call.ports, call.application, named_user(call))]
    behind = [place for place, device in enumerate(found, start=1) if device.id == wanted.after]
    start = 0 if wanted.after is None else (behind or [len(found)])[0]
    shown = found[start : start + wanted.limit]
    has_more = start + len(shown) < len(found)
    cursor = write_cursor("devices", shown[-1].id) if has_more else None
    return answer_with(200, DeviceList(data=shown, next_cursor=cursor))


async def forget_all(call: Call) -> Answer:
    """Forget every device."""
    user = await read_user(call.ports, call.application, named_user(call))
    await forget_devices(call.ports, call.application, user.id)
    return Answer(status=204)


async def distrust_all(call: Call) -> Answer:
    """Take trust from every device."""
    call.body(NoFieldsBody)
    user = await read_user(call.ports, call.application, named_user(call))

    def answer(lost: int) -> Answer:
        return answer_with(200, DistrustAnswer(distrusted=lost))

    return answer(await distrust_devices(call.ports, call.application, user.id, keep=call.keep(answer)))


async def show_device(call: Call) -> Answer:
    """Show one device."""
    wanted_id = call.request.values["device_id"]
    owned = await list_own_devices(call.ports, call.application, named_user(call))
    found = next((own for own in owned if own.device.id == wanted_id), None)
    if found is None:
        raise NotFound
    return answer_with(200, _user_device(found))


async def change_device(call: Call) -> Answer:
    """Rename a device, then take trust from it: a name that is refused shall have changed nothing."""
    body, device_id = call.body(DeviceChangeBody), DeviceId(call.request.values["device_id"])
    if body.trusted:
        raise InvalidField(
            "a device becomes trusted only with the approval of a sign-in or an ordinary purchase", pointer="/trusted"
        )
    if body.trusted is None and body.name is None:
        raise InvalidField('say what changes: a name, "trusted": false, or both')
    user = await read_user(call.ports, call.application, named_user(call))
    if body.name is not None:
        await rename_device(call.ports, call.application, user.id, device_id, body.name)
    if body.trusted is not None:
        await distrust_device(call.ports, call.application, user.id, device_id)
    return await show_device(call)


async def forget_one(call: Call) -> Answer:
    """Forget one device."""
    device_id = DeviceId(call.request.values["device_id"])
    await forget_device(call.ports, call.application, named_user(call), device_id)
    return Answer(status=204)


def _user_device(own: OwnDevice) -> UserDevice:
    device = own.device
    return UserDevice(
        id=device.id,
        name=device.name,
        state=own.state,
        first_seen_at=rfc3339(device.first_seen_at),
        last_seen_at=rfc3339(device.last_seen_at),
        last_proven_at=rfc3339(device.last_proven_at),
        trusted_at=moment_text(device.trusted_at),
    )
