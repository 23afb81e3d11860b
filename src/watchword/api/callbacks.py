"""Where providers call us: to report what became of a message, and to ask what to say in a call.

Nobody needs a key here: each sender knows its provider by a signature of its own (``ports.sender.ReceiptReader``). What
a call brings is never answered with more than that it was taken.
"""

from collections.abc import Mapping
from typing import Final

from watchword.domain.errors import BodyTooLarge, ReceiptRefused
from watchword.domain.ids import DeliveryId
from watchword.flow.report import take_call
from watchword.flow.speak import speak
from watchword.ports import Ports
from watchword.ports.sender import ProviderCall
from watchword.web.endpoint import Handler
from watchword.web.exchange import Answer, Request

CALLBACKS: Final = "/callbacks/{sender}"
SPEAK: Final = f"{CALLBACKS}/speak"
_TAKEN: Final = Answer(status=204)
_REFUSED: Final = Answer(status=403)


def callback_handlers(ports: Ports) -> Mapping[str, Mapping[str, Handler]]:
    """Return the handlers of each address that providers call, by method.

    They are no part of the API's description: what stands in a call is for each provider to say.
    """

    async def hear(request: Request) -> Answer:
        try:
            await take_call(ports, request.values["sender"], _call(request, ports))
        except ReceiptRefused:
            return _REFUSED
        return _TAKEN

    async def tell(request: Request) -> Answer:
        delivery_id = DeliveryId(_delivery(request))
        try:
            document = await speak(ports, request.values["sender"], delivery_id, _call(request, ports))
        except ReceiptRefused:
            return _REFUSED
        # The words of a live code are nobody's to keep.
        return Answer(
            status=200,
            body=document.body,
            content_type=document.media_type,
            headers=(("cache-control", "no-store"),),
        )

    return {CALLBACKS: {"GET": hear, "POST": hear}, SPEAK: {"GET": tell, "POST": tell}}


def _call(request: Request, ports: Ports) -> ProviderCall:
    """Return the request as the provider meant it: to the public address, whatever stands before this process."""
    if request.body is None:
        raise BodyTooLarge
    query = request.query.decode("latin-1")
    headers: dict[str, str] = {}
    for name, value in request.headers:
        # A header that stands twice is one with a comma (RFC 9110 §5.3), so that no second one hides.
        key, text = name.decode("latin-1"), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return ProviderCall(
        method=request.method,
        url=f"{ports.page_base}{request.path}{f'?{query}' if query else ''}",
        headers=headers,
        body=request.body,
    )


def _delivery(request: Request) -> str:
    """Return the delivery that the address names; a provider may add what it likes beside it."""
    for pair in request.query.decode("latin-1").split("&"):
        name, _, value = pair.partition("=")
        if name == "delivery":
            return value
    return ""
