"""Says a code in a call: the provider asks what to say, and is told what stands at that moment, never what once stood.

Nothing of it comes from the address that is called: it names a delivery, and the words come from the store.
"""

from watchword.domain.errors import NotFound
from watchword.domain.ids import DeliveryId
from watchword.flow.deliver import DEFAULT_LOCALE, word
from watchword.ports import Ports
from watchword.ports.sender import Document, ProviderCall, Speaker, SpokenWords


async def speak(ports: Ports, sender: str, delivery_id: DeliveryId, call: ProviderCall) -> Document:
    """Return the provider's document for this moment of a call.

    Raises ``NotFound`` where no sender of this name speaks, ``ReceiptRefused`` for a call that is not its provider's,
    ``StorageUnavailable`` where the words cannot be read.
    """
    speaker: object = ports.senders.get(sender)
    if not isinstance(speaker, Speaker):
        raise NotFound

    async def ask_words() -> SpokenWords | None:
        return await words_of(ports, sender, delivery_id)

    return await speaker.speak(call, ask_words)


async def words_of(ports: Ports, sender: str, delivery_id: DeliveryId) -> SpokenWords | None:
    """Return what may be said of a delivery now; None once its code is no longer the live one, or not this sender's."""
    spoken = await ports.store.spoken(sender, delivery_id)
    application = None if spoken is None else ports.applications.get(spoken.ref.application_id)
    if spoken is None or application is None:
        return None
    try:
        message = word(ports, application, spoken, await ports.store.now())
    except ValueError:
        # Without words there is nothing to say; what failed may quote the message.
        return None
    return SpokenWords(message=message, locale=spoken.locale or application.locale or DEFAULT_LOCALE)
