"""Opens the keys where the settings say they are, notices when they were rotated, and rotates them."""

from dataclasses import dataclass
from pathlib import Path

from watchword.adapters.key_file import KeyKind, create_key_file, read_key_file, replace_key_file
from watchword.adapters.key_set import KeySet
from watchword.adapters.system import SystemClock, SystemEntropy
from watchword.config.settings import KeySource
from watchword.domain.errors import ConfigurationError
from watchword.domain.instant import Instant, later


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretInfo:
    """What may be told about a key."""

    kind: str
    id: str
    created_at: Instant
    retired_at: Instant | None
    newest: bool
    """Whether new values are made with it."""
    is_waiting: bool
    """Whether they will be, from ``created_at`` on."""


def open_keys(source: KeySource, *, create: bool) -> KeySet:
    """Return the keys; where there is no file yet, ``create`` makes one, else ``ConfigurationError``."""
    entropy, now = SystemEntropy(), SystemClock().now()
    if source.text is not None:
        return KeySet.from_toml(source.text.reveal(), source=source.name, entropy=entropy, now=now)
    if not source.path.exists():
        if not create:
            hint = "make it with `watchword secrets create`, and keep a copy apart from the database"
            raise ConfigurationError((f"{source.path}: there is no key file: {hint}",))
        create_key_file(source.path, KeySet.generate(entropy, now).table)
    return KeySet.from_toml(read_key_file(source.path), source=str(source.path), entropy=entropy, now=now)


class KeyWatch:
    """Makes a running process use keys that were rotated since it started.

    Also at once where it meets a key that it does not know: of several processes one takes up a new key first, and what
    that one has made must not be refused by the others meanwhile.
    """

    __slots__ = ("_found", "_keys", "_seen", "_source")

    def __init__(self, source: KeySource, keys: KeySet) -> None:
        self._source = source
        self._keys = keys
        self._seen = None if source.text is not None else _stamp(source.path)
        self._found = False
        keys.look = self._look_at_once

    def look(self) -> bool:
        """Adopt the keys of the file if it changed. Return whether it did since the last time; a wrong file raises."""
        found, self._found = self._adopt() or self._found, False
        return found

    def _look_at_once(self) -> bool:
        """Do the same in the middle of something; ``look`` still tells of it, and of a file that is wrong."""
        try:
            found = self._adopt()
        except ConfigurationError:
            return False
        self._found |= found
        return found

    def _adopt(self) -> bool:
        stamp = None if self._source.text is not None else _stamp(self._source.path)
        due = self._keys.next_due
        if stamp == self._seen and (due is None or SystemClock().now() < due):
            return False
        self._keys.adopt(open_keys(self._source, create=False))
        self._seen = stamp
        return True


def list_keys_of(source: KeySource) -> tuple[SecretInfo, ...]:
    """Return ids and times of all keys, oldest first in each kind."""
    keys = open_keys(source, create=False)
    return tuple(
        SecretInfo(
            kind=kind.value,
            id=key.id,
            created_at=key.created_at,
            retired_at=key.retired_at,
            newest=keys.makes_values(key),
            is_waiting=key.created_at > SystemClock().now(),
        )
        for kind in KeyKind
        for key in keys.table.of(kind)
    )


def rotate_key(source: KeySource, kind: str, *, delay_s: int = 0) -> SecretInfo:
    """Make a new key of a kind; old ones go on checking and opening what they made.

    It makes new values after ``delay_s``, which leaves time to bring it to other machines.

    Raises ``ConfigurationError`` for the index key, an unknown kind, or keys that do not come from a file.
    """
    if source.text is not None:
        raise ConfigurationError((f"{source.name}: keys from the environment are rotated where they come from",))
    rotating = [entry.value for entry in KeyKind if entry is not KeyKind.INDEX]
    if kind not in rotating:
        raise ConfigurationError((f"{kind}: keys of these kinds rotate: {', '.join(rotating)}",))
    now = SystemClock().now()
    due = later(now, seconds=delay_s)
    keys = open_keys(source, create=False).pruned(now).rotate(KeyKind(kind), SystemEntropy(), due)
    replace_key_file(source.path, keys.table)
    return next(one for one in reversed(list_keys_of(source)) if one.kind == kind)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino
