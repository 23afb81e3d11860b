"""What an operator does to a store from the command line: one short transaction each, beside a running server."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from watchword.adapters.key_set import KeySet
from watchword.adapters.rows.row_store import RowStore
from watchword.adapters.system import SystemEntropy
from watchword.bootstrap.key_source import SecretInfo, list_keys_of, open_keys, rotate_key
from watchword.bootstrap.store_opening import migrate_store, open_store
from watchword.config.settings import Settings
from watchword.domain.application import Application
from watchword.domain.errors import ConfigurationError
from watchword.domain.ids import ApplicationId, UserId, encode
from watchword.domain.limits import Mode
from watchword.domain.secret import Secret
from watchword.domain.user import User
from watchword.flow.register import user_ref
from watchword.ports.keyring import Purpose
from watchword.ports.store.values import ApiKey

ALL_SCOPES: Final = frozenset({"actions", "users", "events"})
_KEY_BYTES: Final = 32
_ID_BYTES: Final = 8

Result = TypeVar("Result")


def migrate(settings: Settings) -> int:
    """Bring the store to the version of this program and return that version."""
    return migrate_store(settings)


def create_key(settings: Settings, application_id: str, scopes: frozenset[str]) -> tuple[ApiKey, Secret]:
    """Make a secret key for an application. The key itself is told once, here; the store keeps a keyed hash."""
    application, keys = _application(settings, application_id), open_keys(settings.keys, create=False)
    return with_store(settings, keys, lambda store: add_key(store, keys, application, scopes))


def list_keys(settings: Settings, application_id: str) -> Sequence[ApiKey]:
    """Return the keys of an application, oldest first, revoked ones too."""
    application, keys = _application(settings, application_id), open_keys(settings.keys, create=False)
    return with_store(settings, keys, lambda store: store.api_keys(application.id))


def revoke_key(settings: Settings, application_id: str, key_id: str) -> bool:
    """Revoke a key; the next request with it is refused. Return whether it was there and live."""
    application, keys = _application(settings, application_id), open_keys(settings.keys, create=False)
    return with_store(settings, keys, lambda store: store.revoke_api_key(application.id, key_id))


def list_secrets(settings: Settings) -> Sequence[SecretInfo]:
    """Return ids and times of the keys that the data is sealed and signed with."""
    return list_keys_of(settings.keys)


def create_secrets(settings: Settings) -> Sequence[SecretInfo]:
    """Make the key file of an installation that has none. Raises ``ConfigurationError`` where there is one."""
    if settings.keys.text is not None or settings.keys.path.exists():
        raise ConfigurationError(
            (f"{settings.keys.name}: there are keys already; `watchword secrets rotate` adds one",)
        )
    open_keys(settings.keys, create=True)
    return list_secrets(settings)


def rotate_secret(settings: Settings, kind: str, *, delay_s: int) -> SecretInfo:
    """Make a new key of a kind; running processes take it up with their next round, and use it after ``delay_s``."""
    return rotate_key(settings.keys, kind, delay_s=delay_s)


def show_user(settings: Settings, application_id: str, user_id: str) -> User | None:
    """Return a user as he stands now."""
    application, keys = _application(settings, application_id), open_keys(settings.keys, create=False)
    ref = user_ref(keys, application, UserId(user_id))
    return with_store(settings, keys, lambda store: store.user(ref))


def unlock_user(settings: Settings, application_id: str, user_id: str, reason: str) -> bool:
    """Forget a user's wrong guesses, with an event that names the reason. Return whether there were any."""
    application, keys = _application(settings, application_id), open_keys(settings.keys, create=False)
    ref = user_ref(keys, application, UserId(user_id))
    return with_store(settings, keys, lambda store: store.unlock_user(ref, reason=reason))


def lasting_key(settings: Settings, keys: KeySet, application: Application, path: Path) -> Secret:
    """Return the key that ``dev`` prints: the one in its file while it is good, so that restarts change nothing."""
    if path.is_file():
        known = Secret(path.read_text(encoding="ascii").strip())
        key_hash = keys.index(Purpose.API_KEY, known.reveal().encode())
        found = with_store(settings, keys, lambda store: store.api_key(key_hash))
        if found is not None and found.revoked_at is None and found.application_id == application.id:
            return known
    _, key = with_store(settings, keys, lambda store: add_key(store, keys, application, ALL_SCOPES))
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(f"{key.reveal()}\n")
    return key


async def add_key(
    store: RowStore, keys: KeySet, application: Application, scopes: frozenset[str]
) -> tuple[ApiKey, Secret]:
    """Draw a key, store its hash, and return what is stored and the key."""
    if not scopes or not scopes <= ALL_SCOPES:
        raise ConfigurationError((f"scopes are one or more of {', '.join(sorted(ALL_SCOPES))}",))
    entropy = SystemEntropy()
    prefix = "wk_live_" if application.mode is Mode.LIVE else "wk_test_"
    key = Secret(prefix + encode(entropy.token(_KEY_BYTES)))
    stored = ApiKey(
        id=f"key_{encode(entropy.token(_ID_BYTES))}",
        application_id=application.id,
        scopes=scopes,
        created_at=await store.now(),
        revoked_at=None,
    )
    await store.add_api_key(stored, keys.index(Purpose.API_KEY, key.reveal().encode()))
    return stored, key


def _application(settings: Settings, application_id: str) -> Application:
    for declared in settings.applications:
        if declared.application.id == ApplicationId(application_id):
            return declared.application
    names = ", ".join(sorted(declared.application.id for declared in settings.applications))
    raise ConfigurationError((f"{application_id}: no such application is declared; there are: {names or 'none'}",))


def with_store(settings: Settings, keys: KeySet, work: Callable[[RowStore], Awaitable[Result]]) -> Result:
    """Return what one piece of work with the store comes to; not to be called while an event loop runs."""

    async def opened() -> Result:
        store = await open_store(settings, keys)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(opened())
