"""Rows of devices: the highest step of each token, trust and proof; the protocol is told in ``domain/device.py``."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from watchword.adapters.rows.event_rows import write_event
from watchword.adapters.rows.kept_rows import keep_outcome
from watchword.adapters.rows.lesson_rows import distrust_token
from watchword.adapters.rows.notice_rows import alert
from watchword.adapters.rows.transaction import Row, Transaction, ref_of
from watchword.domain.device import (
    PARALLEL_GRACE_MS,
    Device,
    DeviceState,
    Found,
    Recognised,
    Stolen,
    Unrecognised,
)
from watchword.domain.event import EventType
from watchword.domain.ids import ActionId, DeviceId
from watchword.domain.instant import DAY_MS, Instant
from watchword.domain.limits import Limits
from watchword.domain.message import NoticeKind
from watchword.domain.user import UserRef
from watchword.ports.store.values import Keep

REVOKED_KEPT_MS: Final = 30 * DAY_MS
_TABLE: Final = "devices"
_NAME: Final = "name"


def find_device(transaction: Transaction, ref: UserRef, device_id: str | None) -> Device | None:
    """Return a device of this user that is not revoked."""
    if device_id is None:
        return None
    row = transaction.one(
        "SELECT * FROM devices WHERE application_id = :application_id AND user_key = :user_key AND id = :id"
        " AND revoked_at IS NULL",
        application_id=ref.application_id,
        user_key=ref.key,
        id=device_id,
    )
    return None if row is None else read_device(transaction, row)


def list_devices(transaction: Transaction, ref: UserRef) -> Sequence[Device]:
    """Return the devices that are not revoked, last seen first."""
    return [read_device(transaction, row) for row in _live_rows(transaction, ref)]


def take_note(transaction: Transaction, ref: UserRef, device: Device | None, step: int) -> Found:
    """Take note of the presented step of a device that is not revoked; an outlived one is theft, and revokes it."""
    if device is None:
        return Unrecognised()
    in_grace = step == device.step - 1 and transaction.now < device.stepped_at + PARALLEL_GRACE_MS
    if step < device.step and not in_grace:
        revoke(transaction, ref, device.id, "stolen")
        distrust_token(transaction, ref, device.id)
        alert(transaction, ref, NoticeKind.DEVICE_STOLEN, device_id=device.id)
        return Stolen(device_id=device.id)
    stepped_at = transaction.now if step > device.step else device.stepped_at
    step = max(step, device.step)
    _set_device(transaction, ref, device.id, step=step, stepped_at=stepped_at, last_seen_at=transaction.now)
    seen = replace(device, step=step, stepped_at=stepped_at, last_seen_at=transaction.now)
    return Recognised(device=seen, successor_step=step + 1)


def prove_device(
    transaction: Transaction,
    ref: UserRef,
    known: Device | None,
    *,
    fresh_id: DeviceId,
    name: str,
    action_id: ActionId,
    trust: bool,
    limits: Limits,
) -> tuple[Device, bool]:
    """Make a device known by an approval, and trusted where asked; return it and whether that made it trusted.

    ``known`` is the one that is there; where there is none, the caller makes room for it. Trust that had run out by
    itself does not come back with the next proof: the user has to choose it again.
    """
    now, state = transaction.now, DeviceState.NEW
    if known is not None:
        state = known.state(now, known_days=limits.device_known_days, trusted_days=limits.device_trusted_days)
    newly_trusted = trust and state is not DeviceState.TRUSTED
    if known is None:
        device = _insert_device(transaction, ref, fresh_id, name, action_id, trusted=newly_trusted)
    else:
        device = _prove_known(transaction, ref, known, action_id, state, trusted=newly_trusted)
    if state is DeviceState.NEW:
        write_event(transaction, ref, EventType.DEVICE_KNOWN, device_id=device.id, action_id=action_id)
    if newly_trusted:
        write_event(transaction, ref, EventType.DEVICE_TRUSTED, device_id=device.id, action_id=action_id)
    return device, newly_trusted


def _prove_known(
    transaction: Transaction, ref: UserRef, device: Device, action_id: ActionId, state: DeviceState, *, trusted: bool
) -> Device:
    now = transaction.now
    proven: dict[str, int] = {"last_proven_at": now, "last_seen_at": now}
    if state is DeviceState.TRUSTED:
        _set_device(transaction, ref, device.id, **proven)
        return replace(device, last_proven_at=now, last_seen_at=now)
    trusted_at = now if trusted else None
    trusted_by = action_id if trusted else None
    _set_device(transaction, ref, device.id, trusted_at=trusted_at, trusted_by=trusted_by, **proven)
    return replace(device, last_proven_at=now, last_seen_at=now, trusted_at=trusted_at)


def revoke(transaction: Transaction, ref: UserRef, device_id: str, reason: str) -> bool:
    """Revoke a device for good; return whether it was there."""
    changed = transaction.run(
        "UPDATE devices SET revoked_at = :now WHERE application_id = :application_id AND user_key = :user_key"
        " AND id = :id AND revoked_at IS NULL",
        now=transaction.now,
        application_id=ref.application_id,
        user_key=ref.key,
        id=device_id,
    )
    if changed:
        write_event(transaction, ref, EventType.DEVICE_REVOKED, device_id=device_id, reason=reason)
    return bool(changed)


def revoke_by_user(transaction: Transaction, ref: UserRef, device_id: str, keep: Keep[None] | None) -> bool:
    """Revoke a device because its user wishes so; return whether it was there."""
    was_there = revoke(transaction, ref, device_id, "user")
    if was_there:
        keep_outcome(transaction, keep, None)
    return was_there


def rename(transaction: Transaction, ref: UserRef, device_id: DeviceId, name: str) -> Device | None:
    """Call a device by another name and return it; None if it is not there."""
    device = find_device(transaction, ref, device_id)
    if device is None or device.name == name:
        return device
    _set_device(transaction, ref, device_id, sealed_name=transaction.seal(ref, _TABLE, device_id, _NAME, name))
    write_event(transaction, ref, EventType.DEVICE_RENAMED, device_id=device_id)
    return replace(device, name=name)


def distrust_by_user(transaction: Transaction, ref: UserRef, device_id: DeviceId | None, keep: Keep[int] | None) -> int:
    """Take trust from one device, or from all, because their user wishes so; return how many lost it."""
    trusted = [row["id"] for row in _live_rows(transaction, ref) if row["trusted_at"] is not None]
    lost = [one for one in trusted if device_id is None or one == device_id]
    for one in lost:
        _set_device(transaction, ref, one, trusted_at=None, trusted_by=None)
        write_event(transaction, ref, EventType.DEVICE_DISTRUSTED, device_id=one)
    return keep_outcome(transaction, keep, len(lost))


def revoke_made_by(transaction: Transaction, ref: UserRef, action_id: str) -> None:
    """Revoke every device that the approval of this action made known or trusted."""
    rows = transaction.all(
        "SELECT id FROM devices WHERE application_id = :application_id AND user_key = :user_key"
        " AND revoked_at IS NULL AND (made_by = :action_id OR trusted_by = :action_id)",
        application_id=ref.application_id,
        user_key=ref.key,
        action_id=action_id,
    )
    for row in rows:
        revoke(transaction, ref, row["id"], "disputed")


def distrust_others(transaction: Transaction, ref: UserRef, kept_id: str | None) -> None:
    """Take trust from every device but one: they are known and no more."""
    for row in _live_rows(transaction, ref):
        if row["trusted_at"] is not None and row["id"] != kept_id:
            _set_device(transaction, ref, row["id"], trusted_at=None, trusted_by=None)
            write_event(transaction, ref, EventType.DEVICE_KNOWN, device_id=row["id"], reason="reset")


def forget_revoked_devices(transaction: Transaction, limit: int) -> int:
    """Forget devices that were revoked a month ago."""
    return transaction.run(
        "DELETE FROM devices WHERE (application_id, user_key, id) IN"
        " (SELECT application_id, user_key, id FROM devices WHERE revoked_at <= :before LIMIT :limit)",
        before=transaction.now - REVOKED_KEPT_MS,
        limit=limit,
    )


def name_of(transaction: Transaction, ref: UserRef, device_id: str) -> str | None:
    """Return the name of a device, revoked or not."""
    row = transaction.one(
        "SELECT * FROM devices WHERE application_id = :application_id AND user_key = :user_key AND id = :id",
        application_id=ref.application_id,
        user_key=ref.key,
        id=device_id,
    )
    return None if row is None else read_device(transaction, row).name


def _insert_device(
    transaction: Transaction, ref: UserRef, device_id: DeviceId, name: str, action_id: ActionId, *, trusted: bool
) -> Device:
    now = transaction.now
    transaction.write(
        "INSERT INTO devices (application_id, user_key, id, sealed_name, step, stepped_at, first_seen_at, last_seen_at,"
        " last_proven_at, trusted_at, made_by, trusted_by)"
        " VALUES (:application_id, :user_key, :id, :sealed_name, 0, :now, :now, :now, :now, :trusted_at, :made_by,"
        " :trusted_by)",
        application_id=ref.application_id,
        user_key=ref.key,
        id=device_id,
        sealed_name=transaction.seal(ref, _TABLE, device_id, _NAME, name),
        now=now,
        trusted_at=now if trusted else None,
        made_by=action_id,
        trusted_by=action_id if trusted else None,
    )
    return Device(
        id=device_id,
        name=name,
        step=0,
        stepped_at=now,
        first_seen_at=now,
        last_seen_at=now,
        last_proven_at=now,
        trusted_at=now if trusted else None,
    )


def make_room(transaction: Transaction, ref: UserRef, newest_id: DeviceId, limits: Limits) -> None:
    """Revoke the devices that were not seen for longest, so that there are no more than a user can have."""
    others = [row["id"] for row in _live_rows(transaction, ref) if row["id"] != newest_id]
    for device_id in others[limits.devices_per_user - 1 :]:
        revoke(transaction, ref, device_id, "limit")


def _live_rows(transaction: Transaction, ref: UserRef) -> list[Row]:
    return transaction.all(
        "SELECT * FROM devices WHERE application_id = :application_id AND user_key = :user_key AND revoked_at IS NULL"
        " ORDER BY last_seen_at DESC, rowid DESC",
        application_id=ref.application_id,
        user_key=ref.key,
    )


def _set_device(transaction: Transaction, ref: UserRef, device_id: str, **columns: int | str | bytes | None) -> None:
    assignments = ", ".join(f"{name} = :{name}" for name in columns)
    transaction.write(
        f"UPDATE devices SET {assignments}"  # noqa: S608 names from our own code, values bound
        " WHERE application_id = :application_id AND user_key = :user_key AND id = :id",
        application_id=ref.application_id,
        user_key=ref.key,
        id=device_id,
        **columns,
    )


def read_device(transaction: Transaction, row: Row) -> Device:
    """Return the device of a row."""
    return Device(
        id=DeviceId(row["id"]),
        name=open_name(transaction, ref_of(row), row["id"], row["sealed_name"]),
        step=row["step"],
        stepped_at=Instant(row["stepped_at"]),
        first_seen_at=Instant(row["first_seen_at"]),
        last_seen_at=Instant(row["last_seen_at"]),
        last_proven_at=Instant(row["last_proven_at"]),
        trusted_at=row["trusted_at"],
        revoked_at=row["revoked_at"],
    )


def open_name(transaction: Transaction, ref: UserRef, device_id: str, sealed: bytes) -> str:
    """Return what a device is called."""
    return transaction.open(ref, _TABLE, device_id, _NAME, sealed)
