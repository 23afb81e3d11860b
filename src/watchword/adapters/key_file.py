"""Watchword's keys as values, as TOML text, and as a file that only its owner can read.

Knows how keys are written down, not what is done with them (``key_set``). Messages name a file, a table and a field,
and never a key.
"""

import base64
import binascii
import os
import re
import stat
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from watchword.domain.errors import ConfigurationError
from watchword.domain.ids import encode
from watchword.domain.instant import Instant
from watchword.ports.clock import Entropy

KEY_BYTES: Final = 32
"""Every key is 256 bits: HMAC-SHA256 (RFC 2104 §3), AES-256-GCM, and the seed of Ed25519 (RFC 8032 §5.1.5)."""
ID_LENGTH: Final = 8
"""Characters of a key's id; fixed, because sealed values carry the id in front."""
FORMAT_VERSION: Final = 1
_ID: Final = re.compile(rf"[0-9a-z]{{{ID_LENGTH}}}", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO

_HEADER: Final = """\
# The keys of this Watchword. Whoever can read this file can read contacts and codes, and can sign grants.
# Keep a copy in a safe place, apart from copies of the database: without these keys the database says nothing.
# Each list is oldest first; the last key of a list makes new values. Add keys with: watchword secrets rotate
"""


class KeyKind(StrEnum):
    """What a key is for."""

    INDEX = "index"
    """Keyed hashes for look-ups; there is one for ever, because the hashes stand in the database as keys of rows."""
    MAC = "mac"
    """Keyed hashes of codes and tokens."""
    SEALING = "sealing"
    """Sealed contacts, codes and answers."""
    SIGNING = "signing"
    """Signatures of grants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key with its id and its times."""

    id: str
    created_at: Instant
    retired_at: Instant | None = None
    """Only for a signing key: when a newer one took its place."""
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTable:
    """All keys, each list oldest first."""

    index: Key
    mac: tuple[Key, ...]
    sealing: tuple[Key, ...]
    signing: tuple[Key, ...]

    def of(self, kind: KeyKind) -> tuple[Key, ...]:
        """Return the keys of one kind, oldest first."""
        return {
            KeyKind.INDEX: (self.index,),
            KeyKind.MAC: self.mac,
            KeyKind.SEALING: self.sealing,
            KeyKind.SIGNING: self.signing,
        }[kind]


def draw_key(entropy: Entropy, now: Instant) -> Key:
    """Return a new key."""
    identifier = encode(entropy.token(ID_LENGTH * 5 // 8))
    return Key(id=identifier, created_at=now, secret=entropy.token(KEY_BYTES))


def write_table(table: KeyTable) -> str:
    """Return the keys as the text of ``keys.toml``; this text is as secret as the keys."""
    blocks = [_HEADER + f"version = {FORMAT_VERSION}\n"]
    for kind in KeyKind:
        heading = f"[{kind}]" if kind is KeyKind.INDEX else f"[[{kind}]]"
        blocks += [f"{heading}\n{_write_key(key)}" for key in table.of(kind)]
    return "\n".join(blocks)


def read_table(text: str, *, source: str) -> KeyTable:
    """Return the keys of a ``keys.toml`` text; ``source`` is what messages call it.

    Raises ``ConfigurationError`` for anything but a complete table without repeated ids.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # Without its cause: a traceback must not carry the text.
        raise ConfigurationError((f"{source}: this is not TOML: {error}",)) from None
    if content.get("version") != FORMAT_VERSION:
        raise ConfigurationError((f"{source}: version must be {FORMAT_VERSION}",))
    unknown = sorted(set(content) - {"version", *KeyKind})
    if unknown:
        raise ConfigurationError((f"{source}: there is no table {unknown[0]} among keys",))
    table = KeyTable(
        index=_read_keys([content.get("index")], KeyKind.INDEX, source)[0],
        mac=_read_keys(content.get("mac"), KeyKind.MAC, source),
        sealing=_read_keys(content.get("sealing"), KeyKind.SEALING, source),
        signing=_read_keys(content.get("signing"), KeyKind.SIGNING, source),
    )
    _refuse_repeated_ids(table, source)
    return table


def read_key_file(path: Path) -> str:
    """Return the text of a key file.

    Raises ``ConfigurationError`` if it cannot be read, or if anybody but its owner could: the check is made on the open
    file, so that it holds for what is read.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ConfigurationError((f"{path}: keys are read from a regular file only",))
            if status.st_mode & _OTHERS:
                mode = stat.S_IMODE(status.st_mode)
                raise ConfigurationError(
                    (f"{path}: others than its owner have access to this key file (mode {mode:04o}): chmod 600 {path}",)
                )
            return file.read().decode()
    except OSError as error:
        raise ConfigurationError((f"{path}: the key file cannot be read: {error.strerror}",)) from None
    except UnicodeDecodeError:
        raise ConfigurationError((f"{path}: the key file is not UTF-8",)) from None


def create_key_file(path: Path, table: KeyTable) -> bool:
    """Write the keys to a file that must not exist, mode 0600. Return whether it was this call that made it.

    The file appears complete or not at all, and of two processes that create it one succeeds. Raises
    ``ConfigurationError`` where the folder cannot be written.
    """
    try:
        draft = _write_draft(path, write_table(table))
        try:
            os.link(draft, path)  # unlike a rename, this fails where the name is taken
        except FileExistsError:
            return False
        finally:
            draft.unlink()
        _flush_folder(path.parent)
    except OSError as error:
        raise _not_writable(path, error) from None
    return True


def replace_key_file(path: Path, table: KeyTable) -> None:
    """Write the keys over an existing file, mode 0600: a crash leaves the old file or the new one, whole."""
    try:
        draft = _write_draft(path, write_table(table))
        draft.replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        raise _not_writable(path, error) from None


def _write_key(key: Key) -> str:
    lines = [f'id = "{key.id}"', f"created_at = {_write_time(key.created_at)}"]
    if key.retired_at is not None:
        lines.append(f"retired_at = {_write_time(key.retired_at)}")
    lines.append(f'key = "{base64.urlsafe_b64encode(key.secret).decode("ascii")}"')
    return "".join(f"{line}\n" for line in lines)


def _write_time(moment: Instant) -> str:
    return (_EPOCH + timedelta(milliseconds=moment)).isoformat(timespec="milliseconds")


def _read_keys(entries: object, kind: KeyKind, source: str) -> tuple[Key, ...]:
    if not isinstance(entries, Sequence) or isinstance(entries, str) or not entries or entries == [None]:
        raise ConfigurationError((f"{source}: there is no key in {kind}",))
    return tuple(_read_key(entry, f"{source}: {kind}[{number}]", kind) for number, entry in enumerate(entries))


def _read_key(entry: object, place: str, kind: KeyKind) -> Key:
    if not isinstance(entry, Mapping):
        raise ConfigurationError((f"{place}: this is not a table",))
    optional = {"retired_at"} if kind is KeyKind.SIGNING else set[str]()
    unknown = sorted(set(entry) - {"id", "created_at", "key"} - optional)
    if unknown:
        raise ConfigurationError((f"{place}: a key has no field {unknown[0]}",))
    identifier = entry.get("id")
    if not isinstance(identifier, str) or not _ID.fullmatch(identifier):
        raise ConfigurationError((f"{place}: id is {ID_LENGTH} lower-case letters and digits",))
    return Key(
        id=identifier,
        created_at=_read_time(entry.get("created_at"), f"{place}: created_at"),
        retired_at=_read_time(entry["retired_at"], f"{place}: retired_at") if "retired_at" in entry else None,
        secret=_read_secret(entry.get("key"), place),
    )


def _read_time(value: object, place: str) -> Instant:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ConfigurationError((f"{place} is a time with its zone, such as 2026-01-31T12:00:00Z",))
    return Instant((value - _EPOCH) // timedelta(milliseconds=1))


def _read_secret(value: object, place: str) -> bytes:
    try:
        secret = base64.b64decode(value, altchars=b"-_", validate=True) if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) != KEY_BYTES:
        raise ConfigurationError((f"{place}: key is {KEY_BYTES} bytes in base64url",))
    return secret


def _refuse_repeated_ids(table: KeyTable, source: str) -> None:
    for kind in KeyKind:
        names = [key.id for key in table.of(kind)]
        if len(set(names)) < len(names):
            raise ConfigurationError((f"{source}: two keys in {kind} have the same id",))


def _write_draft(path: Path, text: str) -> Path:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)  # what a crash left behind
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, 0o600)  # whatever the umask says
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    return draft


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _not_writable(path: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError((f"{path}: the key file cannot be written: {error.strerror}",))
