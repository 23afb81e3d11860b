"""Remembers devices: reads the token an action carries, hands out the next one, lists, renames and forgets."""

from collections.abc import Sequence

from watchword.domain.application import Application
from watchword.domain.device import (
    LONGEST_NAME,
    Device,
    read_name,
    read_token,
    token_parts,
    write_token,
)
from watchword.domain.errors import InvalidField, NotFound
from watchword.domain.ids import DeviceId, UserId
from watchword.domain.instant import Instant
from watchword.domain.user import UserRef
from watchword.flow.register import user_ref
from watchword.flow.show import DeviceView
from watchword.ports import Ports
from watchword.ports.keyring import Purpose
from watchword.ports.store.deciding import Presented
from watchword.ports.store.values import Keep


def read_presented(ports: Ports, application: Application, ref: UserRef, token: str | None) -> Presented | None:
    """Return which device an action says it comes from. Anything that is not a token of this very user is nothing."""
    presented = None if token is None else read_token(token)
    if presented is None or presented.user_key != ref.key:
        return None
    parts = token_parts(application.id, presented.device_id, presented.step)
    if not ports.keyring.is_mac(Purpose.DEVICE, presented.mac, *parts):
        return None
    return Presented(device_id=presented.device_id, step=presented.step)


def view_device(ports: Ports, application: Application, device: Device, now: Instant, *, step: int) -> DeviceView:
    """Return a device with the token of the given step."""
    limits = application.limits
    mac = ports.keyring.mac(Purpose.DEVICE, *token_parts(application.id, device.id, step))
    state = device.state(now, known_days=limits.device_known_days, trusted_days=limits.device_trusted_days)
    return DeviceView(id=device.id, state=state, token=write_token(device.id, step, mac))


async def list_devices(ports: Ports, application: Application, user_id: UserId) -> Sequence[Device]:
    """Return the devices that are remembered for a user."""
    return await ports.store.devices(user_ref(ports.keyring, application, user_id))


async def forget_device(
    ports: Ports, application: Application, user_id: UserId, device_id: DeviceId, *, keep: Keep[None] | None = None
) -> None:
    """Revoke a device by the user's wish; ``NotFound`` if it is not his or gone."""
    if not await ports.store.revoke_device(user_ref(ports.keyring, application, user_id), device_id, keep=keep):
        raise NotFound


async def forget_devices(ports: Ports, application: Application, user_id: UserId) -> None:
    """Revoke every device of a user, one after the other; whoever is interrupted calls again."""
    for device in await list_devices(ports, application, user_id):
        try:
            await forget_device(ports, application, user_id, device.id)
        except NotFound:
            continue  # gone in the meantime, which is what was wanted


async def rename_device(
    ports: Ports, application: Application, user_id: UserId, device_id: DeviceId, name: str
) -> Device:
    """Call a device by the name that its user gives it, as one harmless line.

    Raises ``InvalidField`` for a name that is longer than 60 characters or of which nothing is left, ``NotFound`` for
    a device that is not his or gone.
    """
    line = read_name(name)
    if line is None:
        raise InvalidField(f"a name has 1 to {LONGEST_NAME} characters that can be read", pointer="/name")
    device = await ports.store.rename_device(user_ref(ports.keyring, application, user_id), device_id, line)
    if device is None:
        raise NotFound
    return device


async def distrust_device(ports: Ports, application: Application, user_id: UserId, device_id: DeviceId) -> Device:
    """Take trust from one device, which stays known; ``NotFound`` if it is not his or gone."""
    ref = user_ref(ports.keyring, application, user_id)
    await ports.store.distrust_devices(ref, device_id)
    device = next((one for one in await ports.store.devices(ref) if one.id == device_id), None)
    if device is None:
        raise NotFound
    return device


async def distrust_devices(
    ports: Ports, application: Application, user_id: UserId, *, keep: Keep[int] | None = None
) -> int:
    """Take trust from every device of a user and return how many had it; they stay known."""
    return await ports.store.distrust_devices(user_ref(ports.keyring, application, user_id), keep=keep)
