"""Hands one message with a made-up code to senders, so that an operator sees that they work before a customer waits."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from watchword.adapters.inbox import InboxFile
from watchword.adapters.senders.kind import Closing
from watchword.adapters.system import SystemClock, SystemEntropy
from watchword.bootstrap.message_trying import Trial, Wish
from watchword.bootstrap.running import INBOX_FILE
from watchword.bootstrap.ways_out import make_senders, routes_of
from watchword.config.settings import INBOX, Settings
from watchword.domain.application import Application
from watchword.domain.contact import ContactKind, phone_country
from watchword.domain.errors import DeliveryFailed
from watchword.domain.ids import USER_KEY_BYTES, DeliveryId, UserKey, make_id
from watchword.domain.message import Envelope
from watchword.domain.secret import Secret
from watchword.ports.sender import Hearing, Receipt, Sender

LIMIT_S = 30
"""How long one sender may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What one sender said of the message."""

    sender: str
    taken: bool
    said: str
    """Its status and the provider's own id, or why it did not take it."""


def send_trial(settings: Settings, application: Application, wish: Wish, to: Secret) -> Sequence[Tried]:
    """Hand a message to every sender of its route, one after the other, and return what each said.

    ``to`` is an address in its stored form. Raises ``ValueError`` where the message has no words, and
    ``ConfigurationError`` where a sender cannot be made.
    """
    return asyncio.run(_send(settings, application, wish, to))


async def _send(settings: Settings, application: Application, wish: Wish, to: Secret) -> Sequence[Tried]:
    senders = make_senders(settings, _not_heard, _inbox(settings, application))
    try:
        country = phone_country(to) if wish.channel.kind is ContactKind.PHONE else None
        order = routes_of(settings, senders).route(application.id, wish.channel, country)
        envelope = _envelope(settings, application, wish, to)
        return [await _try(name, senders[name], envelope) for name in order]
    finally:
        for sender in senders.values():
            if isinstance(sender, Closing):
                await sender.close()


async def _try(name: str, sender: Sender, envelope: Envelope) -> Tried:
    try:
        async with asyncio.timeout(LIMIT_S):
            handover = await sender.send(envelope)
    except DeliveryFailed as failure:
        return Tried(sender=name, taken=False, said=str(failure))
    except TimeoutError:
        return Tried(sender=name, taken=False, said=f"no answer within {LIMIT_S} s")
    return Tried(sender=name, taken=True, said=f"{handover.status}, {handover.provider_message_id or 'without an id'}")


def _envelope(settings: Settings, application: Application, wish: Wish, to: Secret) -> Envelope:
    return Envelope(
        delivery_id=DeliveryId(make_id("dlv", UserKey(bytes(USER_KEY_BYTES)), SystemEntropy().token(16))),
        application_id=application.id,
        brand=application.name,
        channel=wish.channel,
        to=to,
        is_code=wish.notice is None,
        challenge_id=None,
        message=Trial(application, settings.server.page_base).word(wish),
        locale=wish.locale or application.locale or "en",
    )


def _inbox(settings: Settings, application: Application) -> InboxFile | None:
    """Return the inbox of a data folder, where the application has one."""
    declared = next(one for one in settings.applications if one.application is application)
    if not any(INBOX in names for names in declared.senders.values()):
        return None
    return InboxFile(settings.store_path.parent / INBOX_FILE, SystemClock())


def _not_heard(_: str) -> Hearing:
    return _forget


async def _forget(_: Receipt) -> None:
    """What a provider reports of a trial changes nothing."""
